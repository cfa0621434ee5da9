"""A lane: one SSH channel with the helper at its far end, warm for one job after another.

Opening a channel costs a server more than most commands do (a process, a login shell, its profile), so the helper stays and gets its
work as requests. A thread of the lane reads the channel; when nobody takes what it read, it stops reading, the channel's window fills,
and the server waits: memory stays bounded however much a job prints.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from tui.errors import Unreachable, Unusable
from tui.target.helpers import helper
from tui.target.jobs import no_room
from tui.texts import Text, same
from tui.threads import call

if TYPE_CHECKING:
    from paramiko import Channel

HELD = 4 << 20  # bytes taken in before they are asked for
COMMAND = "exec bash --noprofile --norc -s"  # the same words in every login shell
FLOOD = 1 << 16  # bytes at once from which on output is gathered first
_NOISE = 1 << 20  # what a chatty profile may print before the helper speaks


class LinkDown(Exception):
    """The channel ended under us."""


class _Inflow:
    """Bytes from the reading thread to the loop, held back at `HELD`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._room = threading.Condition()
        self._chunks: list[bytes] = []
        self._held = 0
        self._told = False
        self._over = False
        self._flood = False
        threading.Thread(target=self._read, daemon=True, name="zhinan-lane").start()

    async def take(self) -> bytes:
        """All that has come; waits for something. Empty at the end."""
        if self._flood:  # let more gather: handing on a few large pieces leaves the reading thread the time it needs
            await asyncio.sleep(0.005)
        await self._news.wait()
        with self._room:
            data = b"".join(self._chunks)
            self._flood = len(data) >= FLOOD
            self._chunks.clear()
            self._held = 0
            if not self._over:
                self._told = False
                self._news.clear()
            self._room.notify()
        return data

    def stop(self) -> None:
        """Nobody will take any more."""
        with self._room:
            self._over = True
            self._room.notify()

    def _read(self) -> None:
        data = b"."
        while data:
            try:
                data = self._channel.recv(1 << 18)
            except (OSError, EOFError):
                data = b""
            with self._room:
                self._room.wait_for(lambda: self._held < HELD or self._over)
                if self._over:
                    return
                self._chunks.append(data)
                self._held += len(data)
                self._over = not data
                told, self._told = self._told, True
            if not told or not data:
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._news.set)


class Lane:
    """Requests to one helper and its answers, one at a time. Everything raises `LinkDown` once the channel has ended."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._inflow = _Inflow(channel)
        self._rest = b""

    async def start(self, where: str, patience: float) -> None:
        """Start the helper. Raises `Unusable` (no bash, no room) or `Unreachable` (no answer within `patience` seconds)."""
        marker = secrets.token_hex(16)
        try:
            async with asyncio.timeout(patience):
                self._channel.set_combine_stderr(True)
                await call(self._channel.exec_command, COMMAND)
                with contextlib.suppress(LinkDown):  # what it said before it went is the better reason
                    await self.send(f"{helper('ssh_helper')}{marker}\0".encode())
                await self._hello(marker.encode(), where)
        except TimeoutError as error:
            raise Unreachable(
                Text(
                    "已登录 {host}，但 {seconds} 秒内没能启动命令。服务器可能过载，请稍后再试。",
                    "Logged in to {host}, but no command started within {seconds} seconds. The server may be overloaded; try again later.",
                ).fill(host=where, seconds=round(patience))
            ) from error

    async def send(self, data: bytes) -> None:
        """Send bytes to the helper."""
        from paramiko.ssh_exception import SSHException

        try:
            await call(self._channel.sendall, data)
        except (OSError, EOFError, SSHException) as error:
            raise LinkDown from error

    async def line(self) -> list[str]:
        """The next line of the helper, in words."""
        while b"\n" not in self._rest:
            self._rest += await self._more()
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("utf-8", "replace").split(" ")

    async def payload(self, size: int) -> AsyncGenerator[bytes, None]:
        """The `size` bytes that follow a line, as they come."""
        while size:
            data = self._rest or await self._more()
            self._rest = data[size:] if len(data) > size else b""
            data = data[:size]
            size -= len(data)
            yield data

    def abandon(self) -> None:
        """The connection is being closed, and the channel with it."""
        self._inflow.stop()

    async def close(self) -> None:
        """End the helper; a job it started goes on. Waits for no dead link, except in a thread."""
        from paramiko.ssh_exception import SSHException

        self._inflow.stop()
        with contextlib.suppress(OSError, EOFError, SSHException):
            await call(self._channel.close)

    async def _more(self) -> bytes:
        data = await self._inflow.take()
        if not data:
            raise LinkDown
        return data

    async def _hello(self, marker: bytes, where: str) -> None:
        try:
            while marker not in self._rest:
                self._rest += await self._more()
                if len(self._rest) > _NOISE and marker not in self._rest:
                    self._rest = self._rest[-_NOISE // 2 :]
            self._rest = self._rest[self._rest.index(marker) + len(marker) + 1 :]
            words = await self.line()
        except LinkDown:
            status = self._channel.exit_status if self._channel.status_event.is_set() else -1
            if status == -1:
                raise
            raise no_bash(where, status, self._rest) from None
        if words[0] == "V":
            raise Unusable(
                Text(
                    "{host} 上的 bash 版本 {version} 太旧，需要 4.3 或更新。",
                    "bash {version} on {host} is too old; 4.3 or newer is needed.",
                ).fill(host=where, version=words[1])
            )
        if words[0] == "X":
            raise no_room(where, " ".join(words[1:]))


def no_bash(where: str, status: int, said: bytes) -> Unusable:
    """The login shell ended instead of becoming the helper."""
    words = " ".join(said.decode("utf-8", "replace").split())[-200:]
    if status in {126, 127} or "not found" in words:
        return Unusable(
            Text(
                "{host} 上没有 bash，无法执行命令。请先在服务器上安装 bash（如 apk add bash）。",
                "There is no bash on {host}, so nothing can run there. Install it first (such as apk add bash).",
            ).fill(host=where)
        )
    return Unusable(
        Text(
            "已登录 {host}，但这个账号不能执行命令（退出码 {status}）：{said}",
            "Logged in to {host}, but this account can't run commands (exit code {status}): {said}",
        ).fill(host=where, status=status, said=same(words or "-"))
    )
