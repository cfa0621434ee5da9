"""`aliyun.restore`: the old rules exactly, weeks later, and nothing that others changed overwritten unasked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, Server, play
from acted_lockdown import Person, World
from network_host import RUNNING

from tui.act import ACTIONS
from tui.act.lockdown_record import records
from tui.judge.lockdown import Next, Phase
from tui.practice.ecs.faults import Fault
from tui.run.events import Outcome


@pytest.fixture
def world(lockdown: World) -> World:
    return lockdown


async def restored(world: World, person: Person, home: Path, **options: Any) -> Played:
    use = "aliyun.restore"
    return await play(Server([RUNNING]), use, ACTIONS[use], home / "r", options=options, asker=person, haste=1e5)


async def test_exactly_as_it_was(world: World) -> None:
    before = list(world.stage.group.rules)
    await world.run()
    assert world.stage.group.rules != before
    person = Person()
    played = await restored(world, person, world.home)
    assert played.outcome is Outcome.PASSED, played.why
    assert world.stage.group.rules == before
    assert (world.phase, person.asked[0].typed) == (Phase.RESTORED, "web-1")
    assert played.observed("firewall")[-1]["open"] is True


async def test_a_no_leaves_it_closed(world: World) -> None:
    await world.run()
    played = await restored(world, Person(no=("put back",)), world.home)
    assert played.outcome is Outcome.REFUSED
    assert (world.phase, world.door.open) == (Phase.CLOSED, False)


async def test_theirs_are_asked_about(world: World) -> None:
    await world.run()
    rules = world.stage.group.rules
    world.stage.group.rules = [replace(each, cidr="192.0.2.0/24") if each.id == "sgr-ssh" else each for each in rules]
    played = await restored(world, Person(no=("others changed",)), world.home)
    assert played.outcome is Outcome.PASSED, played.why
    assert (world.phase, world.stage.group.rules[0].cidr) == (Phase.RESTORED, "192.0.2.0/24")
    played = await restored(world, Person(), world.home, lockdown=records(world.home)[0].id)
    assert played.outcome is Outcome.PASSED, played.why
    assert world.door.open


async def test_a_rule_that_is_gone_is_made_anew(world: World) -> None:
    await world.run()
    world.stage.group.rules = [each for each in world.stage.group.rules if each.id != "sgr-ssh"]
    played = await restored(world, Person(), world.home)
    assert played.outcome is Outcome.PASSED, played.why
    assert world.door.open


async def test_a_cloud_without_an_answer_is_no_restored_one(world: World) -> None:
    await world.run()
    world.stage.service.faults.add(Fault("lost", "ModifySecurityGroupRule", 1, 500))
    person = Person()

    def stop(event: Any, session: Any) -> None:
        if getattr(event, "topic", "") == "firewall" and event.facts["trouble"]:
            session.stop()

    use = "aliyun.restore"
    played = await play(Server([RUNNING]), use, ACTIONS[use], world.home / "r", asker=person, haste=1e5, watch=stop)
    assert played.outcome is not Outcome.PASSED
    story = records(world.home)[0].story
    assert story is not None
    assert (story.phase, story.next) == (Phase.NEEDS_HAND, Next.ROLL_BACK)
    world.stage.service.faults.clear()
    again = await world.run()
    assert "bring it back first" in again.why


async def test_without_a_record_it_says_so(world: World) -> None:
    played = await restored(world, Person(), world.home)
    assert "no record" in played.why
