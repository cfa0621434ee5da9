"""However an opening is disturbed, once its time is up and the program was started with a cloud that answers, the rules are as before it.

Faults at every call, a death at every event, made longer in between: drawn by seed, and judged by the rules that the cloud really has.
Nobody is told "closed" while the address still gets in.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ecs_stage import REGION, SERVER, Stage
from lockdown_world import Died, World, cloud, furnished, mortal
from test_lockdown_end import drawn

from tui.act.lockdown_back import Nobody
from tui.act.lockdown_record import begin, records, take
from tui.act.opening_end import Ended, Shutter, shut
from tui.act.opening_make import Letting, longer
from tui.cloud.ecs_wall import read_wall
from tui.errors import ZhinanError
from tui.judge.addresses import addresses
from tui.judge.firewall_plan import Plan
from tui.judge.firewall_store import change_to_map, wall_to_map
from tui.judge.lockdown import OPENING, Next, Phase, Story
from tui.judge.opening import described, gets_in, opening
from tui.practice.ecs.errors import ApiError
from tui.practice.ecs.faults import Fault, Raw
from tui.practice.ecs.state import Rule
from tui.texts import same

SEEDS = int(os.environ.get("OPENING_SEEDS", "30"))
ME = "192.0.2.77/32"
HOUR = 3600.0
KINDS: dict[str, Callable[[str], Fault]] = {
    "lost": lambda api: Fault("lost", api, 1, 30),
    "lost after": lambda api: Fault("lost", api, 1, 30, after=True),
    "server": lambda api: Fault("say", api, 1, 30, error=ApiError("InternalError", status=500)),
    "server after": lambda api: Fault("say", api, 1, 30, after=True, error=ApiError("InternalError", status=500)),
    "throttled": lambda api: Fault("say", api, 1, 30, error=ApiError("Throttling.User", status=400)),
    "forbidden": lambda api: Fault("say", api, 1, 30, error=ApiError("Forbidden.RAM", status=403)),
    "html": lambda api: Fault("say", api, 1, 30, reply=Raw(502, b"<html>", "text/html"), after=True),
}


async def planned(stage: Stage) -> Plan:
    """The plan of an opening on the wall there is; the port shut to everybody else."""
    wall = await read_wall(stage.api(), REGION, SERVER)
    made = opening(wall, 22, ME, described(time.time() + HOUR, "t3st"))
    assert not made.blocked
    return made


async def let_in(world: World, made: Plan) -> BaseException | None:
    """One process that opens; what it ended with."""
    record = begin(world.home, region=REGION, instance=SERVER, server="web-1", port=22, kind=OPENING, source=ME, until=time.time() + HOUR)
    mortal(world, record)
    try:
        record.add(Phase.SAVED, before=wall_to_map(made.before), plan=[change_to_map(each) for each in made.changes])
        hand = Shutter(record, cloud(world), world, sleep=world.sleep)
        letting = Letting(
            hand, made, world.told, sleep=world.sleep, stopped=lambda: world.stop, taken=lambda: setattr(world, "stop", False)
        )  # fmt: skip
        letting.until = time.time() + HOUR
        await letting.run()
    except BaseException as error:  # noqa: BLE001  an end like any other here
        return error
    finally:
        record.close()
    return None


async def stretched(world: World) -> None:
    """Another process that makes it longer, if it is open."""
    with take(records(world.home)[0]) as record:
        mortal(world, record)
        if record.story.next is Next.WAIT:
            await longer(record, cloud(world), time.time() + 2 * HOUR, sleep=world.sleep)


async def start_again(world: World, rounds: int = 6) -> Ended | None:
    """Another process, started when the time is up."""
    with take(records(world.home)[0]) as record:
        mortal(world, record)
        due = record.story.at(time.time() + 3 * HOUR)
        if due is Next.FORGET:
            record.add(Phase.DROPPED)
        if due is Next.ROLL_BACK:
            ended = await shut(record, cloud(world), Nobody(), why=same("over"), sleep=world.sleep, rounds=rounds)
            if "is closed again" in ended.say.en:
                assert not own(world.stage), "told closed, and still open"
            return ended
    return None


def own(stage: Stage) -> list[Rule]:
    return [each for group in stage.region.groups.values() for each in group.rules if each.description.startswith("zhinan: open")]


def story(world: World) -> Story:
    told = records(world.home)[0].story
    assert told is not None
    return told


async def to_the_end(world: World, dice: random.Random | None = None) -> None:
    """Start it again and again, as often as it dies or can't; in the end with a cloud that answers."""
    for nth in range(12):
        if nth == 8:
            world.stage.service.faults.clear()
            world.stop, world.at_sleep, dice = False, lambda _: None, None
        world.die_at = world.events + dice.randrange(1, 10) if dice and dice.random() < 0.5 else None
        try:
            await start_again(world)
        except (Died, ZhinanError):
            continue
        if story(world).next is Next.NOTHING:
            return
    raise AssertionError(f"it never ended: {story(world)}")


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_faults_and_deaths(stage: Stage, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    furnished(stage, dice)
    for group in stage.region.groups.values():  # otherwise the address gets in already
        group.rules = [each for each in group.rules if not gets_in_by(each)]
    made = await planned(stage)
    assert len(made.changes) == 1
    world = World(stage, tmp_path)
    world.die_at = dice.choice((None, dice.randrange(1, 14)))
    stage.cloud.lag = dice.choice((0, 0, 1, 3))
    stage.service.faults.add(*(drawn(dice) for _ in range(dice.choice((0, 1, 2, 4)))))
    error = await let_in(world, made)
    if error is None:
        assert gets_in(await world.wall(), 22, addresses(ME))
    elif not isinstance(error, Died) and story(world).next is Next.NOTHING:
        assert world.rules() == world.first, "said that it is as before"
    if dice.random() < 0.5:
        stage.service.faults.add(*(drawn(dice) for _ in range(dice.choice((0, 1, 2)))))
        world.die_at = dice.choice((None, world.events + dice.randrange(1, 8)))
        with contextlib.suppress(Died, ZhinanError):
            await stretched(world)
    stage.service.faults.add(*(drawn(dice) for _ in range(dice.choice((0, 1, 2)))))
    await to_the_end(world, dice)
    assert world.rules() == world.first
    assert not gets_in(await world.wall(), 22, addresses(ME))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("api", ["AuthorizeSecurityGroup", "RevokeSecurityGroup", "DescribeSecurityGroupAttribute", "DescribeInstances"])
async def test_each_call_that_fails(stage: Stage, tmp_path: Path, kind: str, api: str) -> None:
    shut_to_all(stage)
    made = await planned(stage)
    world = World(stage, tmp_path)
    stage.service.faults.add(KINDS[kind](api))
    world.at_sleep = lambda now: setattr(world, "stop", now > 300)  # a reader who gives up
    error = await let_in(world, made)
    if error is None:
        assert own(stage)
    stage.service.faults.clear()
    stage.service.faults.add(KINDS[kind](api))
    await to_the_end(world)
    assert world.rules() == world.first


@pytest.mark.parametrize("number", range(1, 12))
async def test_a_death_at_each_event(stage: Stage, tmp_path: Path, number: int) -> None:
    shut_to_all(stage)
    made = await planned(stage)
    world = World(stage, tmp_path, die_at=number)
    error = await let_in(world, made)
    assert isinstance(error, Died) or number > 10
    await to_the_end(world)
    assert world.rules() == world.first


async def test_what_others_changed_stays(stage: Stage, tmp_path: Path) -> None:
    shut_to_all(stage)
    made = await planned(stage)
    world = World(stage, tmp_path)
    assert await let_in(world, made) is None
    mine = own(stage)[0]
    theirs = Rule(mine.id, priority=7, ports="22/22", cidr="198.51.100.0/24", description="office")
    stage.group.rules = [theirs if each.id == mine.id else each for each in stage.group.rules]
    ended = await start_again(world)
    assert ended is not None
    assert (ended.gone, ended.others) == (False, True)
    assert theirs in stage.group.rules
    assert story(world).next is Next.ROLL_BACK, "it is said again until a person settles it"


async def test_a_rule_that_others_deleted_is_just_gone(stage: Stage, tmp_path: Path) -> None:
    shut_to_all(stage)
    made = await planned(stage)
    world = World(stage, tmp_path)
    assert await let_in(world, made) is None
    stage.group.rules = [each for each in stage.group.rules if each not in own(stage)]
    ended = await start_again(world)
    assert ended is not None
    assert ended.gone


def shut_to_all(stage: Stage) -> None:
    stage.group.rules = [each for each in stage.group.rules if not gets_in_by(each)]


def gets_in_by(rule: Rule) -> bool:
    return (rule.cidr or rule.cidr6) in ("0.0.0.0/0", "::/0") and rule.ports != "443/443"
