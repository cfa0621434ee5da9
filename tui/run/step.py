"""One step from beginning to end: look whether it is already done, run its items one after the other, look again, judge.

Only evidence makes a pass. A step stops at its first item that did not pass.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from tui.errors import Cancelled, TargetError, ZhinanError
from tui.guide import languages
from tui.guide.model import ActionSpec, CheckSpec, Command, Item, Manual, Step, is_offered
from tui.judge import checks
from tui.judge.diagnose import Book
from tui.judge.evidence import End, Evidence, Status, Verdict
from tui.judge.look import Check, Own
from tui.run import diagnosis
from tui.run import events as ev
from tui.run.action import Actions, Stage
from tui.run.ask import Asker
from tui.run.command import Piece, follow
from tui.run.events import AnyEvent, Outcome
from tui.run.journal import JournalError
from tui.run.look import look
from tui.run.outcome import Pass, judged, outcome_of
from tui.run.places import Places
from tui.run.plan import Plan, Request
from tui.run.redact import Redactor
from tui.run.values import expand
from tui.target.base import Ended, Job, LinkLost, LinkRestored, Target
from tui.texts import Text

PATIENCE: Final = 3600.0
"""Seconds a command may take where its step says nothing."""
_OWN_KEPT: Final = 256 * 1024
"""Characters of a step's own output that its checks may look at: the last ones."""


