"""All failure pages at once, quickly: what was read is kept as JSON under the program's home, for as long as the pages are the same.

YAML takes a millisecond a page, too much for two hundred at each start. The key is a hash over the bytes of the pages themselves: no
clock and no file date can make it lie. A cache that can't be read or written is done without.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tui import __version__
from tui.config import Settings
from tui.guide import folders as shelves
from tui.judge.diagnose import Book
from tui.judge.failure import HARMLESS, Answer, Page, Probe, Says, Sign, Sure
from tui.texts import Text

_SHAPE = "3"
"""Goes up when what is kept means something else than before."""


def shelf(settings: Settings) -> Callable[[], Book]:
    """All failure pages, the user's own first, made ready when they are asked for, and kept for as long as the pages are the same."""
    folders = (*settings.folders, shelves.builtin_dir())
    made: dict[str, Book] = {}

    def book() -> Book:
        files = shelves.failure_pages(folders)
        key = _key(files)
        if key not in made:
            made.clear()
            made[key] = Book(_pages(files, key, settings.home / "cache"))
        return made[key]

    return book


def pages(folders: Iterable[Path], kept_in: Path | None = None) -> tuple[Page, ...]:
    """The usable pages under the library folders; of two with one id the first. `kept_in` is the folder of the cache."""
    files = shelves.failure_pages(folders)
    return _pages(files, _key(files), kept_in)


def _pages(files: list[Path], key: str, kept_in: Path | None) -> tuple[Page, ...]:
    kept = _kept(kept_in, key) if kept_in else None
    if kept is None:
        kept = _read(files)
        if kept_in:
            _keep(kept_in, key, kept)
    return kept


def _read(files: list[Path]) -> tuple[Page, ...]:
    from tui.guide import failures  # it knows YAML, which a cache need not

    found: dict[tuple[str, Path | None], Page] = {}
    for path in files:
        page = failures.load(path).page
        if page is not None:
            found.setdefault((page.id, path if page.id == HARMLESS else None), page)  # what is harmless adds up
    return tuple(found.values())


def _key(files: list[Path]) -> str:
    digest = hashlib.sha256(f"{__version__} {_SHAPE}".encode())
    for path in map(os.fspath, files):
        digest.update(os.fsencode(path) + b"\0")
        for each in (path, os.path.splitext(path)[0] + ".en.md"):  # noqa: PTH122  as `english`, at a tenth of its cost
            try:
                with open(each, "rb", buffering=0) as file:  # noqa: PTH123
                    digest.update(file.readall())
            except OSError:
                digest.update(b"\0-")
    return digest.hexdigest()


def _kept(folder: Path, key: str) -> tuple[Page, ...] | None:
    try:
        data = json.loads((folder / "failures.json").read_bytes())
        return tuple(map(_page, data["pages"])) if data["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(folder: Path, key: str, kept: tuple[Page, ...]) -> None:
    data = {"key": key, "pages": [dataclasses.asdict(page) for page in kept]}
    fresh = folder / f".failures.{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(data, ensure_ascii=False, default=str), encoding="utf-8")
        fresh.replace(folder / "failures.json")
    except OSError:
        with suppress(OSError):
            fresh.unlink()


def _page(data: dict[str, Any]) -> Page:
    probe = data["probe"]
    kept: dict[str, Any] = {
        **_tuples(data),
        "title": Text(**data["title"]),
        "path": Path(data["path"]),
        "signs": tuple(Sign(**{**_tuples(sign), "sure": Sure(sign["sure"]), "says": Says(sign["says"])}) for sign in data["signs"]),
        "probe": probe and Probe(probe["run"], probe["on"], tuple(Answer(**answer) for answer in probe["answers"])),
    }
    return Page(**kept)


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
