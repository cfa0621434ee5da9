"""What a reader is told of the rules, and how to do it by hand."""

from __future__ import annotations

import random
from dataclasses import replace

import firewall_cases as cases
import pytest
from test_firewall_plan import ALLOWED
from test_firewall_reach import SEED, rule, wall, wall_of

from tui.judge.firewall import Interface, Member
from tui.judge.firewall_change import applied
from tui.judge.firewall_console import by_hand, undoing
from tui.judge.firewall_plan import Mode, Wide, plan
from tui.judge.firewall_reach import public, reach
from tui.judge.firewall_words import rows, shared_with, still_open, who


@pytest.mark.parametrize(
    ("rules", "zh", "en"),
    [
        ([rule()], "任何人（IPv4）", "anybody (IPv4)"),
        ([rule("0.0.0.0/1"), rule("128.0.0.0/1"), rule("::/0")], "任何人（IPv4、IPv6）", "anybody (IPv4 and IPv6)"),
        ([rule("::/0"), rule("8.8.8.8")], "任何人（IPv6），以及 8.8.8.8/32", "anybody (IPv6), and 8.8.8.8/32"),
        (
            [rule("8.8.8.0/24", Policy="Drop"), rule(Priority=2)],
            "能连端口 22 的：任何人（IPv4，8.8.8.0/24 除外）",
            "internet: anybody (IPv4) but 8.8.8.0/24",
        ),
        (
            [*(rule(f"8.{n}.8.8", Policy="Drop") for n in range(5)), rule(Priority=2), rule("::/0")],
            "任何人（IPv6），以及 任何人（IPv4，8.0.8.8/32、8.1.8.8/32、8.2.8.8/32 等 5 段 除外）",
            "anybody (IPv6), and anybody (IPv4) but 8.0.8.8/32, 8.1.8.8/32, 8.2.8.8/32 and 2 more",
        ),
        (
            [rule("10.1.2.3", Policy="Drop"), rule("10.0.0.0/8", Priority=2)],
            "内网能连的有 10.0.0.0/8 的一部分",
            "from inside part of 10.0.0.0/8 can",
        ),
        ([rule("8.8.8.0/24")], "端口 22 的：8.8.8.0/24", "internet: 8.8.8.0/24"),
        ([rule(f"8.{n}.8.8") for n in range(5)], "8.2.8.8/32 等 5 段", "8.2.8.8/32 and 2 more"),
        ([rule("127.0.0.1/32")], "谁也连不上端口 22；同组", "nobody on the internet can reach port 22; members"),
        ([rule("10.0.0.0/8")], "内网能连的有 10.0.0.0/8", "from inside 10.0.0.0/8 can"),
        ([rule(Policy="?")], "不能断定谁能连端口 22", "it can't be told who"),
        ([rule(), rule(Policy="?")], "至少这些能连端口 22：任何人（IPv4）", "at least anybody (IPv4)"),
    ],
)
def test_the_sentence(rules: list[cases.Map], zh: str, en: str) -> None:
    said = who(wall(rules))
    assert zh in said.zh
    assert en in said.en