@dataclass
class StepRun:
    """One run of one step. `values` are those known so far, `found` those its checks found."""

    session: Pass
    asker: Asker
    places: Places
    plan: Plan
    step: Step
    redactor: Redactor
    stop: asyncio.Event
    values: dict[str, str]
    actions: Actions = field(default_factory=dict)
    book: Callable[[], Book] | None = None

    def __post_init__(self) -> None:
        self.found: dict[str, str] = {}
        self.outcome = Outcome.UNKNOWN
        self.why: Text | None = None
        self.cause, self._insists = "", False
        self._own = Evidence(End.EXITED)
        self._logs: dict[int, tuple[str, int]] = {}
        self._reached: set[str] = set()
        self._seen: list[str] = []

    @property
    def good(self) -> bool:
        """Whether the next step may follow."""
        return self.outcome in (Outcome.PASSED, Outcome.ALREADY)

    async def all(self, request: Request) -> tuple[Outcome, Text | None]:
        """Do it and tell it; the outcome and, unless that is good, one sentence why."""
        began = time.monotonic()
        on = self.plan.where[self.step.line]
        if request.item is None:
            title = f"{self.step.label} {self.step.title}".strip()
            await self.happened(ev.StepStarted, on=on, address=self.places.address(on), title=title)
        try:
            await self._work(request)
        except JournalError:
            raise
        except ZhinanError as error:
            self._settle_by(error)
        if self.stop.is_set() and not self.good and not self._insists:
            self._settle(Outcome.CANCELLED, Text("你停止了它", "you stopped it"))
        if request.undo and self.good:
            await self.happened(ev.Undone, seconds=time.monotonic() - began)
        elif request.item is None:
            await self._diagnose()
            await self.happened(ev.StepEnded, outcome=self.outcome, seconds=time.monotonic() - began, why=self.why, cause=self.cause)
        return self.outcome, self.why

    async def look_once(self, number: int) -> Evidence:
        """Run the step's only item by itself, told as item `number`, and give what it showed; `lost` where nothing could be seen."""
        self._own = Evidence(End.LOST)
        try:
            await self._item(number, self.step.items[0], alone=True)
        except JournalError:
            raise
        except ZhinanError as error:
            self._settle_by(error)
        return self._own

    async def _diagnose(self) -> None:
        """Ask the failure pages why it did not end well. In a thread: a log may be large."""
        if self.book is None or self.outcome not in (Outcome.FAILED, Outcome.UNKNOWN):
            return
        logs = [(item, self.session.journal.log_path(self.session.run_id, log)) for item, (log, _) in sorted(self._logs.items())]
        words = [*self._seen, *([self.why.en] if self.why else [])]
        causes, suspects = await asyncio.to_thread(diagnosis.explained, self.book, logs, words, self.step.id, self.cause)
        if causes or suspects:
            await self.happened(ev.Diagnosed, causes=causes, suspects=suspects)

    async def _work(self, request: Request) -> None:
        if request.undo:
            await self._run(ev.UNDO, self.plan.where[self.step.line], self.step.undo, "bash", alone=False)
        elif request.item is not None:
            self._settle(Outcome.PASSED)
            await self._item(request.item, self.step.items[request.item], alone=True)
        elif request.checks_only:
            await self._check_only()
        elif not request.force and await self._already():
            self._settle(Outcome.ALREADY)
        else:
            await self._do()

    async def _do(self) -> None:
        """All items but the offered ones, in order; then the checks."""
        self._settle(Outcome.PASSED)
        self.session.spared(self.step).clear()  # it was not as it should be: what spared them then does not now
        for index, item in enumerate(self.step.items):
            if self.stop.is_set():
                return
            if not is_offered(item):
                await self._item(index, item)
                if not self.good and not isinstance(item, Manual):
                    return
        if self.step.checks:
            await self._look(before=False)
        elif not self.step.items:
            self._settle(Outcome.UNKNOWN, Text("这一步没有可以执行或检查的东西", "this step has nothing to run or to check"))

    async def _check_only(self) -> None:
        if self._can_look_first():
            await self._look(before=False)
        else:
            text = Text("这一步没有不执行就能看的检查", "this step has no check that can look without running it")
            self._settle(Outcome.UNKNOWN, text)

    async def _already(self) -> bool:
        if not self._can_look_first():
            return await self._was_done_by_hand()
        await self._look(before=True)
        return self.outcome is Outcome.PASSED

    async def _was_done_by_hand(self) -> bool:
        """Whether the step is nothing but things to do by hand, all of which are done. Unless it changes nothing, that is asked anew."""
        todo = {index: item for index, item in enumerate(self.step.items) if isinstance(item, Manual)}
        if self.step.checks or self.step.changes is not False or not todo or len(todo) < len(self.step.items):
            return False
        if not all(self.session.ticked(self.step, item) for item in todo.values()):
            return False
        for index in todo:
            await self.happened(ev.ManualDone, item=index, ticked=True)
        return True

    def _can_look_first(self) -> bool:
        looks = [self._made(spec).look for spec in self.step.checks]
        return bool(looks) and not any(isinstance(each, Own) for each in looks)

    async def _item(self, index: int, item: Item, *, alone: bool = False) -> None:
        match item:
            case Command():
                await self._run(index, self.plan.where[item.line], item.text, item.language, alone=alone)
            case Manual():
                await self._manual(index, item, alone=alone)
            case ActionSpec():
                await self._action(index, item, alone=alone)

    async def _run(self, index: int, on: str, script: str, language: str, *, alone: bool) -> None:
        """Run a script, and let its end decide."""
        await self._reach(on)  # a place that could not be opened ends the step before anything is said to run there
        await self._open_log(index, on, script, alone=alone)
        sudo = self.places.sudo(on) if on in self.plan.roots else None
        job = Job(self.session.job_id(), script, languages.family(language), self._environment(), sudo=sudo)
        began = time.monotonic()
        try:
            ended = await self._follow(index, on, job)
            self._settle(*judged(ended))
        except TargetError as error:
            ended = Ended(End.LOST, None, error.text)
            self._settle_by(error)
        await self._close_log(index, ended, began)

    async def _follow(self, index: int, on: str, job: Job) -> Ended:
        kept = ""
        ended = Ended(End.LOST)
        async with aclosing(follow(self.places.target(on), job, self.redactor, self.stop, self.step.timeout or PATIENCE)) as told:
            async for happening in told:
                match happening:
                    case Piece(text):
                        await self.printed(index, text)
                        kept = (kept + text)[-_OWN_KEPT:]
                    case LinkLost(why):
                        await self.happened(ev.ConnectionLost, item=index, why=why)
                    case LinkRestored(seconds):
                        await self.happened(ev.ConnectionRestored, item=index, seconds=seconds)
                    case Ended():
                        ended = happening
        self._own = Evidence(ended.end, ended.code, kept, why=ended.why)
        return ended

    async def _action(self, index: int, spec: ActionSpec, *, alone: bool) -> None:
        action = self.actions.get(spec.use)
        if action is None:
            text = Text("这个版本没有“{use}”这个动作", "this version has no action “{use}”")
            self._settle(Outcome.FAILED, text.fill(use=spec.use))
            return
        on = self.plan.where[spec.line]
        for name in {on, *(str(value) for value in spec.options.values())} & {on, *self.plan.later}:
            await self._reach(name)
        await self._open_log(index, on, spec.use, alone=alone)
        began, ended = time.monotonic(), Ended(End.EXITED, 0)
        stage = Stage(
            spec, self.step, index, on, self.places, self.asker, self.redactor, self.stop, dict(self.values), self.plan.secrets, self
        )
        stage.haste, stage.environ = self.session.haste, self.plan.environ
        try:
            await action(stage)
        except JournalError:
            raise
        except ZhinanError as error:
            ended = Ended(End.CANCELLED if isinstance(error, Cancelled) else End.EXITED, error.exit_code, error.text)
            self._settle_by(error)
        else:
            if spec.spares:
                self.session.spared(self.step).set()
        if stage.learned:
            self.values |= stage.learned
            self.found |= stage.learned
            await self.happened(ev.Learned, item=index, values=dict(stage.learned))
        await self._close_log(index, ended, began)

    async def _reach(self, on: str) -> Target:
        """The opened target of that name. Raises the TargetError with which opening it failed."""
        if on in self.plan.later and on not in self._reached:
            await self.places.find(on, self.plan.later[on], self.values, root=on in self.plan.roots)
            if secret := self.places.sudo(on):
                self.redactor.add(secret)
            self._reached.add(on)
        return self.places.target(on)

    async def _manual(self, index: int, item: Manual, *, alone: bool) -> None:
        spared = self.session.spared(self.step)
        if spared.is_set() and not alone:
            await self.happened(ev.ManualDone, item=index, ticked=True, spared=True)
            return
        await self.happened(ev.ManualAwaited, item=index, text=item.text, alone=alone)
        asking = asyncio.ensure_future(self.asker.tick(self.step, item.text))
        others = [asyncio.ensure_future(each.wait()) for each in (self.stop, *(() if alone else (spared,)))]
        try:
            await asyncio.wait({asking, *others}, return_when=asyncio.FIRST_COMPLETED)
            ticked = asking.done() and asking.result()
        finally:
            for each in (asking, *others):
                each.cancel()
        by_action = not ticked and not alone and spared.is_set()
        await self.happened(ev.ManualDone, item=index, ticked=ticked or by_action, alone=alone, spared=by_action)
        if by_action:
            return
        if ticked:
            self.session.keep_tick(self.step, item)
        else:
            self._settle(Outcome.UNKNOWN, Text("要由你亲手做：{what}", "for you to do by hand: {what}").fill(what=item.text))

    async def _open_log(self, index: int, on: str, text: str, *, alone: bool) -> None:
        log = self.session.journal.log_name(self.session.run_id, self.step.id, index)
        self._logs[index] = (log, 0)
        await self.happened(ev.CommandStarted, item=index, on=on, text=text, log=log, alone=alone)

    async def printed(self, item: int, text: str) -> None:
        """Add masked text to the log of the item that runs, and tell it."""
        log, size = self._logs[item]
        self.session.journal.append(self.session.run_id, log, text)
        self._logs[item] = (log, size + len(text.encode()))
        await self.happened(ev.Printed, item=item, text=text, offset=size)

    async def _close_log(self, index: int, ended: Ended, began: float) -> None:
        self.session.journal.close_log(self.session.run_id, self._logs[index][0])
        seconds = time.monotonic() - began
        await self.happened(ev.CommandEnded, item=index, end=ended.end, code=ended.code, seconds=seconds, why=ended.why)

    async def happened(self, kind: Callable[..., AnyEvent], **facts: Any) -> None:
        """Tell an event of this step."""
        await self.session.tell(kind(run=self.session.run_id, at=time.time(), step=self.step.id, **facts))

    def job_id(self) -> str:
        """A fresh id for a job."""
        return self.session.job_id()

    async def _look(self, *, before: bool) -> None:
        """Look at every check; the worst verdict decides. What was not ticked but checks out has been done all the same."""
        worst, why = Outcome.PASSED, None
        self._reached.clear()
        for index, spec in enumerate(self.step.checks):
            if self.stop.is_set():
                return
            verdict = await self._verdict(spec)
            values = {name: self.redactor.once(text) for name, text in verdict.values.items()}
            self.values |= values
            self.found |= values
            await self.happened(
                ev.Checked, check=index, before=before, status=verdict.status, say=verdict.say.fill(**self.values),
                proof=self.redactor.once(verdict.proof), values=values,
            )  # fmt: skip
            if verdict.status is not Status.PASS:
                self._seen.append(f"{verdict.say.fill(**self.values).en}: {self.redactor.once(verdict.proof)}")
            if verdict.status is Status.FAIL:
                worst, why = Outcome.FAILED, verdict.say
            elif verdict.status is Status.UNKNOWN and worst is Outcome.PASSED:
                worst, why = Outcome.UNKNOWN, verdict.say
        self._settle(worst, why)

    async def _verdict(self, spec: CheckSpec) -> Verdict:
        on = self.plan.where[spec.line]
        check = self._made(spec)
        try:
            target = await self._reach(on)
        except TargetError as error:
            if on not in self.plan.later:
                raise
            return Verdict(Status.UNKNOWN, error.text)
        sudo = self.places.sudo(on) if "sudo" in str(spec.args) else None
        seen = await look(target, check.look, self._own, self.session.job_id(), self._environment(), sudo)
        return check.decide(seen)

    def _made(self, spec: CheckSpec) -> Check:
        # A command gets values by its environment. Pasted in, one found on a server would be shell text on the reader's computer.
        args = spec.args if spec.kind in checks.COMMANDS else expand(spec.args, self.values)
        return checks.make(spec.kind, args, spec.say)

    def _environment(self) -> Mapping[str, str]:
        hidden = {name: secret.reveal() for name, secret in self.plan.secrets.items()}
        return {**self.values, **hidden, "ZHINAN_RUN": self.session.run_id, "ZHINAN_STEP": self.step.id}

    def _settle(self, outcome: Outcome, why: Text | None = None) -> None:
        self.outcome, self.why, self.cause = outcome, why, ""

    def _settle_by(self, error: ZhinanError) -> None:
        self._settle(outcome_of(error), error.text)
        self.cause, self._insists = error.cause, error.insists
