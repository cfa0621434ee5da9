"""Who belongs to a job on this computer, and how all of them are ended.

A group is not enough: `sudo` with a terminal of its own, `setsid` and daemons leave it. So members are found by session, group, parents
and the mark in their environment, told apart by start time (numbers are used again), and asked to end before they are made to.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tui.target.shells import MARK

Signaller = Callable[[list[str]], Awaitable[None]]
"""Ends processes that are not ours: gets the arguments of `kill`."""


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the process table. `started` is the kernel's start time in ticks, empty where the system does not tell."""

    pid: int
    parent: int
    group: int
    session: int
    started: str = ""


def table() -> list[Process]:
    """All processes that are not zombies."""
    if Path("/proc/self/stat").exists():
        found = (_stat(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit())
        return [process for process in found if process]
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=False)
    rows = (line.split() for line in listing.stdout.splitlines())
    return [Process(int(row[0]), int(row[1]), int(row[2]), 0) for row in rows if len(row) == 4 and not row[3].startswith("Z")]


def _stat(folder: Path) -> Process | None:
    try:
        line = (folder / "stat").read_bytes()
    except OSError:
        return None
    fields = line[line.rindex(b")") + 2 :].split()
    if fields[0] in {b"Z", b"X"}:
        return None
    return Process(int(folder.name), int(fields[1]), int(fields[2]), int(fields[3]), fields[19].decode())


def members(leader: int, job: str) -> set[Process]:
    """Every living process of the job whose first process is (or was) `leader`, by session, group, parents or mark."""
    everyone = table()
    found = {process for process in everyone if leader in (process.pid, process.group, process.session) or _marked(process.pid, job)}
    while True:
        pids = {process.pid for process in found}
        more = {process for process in everyone if process.parent in pids and process not in found}
        if not more:
            return {process for process in found if process.pid != os.getpid()}
        found |= more


def _marked(pid: int, job: str) -> bool:
    try:
        return f"{MARK}={job}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


async def end(leader: int, job: str, grace: float, foreign: Signaller) -> None:
    """Ask all members to end, wait up to `grace` seconds, then kill what is left; `foreign` ends those that belong to another user."""
    known = await asyncio.to_thread(members, leader, job)
    await _signal(known, signal.SIGTERM, foreign)
    deadline = asyncio.get_running_loop().time() + grace
    while known and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
        known = await asyncio.to_thread(_alive, known)
    for _ in range(20):
        known = await asyncio.to_thread(lambda before: _alive(before) | members(leader, job), known)
        if not known:
            return
        await _signal(known, signal.SIGKILL, foreign)
        await asyncio.sleep(0.02)


def _alive(known: Iterable[Process]) -> set[Process]:
    now = {(process.pid, process.started): process for process in table()}
    return {now[key] for process in known if (key := (process.pid, process.started)) in now}


async def _signal(known: Iterable[Process], number: signal.Signals, foreign: Signaller) -> None:
    denied = [process.pid for process in known if not _may(process.pid)]
    if denied:  # first, while the one that answers sudo's question still lives
        await foreign([f"-{number.name[3:]}", *map(str, denied)])
    for process in known:
        if process.pid not in denied:
            try:
                os.kill(process.pid, number)
            except ProcessLookupError:
                continue


def _may(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return False
    except ProcessLookupError:
        return True
    return True
