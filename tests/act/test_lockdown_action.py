"""`aliyun.lockdown` from first look to last proof: a scripted server and computer, the practice cloud, and a real port to knock at."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from act_server import Reply
from acted_lockdown import Door, World

from tui.act.lockdown_record import RECORD, records
from tui.judge.gates_open import phrase
from tui.judge.lockdown import Next, Phase
from tui.practice.ecs.faults import Fault
from tui.practice.ecs.state import Eni, Instance, Rule
from tui.run.events import AnyEvent, Outcome

sys.path.append(str(Path(__file__).parents[1] / "ecs"))
from ecs_stage import GROUP


@pytest.fixture
def world(lockdown: World) -> World:
    return lockdown


async def test_closed_and_proven(world: World) -> None:
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    assert world.phase is Phase.CLOSED
    assert not world.door.open
    told = played.observed("firewall")[-1]
    assert (told["phase"], told["open"]) == ("closed", False)
    assert [proof["status"] for proof in told["proofs"]] == ["pass"] * 4
    assert {gate["status"] for gate in told["gates"]} == {"pass"}
    assert told["calls"][0]["state"] == "done"
    (question,) = world.person.asked
    assert (question.typed, question.danger) == ("web-1", True)
    assert played.state.values["lockdown_id"].text == records(world.home)[0].id


async def test_without_a_person_nothing_is_changed(world: World) -> None:
    world.person.no = ("close",)
    played = await world.run()
    assert played.outcome is Outcome.REFUSED
    assert world.door.open
    assert world.phase is Phase.DROPPED


async def test_a_dry_run_leaves_no_trace(world: World) -> None:
    played = await world.run(dry=True)
    assert played.outcome is Outcome.PASSED, played.why
    assert world.door.open
    assert records(world.home) == ()
    assert not world.person.asked
    assert "127.0.0.1/32" in played.log
    assert not [action for action, _ in world.stage.service.faults.asked if action.endswith(("SecurityGroup", "SecurityGroupRule"))]


async def test_a_tailnet_that_fails_after_the_change_brings_the_rules_back(world: World) -> None:
    good = Reply(f"zhinan-boot={world.boot}\n")
    world.logins = [good, good, good, Reply("ssh: connect to host: Connection timed out", 255)]
    played = await world.run()
    assert played.outcome is Outcome.FAILED
    assert world.phase is Phase.RESTORED
    assert world.door.open
    assert "old rules are back" in played.why
    assert played.observed("firewall")[-1]["calls"][0]["state"] == "undone"


async def test_a_door_that_stays_open_brings_the_rules_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load balancer, say: the rules are shut, and SSH greets all the same."""
    monkeypatch.setattr(Door, "open", True)
    played = await world.run()
    assert played.outcome is Outcome.FAILED
    assert world.phase is Phase.RESTORED
    assert "still gets in" in played.why


async def test_another_machine_behind_the_name_stops_it(world: World) -> None:
    world.boot = "0000"
    played = await world.run()
    assert played.outcome is Outcome.FAILED
    assert "boot ids differ" in played.why
    assert world.phase is Phase.DROPPED


async def test_a_gate_opens_by_its_words_only(world: World) -> None:
    world.enabled = "disabled"
    world.person.no = ("this gate is shut",)
    played = await world.run()
    assert (played.outcome, world.phase) == (Outcome.REFUSED, Phase.DROPPED)
    assert world.person.asked[0].typed == phrase("boot")
    world.person.no = ()
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    words = [question.typed for question in world.person.asked[1:]]
    assert words == [phrase("boot"), phrase("trap"), phrase("second-way"), "web-1"], "what hangs on the restart needs words, too"
    closed = next(each for each in records(world.home) if each.story and each.story.phase is Phase.CLOSED)
    assert phrase("boot") in (closed.folder / RECORD).read_text("utf-8")


async def test_other_servers_are_agreed_to_by_their_number(world: World) -> None:
    world.stage.region.instances["i-2"] = Instance("i-2", "db", enis=[Eni("eni-2", [GROUP], "172.16.0.6")])
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    assert [question.typed for question in world.person.asked] == ["1", "web-1"]


async def test_a_wide_rule_asks_for_a_choice(world: World) -> None:
    world.stage.group.rules.append(Rule("sgr-wide", priority=1, ports="1/65535", cidr="0.0.0.0/0"))
    played = await world.run()
    assert "option wide" in played.why
    assert records(world.home) == ()
    assert (await world.run(wide="split")).outcome is Outcome.PASSED


async def test_a_stop_in_the_middle_means_back(world: World) -> None:
    gate = Fault("lost", "ModifySecurityGroupRule", after=True)
    world.stage.service.faults.add(gate)

    def stop(event: AnyEvent, session: Any) -> None:
        if getattr(event, "topic", "") == "firewall" and event.facts["phase"] == "writing":  # type: ignore[union-attr]
            session.stop()

    world.watch = stop
    played = await world.run()
    assert played.outcome is Outcome.CANCELLED
    assert world.phase is Phase.RESTORED
    assert "you stopped it. The old rules are back" in played.why
    assert world.door.open


async def test_who_stops_the_way_back_reads_how_it_was_left(world: World) -> None:
    """A stop ends the way back while the cloud does not answer; it must not read as if nothing had happened."""
    good = Reply(f"zhinan-boot={world.boot}\n")
    world.logins = [good, good, good, Reply("ssh: connect to host: Connection timed out", 255)]
    world.stage.service.faults.add(Fault("lost", "ModifySecurityGroupRule", 2, 1000))

    def stop(event: AnyEvent, session: Any) -> None:
        if getattr(event, "topic", "") == "firewall" and event.facts["trouble"]:  # type: ignore[union-attr]
            session.stop()

    world.watch = stop
    played = await world.run()
    assert played.outcome is Outcome.UNKNOWN
    assert "the old rules are not all back" in played.why
    assert not world.door.open
    story = records(world.home)[0].story
    assert story is not None
    assert (story.phase, story.next) == (Phase.NEEDS_HAND, Next.ROLL_BACK)


@pytest.mark.parametrize("written", ["cn-beijing/i-other", "i-2", "db"])
async def test_two_truths_about_the_instance_stop_it(world: World, written: str) -> None:
    world.stage.region.instances["i-2"] = Instance("i-2", "db", enis=[Eni("eni-2", [GROUP], "172.16.0.6")])
    played = await world.run(instance=written)
    assert "says that it is" in played.why
    assert world.phase is None


async def test_a_server_that_can_not_say_which_instance_it_is_must_be_named(world: World) -> None:
    world.who = "instance=\nregion=\n"
    assert "could not read from its metadata" in (await world.run()).why
    assert world.phase is None
    assert (await world.run(instance="web-1")).outcome is Outcome.PASSED


async def test_a_rehearsal_never_uses_the_readers_own_keys(world: World) -> None:
    world.environ = {"ZHINAN_TAILSCALE_API": "http://127.0.0.1:9"}
    played = await world.run()
    assert "no cloud of its own" in played.why
    assert not world.stage.service.faults.asked
    assert world.phase is None
