"""Nothing left to luck: each call to the cloud goes wrong in each way, each event is the last one, in a lockdown that holds and in one
that comes back. The drawn combinations are in `test_lockdown_end`; here no place is left out.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from ecs_stage import Stage
from lockdown_world import Died, World, lock_down, planned, start_again, story
from test_lockdown_end import HTML, judge

from tui.act.lockdown_close import RolledBack
from tui.judge.firewall_plan import Plan
from tui.judge.lockdown import Next, Phase
from tui.practice.ecs.errors import ApiError
from tui.practice.ecs.faults import Fault, Raw

ODD = Raw(200, b'{"Code": "Oops", "Message": "x", "RequestId": "1"}')
KINDS: dict[str, Callable[[int, int], Fault]] = {
    "error": lambda first, times: Fault("say", "*", first, times, error=ApiError("InternalError", status=500)),
    "error after the write": lambda first, times: Fault("say", "*", first, times, after=True, error=ApiError("InternalError", status=500)),
    "throttle": lambda first, times: Fault("say", "*", first, times, error=ApiError("Throttling.User", status=400)),
    "timeout before": lambda first, times: Fault("lost", "*", first, times),
    "timeout after the write": lambda first, times: Fault("lost", "*", first, times, after=True),
    "garbage": lambda first, times: Fault("say", "*", first, times, reply=HTML),
    "garbage after the write": lambda first, times: Fault("say", "*", first, times, after=True, reply=HTML),
    "an error that looks fine": lambda first, times: Fault("say", "*", first, times, reply=ODD),
}
SCENES = ("holds", "comes back")
FOREVER = 10_000


async def set_up(stage: Stage, home: Path, scene: str) -> tuple[World, Plan]:
    """A lockdown ready to begin. In the scene that comes back, the login through the tailnet fails after the change."""
    home.mkdir()  # noqa: ASYNC240  a test has nobody to keep waiting
    made = await planned(stage, random.Random(1))
    stage.service.faults.asked.clear()
    return World(stage, home, login=scene == "holds"), made


async def undisturbed(home: Path, scene: str) -> tuple[int, int]:
    """How many calls and events there are when nothing goes wrong."""
    with Stage() as stage:
        world, made = await set_up(stage, home, scene)
        assert isinstance(await lock_down(world, made), type(None) if scene == "holds" else RolledBack)
        return len(stage.service.faults.asked), world.events


async def to_the_end(world: World) -> None:
    """Start the program again until nothing is left to do; by then the cloud is well, and nobody wants it to stop."""
    world.stop, world.at_sleep, world.die_at = False, lambda _: None, None
    world.stage.service.faults.clear()
    told = story(world)
    if told is not None and told.next is not Next.NOTHING:
        await start_again(world)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize(("kind", "times"), [*((kind, 1) for kind in KINDS), ("error", FOREVER), ("timeout after the write", FOREVER)])
async def test_each_call_goes_wrong(tmp_path: Path, kind: str, times: int, scene: str) -> None:
    """Once, or from that call on until the program is started again."""
    calls, _ = await undisturbed(tmp_path / "undisturbed", scene)
    for number in range(1, calls + 1):
        with Stage() as stage:
            world, made = await set_up(stage, tmp_path / str(number), scene)
            stage.service.faults.add(KINDS[kind](number, times))
            world.at_sleep = lambda now, world=world: setattr(world, "stop", now > 400)  # type: ignore[misc]
            error = await lock_down(world, made)
            await to_the_end(world)
            phase = await judge(world, error)
            assert not (phase is Phase.CLOSED and scene == "comes back"), f"call {number}"


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("lag", range(1, 9))
async def test_reads_are_late(tmp_path: Path, lag: int, scene: str) -> None:
    """After each write so many reads still tell of the rules before it."""
    with Stage() as stage:
        world, made = await set_up(stage, tmp_path / "home", scene)
        stage.cloud.lag = lag
        error = await lock_down(world, made)
        await to_the_end(world)
        await judge(world, error)


@pytest.mark.parametrize("scene", SCENES)
async def test_each_event_is_the_last(tmp_path: Path, scene: str) -> None:
    """And of the start after it, each event is the last as well."""
    _, events = await undisturbed(tmp_path / "undisturbed", scene)
    for number in range(1, events + 1):
        again = 0
        while True:
            again += 1
            with Stage() as stage:
                world, made = await set_up(stage, tmp_path / f"{number}-{again}", scene)
                world.die_at = number
                error = await lock_down(world, made)
                assert isinstance(error, Died)
                world.die_at = world.events + again
                try:
                    await start_again(world)
                    died = False
                except Died:
                    died = True
                await to_the_end(world)
                if story(world) is not None:
                    await judge(world, error)
                else:
                    assert world.rules() == world.first
            if not died:
                break
    assert events > 10
