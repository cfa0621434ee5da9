"""A question put to the reader through the asker, as a run would, and the keys that answer it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from shell_stage import app, screen, until
from textual.pilot import Pilot

from tui.ui.asker import ScreenAsker
from tui.ui.dialogs.base import Dialog

Ask = Callable[[ScreenAsker], Awaitable[Any]]


@asynccontextmanager
async def asked(ask: Ask, size: tuple[int, int] = (80, 24)) -> AsyncGenerator[tuple[Pilot[int], asyncio.Future[Any]], None]:
    """The app with the question on the screen, and the answer to come."""
    program, _ = app()
    async with program.run_test(size=size) as pilot:
        answer = asyncio.ensure_future(ask(screen(pilot).asker))
        await until(pilot, lambda: isinstance(program.screen, Dialog))
        await pilot.pause()
        yield pilot, answer
        if not answer.done():
            answer.cancel()


async def press(ask: Ask, *keys: str, size: tuple[int, int] = (80, 24)) -> Any:
    """What the question is answered by these keys."""
    async with asked(ask, size) as (pilot, answer):
        await pilot.press(*keys)
        return await asyncio.wait_for(answer, 10)
