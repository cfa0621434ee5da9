"""What the firewall panel and the way back say of the facts that actions tell, line by line."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tui.run.state import Phase, RunState, StepState
from tui.ui.panels import firewall, openings, wayback
from tui.ui.panels.firewall import FirewallPanel, seen_closed
from tui.ui.panels.firewall_rows import (
    MOST,
    change_rows,
    conclusion,
    gate_rows,
    other_rows,
    passed,
    plan_rows,
    proof_rows,
    rule_rows,
)  # fmt: skip
from tui.ui.panels.heading import Heading
from tui.ui.panels.table import Table
from tui.ui.panels.wayback import WayBackPanel, ways
from tui.ui.theme import DARK

NOW = 1_790_000_000.0


def both(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def rule(ident: str, source: str, scope: str, change: str = "", **more: Any) -> dict[str, Any]:
    known = {
        "group": "sg-1",
        "group_name": "sg-web",
        "policy": "Accept",
        "priority": 1,
        "ports": "TCP 22/22",
        "description": "",
        "note": None,
    }
    return {**known, "rule": ident, "source": both(source), "scope": scope, "opens": [], "change": change, **more}


def gate(ident: str, status: str, remedy: str = "", **more: Any) -> dict[str, Any]:
    return {
        "id": ident, "title": both(f"关 {ident}"), "say": both(f"看到 {ident}"), "status": status, "evidence": "", "remedy": remedy,
        "final": False, "typed": "", **more,
    }  # fmt: skip


FACTS: dict[str, Any] = {
    "phase": "shown", "dry": True, "server": {"name": "web-1", "id": "i-1", "region": "cn-hangzhou"}, "port": 22, "mode": "loopback",
    "who": both("任何人能连"), "open": True, "who_after": both("谁也连不上"),
    "before": [rule("sgr-2", "10.0.0.0/8", "inside"), rule("sgr-1", "任何人 0.0.0.0/0", "public", "modify"), rule("", "同组", "members")],
    "after": [rule("sgr-2", "10.0.0.0/8", "inside"), rule("sgr-1", "127.0.0.1/32", "loopback", "modify")],
    "still": both("80、443"), "others": [{"id": "i-2", "name": "web-2"}], "shared": both("web-2 也会关上"),
    "calls": [{"n": 1, "api": "ModifySecurityGroupRule", "group": "sg-1", "rule": "sgr-1", "state": "waiting"}],
    "choices": [], "blocked": [], "notes": [both("提醒一句")], "not_covered": [both("负载均衡不算")], "gates": [], "looking": "",
    "decision": None, "proofs": [{"id": "rules", "title": both("规则"), "say": both(""), "status": "waiting"}], "why": None,
    "trouble": None, "by_hand": [both("打开控制台"), both("把源改回 0.0.0.0/0")], "link": "https://ecs.console.aliyun.com/x", "record": "",
    "saved": "/home/me/before.json", "at": NOW,
}  # fmt: skip


def words(rows: Any) -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row) for row in rows]


@pytest.mark.parametrize(("is_open", "mark", "said"), [(True, "✗", "任何人能连"), (False, "✓", "任何人能连"), (None, "?", "任何人能连")])
def test_the_sentence_has_its_mark_and_its_word(is_open: bool | None, mark: str, said: str) -> None:
    assert words(conclusion({**FACTS, "open": is_open})) == [(mark, said)]


def test_open_again_is_said_when_it_was_seen_closed() -> None:
    (_, again) = words(conclusion(FACTS, before=True))
    assert again == ("✗", "之前看是关着的，现在又开了：有人或别的云产品加了规则")
    assert len(words(conclusion({**FACTS, "open": False}, before=True))) == 1


@pytest.mark.parametrize(
    ("phase", "mark", "part"),
    [
        ("looking", "▸", "正在读"), ("gates", "▸", "什么都还没有改"), ("writing", "▸", "正在改"), ("written", "▸", "还没有证明"),
        ("proving", "▸", "正在证明"), ("rolling back", "▸", "正在恢复"), ("refused", "!", "什么都没有改"), ("restored", "!", "已恢复"),
        ("needs hand", "✗", "亲手"),
    ],
)  # fmt: skip
def test_how_far_it_is(phase: str, mark: str, part: str) -> None:
    last = words(conclusion({**FACTS, "phase": phase, "why": both("因为这样")}))[1:]
    assert last[0][0] == mark
    assert part in last[0][1]
    assert last[1] == ("", "因为这样")


def test_trouble_is_red_and_counts_down() -> None:
    trouble = {**both("阿里云没有回答"), "tries": 3, "again_at": NOW + 12}
    (*_, last) = conclusion({**FACTS, "phase": "rolling back", "trouble": trouble}, now=NOW)
    assert (last[0].text, last[1].text, last[1].style) == ("✗", "阿里云没有回答；试了 3 次，00:12 后再试", "bold $bad")


def test_the_change_is_a_difference_and_the_other_rules_stand_apart() -> None:
    assert words(change_rows(FACTS)) == [
        ("-", "任何人 0.0.0.0/0", "TCP 22/22 · 允许 · 优先级 1 · sgr-1 (sg-web)"),
        ("+", "127.0.0.1/32 [没有人]", "TCP 22/22 · 允许 · 优先级 1 · sgr-1 (sg-web)"),
    ]
    assert [row[:2] for row in words(rule_rows(FACTS))] == [("◦", "10.0.0.0/8 [内网]"), ("◦", "同组")]


def test_a_split_rule_goes_and_its_parts_come() -> None:
    before = [rule("sgr-9", "任何人", "public", "revoke", ports="TCP 1/65535")]
    after = [rule("", "任何人", "nobody", "authorize", ports="TCP 1/21", policy="Drop"), rule("", "任何人", "nobody", "authorize")]
    marks = [row[0] for row in words(change_rows({"before": before, "after": after}))]
    assert marks == ["-", "+", "+"]
    assert "拒绝" in words(change_rows({"before": before, "after": after}))[1][2]


def test_of_hundreds_of_rules_those_that_let_the_internet_in_come_first_and_the_rest_is_counted() -> None:
    rules = [rule(f"sgr-{n}", f"10.0.{n}.0/24", "inside") for n in range(200)]
    shown = words(rule_rows({**FACTS, "before": [*rules, rule("sgr-x", "8.8.8.8", "public")]}))
    assert len(shown) == MOST + 1
    assert shown[0][:2] == ("✗", "8.8.8.8 [公网]")
    assert shown[-1][1] == f"另有 {201 - MOST} 条不放公网进来，都在日志里"


def test_what_goes_with_the_change() -> None:
    assert words(plan_rows(FACTS)) == [
        ("◦", "改 1 条规则，1 次调用"), ("", "改完之后：谁也连不上"), ("!", "web-2 也会关上"), ("◦", "提醒一句"),
    ]  # fmt: skip
    more = {"blocked": [both("改不了")], "choices": [{"say": both("要你选")}]}
    assert words(plan_rows({**FACTS, **more}))[3:5] == [("!", "要你选"), ("✗", "改不了")]


def test_each_call_tells_how_it_stands_once_one_is_sent() -> None:
    calls = [{**FACTS["calls"][0], "n": n, "state": state} for n, state in enumerate(("done", "sent", "waiting"))]
    marks = words(plan_rows({**FACTS, "calls": calls}))
    assert [row[0] for row in marks[1:4]] == ["✓", "▸", "◦"]
    assert marks[1][1] == "ModifySecurityGroupRule sgr-1 · 改好了"


def test_gates_turn_green_and_say_what_to_do_where_they_are_shut() -> None:
    gates = [
        gate("boot", "pass", evidence="3 秒"), gate("trap", "unknown", "network"), gate("saved", "fail", "save", evidence="空"),
        gate("shared", "fail", typed="open shared anyway"),
    ]  # fmt: skip
    assert words(gate_rows({"gates": gates, "looking": "trap"})) == [
        ("✓", "关 boot", "看到 boot"), ("▸", "关 trap", "正在看"), ("✗", "关 saved", "看到 saved · 空"),
        ("", "", "先把旧规则存到本机"), ("!", "关 shared", "你自己打开的 · 看到 shared · open shared anyway"),
    ]  # fmt: skip
    assert passed({"gates": gates}) == "2 / 4"
    assert passed({}) == ""


def test_proofs_are_shown_once_something_was_changed() -> None:
    assert words(proof_rows(FACTS)) == []
    assert words(proof_rows({**FACTS, "phase": "proving"})) == [("◦", "规则", "证明还没有开始")]
    held = {"id": "login", "title": both("登录"), "say": both("进不去"), "status": "fail"}
    assert words(proof_rows({**FACTS, "phase": "rolling back", "proofs": [held]})) == [("✗", "登录", "进不去")]


def test_what_stays_open_and_what_is_not_covered() -> None:
    assert words(other_rows(FACTS)) == [("◦", "80、443"), ("", "负载均衡不算")]


def test_the_way_back_has_console_rules_and_the_file() -> None:
    told = words(ways(FACTS))
    assert told[0] == ("1", "在控制台把规则改回来，再从公网登录")
    assert told[1:3] == [("", "打开控制台"), ("", "把源改回 0.0.0.0/0")]
    assert "出门在外" in told[3][1]
    assert "i-1" in told[4][1]
    assert told[-1] == ("", "旧规则存在 /home/me/before.json")


def test_once_there_is_a_record_the_quickest_way_is_a_command() -> None:
    told = words(ways({**FACTS, "record": "/home/me/lockdown/1"}))
    assert (told[0][0], told[1][0]) == ("1", "2")
    assert "zhinan undo" in told[0][1]


def test_without_steps_the_way_back_has_the_link() -> None:
    assert words(ways({**FACTS, "by_hand": []}))[1] == ("", "规则在 https://ecs.console.aliyun.com/x")


def test_the_way_back_stays_when_another_step_is_looked_at() -> None:
    state = RunState(steps={"a": StepState(Phase.ENDED, topics={"firewall": FACTS}), "b": StepState()})
    assert wayback.has(state, "b")
    assert not firewall.has(state, "b")
    assert not wayback.has(RunState(), "b")


def test_closed_earlier_counts_for_the_same_server_only() -> None:
    def earlier(server: str, at: float) -> RunState:
        told = {"open": False, "server": {"id": server}, "at": at}
        return RunState(steps={"a": StepState(Phase.ENDED, topics={"firewall": told})})

    assert seen_closed(earlier("i-1", NOW - 60), FACTS)
    assert not seen_closed(earlier("i-2", NOW - 60), FACTS)
    assert not seen_closed(earlier("i-1", NOW + 60), FACTS)


leaves = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=5)
junk = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["zh", "tries", "again_at"]), inner)
)
facts = st.dictionaries(st.sampled_from([*FACTS]), junk)
inner_facts = st.dictionaries(
    st.sampled_from(["rule", "source", "scope", "change", "status", "title", "priority", "state", "id", "typed"]), junk
)


@given(facts, st.lists(inner_facts, max_size=2))
def test_facts_of_another_shape_break_nothing(told: dict[str, Any], many: list[dict[str, Any]]) -> None:
    lists = dict.fromkeys(("before", "after", "calls", "gates", "proofs", "choices", "notes"), many)
    for each in (told, {**lists, "phase": "proving"}):
        for rows in (conclusion(each), rule_rows(each), change_rows(each), plan_rows(each), gate_rows(each), proof_rows(each), ways(each)):
            for row in rows:
                assert all(isinstance(cell.text, str) for cell in row)


def test_escapes_in_names_are_written_out() -> None:
    odd = rule("\x1b[31m", "\x1b]0;t\x07", "public", group_name="\x1bc", description="\x1b[2J")
    assert "\\x1b" not in str([*rule_rows({"before": [odd]}), *ways({"link": "\x1b[1m"})])


class Both(App[None]):
    def __init__(self, state: RunState) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self._state = state

    def compose(self) -> ComposeResult:
        for panel in (FirewallPanel(), WayBackPanel()):
            panel.state, panel.step_id = self._state, "a"
            yield panel


async def test_both_are_drawn_and_scroll_where_there_is_much() -> None:
    many = [rule(f"sgr-{n}", f"10.0.{n}.0/24", "inside", group_name="一个特别长的安全组名字" * 5) for n in range(200)]
    facts = {**FACTS, "before": [*FACTS["before"], *many], "gates": [gate("boot", "pass")]}
    program = Both(RunState(steps={"a": StepState(Phase.ENDED, topics={"firewall": facts})}))
    async with program.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        panel = program.query_one(FirewallPanel)
        assert panel.query_one(Heading).facts == ("只看，没有改", "1 / 1", "web-1", "公网开放")
        assert panel.virtual_size.height > panel.size.height or panel.size.height > MOST
        assert all(table.virtual_size.width <= 60 for table in program.query(Table))
        assert any(table.rows and table.rows[0][0].text == "1" for table in program.query_one(WayBackPanel).query(Table))


OPENED: dict[str, Any] = {
    "id": "20260922-i-1", "instance": "i-1", "server": "web-1", "address": "203.0.113.9", "port": 22, "until": NOW + 3600 + 125, "at": NOW,
    "state": "open", "rule": "sgr-9", "group": "sg-1", "link": "https://ecs.console.aliyun.com/x", "why": None,
}  # fmt: skip


def test_what_is_open_for_a_while_counts_down() -> None:
    ((mark, said),) = words(openings.rows([OPENED], NOW))
    assert mark == "!"
    assert "203.0.113.9" in said
    assert time.strftime("%H:%M", time.localtime(NOW + 3725)) in said
    assert "还有 1:02:05" in said


@pytest.mark.parametrize(
    ("state", "now", "mark", "part"),
    [
        ("open", NOW + 4000, "▸", "还没有看到它关上"),
        ("closing", NOW + 4000, "▸", "正在关上"),
        ("stuck", NOW + 4000, "✗", "可能还"),
        ("closed", NOW + 4000, "✓", "已经关上"),
    ],
)
def test_closed_is_said_only_once_it_was_seen(state: str, now: float, mark: str, part: str) -> None:
    told = words(openings.rows([{**OPENED, "state": state, "why": both("阿里云没有回答")}], now))
    assert told[0][0] == mark
    assert part in told[0][1]
    if state == "stuck":
        assert "阿里云没有回答" in told[0][1]
        assert "sgr-9" in told[1][1]


def test_only_the_servers_own_are_shown() -> None:
    assert openings.known([OPENED], FACTS) == (OPENED,)
    assert openings.known([{**OPENED, "instance": "i-2"}], FACTS) == ()
    assert openings.known([], {**FACTS, "openings": [OPENED]}) == (OPENED,)


def test_the_way_back_knows_what_is_open() -> None:
    told = [said for _, said in words(ways({**FACTS, "record": "/r"}, (OPENED,), NOW))]
    assert any("从 203.0.113.9 直接登录" in said for said in told)
    assert any("再运行一次，旧规则恢复" in said for said in told)
    over = [said for _, said in words(ways({**FACTS, "record": "/r"}, (OPENED,), NOW + 9999))]
    assert not any("直接登录" in said for said in over)
    mine = [said for _, said in words(ways({**FACTS, "record": "/r", "mode": "open"}, (), NOW))]
    assert not any("旧规则恢复" in said or "zhinan undo" in said for said in mine), "that record shuts, it opens nothing"


async def test_the_panel_is_told_of_them_and_of_the_time() -> None:
    program = Both(RunState(steps={"a": StepState(Phase.ENDED, topics={"firewall": FACTS})}))
    async with program.run_test(size=(100, 40)) as pilot:
        panel = program.query_one(FirewallPanel)
        panel.tell_time(NOW)
        panel.tell_openings((OPENED,))
        await pilot.pause()
        assert any("1:02:05" in row[1].text for row in panel._says.rows)
        panel.tell_time(NOW + 5)
        await pilot.pause()
        assert any("1:02:00" in row[1].text for row in panel._says.rows)


@pytest.mark.parametrize(
    ("phase", "word"), [("gates", "公网开放"), ("written", "不能断定"), ("proving", "不能断定"), ("closed", "公网开放")]
)
def test_what_is_being_proven_is_not_called_open_or_closed(phase: str, word: str) -> None:
    """`open` is what was read before the change until the proofs are in."""
    assert firewall.heads({**FACTS, "phase": phase, "open": True})[-1] == word
