"""Who gets in: against an oracle, on a hundred thousand walls, and on the ones a reader will meet."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import firewall_cases as cases
import pytest

from tui.judge.addresses import PUBLIC, addresses, of
from tui.judge.firewall import Instance, Interface, Wall
from tui.judge.firewall_reach import public, reach, undropped, unsure
from tui.judge.firewall_read import groups_from_maps, port_list_from_map, prefix_list_from_map

WALLS = int(os.environ.get("ZHINAN_WALLS", "100000"))
"""How many random walls each run asks; another seed by ZHINAN_WALLS_SEED."""
SEED = int(os.environ.get("ZHINAN_WALLS_SEED", "0"))
PREFIX_LISTS = {
    name: prefix_list_from_map({"PrefixListId": name, "Entries": {"Entry": [{"Cidr": each} for each in cidrs]}})
    for name, cidrs in cases.PREFIXES.items()
}
PORT_LISTS = {
    name: port_list_from_map(name, {"Entries": [{"PortRange": each} for each in ranges]}) for name, ranges in cases.PORT_LISTS.items()
}
NUMBERS = {point: addresses(point) for point in cases.POINTS}


def wall_of(case: cases.Case) -> Wall:
    cards = tuple(Interface(f"eni-{n}", groups, cases.OWN) for n, groups in enumerate(case.cards))
    groups = groups_from_maps([case.page(group) for group in case.groups])
    return Wall(Instance("i-1", "web-1", "cn-hangzhou", cards), groups, PREFIX_LISTS, PORT_LISTS)


@pytest.mark.parametrize("part", range(10))
def test_the_answer_is_the_oracles(part: int) -> None:
    """For each wall one port, and a handful of the addresses at which an answer can change."""
    dice = random.Random(f"{SEED}-{part}")
    for _ in range(WALLS // 10):
        case = cases.case(dice)
        port, protocol = dice.choice(((22, "TCP"), (22, "TCP"), (dice.choice(cases.PORTS), "TCP"), (22, "UDP"), (None, "ICMP")))
        wall = wall_of(case)
        for card, found in zip(case.cards, reach(wall, port, protocol), strict=True):
            rules = cases.speaking([rule for group in card for rule in case.groups[group]], port, protocol)
            for point in dice.sample(cases.POINTS, 6):
                expected = bool(cases.lets_in(rules, point, port, protocol))
                assert _holds(found.open, point) == expected, (case, card, port, protocol, point)
                assert _holds(found.public, point) == (expected and point in cases.PUBLIC)


def _holds(what: object, point: str) -> bool:
    number = NUMBERS[point]
    spans, (asked,) = (what.v4, number.v4) if number.v4 else (what.v6, number.v6)  # type: ignore[attr-defined]
    return any(first <= asked[0] <= last for first, last in spans)


def test_groups_get_in_as_the_oracle_says() -> None:
    """Members of a group that a rule names: whether any address of theirs gets in by such a rule."""
    dice = random.Random(f"{SEED}-groups")
    seen = set()
    for _ in range(max(1000, WALLS // 100)):
        case = cases.case(dice, odd=0, most=4)
        wall = wall_of(case)
        for card, found in zip(case.cards, reach(wall), strict=True):
            rules = [rule for group in card for rule in case.groups[group]]
            by = {cases.lets_in(rules, point, 22, "TCP", member=True) for point in cases.POINTS}
            expected = any(rule["SecurityGroupRuleId"] in by for rule in rules if rule.get("SourceGroupId"))
            assert ("sg-other" in found.members) == expected, case
            seen.add(expected)
    assert seen == {True, False}


def test_each_address_is_put_down_to_the_rule_that_decides() -> None:
    dice = random.Random(f"{SEED}-which")
    for _ in range(max(1000, WALLS // 100)):
        case = cases.case(dice, odd=0)
        for card, found in zip(case.cards, reach(wall_of(case)), strict=True):
            rules = [rule for group in card for rule in case.groups[group]]
            for point in dice.sample(cases.POINTS, 6):
                by = [opening.rule.id for opening in found.openings if opening.rule and _holds(opening.addresses, point)]
                assert by == [each for each in [cases.lets_in(rules, point, 22, "TCP")] if each]


def test_a_rule_alone_is_what_is_left_when_all_other_accept_rules_are_gone() -> None:
    dice = random.Random(f"{SEED}-alone")
    for _ in range(max(1000, WALLS // 100)):
        case = cases.case(dice, odd=0.05)
        wall = wall_of(case)
        for interface, group, rule, what in undropped(wall, 22):
            card = case.cards[wall.instance.interfaces.index(interface)]
            told = [each for name in card for each in case.groups[name]]
            alone = [each for each in told if each["Policy"] == "Drop" or each["SecurityGroupRuleId"] == rule.id]
            for point in dice.sample(cases.POINTS, 6):
                assert _holds(what, point) == bool(cases.lets_in(alone, point, 22, "TCP")), (case, group, rule.id, point)


def rule(source: str = "0.0.0.0/0", **fields: object) -> cases.Map:
    end = "Ipv6SourceCidrIp" if ":" in source else "SourceCidrIp"
    return {
        "SecurityGroupRuleId": "sgr-1", "Direction": "ingress", "Policy": "Accept", "Priority": "1", "IpProtocol": "TCP",
        "PortRange": "22/22", end: source, "NicType": "intranet", **fields,
    }  # fmt: skip


def wall(*groups: list[cases.Map], cards: tuple[Interface, ...] | None = None, **more: object) -> Wall:
    names = tuple(f"sg-{n}" for n in range(len(groups)))
    pages = [{"SecurityGroupId": name, "Permissions": {"Permission": rules}} for name, rules in zip(names, groups, strict=True)]
    return Wall(Instance("i-1", interfaces=cards or (Interface("eni-0", names, ("172.16.0.5",)),)), groups_from_maps(pages), **more)


def test_without_rules_only_members_of_the_group_get_in() -> None:
    (found,) = reach(wall([]))
    assert not found.open
    assert found.members == ("sg-0",)


def test_a_drop_rule_for_an_address_the_card_may_not_have_closes_nothing() -> None:
    drop = rule("::/0", Policy="Drop", Ipv6DestCidrIp="2408::/16")
    assert public(reach(wall([drop, rule("::/0", Priority=2)]))) == PUBLIC.only(6)
    assert not public(reach(wall([drop | {"Ipv6DestCidrIp": "::/0"}, rule("::/0", Priority=2)])))
    other = drop | {"Ipv6DestCidrIp": "", "DestCidrIp": "0.0.0.0/0"}
    assert public(reach(wall([other, rule("::/0", Priority=2)]))) == PUBLIC.only(6)


def test_an_advanced_group_keeps_its_members_apart() -> None:
    page = {"SecurityGroupId": "sg-0", "InnerAccessPolicy": "Accept", "Permissions": {"Permission": []}}
    groups = groups_from_maps([page], [{"SecurityGroupId": "sg-0", "SecurityGroupType": "enterprise"}])
    assert reach(replace(wall([]), groups=groups))[0].members == ()
    assert reach(replace(wall([]), groups=groups_from_maps([page | {"InnerAccessPolicy": "Drop"}])))[0].members == ()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([rule("0.0.0.0/1"), rule("128.0.0.0/1")], "everyone"),
        ([rule(), rule(Policy="Drop", Priority=1)], "nobody"),
        ([rule(Priority=1), rule(Policy="Drop", Priority=2)], "everyone"),
        ([rule(Policy="Drop", Priority=1, PortRange="1/21"), rule(Priority=100)], "everyone"),
        ([rule(IpProtocol="ALL", PortRange="-1/-1")], "everyone"),
        ([rule(PortRange="20/30")], "everyone"),
        ([rule(IpProtocol="UDP")], "nobody"),
        ([rule(Policy="Drop", SourcePortRange="1/1500"), rule(Priority=2)], "everyone"),
        ([rule(Policy="Drop", SourcePortRange="1/65535"), rule(Priority=2)], "nobody"),
        ([rule(DestCidrIp="172.16.0.0/24")], "everyone"),
        ([rule(DestCidrIp="172.16.1.0/24")], "nobody"),
        ([rule("127.0.0.1/32"), rule("::1/128"), rule("10.0.0.0/8"), rule("100.64.0.0/10"), rule("fd7a:115c:a1e0::/48")], "nobody"),
    ],
)
def test_what_a_reader_meets(rules: list[cases.Map], expected: str) -> None:
    found = public(reach(wall(rules)))
    assert found == (PUBLIC.only(4) if expected == "everyone" else of())


def test_members_of_a_group_are_not_asked_for_once_everybody_is_decided() -> None:
    everybody = [rule("0.0.0.0/1"), rule("128.0.0.0/1"), rule("::/0")]
    by_group = rule("", Priority=2, SourceGroupId="sg-other")
    assert reach(wall([*everybody, by_group]))[0].members == ("sg-0",)
    assert reach(wall([*everybody[1:], by_group]))[0].members == ("sg-0", "sg-other")
    assert reach(wall([rule("", Policy="Drop", SourceGroupId="sg-other"), by_group]))[0].members == ("sg-0",)


def test_groups_of_one_card_are_one_list_and_cards_are_apart() -> None:
    drop, accept = [rule(Policy="Drop", Priority=1)], [rule(Priority=2)]
    assert not public(reach(wall(drop, accept)))
    apart = (Interface("eni-0", ("sg-0",)), Interface("eni-1", ("sg-1",)))
    assert public(reach(wall(drop, accept, cards=apart))) == PUBLIC.only(4)


def test_the_cards_of_the_classic_network_have_rules_of_their_own() -> None:
    cards = (Interface("internet", ("sg-0",), side="internet"), Interface("intranet", ("sg-0",), side="intranet"))
    outer, inner = reach(wall([rule("203.0.113.7", NicType="intranet"), rule("8.8.8.8", NicType="internet")], cards=cards))
    assert outer.open == of("8.8.8.8")
    assert inner.open == of("203.0.113.7")
    assert not inner.public


@pytest.mark.parametrize(
    "broken",
    [
        wall([rule(Priority="0")]), wall([rule(Policy="Maybe")]), wall([rule(PortRange="22")]), wall([rule("203.0.113.0/33")]),
        wall([rule("")]), wall([rule(IpProtocol="ALL")]), wall([rule(IpProtocol="QUIC")]), wall([rule(Direction="")]),
        wall([rule(SourceGroupId="sg-other")]), wall([rule("", SourcePrefixListId="pl-unread")]),
        wall([rule(PortRangeListId="prl-unread")]),
        Wall(Instance("i-1", interfaces=(Interface("eni-0", ("sg-unread",)),)), ()), Wall(Instance("i-1"), ()),
        Wall(Instance("i-1", interfaces=(Interface("eni-0", ()),)), ()),
        Wall(Instance("i-1", interfaces=(Interface("eni-0", ("sg-0",)),), whole=False), wall([]).groups),
    ],
)  # fmt: skip
def test_what_could_not_be_read_is_never_a_closed_port(broken: Wall) -> None:
    assert not public(reach(broken))
    assert unsure(reach(broken))


def test_all_that_was_read_leaves_no_doubt() -> None:
    assert not unsure(reach(wall([rule(), rule("::/0", IpProtocol="ALL", PortRange="-1/-1")])))


@pytest.mark.parametrize(
    ("text", "cidrs"),
    [("119.110.100.86", ("119.110.100.86/32",)), ("10.159.6.18/12", ("10.144.0.0/12",)), ("2408:180:0000::1", ("2408:180::1/128",))],
)
def test_networks_are_one_set_however_they_are_spelled(text: str, cidrs: tuple[str, ...]) -> None:
    assert addresses(text).cidrs() == cidrs


def test_halves_are_the_whole() -> None:
    assert of("0.0.0.0/1", "128.0.0.0/1").cidrs() == ("0.0.0.0/0",)
    assert (of("10.0.0.0/8") - of("10.0.0.0/9")).cidrs() == ("10.128.0.0/9",)
    assert (of("10.0.0.0/8", "::1") & of("10.9.0.0/16", "11.0.0.0/8")).cidrs() == ("10.9.0.0/16",)
