"""A server through Alibaba Cloud's Cloud Assistant as a target: no port of it has to be open.

It is the way to a server whose SSH is closed or broken. Jobs are those of SSH: detached, with output, process number and exit code in
files there, so that a call whose answer got lost costs nothing but time. One call of Cloud Assistant carries at most 24 KB of output, so
output comes compressed and in slices, each with its checksum; what the cloud would cut is never sent. Everything passes through the
cloud's records, a step's variables too.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, Literal

from tui.cloud import ecs_keys
from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_assistant import MOST_SCRIPT, Assistant, Outcome, why
from tui.errors import Refused, TargetError, Unfinished, Unreachable, Unusable, UsageError, ZhinanError
from tui.judge.evidence import End
from tui.target import aliyun_answer, shells
from tui.target.aliyun_answer import Answer, Odd
from tui.target.base import Asker, Ended, Happening, Job, LinkLost, LinkRestored, Output
from tui.target.jobs import GONE, cut, no_room
from tui.texts import Text
from tui.threads import call, settled

_ADDRESS: Final = re.compile(r"aliyun://([a-z]{2}(?:-[a-z0-9]+)+)/(i-[A-Za-z0-9-]+)/?")
_ROUNDS: Final = 40
"""How many rounds (of up to 0.2 s) the server waits for news before it answers: few calls, and none of them long."""
_LIMIT: Final = 60


class AliyunTarget:
    """A server by `aliyun://region/instance-id`. Raises `UsageError`.

    `patience` is how long, in seconds, Cloud Assistant is tried again while a job runs; `pace` the least time between two of its calls;
    `grace` the time between asking a cancelled job to end and killing it.
    """

    family: Literal["posix", "windows"] = "posix"
    public = False

    def __init__(
        self,
        name: str,
        address: str,
        *,
        api: EcsApi | None = None,
        patience: float = 120.0,
        pace: float = 0.5,
        grace: float = 3.0,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        found = _ADDRESS.fullmatch(address)
        if found is None:
            text = Text(
                "{address} 不是云助手地址，应像 aliyun://cn-hangzhou/i-bp1abc…",
                "{address} is no Cloud Assistant address; one looks like aliyun://cn-hangzhou/i-bp1abc…",
            )
            raise UsageError(text.fill(address=address))
        self.name, self.address = name, address
        self._region, self._instance = found[1], found[2]
        self._api, self._patience, self._pace, self._grace, self._sleep = api, patience, pace, grace, sleep
        self._assistant: Assistant | None = None

    async def open(self, asker: Asker) -> None:
        """Find the AccessKey and ask whether the server's agent gives signs of life. Idempotent."""
        if self._assistant is not None:
            return
        api = self._api or EcsApi(await call(ecs_keys.find))
        assistant = Assistant(api, self._region, self._instance, sleep=self._sleep)
        if not (await assistant.heard()).here:
            text = Text(
                "云助手联系不上 {instance}：实例 ID 或地域不对、服务器没开机、没装云助手，或 Tailscale 拦住了 100.100.x.x",
                "Cloud Assistant does not hear from {instance}: wrong id or region, the server is off, has no agent, or Tailscale drops "
                "100.100.x.x",
            )
            raise Unreachable(text.fill(instance=self._instance))
        self._assistant = assistant

    async def close(self) -> None:
        """Nothing is held; jobs that run there go on."""
        self._assistant = None

    async def stream(self, job: Job, offset: int = 0) -> AsyncGenerator[Happening, None]:
        """Run the job, or follow it from byte `offset` of its output if its id is there already."""
        shells.check(job)
        if job.language != "bash":
            raise Unusable(Text("云助手目标只能执行 bash 脚本", "a Cloud Assistant target runs bash scripts only"))
        at, over, told = {1: offset, 2: 0}, False, False
        _check_size(job, at)
        try:
            while not over:
                try:
                    answer = await self._ask(aliyun_answer.run(job, at, known=told, rounds=_ROUNDS))
                except TargetError as error:
                    if not told:
                        over = isinstance(error, Refused)  # else it may have started all the same
                        raise
                    began = time.monotonic()
                    yield LinkLost(error.text)
                    back = await self._come_back(job, at, began)
                    if isinstance(back, Text):
                        over = True
                        yield Ended(End.LOST, why=back)
                        return
                    answer = back
                    yield LinkRestored(time.monotonic() - began)
                for output in _outputs(answer, at):
                    told = True
                    yield output
                told = True
                over = answer.word in ("X", "V")
                end = self._end(answer, at)
                if end is not None:
                    over = True
                    yield end
                else:
                    await self._sleep(self._pace)
        finally:
            if not over:
                await settled(self._cancel(job))

    async def _ask(self, script: bytes) -> Answer:
        if self._assistant is None:
            raise RuntimeError("not opened")
        try:
            invoke = await self._assistant.start(script, limit=_LIMIT)
            outcome = await self._assistant.wait(invoke, _LIMIT + 30)
        except Unfinished as error:
            raise Unreachable(error.text) from error
        return _answer(outcome)

    async def _come_back(self, job: Job, at: dict[int, int], began: float) -> Answer | Text:
        """Ask again until patience ends; the reason if that did not help."""
        pause = self._pace
        while True:
            await self._sleep(pause)
            pause = min(max(pause * 2, 0.1), 15.0)
            try:
                return await self._ask(aliyun_answer.run(job, at, known=True, rounds=_ROUNDS))
            except TargetError as error:
                if time.monotonic() - began > self._patience:
                    text = Text(
                        "{seconds} 秒内没能再联系上云助手，命令可能还在服务器上执行，结果未知。{why}",
                        "Cloud Assistant could not be reached again within {seconds} seconds. The command may still run there; how it ends "
                        "is unknown. {why}",
                    )
                    return text.fill(seconds=round(self._patience), why=error.text)

    def _end(self, answer: Answer, at: dict[int, int]) -> Ended | None:
        if answer.word == "X":
            raise no_room(self._instance, " ".join(answer.rest))
        if answer.word == "V":
            text = Text("服务器上的 bash {version} 太旧，需要 4.3 或更新", "bash {version} there is too old; 4.3 or newer is needed")
            raise Unusable(text.fill(version=" ".join(answer.rest)))
        if answer.word == "G":
            return Ended(End.LOST, why=GONE[answer.rest[0]].fill(host=self._instance))
        if answer.word == "R" or any(at[part.channel] < part.size for part in answer.parts):
            return None
        code, *trouble = answer.rest
        if any(trouble):
            return Ended(End.LOST, why=cut(self._instance, code))
        return Ended(End.EXITED, int(code))

    async def _cancel(self, job: Job) -> None:
        """End the job's whole family there, as far as Cloud Assistant can be reached."""
        try:
            async with asyncio.timeout(self._grace + 20):
                await self._ask(aliyun_answer.kill(job, self._grace))
        except (ZhinanError, TimeoutError):
            return


