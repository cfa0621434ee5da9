"""Runs steps and tells what happened: one async generator of events, consumed by screen, printer, journal and tests alike.

The work is one task that tells; the generator hands on what is told, after it is on disk. Closing the generator ends the work, and with it
whatever runs on a target.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator

from tui.errors import ZhinanError
from tui.guide.model import Guide
from tui.run import events as ev
from tui.run import plan as planning
from tui.run.ask import Asker
from tui.run.events import AnyEvent, Outcome
from tui.run.journal import Journal, JournalError
from tui.run.places import Places
from tui.run.plan import Given, Plan, Request
from tui.run.redact import Redactor
from tui.run.step import StepRun, outcome_of
from tui.texts import Text

_AHEAD = 16
"""Events that may wait for a slow reader before the work waits too."""


class Session:
    """One run of one guide: any number of passes over its steps, one journal entry. Use from one event loop; one pass at a time."""

    def __init__(self, guide: Guide, asker: Asker, *, journal: Journal, given: Given | None = None, places: Places | None = None) -> None:
        self.guide = guide
        self.run_id = time.strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(3)
        self.journal = journal
        self._asker = asker
        self._given = given or Given()
        self._places = places or Places(asker)
        self._stop = asyncio.Event()
        self._events: asyncio.Queue[AnyEvent] = asyncio.Queue(_AHEAD)
        self._found: dict[str, str] = {}
        self._begun = False
        self._jobs = 0

    def stop(self) -> None:
        """End the present pass as soon as what runs has been ended; its events still come, `RunEnded` last."""
        self._stop.set()

    async def close(self) -> None:
        """Leave all targets. The journal is the caller's."""
        await self._places.close()

    async def run(self, request: Request) -> AsyncGenerator[AnyEvent, None]:
        """One pass. Never raises ZhinanError, except JournalError: what went wrong is told by events, `RunEnded` being the last."""
        self._stop.clear()
        self._events = asyncio.Queue(_AHEAD)
        work = asyncio.create_task(self._pass(request))
        try:
            while not work.done():
                getting = asyncio.create_task(self._events.get())
                await asyncio.wait({getting, work}, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    yield getting.result()
                else:
                    getting.cancel()
            while not self._events.empty():
                yield self._events.get_nowait()
            work.result()
        finally:
            work.cancel()
            await asyncio.wait({work})

    async def tell(self, event: AnyEvent) -> None:
        """Write an event to disk, then hand it to whoever reads."""
        self.journal.record(event)
        await self._events.put(event)

    def job_id(self) -> str:
        """Unique on every target, so that two jobs never meet; the run's id is in it, so that they can be found again there."""
        self._jobs += 1
        return f"{self.run_id}-{self._jobs}"

    async def _pass(self, request: Request) -> None:
        try:
            plan = await planning.make(self.guide, request, self._given, self.journal, self._asker)
        except JournalError:
            raise
        except ZhinanError as error:
            await self._tell_began(Plan((), {}, {}, {}, {}))
            await self._tell_ended(outcome_of(error), error.text, error.exit_code)
            return
        self._given = Given({**self._given.places, **plan.places}, {**self._given.inputs, **plan.values, **plan.secrets}, approved=True)
        redactor = Redactor(plan.secrets.values())
        await self._tell_began(plan)
        await self._places.open(plan, redactor)
        ended: list[tuple[Outcome, Text | None]] = []
        for step in plan.steps:
            run = StepRun(self, self._asker, self._places, plan, step, redactor, self._stop, {**plan.values, **self._found})
            ended.append(await run.all(request))
            self._found |= run.found
            if not run.good and not request.checks_only:
                break
        await self._tell_ended(*_worst(ended))

    async def _tell_began(self, plan: Plan) -> None:
        steps = tuple(step.id for step in plan.steps)
        now = time.time()
        if self._begun:
            await self.tell(ev.RunResumed(run=self.run_id, at=now, steps=steps, targets=plan.places, values=plan.values))
            return
        self._begun = True
        await self.tell(
            ev.RunStarted(
                run=self.run_id, at=now, guide=str(self.guide.path), title=self.guide.title, digest=self.guide.digest,
                steps=steps, targets=plan.places, values=plan.values,
            )
        )  # fmt: skip

    async def _tell_ended(self, verdict: Outcome, why: Text | None, exit_code: int | None = None) -> None:
        code = ev.EXIT_CODES[verdict] if exit_code is None else exit_code
        await self.tell(ev.RunEnded(run=self.run_id, at=time.time(), verdict=verdict, exit_code=code, why=why))


_BADNESS = (Outcome.ALREADY, Outcome.PASSED, Outcome.UNKNOWN, Outcome.FAILED, Outcome.REFUSED, Outcome.CANCELLED)


def _worst(ended: list[tuple[Outcome, Text | None]]) -> tuple[Outcome, Text | None]:
    return max(ended, key=lambda pair: _BADNESS.index(pair[0]), default=(Outcome.PASSED, None))
