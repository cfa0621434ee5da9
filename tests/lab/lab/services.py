"""One program of the lab's internet: started in its namespace, seen to be ready, stopped and started again, ended for sure."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.processes import end, identity
from lab.tools import LabFailed

READY_SECONDS = 60.0


class Service:
    """`start` returns when `ready` says so, or without one when the program printed a line `ready`. `said` is its log."""

    def __init__(self, name: str, namespace: str, folder: Path, command: Sequence[str], ready: Callable[[], bool] | None = None) -> None:
        self.name, self._log, self._ready = name, folder / f"{name}.log", ready
        self._record = folder / f"{name}.pid"
        self._command = ["nsenter", f"--net=/run/netns/{namespace}", "--", *command]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, by the thread that lives as long as the lab, whose end is its end. Raises `LabFailed` with the end of its log."""
        command = ["setpriv", "--pdeathsig", "KILL", "--", *self._command]
        with self._log.open("a") as log:
            out = log if self._ready else subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, encoding="utf-8")
        self._record.write_text(identity(self._process.pid))
        if not self._comes_up(self._process):
            self.stop()
            raise LabFailed("\n".join([f"{self.name} did not start; the end of its log:", *self.said().splitlines()[-15:]]))

    def _comes_up(self, process: subprocess.Popen[str]) -> bool:
        if process.stdout:
            with process.stdout as said:
                late = threading.Timer(READY_SECONDS, process.kill)
                late.start()
                greeting = said.readline()
                late.cancel()
            return greeting == "ready\n"
        deadline = time.monotonic() + READY_SECONDS
        while self._ready and time.monotonic() < deadline and process.poll() is None:
            if self._ready():
                return True
            time.sleep(0.05)
        return False

    @property
    def pid(self) -> int:
        """Its process id; 0 while it does not run."""
        return self._process.pid if self._process else 0

    def said(self) -> str:
        """Its whole log so far."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    def stop(self) -> None:
        """End it at once; nothing happens if it does not run."""
        if self._process is None:
            return
        end(self._record.read_text())
        self._process.wait()
        self._process = None