def _answer(outcome: Outcome) -> Answer:
    """The helper's answer in an end of Cloud Assistant's; every other end is that nobody was reached."""
    if outcome.status not in ("Success", "Failed"):
        raise Unreachable(why(outcome))
    try:
        if outcome.dropped:
            raise Odd("cut")
        return aliyun_answer.read(outcome.output)
    except Odd as error:
        text = Text("云助手带回的内容不完整（{why}），没有采用", "what Cloud Assistant brought is not whole ({why}) and was not used")
        raise Unreachable(text.fill(why=error)) from error


def _outputs(answer: Answer, at: dict[int, int]) -> list[Output]:
    found: list[Output] = []
    for part in answer.parts:
        if part.data and part.at == at[part.channel]:
            found.append(Output(part.data, part.at, part.channel))
            at[part.channel] += len(part.data)
    return found


def _check_size(job: Job, at: dict[int, int]) -> None:
    size = len(aliyun_answer.run(job, at, known=False, rounds=_ROUNDS))
    if size > MOST_SCRIPT:
        text = Text(
            "这一步的脚本压缩后仍有 {size} 字节，云助手最多 {most}；请改用 SSH 目标",
            "this step's script still has {size} bytes when compressed, Cloud Assistant takes {most}; use an SSH target",
        )
        raise Unusable(text.fill(size=size, most=MOST_SCRIPT))
