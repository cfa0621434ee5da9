"""Runs of the past: finding one by a short word, and what became of it, from the journal alone.

A run is what its steps came to, however many passes it took: one that failed, was mended and then passed has passed. A run that began
and has no end was cut off, unless a program is at work on it just now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from tui.errors import UsageError
from tui.guide.digest import digest
from tui.guide.model import Guide, Step
from tui.run import events as ev
from tui.run.events import GOOD, AnyEvent, Mends, Outcome
from tui.run.journal import Journal, RunRow
from tui.run.outcome import OUTCOMES, badness
from tui.run.state import Phase, RunState, cut_off, fold
from tui.texts import Text

LAST: Final = "last"
"""The word for the run that was worked on last."""


class End(StrEnum):
    """How a run stands, where it is not one of its outcomes. `undone`: all that it did was taken back."""

    CUT_OFF = "cut off"
    UNDER_WAY = "under way"
    UNDONE = "undone"


_ENDS: Final = {
    End.CUT_OFF: ("?", Text("中途断了", "cut off")),
    End.UNDER_WAY: ("▸", Text("正在进行", "under way")),
    End.UNDONE: ("↶", Text("已撤销", "undone")),
}


@dataclass(frozen=True, slots=True)
class Past:
    """What became of a run.

    `short` names it among all runs. `asked` are the ids of the steps it was to do, those taken back left out; `undone` the latter.
    `did` are those that ran here, then stood passed and were not taken back since, in that order; one that was found to be done already
    was not done here. `titles` are the steps' numbers and titles by id, `done_as` the digest of each step as it was when it last ended.
    """

    row: RunRow
    short: str
    state: RunState
    stands: Outcome | End
    asked: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    did: tuple[str, ...] = ()
    titles: dict[str, str] = field(default_factory=dict)
    done_as: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, Text]:
        """Mark and words for how it stands."""
        return _ENDS[self.stands] if isinstance(self.stands, End) else OUTCOMES[self.stands]

    @property
    def passed(self) -> tuple[str, ...]:
        """The ids of the steps that stand passed, in the order in which they came to it."""
        done = [step for step in self.asked if self.state.step(step).outcome in GOOD]
        return tuple(sorted(done, key=lambda step: self.state.step(step).started or 0.0))

    def changed(self, guide: Guide) -> tuple[Step, ...]:
        """The steps that passed, and of which the document has something else to run by now."""
        known = [step for step in guide.steps if step.id in self.passed and self.done_as.get(step.id)]
        return tuple(step for step in known if digest((step,)) != self.done_as[step.id])

    def gone(self, guide: Guide) -> tuple[str, ...]:
        """The ids of steps it was to do which the document no longer has."""
        there = {step.id for step in guide.steps}
        return tuple(step for step in self.asked if step not in there)

    def pending(self, guide: Guide) -> tuple[str, ...]:
        """The ids of the steps still to do, in the document's order: those that have not passed, or passed as something else."""
        anew = {step.id for step in self.changed(guide)}
        return tuple(step.id for step in guide.steps if step.id in self.asked and (step.id in anew or step.id not in self.passed))


def find(journal: Journal, word: str) -> RunRow:
    """The run that `word` means: `last`, or the beginning of its id or of the id's last part. Raises UsageError: none, or several."""
    rows = journal.runs()
    if word == LAST:
        found = [max(rows, key=lambda row: row.last)] if rows else []
    else:
        found = [row for row in rows if row.run == word] or [row for row in rows if word and _fits(row.run, word)]
    if len(found) == 1:
        return found[0]
    if found:
        text = Text("“{word}”可以是几次执行：{runs}；多写几个字", "“{word}” may be several runs: {runs}; write more of it")
        raise UsageError(text.fill(word=word, runs=", ".join(row.run for row in found[:5]) + ("…" if len(found) > 5 else "")))
    if not rows:
        raise UsageError(Text("还没有执行过什么；先用 zhinan run 或全屏界面执行", "nothing has been run yet; run a guide first"))
    text = Text("没有执行“{word}”；用 zhinan runs 看有哪些", "there is no run “{word}”; zhinan runs lists them")
    raise UsageError(text.fill(word=word))


def _fits(run: str, word: str) -> bool:
    return run.startswith(word) or run.rpartition("-")[2].startswith(word)


