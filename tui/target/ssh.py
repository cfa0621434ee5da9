"""A server over SSH as a target: one warm connection, warm lanes inside it, jobs that outlive both.

A job's output, process number and exit code live in files there. So a lost connection costs nothing but time: come back, ask for the
same job from the byte that is next, go on. Only when patience ends, or the job is gone without an exit code, is its end unknown.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tui.errors import HostKeyRejected, TargetError, Unusable
from tui.judge.evidence import End
from tui.target import shells, ssh_config
from tui.target.base import Asker, Ended, Happening, Job, LinkLost, LinkRestored, Output
from tui.target.helpers import environment, fields
from tui.target.jobs import GONE, cut, no_room
from tui.target.ssh_address import is_public, parse
from tui.target.ssh_auth import Memory
from tui.target.ssh_config import Host
from tui.target.ssh_connect import Known
from tui.target.ssh_lane import LinkDown
from tui.target.ssh_link import Link
from tui.texts import Text
from tui.threads import settled

_CANCEL = 10.0  # seconds beyond the grace to reach the server for it
BACK_OFF = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between attempts to come back

_LOST = Text(
    "和 {host} 的连接断开了；命令在服务器上继续执行，正在重连。",
    "The connection to {host} was lost; the command goes on there. Reconnecting.",
)


class SshTarget:
    """A server by its address (`ssh://user@host[:port]`, `user@host`, a host of ~/.ssh/config).

    `patience` is how long, in seconds, a lost link is tried again while a job runs; `timeout` bounds one connection attempt;
    `alive` is the interval and number of unanswered signs of life after which a link counts as dead (settings of the host in
    ~/.ssh/config go first); `grace` the time between asking a cancelled job to end and killing it; `home` the folder whose
    `.ssh` is read (the user's by default); `memory` keeps what was answered for several targets, one after the other. Raises `UsageError`.
    """

    family: Literal["posix", "windows"] = "posix"

    def __init__(
        self,
        name: str,
        address: str,
        *,
        patience: float = 120.0,
        timeout: float = 15.0,
        alive: tuple[float, int] = (15.0, 3),
        grace: float = 3.0,
        home: Path | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.name = name
        self.address = address
        self.host: Host = ssh_config.resolve(parse(address), home)
        self.public = is_public(ssh_config.first_hop(self.host))
        self._patience = patience
        self._grace = grace
        self._link = Link(self.host, timeout=timeout, alive=alive, memory=memory or Memory(), known=Known())

    async def open(self, asker: Asker) -> None:
        """Connect, verify the host key, log in, start the helper. Idempotent."""
        await self._link.open(asker)

    async def close(self) -> None:
        """Leave the server; jobs that run there go on."""
        await self._link.close()

    async def stream(self, job: Job, offset: int = 0) -> AsyncGenerator[Happening, None]:
        """Run the job, or follow it from byte `offset` of its output if its id is there already."""
        shells.check(job)
        if job.language != "bash":
            raise Unusable(
                Text("{host} 上只能执行 bash 脚本，这一步是 {language}。", "{host} runs bash scripts only; this step is {language}.").fill(
                    host=self.host, language=job.language
                )
            )
        progress = _Progress({1: offset, 2: 0})
        over = False
        try:
            while not over:
                try:
                    async with contextlib.aclosing(self._follow(job, progress)) as happenings:
                        async for item in happenings:
                            over = isinstance(item, Ended)
                            yield item
                except LinkDown:
                    began = time.monotonic()
                    progress.told = True
                    yield LinkLost(_LOST.fill(host=self.host))
                    why = await self._come_back(began)
                    over = why is not None
                    yield LinkRestored(time.monotonic() - began) if why is None else Ended(End.LOST, why=why)
        except TargetError as error:
            over = True
            if not progress.told:  # it did not start
                raise
            yield Ended(End.LOST, why=error.text)
        finally:
            if not over:
                await settled(self._cancel(job))

    async def forget(self, job_id: str) -> None:
        """Remove a finished job's folder from the server; one that runs stays."""
        with contextlib.suppress(LinkDown):
            async with self._link.lane() as lane:
                await lane.send(f"forget\0{job_id}\0".encode())
                await lane.line()

    async def _follow(self, job: Job, progress: _Progress) -> AsyncGenerator[Happening, None]:
        async with self._link.lane() as lane:
            await lane.send(_request(job, progress))
            while True:
                word, *rest = await lane.line()
                progress.started = True
                if word != "O":
                    yield self._end(word, rest)
                    return
                channel: Literal[1, 2] = 1 if rest[0] == "1" else 2
                async with contextlib.aclosing(lane.payload(int(rest[2]))) as pieces:
                    async for data in pieces:
                        place = progress.at[channel]
                        progress.at[channel] += len(data)
                        progress.told = True
                        yield Output(data, place, channel)

    def _end(self, word: str, rest: list[str]) -> Ended:
        if word == "X":
            raise no_room(str(self.host), " ".join(rest))
        if word == "G":
            return Ended(End.LOST, why=GONE[rest[0]].fill(host=self.host))
        if any(rest[1:]):
            return Ended(End.LOST, why=cut(str(self.host), rest[0]))
        return Ended(End.EXITED, int(rest[0]))

    async def _come_back(self, began: float) -> Text | None:
        """Connect again until patience ends. The reason if it did not work."""
        attempt = 0
        await asyncio.sleep(BACK_OFF[0])  # a channel can end on a connection that still stands: don't spin
        while True:
            left = began + self._patience - time.monotonic()
            try:
                async with asyncio.timeout(max(left, 0.01)):
                    await self._link.reopen()
            except (HostKeyRejected, Unusable) as error:
                return error.text
            except (TargetError, TimeoutError, LinkDown) as error:
                last = error
            else:
                return None
            pause = BACK_OFF[min(attempt, len(BACK_OFF) - 1)]
            attempt += 1
            if time.monotonic() + pause > began + self._patience:
                text = Text(
                    "{seconds} 秒内没能重新连上 {host}，命令可能还在服务器上执行，结果未知。",
                    "{host} could not be reached again within {seconds} seconds. The command may still run there; how it ends is unknown.",
                ).fill(host=self.host, seconds=round(self._patience))
                if isinstance(last, TargetError):
                    text = Text(f"{text.zh}{last.text.zh}", f"{text.en} {last.text.en}")
                return text
            await asyncio.sleep(pause)

    async def _cancel(self, job: Job) -> None:
        """End the job's whole family there. A link that is down is tried again, but nobody is kept waiting for it for long."""
        with contextlib.suppress(TargetError, TimeoutError):
            async with asyncio.timeout(self._grace + _CANCEL):
                while True:
                    try:
                        async with self._link.lane() as lane:
                            await lane.send(f"kill\0{job.id}\0{round(self._grace * 1000)}\0".encode())
                            await lane.line()
                            return
                    except LinkDown:
                        await asyncio.sleep(BACK_OFF[0])
                        await self._link.reopen()


@dataclass
class _Progress:
    """How far a job was followed: the next byte of each channel, whether it is known to be there, whether anything was yielded."""

    at: dict[int, int]
    started: bool = False
    told: bool = False


def _request(job: Job, progress: _Progress) -> bytes:
    env = environment(job)
    words = [str(int(progress.started)), job.id, str(int(job.merge)), str(progress.at[1]), str(progress.at[2])]
    return fields("run", *words, job.sudo.reveal() if job.sudo else "", str(len(env)), *env, job.script)
