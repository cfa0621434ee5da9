"""Tells when a document in the library's folders came, changed or went.

The system tells at once (`watchfiles`); where it can't (no such library, a network drive, too many folders) a look every two seconds does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

from tui.guide import library

_LOOK = 2.0
_SETTLE_MS = 150
_ASK_MS = 200
_SHARE = 20  # a look that takes long is taken less often


def changes(folders: Sequence[Path], stop: Event) -> Iterator[None]:
    """Yields after each change (several at once count as one) until `stop` is set. Blocks: for a thread of its own."""
    try:
        yield from _told(folders, stop)
    except (ImportError, OSError, RuntimeError):
        yield from _looked(folders, stop)


def _told(folders: Sequence[Path], stop: Event) -> Iterator[None]:
    from watchfiles import watch

    def wanted(_change: object, path: str) -> bool:
        return library.is_document(Path(path).name) or not Path(path).suffix  # a folder may come with documents in it

    while not stop.is_set():
        there = [folder for folder in folders if folder.is_dir()]
        if not there:
            raise OSError  # nothing can be watched, but it can be looked for
        told = watch(
            *there,
            watch_filter=wanted,
            debounce=_SETTLE_MS,
            rust_timeout=_ASK_MS,
            stop_event=stop,
            raise_interrupt=False,
            yield_on_timeout=True,
        )
        for changed in told:
            if changed:
                yield
            if sum(folder.is_dir() for folder in folders) > len(there):  # one that was not there yet has come
                yield
                break


def _looked(folders: Sequence[Path], stop: Event) -> Iterator[None]:
    before, took = _state(folders), 0.0
    while not stop.wait(max(_LOOK, took * _SHARE)):
        start = time.monotonic()
        now, took = _state(folders), time.monotonic() - start
        if now != before:
            before = now
            yield


def _state(folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    found = {}
    for folder in folders:
        for path in library.documents(folder, failures=True):
            try:
                status = path.stat()
            except OSError:
                continue
            found[path] = (status.st_size, status.st_mtime_ns)
    return found
