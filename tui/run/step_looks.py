"""What a step tells while it runs, and how it looks at its checks. Only evidence makes a pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.errors import TargetError, ZhinanError
from tui.guide.model import CheckSpec, Step
from tui.judge import checks
from tui.judge.diagnose import Book
from tui.judge.evidence import End, Evidence, Status, Verdict
from tui.judge.look import Check, Own
from tui.run import events as ev
from tui.run.action import Actions
from tui.run.ask import Asker
from tui.run.events import AnyEvent, Outcome
from tui.run.look import look
from tui.run.outcome import Pass, outcome_of
from tui.run.places import Places
from tui.run.plan import Plan
from tui.run.redact import Redactor
from tui.run.values import expand
from tui.target.base import Ended, Target
from tui.texts import Text


@dataclass
class StepLooks:
    """One run of one step, as far as it tells and looks. `values` are those known so far, `found` those its checks found."""

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

    def _can_look_first(self) -> bool:
        looks = [self._made(spec).look for spec in self.step.checks]
        return bool(looks) and not any(isinstance(each, Own) for each in looks)

    async def _reach(self, on: str) -> Target:
        """The opened target of that name. Raises the TargetError with which opening it failed."""
        if on in self.plan.later and on not in self._reached:
            await self.places.find(on, self.plan.later[on], self.values, root=on in self.plan.roots)
            if secret := self.places.sudo(on):
                self.redactor.add(secret)
            self._reached.add(on)
        return self.places.target(on)

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
