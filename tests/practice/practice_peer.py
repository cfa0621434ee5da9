"""A foreign SSH client for the practice world."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncssh

from tui.practice.world import World


@dataclass(frozen=True)
class Done:
    out: str
    err: str
    code: int | None


Run = Callable[..., Awaitable[Done]]


def place(address: str) -> tuple[str, int]:
    user, _, rest = address.removeprefix("ssh://").partition("@")
    return user, int(rest.rpartition(":")[2])


@asynccontextmanager
async def connected(world: World, host: str = "ecs") -> AsyncIterator[asyncssh.SSHClientConnection]:
    user, port = place(world.targets()[host])
    options = {
        "username": user,
        "client_keys": [str(world.identity)],
        "known_hosts": str(world.known_hosts),
        "config": None,
        "agent_path": None,
    }
    async with asyncssh.connect("127.0.0.1", port, **options) as connection:
        yield connection
