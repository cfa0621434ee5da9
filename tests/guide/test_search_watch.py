"""Changes in the library's folders are told, also in a folder that was not there when the watching began."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread

import pytest

from tui.guide.search import watch

PATIENCE = 20.0


@contextmanager
def watched(*folders: Path) -> Iterator[Queue[None]]:
    told: Queue[None] = Queue()
    stop = Event()

    def look() -> None:
        for _ in watch.changes(folders, stop):
            told.put(None)

    thread = Thread(target=look)
    thread.start()
    try:
        yield told
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def until_told(told: Queue[None], act: Callable[[int], None]) -> None:
    """Act until it is told: when the system's watch begins, nobody says."""
    end = time.monotonic() + PATIENCE
    for number in range(10_000):
        act(number)
        try:
            told.get(timeout=0.5)
        except Empty:
            assert time.monotonic() < end, "never told"
            continue
        return


def test_a_folder_that_comes_later_is_watched_like_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_looked", lambda *_: (_ for _ in ()).throw(AssertionError("fell back to looking")))
    there, later = tmp_path / "there", tmp_path / "home" / "guides"
    there.mkdir()
    with watched(there, later) as told:
        until_told(told, lambda n: (there / f"{n}.md").write_text("# a") and None)
        later.joinpath("failures").mkdir(parents=True)
        told.get(timeout=PATIENCE)
        until_told(told, lambda n: (later / "failures" / f"{n}.md").write_text("# b") and None)


def test_where_no_folder_is_there_one_that_comes_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_LOOK", 0.01)
    later = tmp_path / "later"
    with watched(later) as told:
        later.mkdir()
        until_told(told, lambda n: (later / f"{n}.md").write_text("# b") and None)
