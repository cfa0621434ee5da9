"""Finding the server, and reading all that decides who gets in: across regions, cards, groups and lists."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ecs_stage import GROUP, KEY, REGION, SERVER, Stage

from tui.cloud.ecs_errors import EcsRefused, KeyRejected, Missing
from tui.cloud.ecs_find import find
from tui.cloud.ecs_read import read
from tui.errors import Unreachable
from tui.practice.ecs.faults import refused
from tui.practice.ecs.state import Eni, Group, Instance, Listing, Rule


@pytest.mark.parametrize("wish", ["i-2", "203.0.113.9", "203.0.113.10", "172.16.0.6", "10.0.0.8", "db 1", " db 1 "])
async def test_found_by_whatever_is_known(stage: Stage, wish: str) -> None:
    cards = [Eni("eni-2", ["sg-2"], "172.16.0.6"), Eni("eni-3", ["sg-3"], "10.0.0.8", primary=False)]
    other = Instance("i-2", "db 1", public_ip="203.0.113.10", eip="203.0.113.9", enis=cards)
    stage.cloud.regions["cn-beijing"].instances["i-2"] = other
    del stage.region.instances[SERVER]
    search = await find(stage.api(), wish)
    assert [(each.region, each.id) for each in search.found] == [("cn-beijing", "i-2")]
    assert search.asked == ("cn-hangzhou", "cn-beijing")


async def test_two_of_the_same_name_are_both_told(stage: Stage) -> None:
    stage.cloud.regions["cn-beijing"].instances["i-2"] = Instance("i-2", "web-1", enis=[Eni("eni-2", [], "172.16.0.6")])
    assert {each.id for each in (await find(stage.api(), "web-1")).found} == {SERVER, "i-2"}
    assert (await find(stage.api(), "web*")).found == ()
    assert [each.id for each in (await find(stage.api(), "web-1", ["cn-beijing"])).found] == ["i-2"]


async def test_nothing_found_says_what_that_may_mean(stage: Stage) -> None:
    search = await find(stage.api(), "i-none")
    assert search.found == ()
    for word in ("2 个地域", "轻量应用服务器", "ecs:DescribeInstances"):
        assert word in search.why_none.zh


async def test_a_region_that_could_not_be_looked_at_is_told(stage: Stage) -> None:
    stage.service.faults.add(refused("DescribeInstances", "UnauthorizedRegion", where={"RegionId": "cn-beijing"}))
    search = await find(stage.api(), "i-none")
    assert list(search.failed) == ["cn-beijing"]
    assert "cn-beijing" in search.why_none.en
    stage.service.faults.add(refused("DescribeInstances", "UnauthorizedRegion", times=99))
    with pytest.raises(Unreachable, match="不能使用地域"):
        await find(stage.api(), "i-none")


async def test_a_wrong_key_is_not_tried_everywhere(stage: Stage) -> None:
    with pytest.raises(KeyRejected):
        await find(stage.api(replace(KEY, secret="wrong")), "i-none", ["cn-hangzhou", "cn-beijing"])


async def test_an_address_of_the_tailnet_is_not_asked_for(stage: Stage) -> None:
    with pytest.raises(EcsRefused, match="tailnet"):
        await find(stage.api(), "100.101.102.103")
    assert not stage.service.faults.asked


async def test_all_that_decides_is_read(stage: Stage) -> None:
    stage.cloud.pages = 2
    server = stage.region.instances[SERVER]
    server.enis.append(Eni("eni-b", ["sg-2", GROUP], "172.16.0.9", primary=False))
    stage.region.groups["sg-2"] = Group(
        "sg-2", rules=[Rule("sgr-p", cidr="", prefix_list="pl-1"), Rule("sgr-q", ports="", port_list="prl-1", cidr="0.0.0.0/0")]
    )
    stage.region.prefix_lists["pl-1"] = Listing("pl-1", ["198.51.100.0/24"])
    stage.region.port_lists["prl-1"] = Listing("prl-1", ["22/22"])
    stage.region.instances["i-2"] = Instance("i-2", "db", enis=[Eni("eni-2", ["sg-9"], "172.16.0.6"), Eni("eni-3", ["sg-2"], "10.0.0.8")])
    seen = await read(stage.api(), REGION, SERVER)
    assert seen.instance["InstanceId"] == SERVER
    assert [each["NetworkInterfaceId"] for each in seen.interfaces or ()] == ["eni-test0001", "eni-b"]
    assert [each["SecurityGroupId"] for each in seen.groups] == [GROUP, "sg-2"]
    rules = [rule["SecurityGroupRuleId"] for page in seen.pages for rule in page["Permissions"]["Permission"]]
    assert rules == ["sgr-test0001", "sgr-test0002", "sgr-test0003", "sgr-p", "sgr-q"]
    assert list(seen.prefix_lists) == ["pl-1"]
    assert list(seen.port_lists) == ["prl-1"]
    assert [each["InstanceId"] for each in seen.members[GROUP]] == [SERVER]
    assert [each["InstanceId"] for each in seen.cards["sg-2"]] == [SERVER, "i-2"]


async def test_cards_that_could_not_be_looked_at_are_not_none(stage: Stage) -> None:
    stage.service.gate.add(replace(KEY, denied=frozenset({"DescribeNetworkInterfaces"})))
    assert (await read(stage.api(), REGION, SERVER)).interfaces is None


async def test_a_part_that_fails_fails_the_whole(stage: Stage) -> None:
    stage.service.faults.add(refused("DescribeSecurityGroupAttribute", "InvalidSecurityGroupId.NotFound"))
    with pytest.raises(Missing):
        await read(stage.api(), REGION, SERVER)
    with pytest.raises(Missing, match=r"ecs:DescribeInstances"):
        await read(stage.api(), "cn-beijing", SERVER)
