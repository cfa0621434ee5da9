"""What a step needs of the pass it is part of, and what errors and ends come to."""

from __future__ import annotations

import asyncio
from typing import Protocol

from tui.errors import ZhinanError
from tui.guide.model import Manual, Step
from tui.judge.evidence import End, Status
from tui.run import events as ev
from tui.run.events import AnyEvent, Outcome
from tui.run.journal import Journal
from tui.target.base import Ended
from tui.texts import Text

OUTCOMES = {
    Outcome.PASSED: ("✓", Text("通过", "passed")),
    Outcome.ALREADY: ("»", Text("已经是这样，没有再做", "already done, nothing changed")),
    Outcome.FAILED: ("✗", Text("失败", "failed")),
    Outcome.UNKNOWN: ("?", Text("结果不明", "ended unknown")),
    Outcome.REFUSED: ("!", Text("没有执行", "refused")),
    Outcome.CANCELLED: ("!", Text("已取消", "cancelled")),
}
"""The mark and the words of each outcome, where lines of text tell it."""
_BADNESS = (Outcome.ALREADY, Outcome.PASSED, Outcome.UNKNOWN, Outcome.FAILED, Outcome.REFUSED, Outcome.CANCELLED)
CHECKS = {Status.PASS: "✓", Status.FAIL: "✗", Status.UNKNOWN: "?"}


class Pass(Protocol):
    """What a step needs of the pass it is part of."""

    run_id: str
    journal: Journal
    haste: float

    async def tell(self, event: AnyEvent) -> None:
        """Write an event to disk, then hand it to whoever reads."""
        ...

    def job_id(self) -> str:
        """A fresh id for a job."""
        ...

    def ticked(self, step: Step, item: Manual) -> bool:
        """Whether that was done by hand on an earlier day."""
        ...

    def spared(self, step: Step) -> asyncio.Event:
        """Set once an action of that step has done what its things to do by hand are for."""
        ...

    def keep_tick(self, step: Step, item: Manual) -> None:
        """Remember that it was."""
        ...


def badness(outcome: Outcome) -> int:
    """How bad it is, for finding the worst of several."""
    return _BADNESS.index(outcome)


def outcome_of(error: ZhinanError) -> Outcome:
    """The outcome that has the error's exit code."""
    by_code = {code: outcome for outcome, code in ev.EXIT_CODES.items() if outcome is not Outcome.ALREADY}
    return by_code.get(error.exit_code, Outcome.FAILED)


def judged(ended: Ended) -> tuple[Outcome, Text | None]:
    """What a command's end makes of it: the outcome and, unless that is good, one sentence why."""
    match ended.end:
        case End.EXITED if ended.code == 0:
            return Outcome.PASSED, None
        case End.EXITED:
            return Outcome.FAILED, Text("命令退出码是 {code}", "the command exited with {code}").fill(code=ended.code)
        case End.CANCELLED:
            return Outcome.CANCELLED, ended.why
        case End.TIMED_OUT | End.LOST:
            return Outcome.UNKNOWN, ended.why or Text("连接断了，结果不明", "the connection was lost, the result is unknown")
