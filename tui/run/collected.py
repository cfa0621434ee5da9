"""The logs this program kept of its own runs, and whether what they are of went well: what a new failure page is tried out on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from tui.guide.tryout import Sample
from tui.judge.evidence import End
from tui.run.events import GOOD

_MOST_RUNS: Final = 300
_EVENTS: Final = (
    "SELECT run, kind, data FROM events WHERE kind IN ('CommandStarted', 'CommandEnded', 'StepEnded') AND run IN"
    " (SELECT run FROM events WHERE kind = 'RunStarted' ORDER BY at DESC LIMIT ?) ORDER BY run DESC, seq"
)


def kept(home: Path, without: Collection[Path] = ()) -> Iterator[Sample]:
    """The logs of the latest runs, newest run first, but those in `without`; none where there is no journal that can be read."""
    file, logs = home / "runs.db", home / "runs"
    if not file.is_file():
        return
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as db:
            found = list(_read(db))
    except (sqlite3.Error, ValueError, KeyError):
        return
    left_out = {path.resolve() for path in without}
    for run, log, healthy in found:
        path = logs / run / log
        if path.is_file() and path.resolve() not in left_out:
            yield Sample(f"{run}/{log}", path, healthy)


def _read(db: sqlite3.Connection) -> Iterator[tuple[str, str, bool]]:
    """Run, log, and whether it is of something that went well: its command ended with 0, and its step, if it ended, ended well."""
    well: dict[tuple[str, str], bool] = {}
    current: dict[tuple[str, str], dict[int, str]] = {}
    for run, kind, raw in db.execute(_EVENTS, (_MOST_RUNS,)):
        data = json.loads(raw)
        logs = current.setdefault((run, data["step"]), {})
        if kind == "CommandStarted":
            logs[data["item"]] = data["log"]
            well[run, data["log"]] = False
        elif kind == "CommandEnded" and data["item"] in logs:
            well[run, logs[data["item"]]] = data["end"] == End.EXITED and data["code"] == 0
        elif kind == "StepEnded" and data["outcome"] not in GOOD:
            well |= {(run, log): False for log in logs.values()}
    for (run, log), healthy in well.items():
        yield run, log, healthy