def unfinished(journal: Journal, guide: Guide) -> Past | None:
    """The last run of this document, if it did something and left some of the document's steps to do; not while it is under way."""
    path, rows = guide.path.absolute(), journal.runs()
    row = next((row for row in rows if row.mends is None and Path(row.guide).absolute() == path), None)
    if row is None:
        return None
    [found] = past(journal, (row,), rows)
    if found.stands in (End.UNDER_WAY, End.UNDONE) or not found.titles or next_step(found, guide) is None:
        return None
    return found


def next_step(found: Past, guide: Guide) -> Step | None:
    """The first step of the document that has not passed in that run, or passed as something else; None where there is none."""
    anew = {step.id for step in found.changed(guide)}
    steps = (step for step in guide.steps if step.items or step.checks)
    return next((step for step in steps if step.id in anew or step.id not in found.passed), None)


def shorts(rows: Iterable[RunRow]) -> dict[str, str]:
    """For each run the last part of its id, if that means no other; else the whole."""
    tails: dict[str, list[str]] = {}
    for row in rows:
        tails.setdefault(row.run.rpartition("-")[2], []).append(row.run)
    return {run: tail if len(runs) == 1 else run for tail, runs in tails.items() for run in runs}


def past(journal: Journal, rows: Sequence[RunRow], all_rows: Sequence[RunRow] | None = None) -> Iterator[Past]:
    """What became of these runs; `all_rows` are all there are, if that is known already."""
    short = shorts(all_rows if all_rows is not None else journal.runs())
    for row in rows:
        open_end = row.verdict is None and journal.held(row.run)
        yield _past(row, short.get(row.run, row.run), journal.events(row.run, printed=False), open_end=open_end)


def _past(row: RunRow, short: str, told: Iterable[AnyEvent], *, open_end: bool) -> Past:
    state, parts = RunState(), dict[str, str]()
    asked, undone, did, acted = dict[str, None](), dict[str, None](), dict[str, None](), set[str]()
    titles, done_as = dict[str, str](), dict[str, str]()
    for event in told:
        state = fold(state, event)
        match event:
            case ev.RunStarted() | ev.RunResumed():
                parts = dict(event.parts)
                asked |= dict.fromkeys(event.steps)
                undone = {step: None for step in undone if step not in event.steps}
            case ev.StepStarted():
                titles[event.step] = event.title or event.step
            case ev.CommandStarted() if event.item >= 0 and not event.alone:
                acted.add(event.step)
            case ev.StepEnded():
                done_as[event.step] = parts.get(event.step, "")
                if event.outcome in GOOD and event.step in acted:
                    did.pop(event.step, None)
                    did[event.step] = None
            case ev.Undone():
                asked.pop(event.step, None)
                did.pop(event.step, None)
                acted.discard(event.step)
                undone[event.step] = None
            case _:
                pass
    stands: Outcome | End = End.UNDER_WAY if open_end else End.CUT_OFF
    if row.verdict is not None:
        outcomes = [step.outcome for step in state.steps.values() if step.phase is Phase.ENDED and step.outcome is not None]
        stands = max((row.verdict, *outcomes), key=badness)
        stands = End.UNDONE if undone and not outcomes and stands in GOOD else stands
    return Past(row, short, cut_off(state), stands, tuple(asked), tuple(undone), tuple(did), titles, done_as)


def family(rows: Sequence[RunRow], run: str) -> tuple[RunRow, ...]:
    """A run with all that belong to the same story, the first one first: what it was to mend, and the runs that were to mend that."""
    by_id = {row.run: row for row in rows}
    root = by_id[run]
    while root.mends is not None and root.mends.run in by_id and by_id[root.mends.run].at <= root.at:
        root = by_id[root.mends.run]
        if root.run == run:
            break
    kin = {root.run}
    for row in sorted(rows, key=lambda each: each.at):
        if row.mends is not None and row.mends.run in kin:
            kin.add(row.run)
    return tuple(sorted((by_id[each] for each in kin), key=lambda row: row.at))


def mended_by(rows: Sequence[RunRow], failure: Mends) -> tuple[RunRow, ...]:
    """The runs that were to mend that failure, the first one first."""
    return tuple(row for row in reversed(rows) if row.mends == failure)
