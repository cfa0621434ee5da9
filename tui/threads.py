"""Blocking calls from asyncio, each in a daemon thread of its own.

The default pool is not used: its threads are waited for when the program ends, so one connection attempt to a silent host would hold up
leaving for as long as it takes to time out.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def call(work: Callable[..., T], *arguments: Any) -> T:
    """Run `work` in a thread and wait for it. Cancelled, the wait ends and the thread is left to finish for nobody."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is None:
            future.set_result(result)  # type: ignore[arg-type]
        else:
            future.set_exception(error)

    def body() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work(*arguments)
        except BaseException as caught:  # noqa: BLE001  handed on to whoever waits
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is gone: so is whoever waited
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=body, daemon=True, name=f"zhinan-{getattr(work, '__name__', 'call')}").start()
    return await future


async def settled(work: Awaitable[None]) -> None:
    """Finish the work even if the task is cancelled meanwhile, then let the cancellation go on."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait({task})
        raise
