"""Runs one job and gives its output in pieces no smaller than a frame: masked, on disk, then told.

Reading and telling are two tasks, so that a slow reader of events never holds up the log, and a fast job never floods the reader.
"""

from __future__ import annotations

import asyncio
import codecs
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from tui.judge.evidence import End
from tui.run.redact import Redactor
from tui.target.base import Ended, Happening, Job, LinkLost, LinkRestored, Output, Target
from tui.texts import Text

FRAME: Final = 1 / 60
"""Seconds between two pieces of output: what a screen can show."""
_FULL: Final = 4 * 1024 * 1024
"""Bytes waiting to be told; beyond it reading waits, so that memory stays bounded."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Masked text, as much as came in a frame."""

    text: str


Told = Piece | LinkLost | LinkRestored | Ended


class _Inbox:
    """Happenings between the reading task and the telling one."""

    def __init__(self) -> None:
        self.waiting: list[Happening] = []
        self.size = 0
        self.news = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()

    async def put(self, happening: Happening) -> None:
        self.waiting.append(happening)
        self.news.set()
        if isinstance(happening, Output):
            self.size += len(happening.data)
        if self.size > _FULL:
            self.room.clear()
            await self.room.wait()

    def take(self) -> list[Happening]:
        taken, self.waiting, self.size = self.waiting, [], 0
        self.news.clear()
        self.room.set()
        return taken


async def follow(target: Target, job: Job, redactor: Redactor, stop: asyncio.Event, patience: float | None) -> AsyncGenerator[Told, None]:
    """Run `job` on `target`; the last thing told is its `Ended`.

    `stop` ends it as cancelled and `patience` (seconds) as timed out, with its whole process group either way. Closing the generator
    ends it too. Raises TargetError when the job could not even start.
    """
    inbox = _Inbox()
    reading = asyncio.create_task(_read(target, job, inbox))
    stopping = asyncio.create_task(stop.wait())
    deadline = None if patience is None else time.monotonic() + patience
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    end: Ended | None = None
    try:
        while end is None:
            why = await _news(inbox, stopping, deadline)
            if why is not None:
                end = await _cut_short(reading, why, patience)
            for told in _tell(inbox.take(), decoder, redactor):
                if isinstance(told, Ended):
                    end = end or told
                else:
                    yield told
            if end is None and reading.done() and not inbox.waiting:
                reading.result()
                end = Ended(End.LOST)
            elif end is None:
                await asyncio.sleep(FRAME)
        rest = redactor.feed(decoder.decode(b"", final=True)) + redactor.end()
        if rest:
            yield Piece(rest)
        yield end
    finally:
        for task in (reading, stopping):
            await _finish(task)


async def _read(target: Target, job: Job, inbox: _Inbox) -> None:
    try:
        async with aclosing(target.stream(job)) as happenings:
            async for happening in happenings:
                await inbox.put(happening)
    finally:
        inbox.news.set()


async def _news(inbox: _Inbox, stopping: asyncio.Task[bool], deadline: float | None) -> End | None:
    """Wait for something to tell; the reason when the job has to be cut short instead."""
    waiting = asyncio.create_task(inbox.news.wait())
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    try:
        await asyncio.wait({waiting, stopping}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _finish(waiting)
    if stopping.done():
        return End.CANCELLED
    late = deadline is not None and time.monotonic() >= deadline
    return End.TIMED_OUT if late else None


async def _cut_short(reading: asyncio.Task[None], end: End, patience: float | None) -> Ended:
    await _finish(reading)
    if end is End.CANCELLED:
        return Ended(end, None, Text("已停止，整个进程组都结束了", "stopped; its whole process group has ended"))
    text = Text("超过 {seconds} 秒没有结束，已停止", "not finished after {seconds} s, stopped")
    return Ended(end, None, text.fill(seconds=f"{patience:g}"))


def _tell(happenings: list[Happening], decoder: codecs.IncrementalDecoder, redactor: Redactor) -> list[Told]:
    told: list[Told] = []
    text = ""
    for happening in happenings:
        if isinstance(happening, Output):
            text += decoder.decode(happening.data)
            continue
        if text:
            told.append(Piece(redactor.feed(text)))
            text = ""
        told.append(happening)
    shown = redactor.feed(text) + redactor.flush()
    if shown:
        told.append(Piece(shown))
    return [t for t in told if not isinstance(t, Piece) or t.text]


async def _finish(task: asyncio.Task[Any]) -> None:
    """End a task of ours and wait until it has; what it still had to say about being cancelled is no news."""
    task.cancel()
    await asyncio.wait({task})
