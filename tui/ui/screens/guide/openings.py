"""Keeps the panels told of what is open for whom until when: the records on the disk, looked at every other second in a thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tui.act.lockdown_record import FOLDER
from tui.act.opening_told import standings
from tui.threads import call

EVERY: Final = 2.0
"""Seconds between two looks."""


async def watch(home: Path, tell: Callable[[tuple[Mapping[str, Any], ...]], None]) -> None:
    """Tell whenever it is otherwise than before. Ends with its task; costs nothing where nothing was ever opened or closed."""
    before: tuple[Mapping[str, Any], ...] = ()
    while True:
        if (home / FOLDER).is_dir():
            now = tuple(await call(standings, home, time.time()))
            if now != before:
                before = now
                tell(now)
        await asyncio.sleep(EVERY)
