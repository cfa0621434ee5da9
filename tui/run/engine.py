"""Runs steps and tells what happened: one async generator of events, consumed by screen, printer, journal and tests alike.

The work is one task that tells; the generator hands on what is told, after it is on disk. Closing the generator ends the work, and with it
whatever runs on a target.
"""

from __future__ import annotations

import asyncio
import platform
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from typing import Any

from tui import __version__
from tui.errors import UsageError, ZhinanError
from tui.guide.digest import digest
from tui.guide.model import Guide, Manual, Step
from tui.judge.diagnose import Book
from tui.judge.evidence import End, Status
from tui.judge.probe import decided
from tui.run import diagnosis, probing
from tui.run import events as ev
from tui.run import plan as planning
from tui.run.action import Actions, rootless
from tui.run.ask import Asker
from tui.run.events import AnyEvent, Outcome
from tui.run.journal import Journal, JournalError
from tui.run.outcome import badness, outcome_of
from tui.run.places import Places
from tui.run.plan import Given, Plan, Request
from tui.run.redact import Redactor
from tui.run.state import RunState, cut_off, fold, fold_all
from tui.run.step import StepRun
from tui.texts import Text

_AHEAD = 16
"""Events that may wait for a slow reader before the work waits too."""


class Session:
    """One run of one guide: any number of passes over its steps, one journal entry. Use from one event loop.

    `book` gives the failure pages when a step has failed; without it nothing is diagnosed.

    One pass works on steps at a time; items may be run alone meanwhile (the offered command that a step waiting for its reader speaks of).
    `haste` is how many times shorter the waits of actions are than outside, for a world where time goes faster.
    """

    def __init__(
        self, guide: Guide, asker: Asker, *, journal: Journal, given: Given | None = None, places: Places | None = None,
        actions: Actions | None = None, haste: float = 1.0, book: Callable[[], Book] | None = None,
    ) -> None:  # fmt: skip
        self.guide = guide
        self.run_id = time.strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(3)
        self.journal = journal
        self.asker = asker
        self.places = places or Places(asker)
        self.given = given or Given()
        self.actions = actions or {}
        self.haste = haste
        self.book = book
        self.found: dict[str, str] = {}
        self.state = RunState()
        self.begun = False
        self.spared: dict[str, asyncio.Event] = {}
        self._passes: list[_Pass] = []
        self._jobs = 0
        self._stem = self.run_id

    def recall(self, run: str) -> None:
        """Before the first pass: go on with the run `run` of the same document, with its places, inputs and what it found.

        What was given now goes before what was then. Raises UsageError where another program is at work on it.
        """
        self.journal.hold(run)
        self.state = cut_off(fold_all(self.journal.events(run, printed=False)))
        self.run_id, self.begun = run, True
        self._stem = f"{run}-{secrets.token_hex(2)}"  # jobs of the days before may still be there
        fields = {each.name for each in self.guide.inputs if each.type != "secret"}
        values = self.state.values.items()
        self.found = {name: value.text for name, value in values if value.source != "input"}
        inputs = {name: value.text for name, value in values if value.source == "input" and name in fields}
        later = {spec.name for spec in self.guide.targets if spec.value}
        places = {name: address for name, address in self.state.targets.items() if name not in later} | dict(self.given.places)
        self.given = replace(self.given, places=places, inputs=inputs | dict(self.given.inputs))

    def stop(self) -> None:
        """End the pass that began last, as soon as what runs has been ended; its events still come to their end."""
        if self._passes:
            self._passes[-1].stop.set()

    async def close(self) -> None:
        """Leave all targets, and the run to whoever goes on with it. The journal is the caller's."""
        await self.places.close()
        self.journal.let_go(self.run_id)

    async def run(self, request: Request) -> AsyncGenerator[AnyEvent, None]:
        """One pass. Never raises ZhinanError, except JournalError: what went wrong is told by events, `RunEnded` being the last.

        A pass beside another one tells only what its items did.
        """
        one = _Pass(self, aside=bool(self._passes))
        self._passes.append(one)
        work = asyncio.create_task(one.work(request))
        try:
            while not work.done():
                getting = asyncio.create_task(one.events.get())
                await asyncio.wait({getting, work}, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    yield getting.result()
                else:
                    getting.cancel()
            while not one.events.empty():
                yield one.events.get_nowait()
            work.result()
        finally:
            self._passes.remove(one)
            work.cancel()
            await asyncio.wait({work})

    def job_id(self) -> str:
        """Unique on every target, so that two jobs never meet; the run's id is in it, so that they can be found again there."""
        self._jobs += 1
        return f"{self._stem}-{self._jobs}"


class _Pass:
    """One pass: what it tells waits in `events` until it is read. `aside`: another pass is under way, the run's own events are its."""

    def __init__(self, session: Session, *, aside: bool) -> None:
        self.session = session
        self.run_id = session.run_id
        self.journal = session.journal
        self.events: asyncio.Queue[AnyEvent] = asyncio.Queue(_AHEAD)
        self.stop = asyncio.Event()
        self.haste = session.haste
        self._aside = aside

    async def tell(self, event: AnyEvent) -> None:
        """Write an event to disk, then hand it to whoever reads."""
        self.journal.record(event)
        if not isinstance(event, ev.Printed):
            self.session.state = fold(self.session.state, event)
        await self.events.put(event)

    def job_id(self) -> str:
        """A fresh id for a job."""
        return self.session.job_id()

    def ticked(self, step: Step, item: Manual) -> bool:
        """Whether that was done by hand on an earlier day."""
        return self.journal.answer(self._path(), f"tick {step.id} {item.text}") is not None

    def spared(self, step: Step) -> asyncio.Event:
        """Set once an action of that step has done what its things to do by hand are for."""
        return self.session.spared.setdefault(step.id, asyncio.Event())

    def keep_tick(self, step: Step, item: Manual) -> None:
        """Remember that it was."""
        self.journal.remember(self._path(), f"tick {step.id} {item.text}", "done")

    async def work(self, request: Request) -> None:
        """Plan, then step by step until one does not end well."""
        session = self.session
        if request.probe:
            await self._probe(request)
            return
        if request.diagnose:
            await self._diagnose(request.steps[0])
            return
        try:
            if self._aside and request.item is None:
                raise UsageError(Text("另一步还在执行", "another step is still running"))
            plan = await planning.make(session.guide, request, session.given, session.journal, session.asker, rootless(session.actions))
        except JournalError:
            raise
        except ZhinanError as error:
            await self._tell_began(Plan())
            await self._tell_ended(outcome_of(error), error.text, error.exit_code)
            return
        known = session.given
        session.given = replace(
            known, places={**known.places, **plan.places}, inputs={**known.inputs, **plan.values, **plan.secrets}, approved=True
        )
        self._recall()
        redactor = Redactor(plan.secrets.values())
        await self._tell_began(plan if request.item is None else replace(plan, steps=()))
        await session.places.open(plan, redactor)
        ended: list[tuple[Outcome, Text | None]] = []
        steps = sorted(plan.steps, key=lambda step: request.steps.index(step.id), reverse=True) if request.undo else plan.steps
        for step in steps:
            run = StepRun(
                self, session.asker, session.places, plan, step, redactor, self.stop, {**plan.values, **session.found}, session.actions,
                session.book,
            )  # fmt: skip
            ended.append(await run.all(request))
            session.found |= run.found
            self._keep(run.found, plan)
            if not run.good and not request.checks_only:
                break
        await self._tell_ended(*max(ended, key=lambda pair: badness(pair[0]), default=(Outcome.PASSED, None)))

    async def _probe(self, request: Request) -> None:
        """Look where a step failed, and diagnose it anew. The pass ends as the step has ended: a look changes nothing about that."""
        session = self.session
        failed = session.state.step(request.steps[0])
        why = failed.why
        await self._tell_began(Plan())
        try:
            if self._aside:
                raise UsageError(Text("另一步还在执行", "another step is still running"))
            page, pages = await asyncio.to_thread(probing.page_of, session.book, request.probe)
            guide = probing.as_guide(session.guide, request.steps[0], failed.on, page)
            given = replace(session.given, approved=False)
            plan = await planning.make(guide, Request(request.steps, item=0), given, session.journal, session.asker)
            redactor = Redactor(plan.secrets.values())
            await session.places.open(plan, redactor)
            values = {**plan.values, **session.found}
            run = StepRun(self, session.asker, session.places, plan, plan.steps[0], redactor, self.stop, values)
            seen = await run.look_once(ev.PROBE)
            why = run.why if seen.end is not End.EXITED else why
            found = decided(page.probe, seen) if page.probe else None
            await run.happened(ev.Diagnosed, causes=probing.weighed(failed.causes, page, found, pages))
        except JournalError:
            raise
        except ZhinanError as error:
            why = error.text
        await self._tell_ended(failed.outcome or Outcome.UNKNOWN, why)

    async def _diagnose(self, step: str) -> None:
        """Ask the failure pages once more why a step failed: one of them may be new. Nothing runs, and the pass ends as the step has."""
        session = self.session
        failed = session.state.step(step)
        await self._tell_began(Plan())
        if session.book is not None and not self._aside:
            ran = sorted((item, command.log) for item, command in failed.commands.items() if item >= 0)
            logs = [(item, self.journal.log_path(self.run_id, log)) for item, log in ran]
            saw = [f"{check.say.en}: {check.proof}" for check in failed.checks.values() if check.status is not Status.PASS]
            words = [*saw, *([failed.why.en] if failed.why else [])]
            causes, suspects = await asyncio.to_thread(diagnosis.explained, session.book, logs, words, step, failed.cause)
            await self.tell(ev.Diagnosed(run=self.run_id, at=time.time(), step=step, causes=causes, suspects=suspects))
        await self._tell_ended(failed.outcome or Outcome.UNKNOWN, failed.why)

    def _recall(self) -> None:
        """Addresses that were found on another day are known today."""
        for name in self._addresses():
            if name not in self.session.found and (kept := self.journal.answer(self._path(), f"value {name}")):
                self.session.found[name] = kept

    def _keep(self, found: Mapping[str, str], plan: Plan) -> None:
        """Addresses that were found stay known for this document, and where the same machine is else: by its keys they are recognised."""
        for later in plan.later.values():
            if later.value in found:
                self.journal.remember(self._path(), f"value {later.value}", found[later.value])
                if later.twin in plan.places:
                    self.journal.remember(self._path(), f"target {later.twin}", plan.places[later.twin])

    def _addresses(self) -> set[str]:
        """The names of the values that are addresses of this guide's places."""
        return {spec.value for spec in self.session.guide.targets if spec.value}

    def _path(self) -> str:
        return str(self.session.guide.path.absolute())

    async def _tell_began(self, plan: Plan) -> None:
        if self._aside:
            return
        steps = tuple(step.id for step in plan.steps)
        found = {name: self.session.found[later.value] for name, later in plan.later.items() if later.value in self.session.found}
        targets = {**plan.places, **found}
        guide = self.session.guide
        facts: dict[str, Any] = {
            "run": self.run_id, "at": time.time(), "steps": steps, "targets": targets, "values": plan.values,
            "digest": guide.digest, "parts": {step.id: digest((step,)) for step in guide.steps},
        }  # fmt: skip
        if self.session.begun:
            await self.tell(ev.RunResumed(**facts))
            return
        self.session.begun = True
        self.journal.hold(self.run_id)
        system = f"{platform.system()} {platform.release()} {platform.machine()}, Python {platform.python_version()}"
        mends = self.session.given.mends
        await self.tell(
            ev.RunStarted(guide=str(guide.path.absolute()), title=guide.title, mends=mends, program=__version__, system=system, **facts)
        )

    async def _tell_ended(self, verdict: Outcome, why: Text | None, exit_code: int | None = None) -> None:
        if self._aside:
            return
        code = ev.EXIT_CODES[verdict] if exit_code is None else exit_code
        await self.tell(ev.RunEnded(run=self.run_id, at=time.time(), verdict=verdict, exit_code=code, why=why))
