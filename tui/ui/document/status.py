"""What is known of a command, as the words and the mark that stand beside it, and the badge that says where it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from tui.guide.model import ActionSpec, CheckSpec, Manual, Step, is_offered
from tui.judge.evidence import End, Status
from tui.run.events import EXIT_CODES, Outcome
from tui.run.state import CheckState, CommandState, Phase, StepState
from tui.texts import Text, same
from tui.ui.document.facts import Facts
from tui.ui.document.line import Look, Mark
from tui.ui.widgets.badges import Where, where
from tui.ui.widgets.cells import clock

TODO = Mark("◦", "faint")
RUNNING = Mark("▸", "alive")
PASSED = Mark("✓", "ok")
ALREADY = Mark("»", "ok")
FAILED = Mark("✗", "bad")
UNKNOWN = Mark("?", "decide")
DECIDE = Mark("!", "decide")
BY_HAND = Mark("✎", "muted")
STOPPED = Mark("◦", "muted")

_PLACE = re.compile(r"\{\w+\}")
_NOTHING = same("")
_ENDINGS: Mapping[Outcome, tuple[Mark, Text]] = {
    Outcome.PASSED: (PASSED, Text("通过", "passed")),
    Outcome.ALREADY: (ALREADY, Text("已经是这样", "already so")),
    Outcome.FAILED: (FAILED, Text("失败", "failed")),
    Outcome.UNKNOWN: (UNKNOWN, Text("未知", "unknown")),
    Outcome.REFUSED: (DECIDE, Text("没有批准", "not approved")),
    Outcome.CANCELLED: (STOPPED, Text("已停止", "stopped")),
}
_PHASES: Mapping[Phase, tuple[Mark, Text]] = {
    Phase.TODO: (TODO, _NOTHING),
    Phase.QUEUED: (TODO, Text("排队中", "queued")),
    Phase.LOOKING: (RUNNING, Text("先看看是不是已经好了", "looking whether it is already so")),
    Phase.RUNNING: (RUNNING, Text("执行中", "running")),
    Phase.WAITING: (DECIDE, Text("等你确认", "waiting for you")),
    Phase.CHECKING: (RUNNING, Text("检查中", "checking")),
}
_ENDS: Mapping[End, tuple[Mark, Text]] = {
    End.TIMED_OUT: (UNKNOWN, Text("超时", "timed out")),
    End.CANCELLED: (STOPPED, Text("已停止", "stopped")),
    End.LOST: (UNKNOWN, Text("未知 · 连接断了", "unknown · connection lost")),
}
_EXIT = Text("退出码 {code}", "exit {code}")
_MANUAL = Text("手动", "by hand")
_TICKED = Text("已完成", "done")
_SPARED = Text("不用做：动作已证明", "not needed: the action proved it")
_UNLINKED = Text("连接断了，命令还在那边执行", "connection lost, the command goes on there")
_OFFERED = Text("只在你按键时执行", "runs only by its own key")
_ASK_WHERE = Text("在哪？", "where?")
_CLOUD = Text("阿里云", "Alibaba Cloud")
_HERE = Text("本机", "here")

_STATUS: Mapping[Status, Mark] = {Status.PASS: PASSED, Status.FAIL: FAILED, Status.UNKNOWN: UNKNOWN}


class Said(NamedTuple):
    """A mark and its words; `alive` when the words change with time."""

    mark: Mark
    words: str
    alive: bool = False


def item_status(step: Step, index: int, facts: Facts) -> Said:
    """What is known of the step's item `index`."""
    item, state = step.items[index], facts.state.step(step.id)
    if (ran := state.commands.get(index)) is not None:
        return _ran(ran, state, facts.now, last=_is_last(step, index), action=isinstance(item, ActionSpec))
    if isinstance(item, Manual):
        return _by_hand(state, index)
    if is_offered(item):
        return Said(TODO, str(_OFFERED))
    return _not_run(step, index, state)


def step_status(state: StepState) -> Said:
    """What is known of a whole step."""
    mark, words = _phase(state)
    return Said(mark, str(words))


def check_status(spec: CheckSpec, state: CheckState | None, *, looking: bool) -> tuple[Mark, str, str]:
    """A check's mark, its sentence, and a second sentence where it did not pass."""
    promise = _promise(spec)
    if state is None:
        return (RUNNING if looking else TODO), promise, ""
    mark, said = _STATUS[state.status], str(state.say)
    if state.before and state.status is not Status.PASS:
        return TODO, promise, ""
    if state.status is Status.PASS:
        return mark, said or promise, ""
    return mark, promise or said, said if said != promise else ""


