"""This computer as a target: each job a process group of its own, read in chunks, ended as a whole.

A local job lives and dies with its stream, unlike one on a server: there is no connection to lose. Its end is the end of its first
process. A child left behind may keep the output open (a daemon does); what it writes later is read and dropped, so that it does
not die of a broken pipe.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Literal, cast

from tui.errors import Unusable
from tui.judge.evidence import End
from tui.target import processes, shells
from tui.target.askpass import LAUNCH
from tui.target.base import Asker, Ended, Happening, Job, Output
from tui.texts import Text
from tui.threads import settled

HELD = 1 << 20  # bytes taken in before the reader has asked for them
PIPE = 1 << 20  # the most a pipe holds that was written before the end


class LocalTarget:
    """Runs jobs here. `grace` is the time in seconds between asking a cancelled job to end and killing it."""

    public = False

    def __init__(self, name: str = "local", address: str = "local", *, grace: float = 3.0) -> None:
        self.name = name
        self.address = address
        self.family: Literal["posix", "windows"] = "windows" if os.name == "nt" else "posix"
        self._grace = grace
        self._running: set[str] = set()
        self._left: list[asyncio.SubprocessTransport] = []

    async def open(self, asker: Asker) -> None:
        """Nothing to connect to; what a job's language needs is looked for when it runs."""

    async def close(self) -> None:
        """Stop listening to what finished jobs left running. Idempotent."""
        for transport in self._left:
            transport.close()
        self._left.clear()

    async def stream(self, job: Job, offset: int = 0) -> AsyncGenerator[Happening, None]:
        """Run the job from its start; `offset` has no meaning here, as no output outlives its stream."""
        shells.check(job)
        if job.id in self._running:
            raise Unusable(Text("作业 {id} 已在本机运行。", "The job {id} is already running on this computer.").fill(id=job.id))
        folder = Path(tempfile.mkdtemp(prefix="zhinan-"))
        self._running.add(job.id)
        try:
            transport, pipes = await self._start(job, folder)
            try:
                async for output in pipes.read():
                    yield output
                yield Ended(End.EXITED, _code(transport.get_returncode()))
            finally:
                await settled(self._finish(transport, pipes, job, folder))
        finally:
            self._running.discard(job.id)
            shutil.rmtree(folder, ignore_errors=True)

    async def _start(self, job: Job, folder: Path) -> tuple[asyncio.SubprocessTransport, _Pipes]:
        windows = self.family == "windows"
        argv = shells.command(job, folder, windows=windows)
        if job.sudo is not None and not windows:
            argv = [shells.bash(windows=False), "--noprofile", "--norc", "-c", LAUNCH, "zhinan", str(folder), *argv]
        options: dict[str, Any] = {"creationflags": 0x200} if windows else {"start_new_session": True}  # CREATE_NEW_PROCESS_GROUP
        transport, pipes = await asyncio.get_running_loop().subprocess_exec(
            _Pipes,
            *argv,
            stdin=subprocess.PIPE if job.sudo is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if job.merge else subprocess.PIPE,
            env={**os.environ, shells.MARK: job.id, **job.env},
            **options,
        )
        stdin = transport.get_pipe_transport(0)
        if stdin is not None and job.sudo is not None:
            writer = cast("asyncio.WriteTransport", stdin)
            writer.write(job.sudo.reveal().encode() + b"\0")
            writer.write_eof()
        return transport, pipes

    async def _finish(self, transport: asyncio.SubprocessTransport, pipes: _Pipes, job: Job, folder: Path) -> None:
        if transport.get_returncode() is None:
            pipes.drop()
            if self.family == "windows":
                await _end_windows(transport, pipes, self._grace)
            else:
                await processes.end(transport.get_pid(), job.id, self._grace, lambda arguments: _foreign(folder, arguments))
            await pipes.exited.wait()
            transport.close()
        elif pipes.open:
            pipes.drop()
            self._left.append(transport)
        else:
            transport.close()


