"""A step's state as one mark, one colour role and one word.

All marks are one cell wide in every terminal, whatever it thinks of East Asian "ambiguous" characters; and none speaks alone, its
word always stands near it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tui.run.events import Outcome
from tui.run.state import Phase, StepState
from tui.texts import Text


@dataclass(frozen=True, slots=True)
class Mark:
    """`sign` is one cell, `role` a theme variable with its `$`, `word` what it means."""

    sign: str
    role: str
    word: Text


TODO = Mark("◦", "$faint", Text("还没做", "to do"))
QUEUED = Mark("◦", "$alive", Text("排队中", "queued"))
RUNNING = Mark("▸", "$alive", Text("执行中", "running"))
LOOKING = Mark("▸", "$alive", Text("先看看", "looking first"))
CHECKING = Mark("▸", "$alive", Text("检查中", "checking"))
WAITING = Mark("!", "$decide", Text("等你动手", "waiting for you"))

ENDINGS: dict[Outcome, Mark] = {
    Outcome.PASSED: Mark("✓", "$ok", Text("通过", "passed")),
    Outcome.ALREADY: Mark("»", "$ok", Text("本来就好了", "already done")),
    Outcome.FAILED: Mark("✗", "$bad", Text("失败", "failed")),
    Outcome.UNKNOWN: Mark("?", "$decide", Text("不清楚", "unknown")),
    Outcome.REFUSED: Mark("!", "$decide", Text("没有允许", "not allowed")),
    Outcome.CANCELLED: Mark("◦", "$muted", Text("已停止", "stopped")),
}

_PHASES: dict[Phase, Mark] = {
    Phase.TODO: TODO,
    Phase.QUEUED: QUEUED,
    Phase.LOOKING: LOOKING,
    Phase.RUNNING: RUNNING,
    Phase.WAITING: WAITING,
    Phase.CHECKING: CHECKING,
}


LIVE = frozenset({Phase.LOOKING, Phase.RUNNING, Phase.WAITING, Phase.CHECKING})
"""The phases in which a step is being worked on."""


def mark(step: StepState) -> Mark:
    """The mark of a step."""
    if step.phase is Phase.ENDED and step.outcome is not None:
        return ENDINGS[step.outcome]
    return _PHASES.get(step.phase, TODO)
