"""Before, planned, now: told apart whoever did what, and the way back from any point of a write."""

from __future__ import annotations

import random
from dataclasses import replace

import firewall_cases as cases
import pytest
from test_firewall_plan import ALLOWED
from test_firewall_reach import SEED, WALLS, rule, wall, wall_of

from tui.judge.firewall import Unread, Wall
from tui.judge.firewall_change import Authorize, Modify, Revoke, applied
from tui.judge.firewall_compare import Stand, compare, restore
from tui.judge.firewall_plan import Mode, Wide, plan
from tui.judge.firewall_store import wall_from_json, wall_to_json


def told(what: Wall, dice: random.Random, first: int = 0) -> Wall:
    """The wall as it is read after a write: new rules have ids, their order is another one, and networks are spelled another way."""
    groups = []
    for group in what.groups:
        rules = [replace(each, id=each.id or f"sgr-new{first + n}") for n, each in enumerate(group.rules)]
        rules = [
            replace(each, source=replace(each.source, value=(each.source.addresses.cidrs() or (each.source.value,))[0])) for each in rules
        ]
        groups.append(replace(group, rules=tuple(dice.sample(rules, len(rules)))))
    return replace(what, groups=tuple(dice.sample(groups, len(groups))))


def sense(what: Wall) -> dict[str, set[tuple[object, ...]]]:
    return {group.id: {(*each.sense, each.description) for each in group.rules} for group in what.groups}


def test_the_way_back_leads_from_any_point_of_a_write_to_the_rules_before() -> None:
    dice = random.Random(f"{SEED}-back")
    kinds = set()
    for _ in range(max(200, WALLS // 400)):
        before = wall_of(cases.case(dice, odd=0.1))
        senses = [rule.sense for group in before.groups for rule in group.rules]
        made = plan(before, 22, dice.choice(tuple(Mode)), ALLOWED, dice.choice(tuple(Wide)))
        if not made.ready or len(senses) != len(set(senses)):  # the API has no two rules of one sense
            continue
        saved = wall_from_json(wall_to_json(before))
        for done in range(len(made.changes) + 1):
            now = told(applied(before, made.changes[:done]), dice)
            found = compare(saved, now, made.after)
            assert found.carried_out == (done == len(made.changes))
            assert found.restored == (done == 0)
            assert not found.others
            back = restore(found)
            assert not back.asks
            kinds |= {type(change) for change in back.changes}
            again = told(applied(now, back.changes), dice, 100)
            assert sense(again) == sense(before)
            assert compare(saved, again, made.after).restored
    assert kinds == {Modify, Revoke, Authorize}


BEFORE = wall([rule(Description="office"), rule(PortRange="80/80", SecurityGroupRuleId="sgr-2")])
PLANNED = plan(BEFORE).after


def now(*rules: cases.Map) -> Wall:
    return wall(list(rules))


LOOP, WEB = rule("127.0.0.1", Description="office"), rule("0.0.0.0/0", PortRange="80/80", SecurityGroupRuleId="sgr-2")


@pytest.mark.parametrize(
    ("seen", "stands"),
    [
        (now(LOOP, WEB), ["as planned", "untouched"]),
        (now(WEB, rule(Description="office")), ["as before", "untouched"]),
        (now(rule("203.0.113.7"), WEB), ["changed", "untouched"]),
        (now(WEB), ["gone", "untouched"]),
        (now(LOOP), ["as planned", "gone"]),
        (now(LOOP, WEB, rule(SecurityGroupRuleId="sgr-3", Priority=2)), ["as planned", "untouched", "added"]),
        (now(WEB, rule(SecurityGroupRuleId="sgr-4")), ["as before", "untouched"]),
        (now(WEB, LOOP | {"SecurityGroupRuleId": "sgr-4"}), ["as planned", "untouched"]),
        (now(WEB, LOOP | {"Policy": "?"}), ["unknown", "untouched"]),
        (Wall(BEFORE.instance, ()), ["unknown", "unknown"]),
    ],
)
def test_who_did_what(seen: Wall, stands: list[str]) -> None:
    assert [line.stand for line in compare(BEFORE, seen, PLANNED).lines] == stands


def test_a_description_alone_is_no_change_but_is_seen() -> None:
    found = compare(BEFORE, now(LOOP | {"Description": "home"}, WEB), PLANNED)
    assert [(line.stand, line.reworded) for line in found.lines] == [(Stand.AS_PLANNED, True), (Stand.UNTOUCHED, False)]


def test_what_others_did_is_never_undone_unasked() -> None:
    back = restore(compare(BEFORE, now(rule("203.0.113.7"), WEB, rule(SecurityGroupRuleId="sgr-9", Priority=3)), PLANNED))
    assert back.changes == ()
    ((line, (change,)),) = back.asks
    assert line.stand is Stand.CHANGED
    assert isinstance(change, Modify)
    assert change.after.source.value == "0.0.0.0/0"


def test_a_rule_that_somebody_made_again_is_no_duplicate() -> None:
    back = restore(compare(BEFORE, now(LOOP, WEB, rule(SecurityGroupRuleId="sgr-9")), PLANNED))
    assert [type(change) for change in back.changes] == [Revoke]


def test_a_rule_that_could_not_be_read_is_neither_restored_nor_carried_out() -> None:
    seen = now(WEB)
    odd = Unread({"SecurityGroupRuleId": "sgr-1"}, "?")
    found = compare(BEFORE, replace(seen, groups=(replace(seen.groups[0], unread=(odd,)),)), PLANNED)
    assert not found.carried_out
    assert not found.restored
    assert restore(found).changes == ()
