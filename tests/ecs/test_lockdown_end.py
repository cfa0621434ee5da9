"""However a lockdown is disturbed, it ends in one of two states, and its record tells in which: closed and proven, or the old rules back.

Faults at every call of the cloud, a death at every event, tailnets that fail after the write: drawn by seed, and judged by the rules that
the cloud really has in the end.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from ecs_stage import Stage
from lockdown_world import Died, World, furnished, lock_down, planned, start_again, story

from tui.act.lockdown_close import NeedsHand, RolledBack
from tui.errors import Cancelled, Refused, ZhinanError
from tui.judge.addresses import PUBLIC, of
from tui.judge.lockdown import Next, Phase
from tui.practice.ecs.errors import ApiError
from tui.practice.ecs.faults import Fault, Raw
from tui.practice.ecs.state import Rule

SEEDS = int(os.environ.get("LOCKDOWN_SEEDS", "40"))
WRITES = ("ModifySecurityGroupRule", "AuthorizeSecurityGroup", "RevokeSecurityGroup")
HTML = Raw(502, b"<html>bad gateway</html>", "text/html")


def lets_in(stage: Stage) -> bool:
    """Whether a rule for port 22 accepts somebody on the internet, as the cloud has it now."""
    ports = {"prl-1"}
    for group in stage.region.groups.values():
        for rule in group.rules:
            first, _, last = (rule.ports or "22/22").partition("/")
            speaks = rule.protocol in ("TCP", "ALL") and (rule.port_list in ports or int(first) <= 22 <= int(last) or first == "-1")
            cidr = rule.cidr or rule.cidr6 or ("198.51.100.0/24" if rule.prefix_list else "")
            if speaks and rule.policy == "Accept" and cidr and of(cidr) & PUBLIC and cidr != "203.0.113.7/32":
                return True
    return False


def drawn(dice: random.Random) -> Fault:
    """One fault, somewhere."""
    api = dice.choice(("*", *WRITES, *WRITES, "DescribeSecurityGroupAttribute", "DescribeInstances"))
    first, times = dice.randrange(1, 40 if api == "*" else 6), dice.choice((1, 1, 2, 4, 7, 30))
    match dice.randrange(7):
        case 0:
            return Fault("say", api, first, times, error=ApiError("InternalError", status=500), after=dice.random() < 0.5)
        case 1:
            return Fault("say", api, first, times, error=ApiError("Throttling.User", status=400))
        case 2:
            return Fault("lost", api, first, times)
        case 3:
            return Fault("lost", api, first, times, after=True)
        case 4:
            return Fault("say", api, first, times, reply=HTML, after=dice.random() < 0.5)
        case 5:
            return Fault("say", api, first, times, reply=Raw(200, b'{"Code": "Oops", "Message": "x", "RequestId": "1"}'))
        case _:
            return Fault("say", api, first, times, reply=Raw(200, b"[]"), after=dice.random() < 0.5)


async def judge(world: World, error: BaseException | None) -> Phase:
    """The invariant, read off the cloud."""
    told = story(world)
    assert told is not None
    assert told.next is Next.NOTHING
    is_open = await world.open()
    if told.phase is Phase.CLOSED:
        assert error is None or isinstance(error, Died)
        assert world.login
        assert not lets_in(world.stage)
    else:
        assert error is not None
        assert world.rules() == world.first
    assert is_open or told.phase is Phase.CLOSED or not lets_in(world.stage)
    return told.phase


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_faults_and_deaths(stage: Stage, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    furnished(stage, dice)
    made = await planned(stage, dice)
    assert made.ready
    assert made.changes
    world = World(stage, tmp_path, login=dice.random() < 0.8, assistant=dice.random() < 0.9, probe=dice.random() < 0.7)
    world.die_at = dice.choice((None, dice.randrange(1, 24)))
    stage.cloud.lag = dice.choice((0, 0, 1, 3, 8))
    stage.service.faults.add(*(drawn(dice) for _ in range(dice.choice((0, 1, 1, 2, 4)))))
    if dice.random() < 0.2:
        at = dice.uniform(0, 30)
        world.at_sleep = lambda now: setattr(world, "stop", world.stop or now > at)
    error = await lock_down(world, made)
    for _ in range(30):  # it may die on the way back as well
        told = story(world)
        if told is None or told.next is Next.NOTHING:
            break
        assert isinstance(error, Died | NeedsHand)
        world.stop, world.at_sleep = False, lambda _: None
        world.die_at = world.events + dice.randrange(1, 12) if dice.random() < 0.5 else None
        try:
            await start_again(world)
        except Died:
            continue
        except ZhinanError as failure:
            error = failure
    await judge(world, error)


async def test_nothing_disturbs_it(stage: Stage, tmp_path: Path) -> None:
    made = await planned(stage, random.Random(1))
    world = World(stage, tmp_path)
    assert await lock_down(world, made) is None
    assert await judge(world, None) is Phase.CLOSED


@pytest.mark.parametrize("dead", ["login", "assistant"])
async def test_a_way_in_that_fails_brings_the_rules_back(stage: Stage, tmp_path: Path, dead: str) -> None:
    made = await planned(stage, random.Random(2))
    world = World(stage, tmp_path, **{dead: False})
    error = await lock_down(world, made)
    assert isinstance(error, RolledBack)
    assert await judge(world, error) is Phase.RESTORED


async def test_a_stop_while_it_writes_means_back(stage: Stage, tmp_path: Path) -> None:
    made = await planned(stage, random.Random(3))
    world = World(stage, tmp_path)
    world.at_sleep = lambda _: setattr(world, "stop", True)
    error = await lock_down(world, made)
    assert isinstance(error, Cancelled)
    assert await judge(world, error) is Phase.RESTORED


async def test_rules_that_changed_since_they_were_shown_stop_it(stage: Stage, tmp_path: Path) -> None:
    made = await planned(stage, random.Random(4))
    stage.group.rules.append(Rule("sgr-late", ports="8080/8080", cidr="0.0.0.0/0"))
    world = World(stage, tmp_path)
    error = await lock_down(world, made)
    assert isinstance(error, Refused)
    assert await judge(world, error) is Phase.DROPPED
    assert not [name for name, _ in stage.service.faults.asked if name in WRITES]


async def test_a_cloud_that_falls_silent_is_tried_until_somebody_stops_it(stage: Stage, tmp_path: Path) -> None:
    made = await planned(stage, random.Random(5))
    world = World(stage, tmp_path, login=False)
    silent = Fault("lost", "*", 1, 10_000)
    world.at_proof = lambda name: stage.service.faults.add(silent) if name == "login" else None
    world.at_sleep = lambda now: setattr(world, "stop", now > 4000)
    error = await lock_down(world, made)
    assert isinstance(error, NeedsHand)
    assert len(world.troubles) > 10
    told = story(world)
    assert told is not None
    assert (told.phase, told.next) == (Phase.NEEDS_HAND, Next.ROLL_BACK)
    stage.service.faults.clear()
    world.at_sleep = lambda _: None
    assert await start_again(world) is None
    assert world.rules() == world.first


async def test_what_others_changed_is_left_to_them(stage: Stage, tmp_path: Path) -> None:
    made = await planned(stage, random.Random(6))
    world = World(stage, tmp_path)
    assert await lock_down(world, made) is None
    theirs = [Rule(each.id, priority=7, cidr="192.0.2.0/24") if each.id == "sgr-test0001" else each for each in stage.group.rules]
    stage.group.rules = theirs
    from lockdown_world import cloud

    from tui.act.lockdown_back import Hand, Nobody
    from tui.act.lockdown_record import records, take
    from tui.texts import same

    with take(records(tmp_path)[0]) as record:
        left = await Hand(record, cloud(world), Nobody(), sleep=world.sleep).back(same("undo"), sure=True)
    assert left is not None
    assert left.others
    assert any(each.cidr == "192.0.2.0/24" for each in stage.group.rules)


@pytest.mark.parametrize(("tried", "says"), [("in", "lets in again"), ("not yet", "not let in yet"), ("can't", "")])
async def test_once_the_rules_are_back_the_old_way_is_tried(stage: Stage, tmp_path: Path, tried: str, says: str) -> None:
    """What the rules say is one thing; that a connection comes through is another, and told if it was tried."""
    made = await planned(stage, random.Random(2))
    world = World(stage, tmp_path, login=False, probe=tried != "can't")
    if tried == "not yet":
        world.at_proof = lambda name: setattr(world, "_lets_in", lambda: False) if name == "login" else None
    error = await lock_down(world, made)
    assert isinstance(error, RolledBack)
    assert says in error.text.en
    assert ("in again" in error.text.en, "yet" in error.text.en) == (tried == "in", tried == "not yet")
    assert await judge(world, error) is Phase.RESTORED
