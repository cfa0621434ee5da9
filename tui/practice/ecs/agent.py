"""Scripts of Cloud Assistant really run: saved, made executable, started by `sh` with no terminal, no input and hardly an environment."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import IO

from tui.practice.ecs.invocation import Task, Trouble, late

_START = 'f=$(mktemp) || exit 1; cat >"$f"; chmod 700 "$f"; "$f" </dev/null; c=$?; rm -f "$f"; exit $c'
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOOK = 0.02
"""Seconds between two looks at whether somebody wants the script to end."""


class Agent:
    """Runs tasks by `prefix` (nothing: on this computer; or what enters another host, as `nsenter …`), as whoever runs this program.

    The script goes in by standard input, so that the host needs no folder in common with us. On a stop or a time-out the whole process
    group is killed.
    """

    def __init__(self, prefix: Sequence[str] = (), env: dict[str, str] | None = None) -> None:
        self._prefix = list(prefix)
        self._env = {"PATH": _PATH, **(env or {})}

    def __call__(self, task: Task) -> int:
        """Run one; the exit code, 128 + N for a death by signal N."""
        try:
            process = subprocess.Popen(
                [*self._prefix, "sh", "-c", _START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
            )
        except OSError as error:
            raise Trouble("ExecutionException", str(error)) from error
        with contextlib.ExitStack() as stack:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    stack.callback(_close, pipe)
            return watched(process, task)


def watched(process: subprocess.Popen[bytes], task: Task) -> int:
    """Give a started shell (input and output are pipes) the task's script and follow it to its end; its exit code."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("both are pipes")
    with contextlib.suppress(OSError):
        process.stdin.write(task.script)
    _close(process.stdin)
    os.set_blocking(process.stdout.fileno(), False)
    deadline = time.monotonic() + task.timeout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            ended = process.poll() is not None
            if not ended and (task.stopped.is_set() or time.monotonic() > deadline):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                _drain(process.stdout, task)
                if task.stopped.is_set():
                    return 137
                raise late()
            selector.select(_LOOK)
            if not _drain(process.stdout, task) and not ended:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK)
            if ended:
                return process.returncode if process.returncode >= 0 else 128 - process.returncode


def _drain(pipe: IO[bytes], task: Task) -> bool:
    """Take what is there; False where nothing was."""
    some = False
    while True:
        try:
            data = os.read(pipe.fileno(), 1 << 16)
        except BlockingIOError:
            return some
        if not data:
            return False
        task.show(data)
        some = True


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.close()
