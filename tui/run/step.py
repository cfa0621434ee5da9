"""One step from beginning to end: look whether it is already done, run its items one after the other, look again, judge.

Only evidence makes a pass. A step stops at its first item that did not pass.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Final

from tui.errors import Cancelled, TargetError, ZhinanError
from tui.guide import languages
from tui.guide.model import ActionSpec, Command, Item, Manual, is_offered
from tui.guide.reads import variables
from tui.judge.evidence import End, Evidence
from tui.run import diagnosis
from tui.run import events as ev
from tui.run.action import Stage
from tui.run.command import Piece, follow
from tui.run.events import Outcome
from tui.run.journal import JournalError
from tui.run.outcome import judged
from tui.run.places import unfound
from tui.run.plan import Request
from tui.run.step_looks import StepLooks
from tui.target.base import Ended, Job, LinkLost, LinkRestored
from tui.texts import Text

PATIENCE: Final = 3600.0
"""Seconds a command may take where its step says nothing."""
_OWN_KEPT: Final = 256 * 1024
"""Characters of a step's own output that its checks may look at: the last ones."""


class StepRun(StepLooks):
    """One run of one step: its items, then its checks."""

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
        for name, later in self.plan.later.items():
            if later.value in variables(script) and not self.values.get(later.value):
                raise unfound(name, later)
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
