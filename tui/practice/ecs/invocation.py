"""A command on its way: what one server makes of a script, from waiting to one of the ends, with what is left of its output."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tui.practice.ecs.state import stamp

MOST_OUTPUT = 24 * 1024
"""Bytes of output that are kept."""
_HEAD = 6000
"""Bytes that are sent while the script runs; of the rest only the end is kept."""

ENDS = frozenset({"Success", "Failed", "Error", "Timeout", "Cancelled", "Terminated", "Invalid", "Aborted"})


class Trouble(Exception):
    """The script could not be run: `code` is one of the interface's (`ClientNotOnline`), `info` its words."""

    def __init__(self, code: str, info: str = "", status: str = "Error") -> None:
        super().__init__(code)
        self.code, self.info, self.status = code, info or code, status


@dataclass
class Task:
    """One script for one server, for whoever really runs it. `stopped` is set when somebody wants it to end."""

    instance: str
    script: bytes
    user: str
    folder: str
    timeout: float
    show: Callable[[bytes], None]
    stopped: threading.Event = field(default_factory=threading.Event)


Execute = Callable[[Task], int]
"""Runs a task to its end and gives the exit code; prints with `task.show`; raises Trouble (`Trouble.late()` for a time-out)."""


def late() -> Trouble:
    """The script ran longer than it may."""
    return Trouble("ExecutionTimeout", "The command execution has timed out.", "Timeout")


@dataclass
class Run:
    """One server's part of an invocation."""

    instance: str
    status: str = "Pending"
    code: int | None = None
    error: str = ""
    info: str = ""
    started: str = ""
    finished: str = ""
    stop_asked: str = ""
    task: Task | None = None
    _head: bytearray = field(default_factory=bytearray)
    _tail: bytearray = field(default_factory=bytearray)
    _written: int = 0

    @property
    def over(self) -> bool:
        """Whether it has come to an end."""
        return self.status in ENDS

    def show(self, data: bytes) -> None:
        """Take output in: the head whole, then only the end."""
        self._written += len(data)
        room = _HEAD - len(self._head)
        self._head += data[:room]
        self._tail += data[max(room, 0) :]
        del self._tail[: -(MOST_OUTPUT - _HEAD)]

    @property
    def output(self) -> bytes:
        """What is told of the output: its head while it runs, its head and end afterwards."""
        return bytes(self._head + self._tail) if self.over else bytes(self._head)

    @property
    def dropped(self) -> int:
        """Bytes lost between head and end."""
        return self._written - len(self._head) - len(self._tail) if self.over else 0

    def end(self, status: str, code: int | None = None, error: str = "", info: str = "") -> None:
        """It is over."""
        self.status, self.code, self.error, self.info, self.finished = status, code, error, info, stamp()


@dataclass
class Command:
    """A stored command."""

    id: str
    content: bytes
    name: str = ""
    folder: str = "/root"
    timeout: int = 60
    kept: bool = True


@dataclass
class Invocation:
    """One RunCommand or InvokeCommand, over all its servers."""

    id: str
    region: str
    command: Command
    user: str
    termination: str
    runs: dict[str, Run]
    created: str = field(default_factory=stamp)

    @property
    def status(self) -> str:
        """The state of the whole."""
        states = {run.status for run in self.runs.values()}
        for one in ("Pending", "Running", "Stopping"):
            if one in states:
                return one if one != "Pending" or states == {"Pending"} else "Running"
        if states == {"Success"}:
            return "Success"
        if states & {"Terminated", "Cancelled"} == states:
            return "Stopped"
        return "PartialFailed" if "Success" in states else "Failed"
