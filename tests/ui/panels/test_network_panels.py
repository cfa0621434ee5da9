"""What the network and tailnet panels say of the facts that actions tell, line by line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tui.run.state import Phase, RunState, StepState
from tui.ui.panels import network, tailnet
from tui.ui.panels.heading import Heading
from tui.ui.panels.network import NetworkPanel, conclusion, mend_rows, probe_rows, when
from tui.ui.panels.table import Table
from tui.ui.panels.tailnet import TailnetPanel, console_rows, machine_rows, proof_rows
from tui.ui.panels.told import topic_of
from tui.ui.theme import DARK

NOW = 1_790_000_000.0
DAY = 86400.0


def both(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def mend(ident: str, blocked: str = "") -> dict[str, Any]:
    told = {"title": both(f"用 {ident}"), "does": both("取下规则"), "price": both("少一道拦截")}
    return {"id": ident, **told, "blocked": both(blocked) if blocked else None, "apply": "", "prove": "", "undo": "", "paste": ""}


NETWORK: dict[str, Any] = {
    "phase": "after", "conclusion": "trap", "cause": "aliyun-cgnat-drop", "say": both("规则丢弃了内网的回包"),
    "rows": [
        {"id": "dns", "name": both("内网 DNS"), "address": "100.100.2.136", "status": "fail", "proof": "0/3", "ms": None},
        {"id": "public", "name": both("公共 DNS"), "address": "223.5.5.5", "status": "pass", "proof": "3/3", "ms": 8},
        {"id": "assist", "name": both("云助手"), "address": "", "status": "unknown", "proof": "", "ms": 1200},
    ],
    "rule": "-A ts-input -s 100.64.0.0/10 -j DROP", "counter": 1200, "risen": 3, "proof": [], "region": "cn-hangzhou",
    "mends": [mend("nodivert"), mend("off", "ufw 在用")], "accept_dns": both(""), "at": NOW, "again_at": NOW + 130,
}  # fmt: skip


def machine(ident: str, name: str, ip: str, expiry: str, **more: Any) -> dict[str, Any]:
    state, _, at = expiry.partition(" ")
    key = {"state": state, "days": None, "at": at, **both(f"密钥 {state}")}
    return {
        "id": ident,
        "name": name,
        "ip": ip,
        "os": "linux",
        "user": "u",
        "online": True,
        "direct": "",
        "relay": "hkg",
        "expiry": key,
        **more,
    }


LAPTOP = machine("n1", "laptop", "100.88.1.2", "valid 2027-03-01T00:00:00+00:00")
SERVER = machine("n2", "box", "100.101.102.103", "valid 2026-10-01T00:00:00+00:00")
TAILNET: dict[str, Any] = {
    "self": LAPTOP, "server": {**SERVER, "name": "ecs-hz", "direct": "192.0.2.7:41641"},
    "machines": [
        LAPTOP, SERVER, machine("n3", "phone", "100.70.3.4", "never ", online=False), machine("n4", "old", "100.70.3.5", "expired "),
        machine("n5", "odd", "100.70.3.6", "unread "),
    ],
    "peer": {"ok": True, **both("同一个节点")}, "path": {"kind": "relay", "via": "DERP hkg", "ms": 88, **both("经中继 hkg")},
    "ssh": {"ok": True, "proof": "same", **both("同一把主机密钥")}, "boot": "enabled", "at": NOW,
}  # fmt: skip


def words(rows: Any) -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row) for row in rows]


def test_each_probe_says_what_proves_it_and_how_long_an_answer_took_and_the_rule_its_counter() -> None:
    assert words(probe_rows(NETWORK)) == [
        ("✗", "内网 DNS", "100.100.2.136  0/3"),
        ("✓", "公共 DNS", "223.5.5.5  3/3  8 ms"),
        ("?", "云助手", ""),
        ("✗", "规则", "-A ts-input -s 100.64.0.0/10 -j DROP  已丢 1,200 个包，查看期间 +3"),
    ]


@pytest.mark.parametrize(
    ("address", "proof", "said"),
    [
        ("100.100.100.200", "no HTTP answer", "100.100.100.200  没有 HTTP 回应"),
        ("a.axt.aliyun.com", "a.axt.aliyun.com: no address", "a.axt.aliyun.com  查不到地址"),
        ("-", "mirrors.cloud.aliyuncs.com: no address", "mirrors.cloud.aliyuncs.com: 查不到地址"),
    ],
)
def test_what_came_back_is_said_once_and_in_the_reader_s_language(address: str, proof: str, said: str) -> None:
    row = {"name": both("x"), "status": "fail", "address": address, "proof": proof, "ms": 5003}
    assert words(probe_rows({"rows": [row]})) == [("✗", "x", said)]


@pytest.mark.parametrize(
    ("rule", "risen", "mark"), [("-j DROP", 3, "✗"), ("-j DROP", 0, "!"), ("-j RETURN", 3, "✓"), ("-j RETURN", 0, "✓")]
)
def test_only_a_rule_that_drops_is_no_good(rule: str, risen: int, mark: str) -> None:
    assert words(probe_rows({"rule": rule, "risen": risen, "counter": 1}))[0][0] == mark


@pytest.mark.parametrize(
    ("came_to", "mark"),
    [("fine", "✓"), ("trap", "✗"), ("not-alibaba", "✓"), ("cgnat-drop-other-network", "✗"), ("unknown", "?"), ("", "?")],
)
def test_the_sentence_has_the_mark_of_what_the_looks_came_to(came_to: str, mark: str) -> None:
    assert words(conclusion({**NETWORK, "conclusion": came_to})) == [(mark, "规则丢弃了内网的回包")]


def test_no_way_out_is_shown_without_its_price() -> None:
    assert words(mend_rows(NETWORK)) == [
        ("!", "有 2 个处理办法，按推荐的先后；d 到文档里去选"),
        ("1", "用 nodivert"), ("", "做法：取下规则"), ("", "代价：少一道拦截"),
        ("2", "用 off"), ("", "做法：取下规则"), ("", "代价：少一道拦截"), ("", "现在做不了：ufw 在用"),
    ]  # fmt: skip
    assert words(mend_rows({**NETWORK, "mends": []})) == []


def test_the_next_look_is_counted_down_to() -> None:
    assert when(NETWORK, NOW + 30) == ("登录后", "01:40 后再看")
    assert when(NETWORK, NOW + 130) == ("登录后", "正在再看一次")
    assert when({**NETWORK, "again_at": None}, NOW) == ("登录后",)


def test_machines_say_how_they_are_reached_and_when_their_keys_end() -> None:
    rows = words(machine_rows(TAILNET, NOW))
    assert [row[:2] for row in rows] == [("✓", "laptop (本机)"), ("!", "ecs-hz (服务器)"), ("◦", "phone"), ("!", "old"), ("!", "odd")]
    assert [row[2].split() for row in rows] == [
        ["100.88.1.2", "在线", "密钥", "2027-03-01", "到期"],
        ["100.101.102.103", "直连", "在线", "密钥", "2026-10-01", "到期"],
        ["100.70.3.4", "离线", "密钥不过期"],
        ["100.70.3.5", "DERP", "hkg", "在线", "密钥已过期"],
        ["100.70.3.6", "DERP", "hkg", "在线", "密钥到期时间看不懂"],
    ]


def test_a_key_that_ended_since_it_was_looked_at_is_expired() -> None:
    [row] = words(machine_rows({"machines": [LAPTOP]}, NOW + 400 * DAY))
    assert row[0] == "!"
    assert "密钥已过期" in row[2]


def test_the_proofs_stand_under_each_other() -> None:
    assert words(proof_rows(TAILNET, NOW)) == [
        ("✓", "节点", "同一个节点"), ("!", "路径", "经中继 hkg"),
        ("✓", "SSH", "同一把主机密钥"), ("✓", "开机", "开机自动启动 (enabled)"), ("!", "密钥", "密钥 valid"),
    ]  # fmt: skip
    assert words(proof_rows({"path": None, "ssh": None}, NOW)) == []


@pytest.mark.parametrize(("kind", "mark"), [("direct", "✓"), ("relay", "!"), ("none", "✗"), ("", "✗")])
def test_direct_and_relayed_are_told_apart(kind: str, mark: str) -> None:
    assert words(proof_rows({"path": {"kind": kind, **both("x")}}, NOW)) == [(mark, "路径", "x")]


@pytest.mark.parametrize(("ok", "mark"), [(True, "✓"), (False, "✗"), (None, "?")])
def test_ssh_is_proven_failed_or_unknown(ok: bool | None, mark: str) -> None:
    assert words(proof_rows({"ssh": {"ok": ok, "proof": "p"}}, NOW)) == [(mark, "SSH", "p")]


@pytest.mark.parametrize(("boot", "mark"), [("enabled", "✓"), ("disabled", "✗"), ("masked", "✗"), ("", "?")])
def test_whether_it_starts_with_the_machine(boot: str, mark: str) -> None:
    assert words(proof_rows({"boot": boot}, NOW))[0][0] == mark


def test_a_console_that_was_not_seen_is_unknown() -> None:
    assert words(proof_rows({"console_error": both("令牌过期了")}, NOW)) == [("?", "后台", "令牌过期了")]


@pytest.mark.parametrize(("ok", "mark"), [(True, "✓"), (False, "✗"), (None, "✗")])
def test_whether_it_is_that_machine(ok: bool | None, mark: str) -> None:
    assert words(proof_rows({"peer": {"ok": ok, **both("x")}}, NOW)) == [(mark, "节点", "x")]


CONSOLE = [
    {
        "id": "n2",
        "name": "ecs-hz",
        "ip": "100.101.102.103",
        "os": "linux",
        "user": "tag:server",
        "expiry": "",
        "last_seen": "2026-09-20T08:00:00Z",
    },
    {"id": "n9", "name": "gone", "ip": "100.1.2.3", "os": "linux", "user": "me@x", "expiry": "2026-09-25T00:00:00Z", "last_seen": ""},
]


def test_what_the_console_lists_says_whose_it_is_and_what_is_not_seen_from_here() -> None:
    server, gone = words(console_rows({**TAILNET, "console": CONSOLE}, NOW))
    assert server[:2] == ("◦", "ecs-hz (服务器)")
    assert server[2].split() == ["100.101.102.103", "tag:server", "密钥不过期", "上次在线", "2026-09-20"]
    assert gone[:2] == ("!", "gone")
    assert gone[2].split() == ["100.1.2.3", "me@x", "密钥", "2026-09-25", "到期", "本机看不到"]
    assert words(console_rows({**TAILNET, "console": None}, NOW)) == []


leaves = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=5)
junk = st.recursive(leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "zh", "ms"]), inner))
facts = st.dictionaries(st.sampled_from([*NETWORK, *TAILNET, "health", "console"]), junk)
inner_facts = st.dictionaries(st.sampled_from(["name", "ip", "expiry", "status", "ms", "ok", "kind", "price", "title", "last_seen"]), junk)


@given(facts, st.lists(inner_facts, max_size=2), inner_facts)
def test_facts_of_another_shape_break_nothing(told: dict[str, Any], many: list[dict[str, Any]], one: dict[str, Any]) -> None:
    for each in (told, {"machines": many, "console": many, "rows": many, "mends": many, "path": one, "ssh": one, "peer": one, "say": one}):
        tailnet_rows = (*machine_rows(each, NOW), *proof_rows(each, NOW), *console_rows(each, NOW))
        for row in (*tailnet_rows, *probe_rows(each), *mend_rows(each), *conclusion(each)):
            assert all(isinstance(cell.text, str) for cell in row)
        when(each, NOW)


def test_escapes_from_a_host_are_written_out() -> None:
    machine = {"name": "\x1b[31mred", "ip": "\x1b]0;t\x07", "online": True}
    row = {"name": both("\x1b[1m"), "status": "fail", "proof": "\x1b[2J"}
    shown = str([*machine_rows({"machines": [machine]}, NOW), *probe_rows({"rows": [row], "rule": "\x1bc"})])
    assert "\\x1b" not in shown


def test_the_step_under_the_cursor_comes_first_then_the_one_that_runs() -> None:
    here, runs = StepState(Phase.ENDED, topics={"tailnet": {"at": 1}}), StepState(Phase.RUNNING, topics={"tailnet": {"at": 2}})
    state = RunState(steps={"runs": runs, "here": here, "bare": StepState()})
    assert topic_of(state, "here", "tailnet") == {"at": 1}
    assert topic_of(state, "bare", "tailnet") == {"at": 2}
    assert tailnet.has(state, "bare")
    assert not network.has(state, "bare")
    assert not tailnet.has(RunState(steps={"here": here, "bare": StepState()}), "bare")


class Both(App[None]):
    """Both panels."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield NetworkPanel()
        yield TailnetPanel()


async def test_the_panels_follow_the_run() -> None:
    async with Both().run_test(size=(60, 50)) as pilot:
        panels = pilot.app.query_one(NetworkPanel), pilot.app.query_one(TailnetPanel)
        state = RunState(steps={"a": StepState(Phase.RUNNING, topics={"network": NETWORK, "tailnet": TAILNET})})
        for panel in panels:
            panel.state, panel.step_id = state, "a"
            panel.tell_time(NOW)
        await pilot.pause()
        assert panels[1].query_one(Heading).facts == ("4 / 5 在线",)
        assert panels[0].query_one(Heading).facts[0] == "登录后"
        assert [len(table.rows) for panel in panels for table in panel.query(Table)] == [1, 8, 4, 5, 5, 0, 0]
        for panel in panels:
            panel.state = RunState()
        await pilot.pause()
        assert not any(table.rows for panel in panels for table in panel.query(Table))
