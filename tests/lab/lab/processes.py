"""What a lab started, found again and ended by id: also by another session, after the one that started it was killed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def identity(pid: int) -> str:
    """`PID START`: a process id with the time it started at (in clock ticks), so that a reused id is told apart; empty if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return f"{pid} {fields[19]}"


def remove_cgroups(prefix: str) -> None:
    """Remove the control groups of hosts whose name begins with `prefix`; those in use stay."""
    for tree in (CGROUPS, CGROUPS / "systemd", CGROUPS / "unified"):
        for top in tree.glob(f"{prefix}*"):
            for group, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):
                    Path(group).rmdir()


def end(who: str) -> None:
    """Kill the process of an `identity` and wait until it is gone; does nothing if it is gone already, or its id is another's now."""
    pid = int(who.partition(" ")[0] or 0)
    if not pid:
        return
    try:
        handle = os.pidfd_open(pid)  # from here on the id cannot become another's
    except ProcessLookupError:
        return
    try:
        if identity(pid) == who:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [], 10)
    finally:
        os.close(handle)
