"""From the cloud to the judge and back: read, planned, sent, compared, restored."""

from __future__ import annotations

import pytest
from ecs_stage import GROUP, REGION, SERVER, Stage

from tui.cloud.ecs_errors import Missing, OutcomeUnknown
from tui.cloud.ecs_retry import Patience
from tui.cloud.ecs_wall import make, read_wall
from tui.errors import Unreachable
from tui.judge.firewall import Member, Wall
from tui.judge.firewall_change import Change, Modify
from tui.judge.firewall_compare import compare, restore
from tui.judge.firewall_plan import Mode, Wide, plan
from tui.practice.ecs.faults import Fault, said
from tui.practice.ecs.state import Eni, Group, Instance, Listing, Rule


async def all_made(stage: Stage, changes: tuple[Change, ...]) -> Wall:
    api = stage.api()
    for number, change in enumerate(changes):
        await make(api, REGION, change, f"token-{number}-{id(changes)}")
    return await read_wall(api, REGION, SERVER)


def furnish(stage: Stage) -> None:
    """Every kind of rule that a plan has an answer for, over two groups, one of them shared."""
    stage.group.rules += [
        Rule("sgr-six", priority=100, cidr6="::/0", description="v6"),
        Rule("sgr-wide", priority=50, ports="1/65535", cidr="0.0.0.0/0", description="all of TCP"),
        Rule("sgr-list", priority=60, ports="", port_list="prl-1", cidr="0.0.0.0/0"),
    ]
    stage.region.port_lists["prl-1"] = Listing("prl-1", ["80/80", "443/443"])
    stage.region.prefix_lists["pl-1"] = Listing("pl-1", ["198.51.100.0/24"])
    stage.region.groups["sg-2"] = Group("sg-2", "second", rules=[Rule("sgr-pre", cidr="", prefix_list="pl-1")])
    stage.region.instances[SERVER].enis[0].groups.append("sg-2")
    stage.region.instances["i-2"] = Instance("i-2", "db", enis=[Eni("eni-2", [GROUP], "172.16.0.6")])


async def test_all_is_understood(stage: Stage) -> None:
    furnish(stage)
    stage.cloud.pages = 2
    found = await read_wall(stage.api(), REGION, SERVER)
    assert found.instance.whole
    assert [(group.id, group.kind, len(group.rules), group.unread) for group in found.groups] == [
        (GROUP, "normal", 6, ()), ("sg-2", "normal", 1, ()),
    ]  # fmt: skip
    assert found.members[GROUP] == (Member(SERVER, "web-1"), Member("i-2", "db"))
    assert found.port_lists["prl-1"].room == 2
    assert found.taken


@pytest.mark.parametrize("mode", [Mode.LOOPBACK, Mode.REMOVE])
async def test_closed_as_planned_and_opened_as_it_was(stage: Stage, mode: Mode) -> None:
    furnish(stage)
    before = await read_wall(stage.api(), REGION, SERVER)
    planned = plan(before, 22, mode, wide=Wide.SPLIT)
    assert planned.ready
    assert len(planned.changes) > 3
    closed = await all_made(stage, planned.changes)
    found = compare(before, closed, planned.after)
    assert {line.stand for line in found.lines} <= {"untouched", "as planned"}
    assert plan(closed, 22).changes == ()
    again = await all_made(stage, restore(found).changes)
    senses = [{rule.sense for group in wall.groups for rule in group.rules} for wall in (before, again)]
    assert senses[0] == senses[1]


async def test_a_rule_that_others_deleted(stage: Stage) -> None:
    planned = plan(await read_wall(stage.api(), REGION, SERVER), 22)
    (change,) = planned.changes
    assert isinstance(change, Modify)
    del stage.group.rules[0]
    with pytest.raises(Missing, match="已经不在"):
        await make(stage.api(), REGION, change, "token")


async def test_a_change_with_the_token_of_before_is_the_same_change(stage: Stage) -> None:
    planned = plan(await read_wall(stage.api(), REGION, SERVER), 22)
    stage.service.faults.add(Fault("lost", "ModifySecurityGroupRule", after=True))
    with pytest.raises(OutcomeUnknown):
        await make(stage.api(patience=Patience(tries=1)), REGION, planned.changes[0], "token-kept")
    made: list[Group] = []
    stage.cloud.on_rules = made.append
    await make(stage.api(), REGION, planned.changes[0], "token-kept")
    assert made == []
    assert plan(await read_wall(stage.api(), REGION, SERVER), 22).changes == ()


async def test_what_is_no_rule_list_is_no_wall(stage: Stage) -> None:
    body = b'{"RequestId":"x","SecurityGroupId":"sg-test0001","Permissions":{"Permission":[]},"NextToken":["x"]}'
    stage.service.faults.add(said("DescribeSecurityGroupAttribute", body))
    with pytest.raises(Unreachable):
        await read_wall(stage.api(), REGION, SERVER)


async def test_a_rule_nobody_understands_stays_in_sight(stage: Stage) -> None:
    stage.group.rules.append(Rule("sgr-odd", protocol="QUIC", cidr="0.0.0.0/0"))
    found = await read_wall(stage.api(), REGION, SERVER)
    assert [each.id for each in found.groups[0].unread] == ["sgr-odd"]
