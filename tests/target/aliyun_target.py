"""The practice cloud with an agent that runs scripts on this computer, and the Cloud Assistant target pointed at it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Any

from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_keys import Keys
from tui.practice.ecs.agent import Agent
from tui.practice.ecs.server import EcsServer
from tui.practice.ecs.service import Service
from tui.practice.ecs.signature import Key
from tui.practice.ecs.state import example
from tui.secret import Secret
from tui.target.aliyun import AliyunTarget
from tui.texts import same

ADDRESS = "aliyun://cn-hangzhou/i-test0001"


async def quick(seconds: float) -> None:
    """A hundredth of the wait: nothing here is far away."""
    await asyncio.sleep(min(seconds, 2.0) / 100)


class AliyunStage:
    """`service` takes faults; `target` gives a target that is not opened yet."""

    def __init__(self, home: Path) -> None:
        self.cloud = example()
        self.service = Service(self.cloud, Agent(env={"HOME": str(home)}))
        self.service.gate.add(Key("LTAI-test", "secret"))
        self.server = EcsServer(self.service)

    def __enter__(self) -> AliyunStage:
        self.server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.server.__exit__(kind, error, trace)

    def target(self, **more: Any) -> AliyunTarget:
        keys = Keys("environment", same("test"), id="LTAI-test", secret=Secret("secret"))
        api = EcsApi(keys, environ={"ZHINAN_ECS_ENDPOINT": self.server.endpoint}, sleep=quick)
        return AliyunTarget("ecs", ADDRESS, **{"api": api, "grace": 1.0, "sleep": quick} | more)
