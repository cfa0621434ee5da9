"""One session's events, folded and gathered, so that the screen draws per frame and not per line.

A fast command prints tens of thousands of lines a second. Nothing here touches a widget: events change `state` and fill `LogStore`s, and
the screen looks at both when it paints. The worker that reads the events also lets go of the loop every few milliseconds, because a
generator that always has the next event ready would otherwise leave no turn for a key press.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

from tui.judge.evidence import End
from tui.run.events import (
    EXIT_CODES,
    PROBE,
    UNDO,
    AnyEvent,
    CommandEnded,
    CommandStarted,
    Outcome,
    Printed,
    RunEnded,
    RunStarted,
    StepEnded,
)
from tui.run.journal import Journal
from tui.run.plan import Request
from tui.run.state import CommandState, RunState, cut_off, fold
from tui.secret import Secret
from tui.texts import Text
from tui.ui.log.store import LogStore
from tui.ui.seams import SessionLike
from tui.ui.widgets.cells import clock
from tui.ui.widgets.marks import LIVE

Place = tuple[str, int]
"""A step's id and the index of one of its items."""

_TURN = 0.008

_EXITED = Text("退出码 {code} · {time}", "exit {code} · {time}")
_CUT_SHORT: dict[End, Text] = {
    End.TIMED_OUT: Text("超时，已结束它的全部进程 · {time}", "timed out, all its processes ended · {time}"),
    End.CANCELLED: Text("已停止，它的全部进程都结束了 · {time}", "stopped, all its processes ended · {time}"),
    End.LOST: Text("连接断了，怎样结束的不知道 · {time}", "connection lost, how it ended is not known · {time}"),
}


class Runner:
    """Reads one session. `state` is the run so far, `logs` the output of each item, `latest` the item that started last.

    `idle` is set between passes.
    """

    def __init__(self, session: SessionLike) -> None:
        self._session = session
        self._pending: dict[Place, list[str]] = {}
        self._passes = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self.state = RunState()
        self.logs: dict[Place, LogStore] = {}
        self.latest: Place | None = None
        self.request: Request | None = None
        self.fault: Text | None = None
        self.stopping = False

    @property
    def busy(self) -> bool:
        """Whether a pass is under way."""
        return self._passes > 0

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The secrets of the run, as far as they are known."""
        return tuple(value for value in self._session.given.inputs.values() if isinstance(value, Secret))

    @property
    def aside(self) -> bool:
        """Whether an offered command runs beside a pass that waits for its reader."""
        return self._passes > 1

    async def run(self, request: Request, happened: Callable[[AnyEvent], None]) -> None:
        """One pass to its end; `happened` is told each event after it was folded. Unexpected exceptions pass through."""
        self._passes += 1
        self.request, self.fault, self.stopping = request, None, False
        self.idle.clear()
        try:
            async with aclosing(self._session.run(request)) as events:
                turn = time.monotonic()
                async for event in events:
                    self._take(event)
                    happened(event)
                    if time.monotonic() - turn > _TURN:
                        await asyncio.sleep(0)
                        turn = time.monotonic()
        finally:
            self.flush()
            self._passes -= 1
            self.stopping = False
            if not self.busy:
                self.idle.set()

    @property
    def journal(self) -> Journal | None:
        """Where the run is on record."""
        return self._session.journal

    async def recall(self, run: str) -> None:
        """Go on with a run that is on record: everything as it was, its logs too. Raises UsageError where another program works on it."""
        journal = self._session.journal
        if journal is None or self.busy:
            return
        self._session.recall(run)
        self._passes += 1
        self.idle.clear()
        try:
            turn = time.monotonic()
            for event in journal.events(run):
                self._take(event)
                if time.monotonic() - turn > _TURN:
                    self.flush()
                    await asyncio.sleep(0)
                    turn = time.monotonic()
            self.state = cut_off(self.state)
        finally:
            self.flush()
            self._passes -= 1
            self.idle.set()

    def stop(self) -> None:
        """Ask the pass to end; what runs is ended with its whole process group."""
        if self.busy:
            self.stopping = True
            self._session.stop()

    def broke(self, why: Text) -> None:
        """The reading itself failed: how the pass ended is unknown, and that is what the screen shows."""
        self.fault = why
        run, at = self.state.run, time.time()
        for step, seen in self.state.steps.items():
            if seen.phase in LIVE:
                self._take(StepEnded(run=run, at=at, step=step, outcome=Outcome.UNKNOWN, seconds=0, why=why))
        self._take(RunEnded(run=run, at=at, verdict=Outcome.UNKNOWN, exit_code=EXIT_CODES[Outcome.UNKNOWN], why=why))

    async def close(self) -> None:
        """Leave every target."""
        await self._session.close()

    def flush(self) -> bool:
        """Hand the gathered output to the stores; True if there was any."""
        places = list(self._pending)
        for place in places:
            self._pour(place)
        return bool(places)

    def command(self, place: Place) -> CommandState | None:
        """What is known of an item's run."""
        return self.state.step(place[0]).commands.get(place[1])

    def log_of(self, step_id: str, item: int | None) -> Place | None:
        """The log to show for a stop: that of a look under way, or of an undo that came last, else the item's own, else the step's last."""
        looking = self.command((step_id, PROBE))
        if looking is not None and looking.end is None:
            return (step_id, PROBE)
        if self.latest == (step_id, UNDO):
            return self.latest
        if item is not None and (step_id, item) in self.logs:
            return (step_id, item)
        if self.latest is not None and self.latest[0] == step_id:
            return self.latest
        items = [place for place in self.logs if place[0] == step_id]
        return items[-1] if items else None

    def _take(self, event: AnyEvent) -> None:
        self.state = fold(self.state, event)
        if isinstance(event, CommandStarted):
            self.latest = (event.step, event.item)
            self.logs.pop(self.latest, None)
            self._pending.pop(self.latest, None)
            self.logs[self.latest] = LogStore(event.text)
        elif isinstance(event, CommandEnded):
            self._ended(event)
        elif isinstance(event, Printed):
            place = (event.step, event.item)
            if place not in self.logs:
                self.logs[place] = LogStore()
            self._pending.setdefault(place, []).append(event.text)
        elif isinstance(event, RunStarted):
            self._pending.clear()
            self.logs.clear()
            self.latest = None

    def _ended(self, event: CommandEnded) -> None:
        place = (event.step, event.item)
        store = self.logs.get(place)
        if store is None:
            return
        self._pour(place)
        sentence = _EXITED.fill(code=event.code) if event.end is End.EXITED else _CUT_SHORT[event.end]
        store.end(sentence.fill(time=clock(event.seconds)), failed=event.end is not End.EXITED or event.code != 0)

    def _pour(self, place: Place) -> None:
        texts = self._pending.pop(place, None)
        if texts:
            self.logs[place].feed("".join(texts))
