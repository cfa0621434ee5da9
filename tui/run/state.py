"""What is known of a run: one frozen value, made by the pure `fold(state, event)`.

Anything the headless front end would need too is here. What a person is looking at (selection, scrolling, filter) is not. A part
that an event did not touch stays the identical object, so that a panel redraws only when its part is a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, assert_never

from tui.judge.evidence import End, Status
from tui.run import events as ev
from tui.run.events import AnyEvent, Outcome
from tui.texts import Text


class Phase(StrEnum):
    """Where a step is. `ended` has an outcome."""

    TODO = "todo"
    QUEUED = "queued"
    LOOKING = "looking"
    RUNNING = "running"
    WAITING = "waiting"
    CHECKING = "checking"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CommandState:
    """One item's run: `log` is its raw log, `size` the bytes logged so far; `end` is None while it runs.

    `alone`: it was run by itself, and the step's phase is not its.
    """

    text: str
    on: str
    log: str
    started: float
    size: int = 0
    end: End | None = None
    code: int | None = None
    seconds: float | None = None
    why: Text | None = None
    linked: bool = True
    alone: bool = False


@dataclass(frozen=True, slots=True)
class CheckState:
    """The last verdict of one check. `before`: seen before the step ran."""

    status: Status
    say: Text
    proof: str
    at: float
    before: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Something a person is to do outside the program, and by when (Unix seconds)."""

    what: Text
    url: str
    until: float


@dataclass(frozen=True, slots=True)
class Question:
    """What an action asked, with what it showed; `yes` is None until it is answered."""

    item: int
    question: Text
    shown: Text
    yes: bool | None = None


