"""The plan closes the port, touches nothing else, and is no larger than it must be: by the oracle, on thousands of walls, and by table."""

from __future__ import annotations

import random
from dataclasses import replace

import firewall_cases as cases
import pytest
from test_firewall_reach import SEED, WALLS, rule, wall, wall_of

from tui.judge.addresses import PUBLIC, of
from tui.judge.firewall import Interface, PrefixList, Wall
from tui.judge.firewall_change import Authorize, Change, Modify, Revoke, applied
from tui.judge.firewall_plan import Mode, Plan, Wide, plan
from tui.judge.firewall_proof import faults
from tui.judge.firewall_reach import public, reach
from tui.judge.firewall_store import permission, rule_to_map

ALLOWED = ("203.0.113.7", "2408:4321:180:1701::/64", "10.0.0.0/8")


def maps(what: Wall) -> dict[str, list[cases.Map]]:
    return {group.id: [rule_to_map(each) for each in group.rules] for group in what.groups}


@pytest.mark.parametrize("part", range(4))
def test_a_plan_closes_the_port_and_nothing_else(part: int) -> None:
    """Asked of the oracle, which sees the planned rules as the API would tell them."""
    dice = random.Random(f"{SEED}-plan-{part}")
    kinds = set()
    for _ in range(max(200, WALLS // 400)):
        case = cases.case(dice, odd=0.05)
        mode, wide = dice.choice(tuple(Mode)), dice.choice(tuple(Wide))
        made = plan(wall_of(case), 22, mode, ALLOWED, wide)
        made = made if made.ready else plan(wall_of(case), 22, mode, ALLOWED, Wide.SPLIT)
        assert made.ready, (case, mode, wide, made.blocked)
        after = maps(made.after)
        kinds |= {type(change) for change in made.changes}
        for card in case.cards:
            old, new = ([rule for group in card for rule in groups[group]] for groups in (case.groups, after))
            for point in dice.sample(cases.POINTS, 12):
                was, now = (bool(cases.lets_in(rules, point, 22, "TCP")) for rules in (old, new))
                kept = mode is Mode.NARROW and of(point) <= of(*ALLOWED)
                assert not (now and point in cases.PUBLIC and not kept), (case, mode, wide, point)
                assert not (now and not was and point not in ("127.0.0.1", "::1")), (case, mode, wide, point)
                for port, protocol in ((21, "TCP"), (23, "TCP"), (80, "TCP"), (443, "TCP"), (22, "UDP"), (None, "GRE")):
                    assert bool(cases.lets_in(old, point, port, protocol)) == bool(cases.lets_in(new, point, port, protocol)), (case, mode)
    assert kinds == {Modify, Revoke, Authorize}


def test_no_change_could_be_left_out() -> None:
    dice = random.Random(f"{SEED}-least")
    for _ in range(max(200, WALLS // 400)):
        made = plan(wall_of(cases.case(dice, odd=0)), 22, dice.choice(tuple(Mode)), ALLOWED, dice.choice(tuple(Wide)))
        for change in made.changes if made.ready else ():
            if not (isinstance(change, Authorize) and change.after.policy == "Accept"):
                rest = applied(made.before, [each for each in made.changes if each is not change])
                assert public(reach(rest)) - made.allowed


def test_a_plan_for_a_closed_port_is_empty() -> None:
    made = plan(wall([rule("127.0.0.1/32"), rule("10.0.0.0/8", SecurityGroupRuleId="sgr-2")]))
    assert made.ready
    assert made.changes == ()


def only(made: Plan) -> Change:
    assert made.ready, (made.blocked, made.choices)
    assert len(made.changes) == 1, made.changes
    return made.changes[0]


@pytest.mark.parametrize(("source", "loopback"), [("0.0.0.0/0", "127.0.0.1/32"), ("::/0", "::1/128")])
def test_as_the_guide_teaches_the_source_becomes_loopback_and_all_else_is_sent_again(source: str, loopback: str) -> None:
    told = rule(source, Priority="100", Description="System created rule.", CreateTime="2026-01-01T00:00:00Z")
    change = only(plan(wall([told])))
    assert isinstance(change, Modify)
    assert change.after == replace(change.before, source=change.after.source)
    sent = permission(change.after)
    assert sent.pop("SourceCidrIp" if source == "0.0.0.0/0" else "Ipv6SourceCidrIp") == loopback
    assert sent == {
        "Policy": "accept", "Priority": "100", "IpProtocol": "TCP", "PortRange": "22/22", "NicType": "intranet",
        "Description": "System created rule.",
    }  # fmt: skip


def test_removing_and_narrowing() -> None:
    assert isinstance(only(plan(wall([rule()]), mode=Mode.REMOVE)), Revoke)
    change = only(plan(wall([rule()]), mode=Mode.NARROW, allowed=["203.0.113.7"]))
    assert isinstance(change, Modify)
    assert change.after.source.value == "203.0.113.7/32"
    two = plan(wall([rule()]), mode=Mode.NARROW, allowed=["203.0.113.7", "198.51.100.0/24"])
    assert [type(each) for each in two.changes] == [Authorize, Modify]
    assert public(reach(two.after)) == of("203.0.113.7", "198.51.100.0/24")


def test_narrowing_never_lets_anybody_in_who_was_not() -> None:
    made = plan(wall([rule("198.51.100.0/24")]), mode=Mode.NARROW, allowed=["203.0.113.7"])
    assert isinstance(only(made), Revoke)


def test_two_rules_that_would_become_the_same_are_one_change_and_one_removal() -> None:
    twins = [rule("0.0.0.0/1"), rule("128.0.0.0/1", SecurityGroupRuleId="sgr-2"), rule(Priority=2, SecurityGroupRuleId="sgr-3")]
    made = plan(wall(twins))
    assert [(type(each), each.before.id) for each in made.changes if not isinstance(each, Authorize)] == [
        (Modify, "sgr-1"), (Modify, "sgr-3"), (Revoke, "sgr-2"),
    ]  # fmt: skip
    there = plan(wall([rule("127.0.0.1", SecurityGroupRuleId="sgr-0"), rule()]))
    assert isinstance(only(there), Revoke)


WIDE = (rule(PortRange="20/30"), rule(PortRange="1/65535"), rule(IpProtocol="ALL", PortRange="-1/-1"))


@pytest.mark.parametrize("told", WIDE)
def test_a_wide_rule_is_never_narrowed_unasked(told: cases.Map) -> None:
    made = plan(wall([told]))
    assert not made.ready
    assert made.changes == ()
    (choice,) = made.choices
    assert set(choice.options) == set(Wide)
    assert "sgr-1" in choice.say.zh
    assert "sgr-1" in choice.say.en


def test_a_wide_rule_split() -> None:
    made = plan(wall([WIDE[0]]), wide={"sgr-1": Wide.SPLIT})
    first, second = made.changes
    assert isinstance(first, Authorize)
    assert first.after.ports == (23, 30)
    assert isinstance(second, Modify)
    assert (second.after.id, second.after.ports, second.after.source) == ("sgr-1", (20, 21), second.before.source)


def test_a_rule_for_everything_split_tells_what_is_lost() -> None:
    made = plan(wall([WIDE[2]]), wide=Wide.SPLIT)
    assert made.ready
    spoken = {(each.after.protocol, each.after.ports) for each in made.changes if not isinstance(each, Revoke)}
    assert spoken == {("TCP", (1, 21)), ("TCP", (23, 65535)), ("UDP", None), ("ICMP", None), ("GRE", None)}
    assert any("GRE" in note.en for note in made.notes)


def test_a_drop_rule_before_a_wide_one() -> None:
    change = only(plan(wall([WIDE[2]]), wide=Wide.DROP))
    assert isinstance(change, Authorize)
    assert (change.after.policy, change.after.protocol, change.after.ports, change.after.priority) == ("Drop", "TCP", (22, 22), 1)
    assert not plan(wall([WIDE[2]]), mode=Mode.NARROW, allowed=["203.0.113.7"], wide=Wide.DROP).ready


def test_rules_behind_a_drop_rule_are_left_alone() -> None:
    made = plan(wall([rule(Priority=2, SecurityGroupRuleId="sgr-2"), WIDE[2]]), wide=Wide.DROP)
    assert isinstance(only(made), Authorize)


def test_what_comes_in_from_inside_is_named_when_it_loses_the_port() -> None:
    (note,) = plan(wall([rule()])).notes
    assert "10.0.0.0/8、172.16.0.0/12、192.168.0.0/16、100.64.0.0/10" in note.zh
    (note,) = plan(wall([rule(), rule("100.104.0.0/16", SecurityGroupRuleId="sgr-2")])).notes
    assert "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, part of 100.64.0.0/10" in note.en
    assert not plan(wall([rule("203.0.113.7")])).notes


def test_a_prefix_list_can_not_become_a_network() -> None:
    lists = {"pl-1": PrefixList("pl-1", "office", of("203.0.113.0/24"), ("203.0.113.0/24",), 10)}
    made = plan(wall([rule("", SourcePrefixListId="pl-1")], prefix_lists=lists))
    assert isinstance(only(made), Revoke)
    assert "pl-1" in made.notes[0].en
    narrow = plan(wall([rule("", SourcePrefixListId="pl-1")], prefix_lists=lists), mode=Mode.NARROW, allowed=["203.0.113.7"])
    assert [type(each) for each in narrow.changes] == [Authorize, Revoke]


def test_workbench_is_named() -> None:
    assert any("Workbench" in note.en for note in plan(wall([rule(Description="createdByEcsWorkbench")])).notes)


def test_no_plan_where_a_rule_can_not_be_changed_or_read() -> None:
    open_wall = wall([rule()])
    managed = replace(open_wall, groups=(replace(open_wall.groups[0], managed="ACK"),))
    for stuck, word in ((managed, "ACK"), (wall([rule(SecurityGroupRuleId="")]), "id"), (wall([rule(), rule(Policy="?")]), "Policy")):
        made = plan(stuck)
        assert not made.ready
        assert made.changes == ()
        assert word in made.blocked[0].en


def test_no_plan_that_does_not_fit() -> None:
    full = [rule(f"10.0.{n // 250}.{n % 250}", SecurityGroupRuleId=f"sgr-{n}", PortRange="80/80") for n in range(999)]
    assert plan(wall([rule(SecurityGroupRuleId="sgr-x"), *full])).ready
    stuck = plan(wall([rule(PortRange="20/30", SecurityGroupRuleId="sgr-x"), *full]), wide=Wide.SPLIT)
    assert "1001" in stuck.blocked[0].en


def test_a_group_on_two_cards_is_changed_once() -> None:
    cards = (Interface("eni-0", ("sg-0",)), Interface("eni-1", ("sg-0",)))
    assert isinstance(only(plan(wall([rule()], cards=cards))), Modify)


def test_the_proof_sees_what_a_wrong_plan_would_do() -> None:
    before = wall([rule(), rule(PortRange="80/80", SecurityGroupRuleId="sgr-2")])
    closed = plan(before).after
    assert not faults(before, closed, 22, of())
    assert faults(before, before, 22, of())
    assert not faults(before, before, 22, PUBLIC)
    no_web = replace(closed, groups=(replace(closed.groups[0], rules=closed.groups[0].rules[:1]),))
    assert faults(before, no_web, 22, of())
    assert faults(closed, before, 22, PUBLIC)


def test_a_plan_for_another_wall_is_refused() -> None:
    with pytest.raises(ValueError, match="not in list"):
        applied(wall([]), plan(wall([rule()])).changes)
