"""The running `tailscale up` beside the looks at its state: one job at a time, found again when the connection was lost, ended with us."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from tui.act.tailscale import shell
from tui.errors import TargetError
from tui.judge.evidence import End, Evidence
from tui.run.action import Stage
from tui.secret import Secret

_SETTLE: Final = 10.0
"""Seconds a command gets to end by itself once the state it waits for is there."""
_PATIENT: Final = 3
"""How often a job is followed again whose connection was given up."""
_KEYED: Final = """umask 077
key=$(mktemp -p /dev/shm 2>/dev/null || mktemp)
trap 'rm -f "$key"' EXIT
trap 'exit 143' HUP INT TERM
printf '%s' "${name}" >"$key"
unset {name}
{command} --auth-key="file:$key"
"""
"""The key comes as an environment variable and goes into a file that only its owner can read, in memory where there is such a place; it
never stands in a command line, and the file goes with the command."""


class UpJob:
    """Runs `up` so that others can look meanwhile."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._task: asyncio.Task[Evidence] | None = None
        self._script, self._id, self._patience, self._lost = "", "", 0.0, 0
        self._lent: Mapping[str, Secret] = {}

    @property
    def running(self) -> bool:
        """Whether the command has not ended yet, as far as is known."""
        return self._task is not None

    async def start(self, command: str, patience: float, key: Mapping[str, Secret] | None = None) -> None:
        """Run it, with `key`, if given, as the auth key: its name and itself. What ran before is ended first."""
        await self.close()
        self._lent, self._script = key or {}, command
        for name in self._lent:
            self._script = _KEYED.replace("{name}", name).replace("{command}", command)
        self._id, self._patience, self._lost = self._stage.teller.job_id(), patience, 0
        self._follow()

    def _follow(self) -> None:
        """Run it, or find it again by its id."""
        told = self._stage.stream(
            self._script, sudo=True, patience=self._patience, job_id=self._id, language=shell(self._stage), lend=self._lent
        )
        self._task = asyncio.ensure_future(told)

    async def ended(self) -> Evidence | None:
        """What it showed, once, when it has ended. A job whose connection was given up is followed again. Raises what running it raised."""
        if self._task is None or not self._task.done():
            return None
        task, self._task = self._task, None
        self._lost += 1
        try:
            seen = task.result()
        except TargetError:
            if self._lost > _PATIENT:
                raise
            self._follow()
            return None
        if seen.end is End.LOST and self._lost <= _PATIENT:
            self._follow()
            return None
        return seen

    async def settled(self) -> None:
        """Give it a moment to end by itself."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=_SETTLE)

    async def close(self) -> None:
        """End it, with all it started."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
