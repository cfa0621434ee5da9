"""The API's replies, and the file the old rules are saved in: read field by field, and nothing lost on the way."""

from __future__ import annotations

import json
import random

import firewall_cases as cases
import pytest

from tui.judge.addresses import addresses
from tui.judge.firewall import Interface, Member, Policy, Rule, Source, Unread, Wall
from tui.judge.firewall_change import Authorize, Modify, Revoke
from tui.judge.firewall_plan import Wide, plan
from tui.judge.firewall_read import (
    NotFirewall,
    groups_from_maps,
    instance_from_maps,
    members_from_maps,
    port_list_from_map,
    prefix_list_from_map,
    rule_from_map,
)
from tui.judge.firewall_store import change_from_map, change_to_map, permission, rule_to_map, wall_from_json, wall_to_json

TOLD = {
    "CreateTime": "2026-01-02T03:04:05Z", "Description": "System created rule.", "DestCidrIp": "", "DestGroupId": "", "DestGroupName": "",
    "DestGroupOwnerAccount": "", "DestPrefixListId": "", "Direction": "ingress", "IpProtocol": "TCP", "Ipv6DestCidrIp": "",
    "Ipv6SourceCidrIp": "", "NicType": "intranet", "Policy": "Accept", "PortRange": "22/22", "PortRangeListId": "", "Priority": "1",
    "SecurityGroupRuleId": "sgr-test0001", "SourceCidrIp": "0.0.0.0/0", "SourceGroupId": "", "SourceGroupName": "",
    "SourceGroupOwnerAccount": "", "SourcePortRange": "", "SourcePrefixListId": "", "SourcePrefixListName": "",
}  # fmt: skip
PAGE = {"SecurityGroupId": "sg-1", "SecurityGroupName": "web", "VpcId": "vpc-1", "InnerAccessPolicy": "Accept", "NextToken": ""}
INSTANCE = {
    "InstanceId": "i-1", "InstanceName": "web-1", "RegionId": "cn-hangzhou", "InstanceNetworkType": "vpc",
    "PublicIpAddress": {"IpAddress": ["203.0.113.10"]}, "EipAddress": {"IpAddress": "", "AllocationId": ""},
    "VpcAttributes": {"PrivateIpAddress": {"IpAddress": ["172.16.0.5"]}}, "SecurityGroupIds": {"SecurityGroupId": ["sg-1", "sg-2"]},
}  # fmt: skip
CARD = {
    "NetworkInterfaceId": "eni-1", "InstanceId": "i-1", "Type": "Primary", "PrivateIpAddress": "172.16.0.5",
    "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": "172.16.0.5", "AssociatedPublicIp": {"PublicIpAddress": "203.0.113.10"}}]},
    "Ipv6Sets": {"Ipv6Set": [{"Ipv6Address": "2408:4321::5"}]}, "SecurityGroupIds": {"SecurityGroupId": ["sg-1", "sg-2"]},
}  # fmt: skip

ONE = {"SecurityGroupIds": {"SecurityGroupId": ["sg-1"]}}


def test_a_rule_as_the_api_tells_it() -> None:
    assert rule_from_map(TOLD) == Rule(
        "sgr-test0001", Policy.ACCEPT, 1, "TCP", Source("ipv4", "0.0.0.0/0", addresses("0.0.0.0/0")), (22, 22),
        description="System created rule.", created="2026-01-02T03:04:05Z",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"Policy": "accept", "IpProtocol": "tcp", "Priority": 1}, True), ({"IpProtocol": "6"}, True), ({"Priority": "002"}, False),
        ({"SourceCidrIp": "203.0.113.7/0"}, True), ({"Description": None, "SecurityGroupRuleId": "sgr-2"}, True), ({"Priority": 2}, False),
        ({"SourceCidrIp": None, "Ipv6SourceCidrIp": "::/0"}, False), ({"PortRange": "022/22"}, True), ({"Policy": "Drop"}, False),
    ],
)  # fmt: skip
def test_rules_have_one_sense_however_they_are_spelled(other: dict[str, object], same: bool) -> None:
    first, second = rule_from_map(TOLD), rule_from_map(TOLD | other)
    assert isinstance(first, Rule)
    assert (first.sense == getattr(second, "sense", None)) is same