@dataclass(frozen=True, slots=True)
class StepState:
    """One step's run. `commands` maps an item's index to its run, `ticks` an item's index to whether it was ticked
    (`spared` are those ticked because an action did what they are for).

    `wait` is what it waits for just now, `asked` what its actions asked the reader, in order. `topics` are the last facts its actions
    told, by topic. `cause` is the id of the failure page that explains why it failed, where what failed knew one; `causes` are those
    that its logs prove, the likeliest first; `suspects` lines that look like errors, where there are none. `before` is how it stood when a
    pass queued it: so it stands again if the pass never gets to it.
    """

    phase: Phase = Phase.TODO
    outcome: Outcome | None = None
    why: Text | None = None
    cause: str = ""
    causes: tuple[ev.Cause, ...] = ()
    suspects: tuple[ev.Proof, ...] = ()
    on: str = ""
    address: str = ""
    started: float | None = None
    seconds: float | None = None
    commands: Mapping[int, CommandState] = field(default_factory=dict)
    checks: Mapping[int, CheckState] = field(default_factory=dict)
    ticks: Mapping[int, bool] = field(default_factory=dict)
    spared: frozenset[int] = frozenset()
    wait: Wait | None = None
    asked: tuple[Question, ...] = ()
    topics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    before: StepState | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the run: `source` is `input`, or the id of the step that found it."""

    text: str
    source: str
    at: float


@dataclass(frozen=True, slots=True)
class RunState:
    """The whole run. `verdict` is None while a pass is under way or none has been."""

    run: str = ""
    guide: str = ""
    title: str = ""
    active: bool = False
    verdict: Outcome | None = None
    why: Text | None = None
    started: float | None = None
    targets: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    steps: Mapping[str, StepState] = field(default_factory=dict)

    def step(self, step_id: str) -> StepState:
        """The state of a step; a step nothing happened to is TODO."""
        return self.steps.get(step_id, _TODO)


_TODO = StepState()


def fold(state: RunState, event: AnyEvent) -> RunState:
    """The state after `event`."""
    match event:
        case ev.RunStarted():
            fresh = RunState(run=event.run, guide=event.guide, title=event.title, started=event.at)
            return _pass_began(fresh, event)
        case ev.RunResumed():
            return _pass_began(cut_off(state), event)
        case ev.RunEnded():
            steps = {i: _unqueue(s) for i, s in state.steps.items()}
            return replace(state, active=False, verdict=event.verdict, why=event.why, steps=steps)
        case ev.Checked():
            return _checked(state, event)
        case ev.Learned():
            return _with_values(state, event)
        case ev.Undone():
            was = state.step(event.step)
            return _with_step(state, event.step, StepState(on=was.on, address=was.address, commands=was.commands))
        case _:
            return _with_step(state, event.step, _fold_step(state.step(event.step), event))


def fold_all(events: Iterable[AnyEvent], state: RunState | None = None) -> RunState:
    """The state after all of `events`."""
    state = state or RunState()
    for event in events:
        state = fold(state, event)
    return state


CUT_OFF = Text("程序中途断了，这里做到哪里没有记下来", "the program was cut off here; how far this got was not recorded")
"""Why a step, or a run, has no end on record."""
_LIVE = frozenset((Phase.LOOKING, Phase.RUNNING, Phase.WAITING, Phase.CHECKING))


def cut_off(state: RunState) -> RunState:
    """A run that began and has no end, read after its program died: what was under way ended unknown. Any other run as it is."""
    if not state.active:
        return state
    steps = {step_id: _cut(step) if step.phase in _LIVE else _unqueue(step) for step_id, step in state.steps.items()}
    return replace(state, active=False, verdict=Outcome.UNKNOWN, why=CUT_OFF, steps=steps)


def _cut(step: StepState) -> StepState:
    commands = {
        item: replace(command, end=End.LOST, why=CUT_OFF) if command.end is None else command for item, command in step.commands.items()
    }
    return replace(step, phase=Phase.ENDED, wait=None, outcome=Outcome.UNKNOWN, why=CUT_OFF, commands=commands)


StepOnly = (
    ev.StepStarted | ev.CommandStarted | ev.Printed | ev.ConnectionLost | ev.ConnectionRestored
    | ev.CommandEnded | ev.Diagnosed
    | ev.ManualAwaited | ev.ManualDone | ev.Waited | ev.WaitEnded | ev.Asked | ev.Answered | ev.Observed | ev.StepEnded
)  # fmt: skip


def _fold_step(step: StepState, event: StepOnly) -> StepState:
    match event:
        case ev.StepStarted():
            return StepState(phase=Phase.LOOKING, on=event.on, address=event.address, started=event.at)
        case ev.CommandStarted():
            command = CommandState(text=event.text, on=event.on, log=event.log, started=event.at, alone=event.alone)
            return replace(_in(step, Phase.RUNNING, event.alone), commands={**step.commands, event.item: command})
        case ev.Printed():
            size = event.offset + len(event.text.encode())
            return _with_command(step, event.item, size=size)
        case ev.ConnectionLost():
            return _with_command(step, event.item, linked=False, why=event.why)
        case ev.ConnectionRestored():
            return _with_command(step, event.item, linked=True, why=None)
        case ev.CommandEnded():
            checking, told = _in(step, Phase.CHECKING, _alone(step, event.item)), {"code": event.code, "seconds": event.seconds}
            return _with_command(checking, event.item, end=event.end, why=event.why, **told)
        case ev.ManualAwaited():
            return _in(step, Phase.WAITING, event.alone)
        case ev.ManualDone():
            spared = step.spared | {event.item} if event.spared else step.spared - {event.item}
            return replace(_in(step, Phase.RUNNING, event.alone), ticks={**step.ticks, event.item: event.ticked}, spared=spared)
        case ev.Waited():
            return replace(step, phase=Phase.WAITING, wait=Wait(event.what, event.url, event.until))
        case ev.WaitEnded():
            return replace(step, phase=Phase.RUNNING, wait=None)
        case ev.Asked() | ev.Answered():
            return _asked(step, event)
        case ev.Observed():
            return replace(step, topics={**step.topics, event.topic: event.facts})
        case ev.Diagnosed():
            return replace(step, causes=event.causes, suspects=event.suspects)
        case ev.StepEnded():
            return replace(
                step, phase=Phase.ENDED, wait=None, outcome=event.outcome, seconds=event.seconds, why=event.why, cause=event.cause
            )
        case _:
            assert_never(event)


def _asked(step: StepState, event: ev.Asked | ev.Answered) -> StepState:
    alone = _alone(step, event.item)
    if isinstance(event, ev.Asked):
        asked = Question(event.item, event.question, event.shown)
        return replace(_in(step, Phase.WAITING, alone), asked=(*step.asked, asked))
    answered = tuple(replace(each, yes=event.yes) if each.yes is None else each for each in step.asked)
    return replace(_in(step, Phase.RUNNING, alone), asked=answered)


def _alone(step: StepState, item: int) -> bool:
    return item in step.commands and step.commands[item].alone


def _in(step: StepState, phase: Phase, alone: bool) -> StepState:
    """The step in its next phase; an item run alone leaves it where it is."""
    return step if alone else replace(step, phase=phase)


def _pass_began(state: RunState, event: ev.RunStarted | ev.RunResumed) -> RunState:
    inputs = {name: Value(text, "input", event.at) for name, text in event.values.items() if text}
    fresh = {"outcome": None, "why": None, "cause": "", "causes": (), "suspects": ()}
    queued = {
        step_id: replace(state.step(step_id), phase=Phase.QUEUED, before=state.steps.get(step_id), **fresh)  # type: ignore[arg-type]
        for step_id in event.steps
    }
    return replace(
        state, active=True, verdict=None, why=None, targets={**state.targets, **event.targets},
        values={**state.values, **inputs}, steps={**state.steps, **queued},
    )  # fmt: skip


def _unqueue(step: StepState) -> StepState:
    return (step.before or _TODO) if step.phase is Phase.QUEUED else step


def _checked(state: RunState, event: ev.Checked) -> RunState:
    step = state.step(event.step)
    seen = CheckState(event.status, event.say, event.proof, event.at, event.before)
    phase = Phase.LOOKING if event.before else step.phase
    state = _with_step(state, event.step, replace(step, phase=phase, checks={**step.checks, event.check: seen}))
    return _with_values(state, event)


def _with_values(state: RunState, event: ev.Checked | ev.Learned) -> RunState:
    if not event.values:
        return state
    found = {name: Value(text, event.step, event.at) for name, text in event.values.items()}
    return replace(state, values={**state.values, **found})


def _with_step(state: RunState, step_id: str, step: StepState) -> RunState:
    return replace(state, steps={**state.steps, step_id: step})


def _with_command(step: StepState, item: int, **changes: object) -> StepState:
    command = step.commands.get(item)
    if command is None:
        return step
    return replace(step, commands={**step.commands, item: replace(command, **changes)})  # type: ignore[arg-type]
