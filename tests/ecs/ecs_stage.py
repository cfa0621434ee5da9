"""The practice cloud on loopback, and Alibaba's own library pointed at it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.utils_models import Config

from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_keys import Keys
from tui.practice.ecs.agent import Agent
from tui.practice.ecs.server import EcsServer
from tui.practice.ecs.service import Service
from tui.practice.ecs.signature import Key
from tui.practice.ecs.state import Cloud, Group, Region, example
from tui.secret import Secret
from tui.texts import same

KEY = Key("LTAI-test", "secret-test")
REGION, GROUP, SERVER = "cn-hangzhou", "sg-test0001", "i-test0001"


class Stage:
    """One cloud with its server: `ask` calls an action through the library, with parameters by their Python names."""

    def __init__(self) -> None:
        self.cloud: Cloud = example(REGION)
        self.service = Service(self.cloud, Agent())
        self.service.gate.add(KEY)
        self.server = EcsServer(self.service)
        self.endpoint = self.server.endpoint
        self.waits: list[float] = []

    def __enter__(self) -> Stage:
        self.server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.server.__exit__(kind, error, trace)

    @property
    def region(self) -> Region:
        return self.cloud.regions[REGION]

    @property
    def group(self) -> Group:
        return self.region.groups[GROUP]

    def api(self, key: Key = KEY, **more: Any) -> EcsApi:
        """The product's adapter; waits between tries are noted in `waits`, not waited for."""
        return EcsApi(self.keys(key), **{"environ": {"ZHINAN_ECS_ENDPOINT": self.endpoint}, "sleep": self.sleep} | more)

    def keys(self, key: Key = KEY) -> Keys:
        token = Secret(key.token) if key.token else None
        return Keys("environment", same("test"), id=key.id, secret=Secret(key.secret), token=token)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    def client(self, key: Key = KEY, **more: Any) -> Client:
        usual = {"read_timeout": 5000, "connect_timeout": 2000, "protocol": "http", "endpoint": self.endpoint.removeprefix("http://")}
        keys = {"access_key_id": key.id, "access_key_secret": key.secret, "security_token": key.token or None}
        config = Config(region_id=REGION, **usual | keys | more)
        return Client(config)

    def ask(self, action: str, /, client: Client | None = None, **params: Any) -> dict[str, Any]:
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in action).lstrip("_")
        request = getattr(models, f"{action}Request")(**({"region_id": REGION} | params if action != "DescribeRegions" else params))
        answer = getattr(client or self.client(), snake)(request)
        assert answer.body is not None, f"{action}: no body"
        found: dict[str, Any] = answer.body.to_map()
        return found
