"""The warm connection of one server: opened once for all jobs, and once for all of them again when it broke; it lends its lanes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tui.errors import Unusable
from tui.target import ssh_config, ssh_errors
from tui.target.base import Asker
from tui.target.ssh_address import parse
from tui.target.ssh_auth import Memory
from tui.target.ssh_config import Host
from tui.target.ssh_connect import Connection, Known, connect, hops, watch
from tui.target.ssh_lane import Lane, LinkDown
from tui.texts import Text
from tui.threads import call, settled

LANES = 8  # at once; a server's MaxSessions is 10 by default


class Link:
    """Lends lanes. All methods belong to one event loop."""

    def __init__(self, host: Host, *, timeout: float, alive: tuple[float, int], memory: Memory, known: Known) -> None:
        self._host = host
        self._timeout = timeout
        self._alive = (host.alive_interval or alive[0], host.alive_count or alive[1])
        self._memory = memory
        self._known = known
        self._connection: Connection | None = None
        self._watch: asyncio.Task[None] | None = None
        self._asker: Asker | None = None
        self._idle: list[Lane] = []
        self._opening = asyncio.Lock()
        self._lanes = asyncio.Semaphore(LANES)
        self._returned = asyncio.Condition()
        self._lent = 0

    async def open(self, asker: Asker) -> None:
        """Connect unless connected, and warm the first lane. Raises `TargetError` or `Cancelled`."""
        self._asker = asker
        await self.reopen()

    async def reopen(self) -> None:
        """The same, with whoever was asked the first time. Several jobs may call it at once: one connects, all go on."""
        if self._asker is None:
            raise Unusable(Text("没有连接 {host}。", "{host} is not connected.").fill(host=self._host))
        async with self._opening:
            if self._connection and self._connection.transport.is_active():
                return
            await self._drop()
            chain = hops(self._host, lambda address: ssh_config.resolve(parse(address)))
            connection = await connect(chain, self._asker, self._memory, self._known, self._timeout)
            self._connection = connection
            try:
                lane = await self._new_lane()
                await lane.send(b"clean\0")
            except LinkDown as error:
                await self._drop()
                raise ssh_errors.dropped(self._host) from error
            except BaseException:
                await self._drop()
                raise
            self._idle.append(lane)
            self._watch = asyncio.create_task(watch(connection, *self._alive))

    async def close(self) -> None:
        """Disconnect, and do not come back by itself. Idempotent."""
        self._asker = None
        async with self._opening:
            await self._drop()

    @contextlib.asynccontextmanager
    async def lane(self) -> AsyncIterator[Lane]:
        """A lane for one request; it goes back when its answer was read to the end, and is closed when that was cut short."""
        async with self._lanes:
            lane = await self._borrow()
            connection = self._connection
            self._lent += 1
            whole = False
            try:
                yield lane
                whole = True
            finally:
                self._lent -= 1
                if whole and connection is self._connection:
                    self._idle.append(lane)
                else:
                    await settled(lane.close())
                async with self._returned:
                    self._returned.notify_all()

    async def _borrow(self) -> Lane:
        from paramiko.ssh_exception import ChannelException

        alone = 0
        while True:
            if self._connection is None or not self._connection.transport.is_active():
                raise LinkDown
            if self._idle:
                return self._idle.pop()
            try:
                return await self._new_lane()
            except ChannelException:  # MaxSessions reached
                if self._lent:
                    async with self._returned:
                        await self._returned.wait()
                    continue
            alone += 1  # a lane just closed is counted until its helper has noticed; an account may also have no sessions at all
            if alone > 30:
                text = Text("{host} 不让这个账号打开会话。", "{host} does not let this account open a session.")
                raise Unusable(text.fill(host=self._host))
            await asyncio.sleep(0.1)

    async def _new_lane(self) -> Lane:
        from paramiko.ssh_exception import ChannelException, SSHException

        connection = self._connection
        if connection is None:
            raise LinkDown
        try:
            channel = await call(connection.transport.open_session, None, None, self._timeout)
        except ChannelException:
            raise
        except (SSHException, EOFError, OSError) as error:
            raise LinkDown from error
        lane = Lane(channel)
        try:
            await lane.start(str(self._host), self._timeout)
        except BaseException as error:
            await settled(lane.close())
            if isinstance(error, SSHException | EOFError):
                raise LinkDown from error
            raise
        return lane

    async def _drop(self) -> None:
        if self._watch:
            self._watch.cancel()
            self._watch = None
        for lane in self._idle:
            lane.abandon()
        self._idle.clear()
        if self._connection:
            connection, self._connection = self._connection, None
            await call(connection.close)
