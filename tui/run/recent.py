"""What the reader had in hand lately, for the library's first lines.

Only reads: a program that was merely looked at leaves no journal behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tui.run.events import Outcome
from tui.run.journal import read_runs

_MOST_RUNS = 200
ANSWERS = "answers"
"""The folder, in the program's own, of the documents that hold a model's commands."""


@dataclass(frozen=True, slots=True)
class Used:
    """A document opened or run; `at` is Unix seconds. `verdict` is its last run's: None where that was cut off, or never was (`ran`)."""

    path: Path
    title: str
    at: float
    ran: bool = False
    verdict: Outcome | None = None


def recent(home: Path, most: int) -> list[Used]:
    """The documents used last that still exist, the latest first; none where there is no journal, or none that can be read.

    A model's guesses, kept as documents for the record, are nothing to come back to.
    """
    file = home / "runs.db"
    if not file.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as db:
            found = list(_read(db))
    except (sqlite3.Error, ValueError, KeyError):
        return []
    latest: dict[Path, Used] = {}
    for used in sorted(found, key=lambda each: each.at, reverse=True):
        known = latest.get(used.path)
        if known is None:
            latest[used.path] = used
        elif used.ran and not known.ran:  # opened after its last run
            latest[used.path] = Used(known.path, known.title, known.at, ran=True, verdict=used.verdict)
    guesses = home.absolute() / ANSWERS
    return list(islice((used for used in latest.values() if used.path.parent != guesses and used.path.is_file()), most))


def _read(db: sqlite3.Connection) -> Iterator[Used]:
    for row in islice(read_runs(db), _MOST_RUNS):
        yield Used(Path(row.guide).absolute(), row.title, row.at, ran=True, verdict=row.verdict)
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'openings'").fetchone():
        for guide, title, at in db.execute("SELECT guide, title, at FROM openings ORDER BY at DESC LIMIT ?", (_MOST_RUNS,)):
            yield Used(Path(guide), title, at)
