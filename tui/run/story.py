"""What a run did, one try after the other, from its events. `fold` keeps how each step stands now; a story also has what came before.

Pure: the same events give the same story.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from tui.judge.evidence import End, Status
from tui.run import events as ev
from tui.run.events import AnyEvent, Cause, Outcome, Proof
from tui.run.state import CUT_OFF
from tui.texts import Text


class Kind(StrEnum):
    """What a try was. `item`: an offered command run by itself; `look`: a failure page's probe."""

    STEP = "step"
    ITEM = "item"
    UNDO = "undo"
    LOOK = "look"


@dataclass(slots=True)
class Ran:
    """One command or action; `end` is None where no end is on record."""

    item: int
    on: str
    text: str
    log: str
    end: End | None = None
    code: int | None = None
    seconds: float | None = None
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A check's verdict with its evidence; `before`: before the step ran."""

    status: Status
    say: Text
    proof: str
    before: bool


@dataclass(slots=True)
class Said:
    """A question an action asked; `yes` is None where no answer is on record."""

    question: Text
    shown: Text
    danger: bool
    typed: str
    yes: bool | None = None


@dataclass(slots=True)
class Try:
    """One try at a step of the run `run`. `outcome` is None where it has none of its own: an item, a look, a step that was taken back.

    `suspects` are the lines that look like errors where no cause is known. `notes` are short
    remarks in order: what was done by hand, what was waited for, connections lost.
    """

    run: str
    step: str
    title: str
    kind: Kind
    at: float
    on: str = ""
    address: str = ""
    ended: float | None = None
    outcome: Outcome | None = None
    why: Text | None = None
    seconds: float | None = None
    undone: bool = False
    commands: list[Ran] = field(default_factory=list)
    checks: list[Seen] = field(default_factory=list)
    asked: list[Said] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    causes: tuple[Cause, ...] = ()
    suspects: tuple[Proof, ...] = ()
    firewall: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A pass that ended before any step began, and why."""

    run: str
    at: float
    verdict: Outcome
    why: Text | None


@dataclass(slots=True)
class Story:
    """A run: how it began, what was tried, in order. `resumed` are the later passes; `learned` the values found, each with its step."""

    started: ev.RunStarted | None = None
    resumed: list[ev.RunResumed] = field(default_factory=list)
    tries: list[Try] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    learned: dict[str, tuple[str, str]] = field(default_factory=dict)
    last: float = 0.0


def story(events: Iterable[AnyEvent]) -> Story:
    """The story that the events of one run tell."""
    teller = _Teller()
    for event in events:
        teller.take(event)
    teller.end()
    return teller.story


class _Teller:
    def __init__(self) -> None:
        self.story = Story()
        self._open: dict[str, Try] = {}
        self._aside: dict[tuple[str, int], Try] = {}
        self._titles: dict[str, str] = {}
        self._tried = 0

    def take(self, event: AnyEvent) -> None:
        self.story.last = event.at
        match event:
            case ev.RunStarted():
                self.story.started = event
                self._tried = 0
            case ev.RunResumed():
                self._cut(event.at)
                self.story.resumed.append(event)
                self._tried = len(self.story.tries)
            case ev.RunEnded():
                if len(self.story.tries) == self._tried and event.why is not None:
                    self.story.refused.append(Refused(event.run, event.at, event.verdict, event.why))
                self._open.clear()
            case ev.StepStarted():
                self._titles[event.step] = event.title or event.step
                tried = Try(event.run, event.step, self._titles[event.step], Kind.STEP, event.at, event.on, event.address)
                self.story.tries.append(tried)
                self._open[event.step] = tried
            case ev.CommandStarted():
                self._began(event)
            case ev.CommandEnded():
                self._command_ended(event)
            case ev.StepEnded() | ev.Undone():
                self._step_ended(event)
            case ev.Diagnosed():
                self._diagnosed(event)
            case ev.Printed():
                pass
            case _:
                self._told(event)

    def end(self) -> None:
        """No more will come: what is still open was cut off."""
        self._cut(self.story.last)

    def _cut(self, at: float) -> None:
        for tried in self._open.values():
            tried.outcome, tried.why, tried.ended = Outcome.UNKNOWN, CUT_OFF, at
        self._open.clear()

    def _began(self, event: ev.CommandStarted) -> None:
        ran = Ran(event.item, event.on, event.text, event.log)
        tried = self._open.get(event.step)
        if event.item == ev.PROBE or event.alone or tried is None:
            kind = Kind.LOOK if event.item == ev.PROBE else Kind.ITEM
            tried = Try(event.run, event.step, self._titles.get(event.step, event.step), kind, event.at, event.on)
            self.story.tries.append(tried)
            self._aside[event.step, event.item] = tried
        elif event.item == ev.UNDO:
            tried.kind = Kind.UNDO
        tried.commands.append(ran)

    def _of(self, step: str, item: int) -> Try | None:
        return self._aside.get((step, item)) or self._open.get(step)

    def _command_ended(self, event: ev.CommandEnded) -> None:
        tried = self._of(event.step, event.item)
        for ran in reversed(tried.commands if tried is not None else []):
            if ran.item == event.item and ran.end is None:
                ran.end, ran.code, ran.seconds, ran.why = event.end, event.code, event.seconds, event.why
                break
        aside = self._aside.get((event.step, event.item))
        if aside is not None:
            aside.ended, aside.seconds = event.at, event.seconds
            if aside.kind is Kind.ITEM:  # a look waits for what it comes to
                del self._aside[event.step, event.item]

    def _step_ended(self, event: ev.StepEnded | ev.Undone) -> None:
        tried = self._open.pop(event.step, None)
        if tried is None:
            return
        tried.ended, tried.seconds = event.at, event.seconds
        if isinstance(event, ev.Undone):
            tried.undone, tried.kind = True, Kind.UNDO
        else:
            tried.outcome, tried.why = event.outcome, event.why

    def _diagnosed(self, event: ev.Diagnosed) -> None:
        tried = self._open.get(event.step) or self._aside.pop((event.step, ev.PROBE), None)
        if tried is not None:
            tried.causes, tried.suspects = event.causes, event.suspects

    def _told(
        self,
        event: ev.ConnectionLost | ev.ConnectionRestored | ev.ManualAwaited | ev.ManualDone | ev.Waited | ev.WaitEnded | ev.Asked
        | ev.Answered | ev.Observed | ev.Learned | ev.Checked,
    ) -> None:  # fmt: skip
        if isinstance(event, ev.Learned | ev.Checked):
            self.story.learned |= {name: (text, event.step) for name, text in event.values.items()}
        tried = self._open.get(event.step) if isinstance(event, ev.Checked) else self._of(event.step, event.item)
        if tried is None:
            return
        match event:
            case ev.Checked():
                tried.checks.append(Seen(event.status, event.say, event.proof, event.before))
            case ev.Asked():
                tried.asked.append(Said(event.question, event.shown, event.danger, event.typed))
            case ev.Answered():
                for said in tried.asked:
                    said.yes = event.yes if said.yes is None else said.yes
            case ev.ConnectionLost():
                tried.notes.append(_LOST.fill(why=event.why))
            case ev.ConnectionRestored():
                tried.notes.append(_BACK.fill(seconds=round(event.seconds)))
            case ev.ManualAwaited():
                tried.notes.append(_HAND.fill(what=event.text))
            case ev.ManualDone():
                tried.notes.append(_SPARED if event.spared else _TICKED if event.ticked else _UNTICKED)
            case ev.Waited():
                tried.notes.append(_WAITED.fill(what=event.what))
            case ev.WaitEnded():
                tried.notes.append(_REACHED if event.reached else _NOT_REACHED)
            case ev.Observed(topic="firewall"):
                tried.firewall = dict(event.facts)
            case _:
                pass


_LOST = Text("连接断了：{why}", "the connection was lost: {why}")
_BACK = Text("{seconds} 秒后又连上了", "connected again after {seconds} s")
_HAND = Text("要亲手做：{what}", "to do by hand: {what}")
_TICKED = Text("做好了，已打勾", "done and ticked")
_SPARED = Text("一个动作已经替你做好", "an action has done it")
_UNTICKED = Text("没有打勾", "not ticked")
_WAITED = Text("等人：{what}", "waited for a person: {what}")
_REACHED = Text("等到了", "it was done")
_NOT_REACHED = Text("没有等到", "it was not done in time")