def place_of(step: Step, facts: Facts) -> str | None:
    """Where a step runs: as the document says, else as was chosen when it ran; None while that is open."""
    state = facts.state.step(step.id)
    return step.on or state.on or next((ran.on for ran in state.commands.values()), None)


def badge(name: str | None, facts: Facts) -> tuple[str, Look]:
    """The words and the look of a place's badge. `name` is a target's name, `local`, or None where the document leaves it open."""
    if name is None:
        return str(_ASK_WHERE), Look("decide")
    address = facts.address(name)
    if name == "local" or address == "local":
        return f" {_HERE if name == 'local' else name} ", Look("badge", "local", "b")
    if address.startswith("aliyun:"):
        return str(_CLOUD), Look("decide")
    kind = where(address) if address else Where.ELSEWHERE
    return f" {name} ", Look("ink" if kind is Where.ELSEWHERE else "badge", str(kind.value), "b")


def _is_last(step: Step, index: int) -> bool:
    return not is_offered(step.items[index]) and all(is_offered(item) for item in step.items[index + 1 :])


def _ran(ran: CommandState, step: StepState, now: float, *, last: bool, action: bool) -> Said:
    if ran.end is None:
        words = f"{_UNLINKED if not ran.linked else _PHASES[Phase.RUNNING][1]} {clock(now - ran.started)}"
        return Said(RUNNING if ran.linked else UNKNOWN, words, alive=True)
    took = f" · {clock(ran.seconds)}" if ran.seconds is not None else ""
    if ran.end is not End.EXITED:
        mark, text = _ENDS[ran.end]
        return Said(mark, f"{text}{took}")
    if ran.code and action:
        mark, text = next((_ENDINGS[outcome] for outcome, code in EXIT_CODES.items() if code == ran.code), _ENDINGS[Outcome.FAILED])
        return Said(mark, f"{text}{took}")
    if ran.code:
        return Said(FAILED, f"{_ENDINGS[Outcome.FAILED][1]} · {_EXIT.fill(code=ran.code)}{took}")
    if last and step.phase is not Phase.RUNNING:
        mark, text = _phase(step)
        return Said(mark, f"{text}{took}" if step.phase is Phase.ENDED else str(text))
    return Said(PASSED, f"{_ENDINGS[Outcome.PASSED][1]}{took}")


def _by_hand(state: StepState, index: int) -> Said:
    ticked = state.ticks.get(index)
    if index in state.spared:
        return Said(ALREADY, str(_SPARED))
    if ticked:
        return Said(PASSED, str(_TICKED))
    if state.phase is Phase.WAITING:
        return Said(DECIDE, str(_PHASES[Phase.WAITING][1]))
    return Said(BY_HAND, str(_MANUAL))


def _not_run(step: Step, index: int, state: StepState) -> Said:
    """An item that has no run of its own: its step's phase, unless the step is busy with, or ended at, another item."""
    busy = state.phase in (Phase.RUNNING, Phase.WAITING, Phase.CHECKING)
    if busy and not (isinstance(step.items[index], ActionSpec) and _all_before(step, index, state)):
        return Said(TODO, "" if state.phase is Phase.CHECKING else str(_PHASES[Phase.QUEUED][1]))
    if state.phase is Phase.ENDED and state.outcome not in (Outcome.PASSED, Outcome.ALREADY) and state.commands:
        return Said(TODO, "")
    mark, words = _phase(state)
    return Said(mark, str(words))


def _all_before(step: Step, index: int, state: StepState) -> bool:
    """Has everything before this item ended?"""
    for place, item in enumerate(step.items[:index]):
        if not isinstance(item, Manual) and not is_offered(item) and ((ran := state.commands.get(place)) is None or ran.end is None):
            return False
        if isinstance(item, Manual) and not state.ticks.get(place):
            return False
    return True


def _phase(state: StepState) -> tuple[Mark, Text]:
    if state.phase is Phase.ENDED and state.outcome is not None:
        return _ENDINGS[state.outcome]
    return _PHASES.get(state.phase, _PHASES[Phase.TODO])


def _promise(spec: CheckSpec) -> str:
    """The author's sentence with `…` for values not known yet; else the check's kind and what it looks at."""
    if spec.say:
        return _PLACE.sub("…", spec.say)
    return f"{spec.kind} {_subject(spec.args)}".strip()


def _subject(args: Mapping[str, object]) -> str:
    for key in ("", "name", "path", "url", "port"):
        if args.get(key) is not None:
            return str(args[key])
    return ""