def test_a_rule_nobody_understands_is_kept_and_says_why() -> None:
    found = rule_from_map(TOLD | {"IpProtocol": "QUIC"})
    assert isinstance(found, Unread)
    assert (found.id, found.why) == ("sgr-test0001", "IpProtocol QUIC")
    (group,) = groups_from_maps([PAGE | {"Permissions": {"Permission": [TOLD, {}, None, TOLD | {"Priority": 101}]}}])
    assert (len(group.rules), len(group.unread)) == (1, 3)


def test_a_group_is_all_its_pages_and_what_the_list_says_of_it() -> None:
    pages = [
        PAGE | {"NextToken": "more", "Permissions": {"Permission": [TOLD]}},
        PAGE | {"Permissions": {"Permission": [TOLD | {"SecurityGroupRuleId": "sgr-2"}]}},
    ]
    info = {"SecurityGroupId": "sg-1", "SecurityGroupType": "enterprise", "ServiceManaged": True, "ServiceID": "ACK"}
    (group,) = groups_from_maps(pages, [info])
    assert [rule.id for rule in group.rules] == ["sgr-test0001", "sgr-2"]
    assert (group.name, group.kind, group.managed, group.inner) == ("web", "enterprise", "ACK", True)
    with pytest.raises(NotFirewall, match="pages are missing"):
        groups_from_maps(pages[:1])


@pytest.mark.parametrize(
    "body", [{}, {"SecurityGroupId": "sg-1"}, PAGE, PAGE | {"Permissions": []}, PAGE | {"Permissions": {"Permission": None}}]
)
def test_a_reply_without_rules_is_no_group_without_rules(body: dict[str, object]) -> None:
    with pytest.raises(NotFirewall):
        groups_from_maps([body])


def test_an_instance_with_its_cards() -> None:
    found = instance_from_maps(INSTANCE, [CARD])
    assert found.whole
    assert found.interfaces == (Interface("eni-1", ("sg-1", "sg-2"), ("172.16.0.5", "2408:4321::5"), ("203.0.113.10",)),)


@pytest.mark.parametrize("cards", [None, [], [CARD | {"SecurityGroupIds": {"SecurityGroupId": ["sg-1"]}}]])
def test_an_instance_is_not_whole_without_the_cards_that_its_groups_hang_on(cards: list[dict[str, object]] | None) -> None:
    found = instance_from_maps(INSTANCE, cards)
    assert not found.whole
    assert found.interfaces


def test_a_card_of_another_instance_is_refused() -> None:
    with pytest.raises(NotFirewall, match="belongs to i-2"):
        instance_from_maps(INSTANCE, [CARD | {"InstanceId": "i-2"}])


def test_the_classic_network_has_two_cards() -> None:
    told = INSTANCE | {"InstanceNetworkType": "classic", "InnerIpAddress": {"IpAddress": ["10.1.2.3"]}}
    assert [(card.side, card.addresses) for card in instance_from_maps(told, None).interfaces] == [
        ("internet", ("203.0.113.10",)), ("intranet", ("10.1.2.3",)),
    ]  # fmt: skip