def test_the_table_has_each_rule_once_with_what_it_really_opens() -> None:
    rules = [
        rule(SecurityGroupRuleId="sgr-1", Priority=2, Description="System created rule."),
        rule("8.8.8.8", SecurityGroupRuleId="sgr-2", Priority=3),
        rule("203.0.113.0/24", SecurityGroupRuleId="sgr-3", Policy="Drop"),
        rule("::1/128", SecurityGroupRuleId="sgr-4", Priority=4),
        rule("fc00::/7", SecurityGroupRuleId="sgr-5", Priority=5, IpProtocol="ALL", PortRange="-1/-1"),
        rule("", SecurityGroupRuleId="sgr-6", Priority=6, SourceGroupId="sg-x", Description="createdByEcsWorkbench"),
        rule(PortRange="80/80", SecurityGroupRuleId="sgr-7"),
    ]
    cards = (Interface("eni-0", ("sg-0",)), Interface("eni-1", ("sg-0",)))
    told = rows(wall(rules, cards=cards))
    assert [(row.rule, row.scope) for row in told] == [
        ("", "members"), ("sgr-3", "nobody"), ("sgr-1", "public"), ("sgr-2", "nobody"), ("sgr-4", "loopback"), ("sgr-5", "inside"),
        ("sgr-6", "members"),
    ]  # fmt: skip
    assert [row.note.en if row.note else "" for row in told[2:]] == [
        "", "the rules before it leave nothing to it", "", "more than this port", "made by the console's Workbench",
    ]  # fmt: skip
    assert told[2].source.zh == "任何人 0.0.0.0/0"
    assert "203.0.113.0" not in told[2].opens
    assert "8.8.8.8" in told[2].opens


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (["22/22"], "no other"), (["80/80", "443/443", "22/22"], ": 80, 443"), (["1/65535"], ": 1-21, 23-65535"), (["20/22"], ": 20-21"),
        (["8000/8010", "8005/9000"], ": 8000-9000"), (["22/23"], ": 23"), ([], "no other"),
        ([f"{n}/{n}" for n in range(100, 120, 2)], ": 100, 102, 104, 106, 108, 110, …"),
    ],
)  # fmt: skip
def test_what_stays_open(ranges: list[str], expected: str) -> None:
    what = wall([rule(PortRange=each, SecurityGroupRuleId=f"sgr-{n}") for n, each in enumerate(ranges)])
    said = still_open(what).en
    assert said.endswith(expected) or (expected == "no other" and said.startswith("no other"))
    for port in (20, 23, 80, 8007, 65535):
        assert bool(public(reach(what, port))) == any(int(each.split("/")[0]) <= port <= int(each.split("/")[1]) for each in ranges)


def test_others_of_the_group_are_named() -> None:
    made = plan(replace(wall([rule()]), members={"sg-0": (Member("i-1", "web-1"), Member("i-2", "web-2"), Member("eni-3"))}))
    said = shared_with(made)
    assert said is not None
    assert "web-2（i-2）、eni-3" in said.zh
    assert shared_with(plan(wall([]))) is None
    unknown = shared_with(plan(wall([rule()])))
    assert unknown is not None
    assert "not known" in unknown.en


def test_by_hand_every_step_names_the_rule_and_its_values() -> None:
    made = plan(wall([rule()]))
    there, step = by_hand(made.changes, "cn-hangzhou")
    assert "cn-hangzhou" in there.zh
    assert "sg-0" in there.en
    assert step.en == "rule sgr-1: Edit; turn source 0.0.0.0/0 into source 127.0.0.1/32; save"
    _, back = by_hand(undoing(made.changes), "cn-hangzhou")
    assert back.zh == "规则 sgr-1：点“编辑”，把 源 127.0.0.1/32 改成 源 0.0.0.0/0，保存"


def test_by_hand_new_rules_are_told_whole_and_found_again_by_their_values() -> None:
    made = plan(wall([rule(PortRange="20/30")]), wide=Wide.SPLIT)
    _, add, _ = by_hand(made.changes, "cn-hangzhou")
    _, _, remove = by_hand(undoing(made.changes), "cn-hangzhou")
    values = "action Allow, priority 1, protocol TCP, port 23/30, source 0.0.0.0/0"
    assert values in add.en
    assert values in remove.en
    assert by_hand((), "cn-hangzhou") == ()


def test_undone_by_hand_it_is_as_before() -> None:
    dice = random.Random(f"{SEED}-hand")
    for _ in range(200):
        made = plan(wall_of(cases.case(dice)), 22, dice.choice(tuple(Mode)), ALLOWED, Wide.SPLIT)
        if made.ready:
            back = applied(made.after, undoing(made.changes))
            assert [{each.sense for each in group.rules} for group in back.groups] == [
                {each.sense for each in group.rules} for group in made.before.groups
            ]
