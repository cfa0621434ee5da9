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
from tui.practice.ecs.state import Rule
from tui.run.events import Outcome

from ecs_stage import SERVER  # isort: skip


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


async def test_each_of_theirs_is_shown_in_three_views(world: World) -> None:
    """How it was, what was set, how it is now: nobody decides about a colleague's rule without seeing what became of it."""
    await world.run()
    port = world.door.port
    world.stage.group.rules = [
        replace(each, cidr="192.0.2.0/24", priority=7, description="office") if each.id == "sgr-ssh" else each
        for each in world.stage.group.rules
    ]
    world.stage.group.rules.append(Rule("sgr-late", priority=3, ports="8080/8080", cidr="0.0.0.0/0", description="test"))
    person = Person(no=("put back",))
    await restored(world, person, world.home)
    first, last = person.asked
    assert [(line.mark, line.text.en) for line in first.lines] == [
        ("", "rule sgr-ssh (sg-test0001) was changed by somebody:"),
        (" ", f"before    allow TCP {port}/{port} priority 100 from anybody 0.0.0.0/0 “ssh”"),
        (" ", f"we set    allow TCP {port}/{port} priority 100 from 127.0.0.1/32 (nobody) “ssh”"),
        ("-", f"now       allow TCP {port}/{port} priority 7 from 192.0.2.0/24 “office”"),
        ("+", f"would be  allow TCP {port}/{port} priority 100 from anybody 0.0.0.0/0 “ssh”"),
    ]
    assert "rule sgr-late (sg-test0001), added by somebody, stays" in last.shown().en
    assert last.lines[0].text.en == f"afterwards: who can reach port {port} from the internet: anybody (IPv4)", "theirs went back as well"
    assert world.stage.group.rules[0].cidr == "192.0.2.0/24"


async def test_one_that_is_gone_is_shown_as_gone(world: World) -> None:
    await world.run()
    kept = world.stage.group.rules = [each for each in world.stage.group.rules if each.id != "sgr-ssh"]
    person = Person(no=("others changed",))
    await restored(world, person, world.home)
    shown = person.asked[0].shown().en
    assert "rule sgr-ssh (sg-test0001) was deleted by somebody:" in shown
    assert "now       (no such rule)" in shown
    assert "+ would be  allow TCP" in shown
    assert world.stage.group.rules == kept


async def test_what_was_opened_for_a_while_is_no_colleagues_rule(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.act.opening.start", lambda *_: False)
    await world.run()
    use = "aliyun.open"
    options = {"instance": SERVER, "address": "198.51.100.9", "port": world.door.port}
    played = await play(Server([RUNNING]), use, ACTIONS[use], world.home / "o", options=options, asker=Person())
    assert played.outcome is Outcome.PASSED, played.why
    lockdown = next(each.id for each in records(world.home) if each.story and not each.story.kind)
    person = Person()
    played = await restored(world, person, world.home, lockdown=lockdown)
    assert played.outcome is Outcome.PASSED, played.why
    (asked,) = person.asked
    assert "was made to open for a while, and goes by itself" in asked.shown().en
    assert world.door.open
    assert any(each.cidr == "198.51.100.9/32" for each in world.stage.group.rules)
    use = "aliyun.shut"
    played = await play(Server([RUNNING]), use, ACTIONS[use], world.home / "o", asker=Person())
    assert played.outcome is Outcome.PASSED, played.why
    assert not any(each.cidr == "198.51.100.9/32" for each in world.stage.group.rules)
    assert world.door.open, "only its own rule went"


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