def test_lists_and_members() -> None:
    prefixes = prefix_list_from_map({"PrefixListId": "pl-1", "MaxEntries": 20, "Entries": {"Entry": [{"Cidr": "8.8.8.8"}]}})
    assert (prefixes.addresses, prefixes.room) == (addresses("8.8.8.8"), 20)
    assert port_list_from_map("prl-1", {"Entries": [{"PortRange": "22/22"}]}).ranges == ((22, 22),)
    more = [{"NetworkInterfaceId": "eni-9", "InstanceId": "i-1"}, {"NetworkInterfaceId": "eni-8", "NetworkInterfaceName": "pod"}]
    assert members_from_maps([INSTANCE], more) == (Member("i-1", "web-1"), Member("eni-8", "pod"))
    for broken in ({}, {"PrefixListId": "pl-1"}, {"PrefixListId": "pl-1", "Entries": {"Entry": [{"Cidr": "8.8.8"}]}}):
        with pytest.raises(NotFirewall):
            prefix_list_from_map(broken)
    with pytest.raises(NotFirewall):
        port_list_from_map("prl-1", {})


def test_a_saved_wall_comes_back_as_it_was() -> None:
    dice = random.Random(7)
    for _ in range(300):
        case = cases.case(dice, odd=0.5)
        broken = {**cases.rule(dice, "sgr-odd", 0), "IpProtocol": "QUIC"}
        pages = [case.page(group) for group in case.groups] + [PAGE | {"Permissions": {"Permission": [broken]}}]
        prefixes = {each: prefix_list_from_map({"PrefixListId": each, "MaxEntries": 9, "Entries": {"Entry": []}}) for each in ("pl-1",)}
        ports = {"prl-1": port_list_from_map("prl-1", {"Entries": [{"PortRange": "1/65535"}]}, 5)}
        instance = instance_from_maps(INSTANCE, [CARD])
        wall = Wall(instance, groups_from_maps(pages), prefixes, ports, {"sg-1": (Member("i-2", "b"),)}, "2026-01-01T00:00:00Z")
        assert wall_from_json(wall_to_json(wall)) == wall


def test_planned_rules_and_changes_come_back_as_they_were() -> None:
    """They have no id yet; the journal keeps them until the write is over."""
    dice = random.Random(8)
    kinds = set()
    for _ in range(300):
        case = cases.case(dice, odd=0.2)
        page = [{**case.page("sg-a"), "SecurityGroupId": "sg-1"}]
        lists = {each: prefix_list_from_map({"PrefixListId": each, "Entries": {"Entry": []}}) for each in cases.PREFIXES}
        ports = {each: port_list_from_map(each, {"Entries": []}) for each in cases.PORT_LISTS}
        made = plan(Wall(instance_from_maps(INSTANCE | ONE, [CARD | ONE]), groups_from_maps(page), lists, ports), wide=Wide.SPLIT)
        assert wall_from_json(wall_to_json(made.after)) == made.after
        for change in made.changes:
            kinds.add(type(change))
            assert change_from_map(json.loads(json.dumps(change_to_map(change)))) == change
    assert kinds == {Modify, Revoke, Authorize}


@pytest.mark.parametrize("told", [{}, {"do": "modify", "before": TOLD}, {"do": "revoke", "before": {}}, {"do": "open", "after": TOLD}])
def test_another_map_is_no_change(told: dict[str, object]) -> None:
    with pytest.raises(NotFirewall):
        change_from_map(told)


def test_a_description_keeps_its_blanks() -> None:
    found = rule_from_map(TOLD | {"Description": " office "})
    assert isinstance(found, Rule)
    assert permission(found)["Description"] == " office "


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "zhinan.wall/1"}', '{"format": "zhinan.wall/2"}'])
def test_another_file_is_no_wall(text: str) -> None:
    with pytest.raises(NotFirewall):
        wall_from_json(text)


def test_a_rule_is_written_back_with_all_it_was_told() -> None:
    found = rule_from_map(TOLD)
    assert isinstance(found, Rule)
    assert rule_to_map(found) == {name: value for name, value in TOLD.items() if value} | {"Priority": 1}
    assert json.loads(json.dumps(permission(found))) == {
        "Policy": "accept", "Priority": "1", "IpProtocol": "TCP", "PortRange": "22/22", "NicType": "intranet",
        "Description": "System created rule.", "SourceCidrIp": "0.0.0.0/0",
    }  # fmt: skip
