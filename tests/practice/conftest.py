"""A practice world, and the client that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from practice_peer import Run

    from tui.practice.world import World


@pytest.fixture
def connect() -> Callable[..., object]:
    from practice_peer import connected

    return connected


@pytest.fixture
def run() -> Run:
    from practice_peer import Done, connected

    async def run(world: World, command: str, host: str = "ecs", stdin: str = "") -> Done:
        async with connected(world, host) as connection:
            done = await connection.run(command, input=stdin)
        return Done(str(done.stdout), str(done.stderr), done.exit_status)

    return run


@pytest.fixture
async def world() -> AsyncIterator[World]:
    from tui.practice.world import World

    async with World() as started:
        yield started
