"""`aliyun.open` and `aliyun.shut`: one address more gets in, exactly that, until it is shut out again; nobody else's rule is touched."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, Reply, Server, play
from acted_lockdown import Person
from network_host import RUNNING

from tui.act import ACTIONS
from tui.act.lockdown_record import records
from tui.act.opening_end import finish
from tui.act.opening_told import standings
from tui.judge.lockdown import Next, Phase, Story
from tui.practice.ecs.errors import ApiError
from tui.practice.ecs.faults import Fault
from tui.practice.ecs.state import Rule
from tui.run.ask import Nobody
from tui.run.events import Outcome

from ecs_stage import REGION, SERVER, Stage  # isort: skip

LOOK = "system=Linux\narch=x86_64\ndistribution=debian\ncli=/usr/bin/tailscale\nservice=active\n"
ME = "203.0.113.9"
SHUT = Rule("sgr-ssh", priority=100, ports="22/22", cidr="127.0.0.1/32", description="ssh")


@dataclass
class World:
    """A server whose public SSH is shut, and a computer whose Tailscale tells under which address it goes out."""

    stage: Stage
    home: Path
    person: Nobody = field(default_factory=Person)
    seen: str = f"{ME}:41641"
    status: dict[str, Any] = field(default_factory=lambda: dict(RUNNING))
    started: list[str] = field(default_factory=list)

    async def run(self, use: str = "aliyun.open", **options: Any) -> Played:
        computer = Server(
            [self.status],
            {"uname -s": [Reply(LOOK)], "netcheck": [Reply(f'# Warning\n{{"UDP": true, "GlobalV4": "{self.seen}", "GlobalV6": ""}}\n')],
             "--peers=false": [Reply("{}" if "ExitNodeStatus" not in self.status else '{"ExitNodeStatus": {"ID": "n5"}}')]},
            name="local", address="local",
        )  # fmt: skip
        inputs = {"PUBLIC_IP": "203.0.113.10"}
        return await play(
            Server([RUNNING]), use, ACTIONS[use], self.home / "j", options=options, beside={"local": computer}, asker=self.person,
            inputs=inputs,
        )  # fmt: skip

    @property
    def story(self) -> Story:
        told = records(self.home)[0].story
        assert told is not None
        return told

    def own(self) -> list[Rule]:
        return [each for each in self.stage.group.rules if each.description.startswith("zhinan: open")]


@pytest.fixture
def world(own_account: None, account: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("ZHINAN_ECS_ENDPOINT", account.endpoint)
    monkeypatch.setattr("tui.act.opening_make.LOOKS", (0.0,) * 4)
    monkeypatch.setattr("tui.act.opening_end.ROUNDS", 1)
    account.group.rules[0] = SHUT
    made = World(account, tmp_path)
    monkeypatch.setattr("tui.act.opening.start", lambda found, *_: made.started.append(found.id))
    return made


async def test_exactly_that_address_gets_in_and_is_shut_out_again(world: World) -> None:
    before = list(world.stage.group.rules)
    played = await world.run(hours=2)
    assert played.outcome is Outcome.PASSED, played.why
    (rule,) = world.own()
    assert (rule.cidr, rule.ports, rule.protocol, rule.policy) == (f"{ME}/32", "22/22", "TCP", "Accept")
    assert 7100 < world.story.until - time.time() < 7300
    assert (world.story.phase, world.story.next) == (Phase.OPEN, Next.WAIT)
    assert world.story.opened is not None
    assert world.story.opened.id == rule.id
    told = played.observed("firewall")[-1]
    assert (told["phase"], told["open"], told["openings"][0]["state"], told["openings"][0]["address"]) == ("open", True, "open", ME)
    assert told["mode"] == "open", "the way back must not take its record for one that opens"
    assert world.started == [records(world.home)[0].id]
    (question,) = world.person.asked  # type: ignore[attr-defined]
    assert question.typed == "web-1"
    shown = question.shown().en
    assert ME in shown
    assert "Tailscale's relays" in shown
    played = await world.run("aliyun.shut")
    assert played.outcome is Outcome.PASSED, played.why
    assert world.stage.group.rules == before
    assert world.story.phase is Phase.RESTORED
    assert "已重新关上" in played.log


async def test_without_a_person_nothing_is_opened(world: World) -> None:
    world.person = Nobody()
    played = await world.run()
    assert played.outcome is Outcome.REFUSED
    assert not world.own()
    assert records(world.home) == ()


async def test_again_makes_it_longer_and_never_double(world: World) -> None:
    await world.run(hours=1)
    first = world.story.until
    played = await world.run(hours=5)
    assert played.outcome is Outcome.PASSED, played.why
    (rule,) = world.own()
    assert world.story.until > first + 3 * 3600
    assert len(records(world.home)) == 1
    assert rule.id == world.story.opened.id  # type: ignore[union-attr]
    assert rule.description == world.story.opened.description  # type: ignore[union-attr]


async def test_a_longer_one_that_failed_ends_when_it_was_to_end(world: World) -> None:
    await world.run(hours=1)
    first = world.story
    world.stage.service.faults.add(Fault("say", "ModifySecurityGroupRule", 1, 50, after=True, error=ApiError("InternalError", status=500)))
    played = await world.run(hours=5)
    assert played.outcome is not Outcome.PASSED
    assert (world.story.until, world.story.next) == (first.until, Next.WAIT)
    world.stage.service.faults.clear()
    assert (await world.run("aliyun.shut")).outcome is Outcome.PASSED
    assert not world.own(), "the rule is known in its new wording, too"


@pytest.mark.parametrize(("priority", "expected"), [(50, 49), (2, 1)])
async def test_it_goes_before_the_deny_rules(world: World, priority: int, expected: int) -> None:
    world.stage.group.rules.append(Rule("sgr-drop", policy="Drop", priority=priority, ports="1/65535", cidr="203.0.113.0/24"))
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    assert world.own()[0].priority == expected


async def test_where_a_deny_rule_stands_first_it_says_so(world: World) -> None:
    world.stage.group.rules.append(Rule("sgr-drop", policy="Drop", priority=1, ports="22/22", cidr="0.0.0.0/0"))
    played = await world.run()
    assert "a deny rule stands first" in played.why
    assert not world.own()


async def test_who_gets_in_already_needs_no_rule(world: World) -> None:
    world.stage.group.rules.append(Rule("sgr-home", priority=5, ports="22/22", cidr="203.0.113.0/24"))
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    assert not world.own()
    assert "没有要改的" in played.log


@pytest.mark.parametrize(
    ("written", "why"),
    [("10.1.2.3", "not on the internet"), ("100.101.1.1", "not on the internet"), ("203.0.0.0/16", "too wide"), ("home", "no address")],
)
async def test_an_address_that_can_not_be_meant(world: World, written: str, why: str) -> None:
    played = await world.run(address=written)
    assert why in played.why
    assert not world.own()


async def test_the_address_a_reader_wrote(world: World) -> None:
    world.seen = ""
    assert "could not be learned" in (await world.run()).why
    played = await world.run(address="198.51.100.0/28")
    assert played.outcome is Outcome.PASSED, played.why
    assert world.own()[0].cidr == "198.51.100.0/28"


async def test_the_server_knows_best_where_a_connection_comes_from(world: World) -> None:
    world.seen = ""
    server = Server([RUNNING], {"SSH_CONNECTION%% ": [Reply("198.51.100.7\n")]})
    use = "aliyun.open"
    played = await play(
        server, use, ACTIONS[use], world.home / "j", options={"server": "ecs", "instance": SERVER}, asker=world.person,
        beside={"local": Server([], {}, name="local", address="local")},
    )  # fmt: skip
    assert played.outcome is Outcome.PASSED, played.why
    assert world.own()[0].cidr == "198.51.100.7/32"


async def test_behind_an_exit_node_it_does_not_guess(world: World) -> None:
    world.status["ExitNodeStatus"] = {"ID": "n5"}
    played = await world.run()
    assert "exit node" in played.why
    assert not world.own()


async def test_a_rule_somebody_changed_is_asked_about(world: World) -> None:
    await world.run()
    mine = world.own()[0]
    theirs = replace(mine, cidr="203.0.113.0/28")
    world.stage.group.rules = [theirs if each.id == mine.id else each for each in world.stage.group.rules]
    world.person = Person(no=("somebody changed",))
    played = await world.run("aliyun.shut")
    assert played.outcome is Outcome.PASSED, played.why
    assert theirs in world.stage.group.rules
    assert "有人改过那条规则" in played.log
    assert "旧规则已恢复" not in played.log


async def test_a_rule_somebody_took_over_by_its_description_is_theirs(world: World) -> None:
    await world.run()
    mine = world.own()[0]
    world.stage.group.rules = [
        replace(mine, description="keep: office") if each.id == mine.id else each for each in world.stage.group.rules
    ]
    over(world)
    ended = await finish(records(world.home)[0], os.environ, sleep=no_wait)
    assert ended is not None
    assert (ended.gone, ended.others) == (False, True)
    assert any(each.description == "keep: office" for each in world.stage.group.rules)


async def test_closed_is_not_said_while_another_rule_lets_it_in(world: World) -> None:
    await world.run()
    world.stage.group.rules.append(Rule("sgr-late", ports="22/22", cidr="203.0.113.0/24"))
    played = await world.run("aliyun.shut")
    assert not world.own()
    assert "仍能连端口 22" in played.log
    assert "已重新关上" not in played.log


async def test_a_lockdown_waits_for_it(world: World) -> None:
    from tui.act.lockdown_left import nothing_left
    from tui.errors import Refused

    await world.run()
    with pytest.raises(Refused, match=ME):
        nothing_left(world.home, SERVER, dry=False)
    nothing_left(world.home, SERVER, dry=True)
    await world.run("aliyun.shut")
    nothing_left(world.home, SERVER, dry=False)


async def test_time_is_up(world: World) -> None:
    before = list(world.stage.group.rules)
    await world.run()
    assert await finish(records(world.home)[0], os.environ, sleep=no_wait) is None, "not yet"
    assert world.own()
    over(world)
    assert standings(world.home, time.time())[0]["state"] == "closing"
    ended = await finish(records(world.home)[0], os.environ, sleep=no_wait)
    assert ended is not None
    assert ended.gone
    assert "is closed again" in ended.say.en
    assert world.stage.group.rules == before
    assert standings(world.home, time.time())[0]["state"] == "closed"


async def test_a_clock_that_was_set_back_ends_it(world: World) -> None:
    await world.run()
    assert world.story.at(time.time() - 200) is Next.WAIT
    assert world.story.at(time.time() - 4000) is Next.ROLL_BACK


async def test_a_silent_cloud_is_told_with_the_rule_and_the_console(world: World) -> None:
    await world.run()
    over(world)
    world.stage.service.faults.add(Fault("say", "*", 1, 10_000, error=ApiError("Throttling.User", status=400)))
    ended = await finish(records(world.home)[0], os.environ, rounds=1, sleep=no_wait)
    assert ended is not None
    assert not ended.gone
    assert world.own()[0].id in ended.say.en
    assert f"console.aliyun.com/securityGroup/region/{REGION}" in ended.say.en
    assert standings(world.home, time.time())[0]["state"] == "stuck"


async def test_another_accounts_key_can_not_see_it_gone(world: World) -> None:
    """A key of another account sees neither the group nor the server: that is no proof that the rule went with them."""
    await world.run()
    over(world)
    group = world.stage.region.groups.pop(world.story.group)
    server = world.stage.region.instances.pop(SERVER)
    ended = await finish(records(world.home)[0], os.environ, rounds=1, sleep=no_wait)
    assert ended is not None
    assert not ended.gone
    world.stage.region.groups[group.id], world.stage.region.instances[SERVER] = group, server
    ended = await finish(records(world.home)[0], os.environ, rounds=1, sleep=no_wait)
    assert ended is not None
    assert ended.gone


def over(world: World) -> None:
    """Its time is up, as far as the record knows."""
    from tui.act.lockdown_record import take
    from tui.judge.firewall_store import rule_to_map

    with take(records(world.home)[0]) as record:
        assert record.story.opened is not None
        record.add(Phase.OPEN, until=time.time() - 1, rule=rule_to_map(record.story.opened))


async def no_wait(_: float) -> None:
    return