class _Pipes(asyncio.SubprocessProtocol):
    """Collects what arrives and holds the writer back when nobody takes it."""

    def __init__(self) -> None:
        self.exited = asyncio.Event()
        self.open: set[int] = set()
        self._news = asyncio.Event()
        self._chunks: list[tuple[int, bytes]] = []
        self._held = 0
        self._dropping = False
        self._offsets = {1: 0, 2: 0}
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.open = {fd for fd in (1, 2) if self._transport.get_pipe_transport(fd) is not None}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if self._dropping:
            return
        self._chunks.append((fd, data))
        self._held += len(data)
        if self._held > HELD:
            self._each("pause_reading")
        self._news.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self.open.discard(fd)
        self._news.set()

    def process_exited(self) -> None:
        self.exited.set()
        self._news.set()

    async def read(self) -> AsyncGenerator[Output, None]:
        """All output up to the end of the first process."""
        while not self.exited.is_set():
            await self._news.wait()
            self._news.clear()
            for output in self._take():
                yield output
        if os.name == "nt":
            await self._quiet()
        else:
            await self._drain()
        for output in self._take():
            yield output

    def drop(self) -> None:
        """From now on nobody wants what arrives."""
        self._dropping = True
        self._chunks.clear()
        self._each("resume_reading")

    def _take(self) -> list[Output]:
        taken: list[Output] = []
        for fd, data in self._chunks:
            channel: Literal[1, 2] = 1 if fd == 1 else 2
            if taken and taken[-1].channel == channel:
                taken[-1] = Output(taken[-1].data + data, taken[-1].offset, channel)
            else:
                taken.append(Output(data, self._offsets[channel], channel))
            self._offsets[channel] += len(data)
        self._chunks.clear()
        if self._held > HELD:
            self._each("resume_reading")
        self._held = 0
        return taken

    async def _drain(self) -> None:
        """What is in the pipes now was written before the end; a child that goes on writing is not waited for."""
        self._each("pause_reading")
        await asyncio.sleep(0)  # what was read already is on its way through the loop
        for fd in sorted(self.open):
            transport = self._pipe(fd)
            if transport.is_closing():  # its end has been read already
                continue
            pipe = transport.get_extra_info("pipe")
            taken = 0
            while taken < PIPE:
                try:
                    data = os.read(pipe.fileno(), 1 << 16)
                except BlockingIOError:
                    break
                if not data:
                    break
                taken += len(data)
                self._chunks.append((fd, data))

    async def _quiet(self) -> None:
        """Windows can't look into a pipe without waiting: the end is when nothing has come for a moment."""
        waited = 0
        while self.open and waited < 25:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), 0.2)
            except TimeoutError:
                return
            waited += 1

    def _each(self, action: Literal["pause_reading", "resume_reading"]) -> None:
        for fd in self.open:
            pipe = self._pipe(fd)
            if not pipe.is_closing():
                getattr(pipe, action)()

    def _pipe(self, fd: int) -> asyncio.ReadTransport:
        if self._transport is None:
            raise RuntimeError("no process yet")
        return cast("asyncio.ReadTransport", self._transport.get_pipe_transport(fd))


def _code(returned: int | None) -> int | None:
    return 128 - returned if returned is not None and returned < 0 and os.name != "nt" else returned


async def _foreign(folder: Path, arguments: list[str]) -> None:
    """Signal processes of another user: through the job's own sudo if it has one, else only if no password is needed."""
    shim = folder / "bin" / "sudo"
    sudo = [str(shim)] if shim.exists() else ["sudo", "-n"]
    if shutil.which(sudo[0]) is None:
        return
    process = await asyncio.create_subprocess_exec(
        *sudo,
        "kill",
        *arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "SUDO_ASKPASS": str(folder / "askpass")},
    )
    await process.wait()


async def _end_windows(transport: asyncio.SubprocessTransport, pipes: _Pipes, grace: float) -> None:
    transport.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(pipes.exited.wait(), grace)
    tree = await asyncio.create_subprocess_exec(
        "taskkill", "/F", "/T", "/PID", str(transport.get_pid()), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    await tree.wait()
