"""Runs a request to its end without a screen: events to the printer, Ctrl-C to the engine, the verdict to the exit code."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from tui import config
from tui.act import ACTIONS
from tui.act.closed_way import closed_way
from tui.errors import NotApproved
from tui.guide import failure_store
from tui.guide.model import Guide
from tui.headless import junit
from tui.headless.asker import TerminalAsker
from tui.headless.printer import PlainPrinter, as_json
from tui.run import events as ev
from tui.run.ask import ConfirmQuestion
from tui.run.engine import Session
from tui.run.journal import Journal
from tui.run.places import Places
from tui.run.plan import Given, Request
from tui.texts import Text


@dataclass(frozen=True, slots=True)
class Ways:
    """How to run: `json` prints events as JSON and asks nothing; `junit` is the report to write.

    `resumes` is the run that goes on; else it is a new one. `first` is asked before anything else.
    """

    json: bool = False
    accept_new_host_key: bool = False
    junit: Path | None = None
    resumes: str = ""
    first: ConfirmQuestion | None = None


async def run_headless(guide: Guide, request: Request, given: Given, ways: Ways) -> int:
    """The exit code of the run. Raises JournalError, UsageError (a report that can't be written, a run that another program is at work
    on) and NotApproved (nobody there to answer what is asked first).
    """
    interactive = sys.stdin.isatty() and not ways.json
    asker = TerminalAsker(accept_new_host_key=ways.accept_new_host_key, interactive=interactive, yes=given.approved)
    show = as_json if ways.json else PlainPrinter(guide)
    settings = config.load()
    journal = Journal(settings.home)
    places = Places(asker, remark=partial(closed_way, settings.home))
    session = Session(guide, asker, journal=journal, given=given, places=places, actions=ACTIONS, book=failure_store.shelf(settings))
    _stop_on_signals(session, asker)
    code = 1
    try:
        if ways.resumes:
            session.recall(ways.resumes)
        if ways.first is not None and not await asker.confirm(ways.first):
            raise NotApproved(Text("没有同意，什么都没有做", "not agreed to; nothing was done"))
        asker.printed = printed = asyncio.Event()
        async with aclosing(session.run(request)) as events:
            async for event in events:
                show(event)
                if isinstance(event, ev.Asked | ev.ManualAwaited):
                    printed.set()
                if isinstance(event, ev.RunEnded):
                    code = event.exit_code
        if ways.junit:
            junit.write(ways.junit, guide, session.state, journal)
    finally:
        await session.close()
        journal.close()
    return code


def _stop_on_signals(session: Session, asker: TerminalAsker) -> None:
    """The first Ctrl-C ends the step properly, on its target too; a second one does not wait for that."""
    loop = asyncio.get_running_loop()
    pressed = 0

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 1 or asker.asking:
            raise KeyboardInterrupt
        sys.stderr.write(str(Text("\n正在停止……", "\nstopping…")) + "\n")
        loop.call_soon_threadsafe(session.stop)

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
