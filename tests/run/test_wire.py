"""A run of a failure page tells whose failure it is to mend, and the journal finds it by that."""

from __future__ import annotations

import json
from pathlib import Path

from tui.run import events as ev
from tui.run.journal import Journal
from tui.run.wire import from_wire, to_wire

MENDS = ev.Mends("first", "install", "lock")


def started(run: str, at: float, mends: ev.Mends | None = None) -> ev.RunStarted:
    return ev.RunStarted(run=run, at=at, guide="g", title="G", digest="d", steps=(), targets={}, values={}, mends=mends)


def test_what_a_run_mends_survives_the_wire() -> None:
    event = started("second", 2, MENDS)
    wire = json.loads(json.dumps(to_wire(event)))
    assert wire["mends"] == {"run": "first", "step": "install", "cause": "lock"}
    assert from_wire(wire) == event


def test_a_line_of_an_older_version_mends_nothing() -> None:
    wire = to_wire(started("r", 1))
    del wire["mends"]
    assert from_wire(wire) == started("r", 1)


def test_the_journal_finds_the_mends_of_a_run_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for event in (started("first", 1), started("third", 3, MENDS), started("second", 2, MENDS), started("other", 4)):
        journal.record(event)
    assert [(row.run, row.mends) for row in journal.mended("first")] == [("second", MENDS), ("third", MENDS)]
    assert journal.mended("second") == []
    journal.close()
