"""What the panel of the reader's computer says of the facts that `tailscale.local` tells, line by line and on the screen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tui import texts
from tui.run.state import Phase, RunState, StepState
from tui.ui.panels.heading import Heading
from tui.ui.panels.local import LocalPanel, has, rows
from tui.ui.panels.told import reasons
from tui.ui.theme import DARK

CONNECTED: dict[str, Any] = {
    "system": "macos", "arch": "arm64", "kind": "macos standalone", "cli": "/Applications/Tailscale.app/Contents/MacOS/Tailscale",
    "version": "1.102.3", "state": "running", "say": {"zh": "已连上：mac（100.96.0.9），账号 me@x.com", "en": "connected: mac"},
    "account": "me@x.com", "tailnet": "x.ts.net", "name": "mac", "ip": "100.96.0.9", "node_id": "n9", "same": True, "advice": None,
    "troubles": [
        {"id": "clash-tun-conflict", "zh": "代理接管了 DNS", "en": "a proxy answers", "line": "controlplane -> 198.18.0.4", "blocks": True},
        {"id": "proxy-bad", "zh": "设了代理", "en": "a proxy is set", "line": "127.0.0.1:7890", "blocks": False},
    ],
    "at": 1.0,
}  # fmt: skip
MISSING: dict[str, Any] = {
    **CONNECTED, "kind": "none", "cli": "", "version": "", "state": "not installed", "say": {"zh": "还没有装", "en": "not installed"},
    "account": "", "tailnet": "", "name": "", "ip": "", "same": None, "troubles": [],
    "advice": {"zh": "运行下面的命令", "en": "run this", "command": "brew install --cask tailscale-app", "page": "https://tailscale.com/download/mac"},
}  # fmt: skip


def words(found: Any) -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row) for row in found]


def test_a_computer_that_is_connected() -> None:
    assert words(rows(CONNECTED)) == [
        ("✓", "状态", "已连上：mac（100.96.0.9），账号 me@x.com"),
        ("", "程序", "1.102.3  独立版  /Applications/Tailscale.app/Contents/MacOS/Tailscale"),
        ("✓", "网络", "x.ts.net  和服务器相同"),
    ]


@pytest.mark.parametrize(
    ("same", "row"),
    [
        (True, ("✓", "网络", "x.ts.net  和服务器相同")),
        (False, ("✗", "网络", "x.ts.net  和服务器不同，互相看不见")),
        (None, ("", "网络", "x.ts.net")),
    ],
)
def test_only_what_was_compared_is_said_to_be_the_same(same: bool | None, row: tuple[str, ...]) -> None:
    assert row in words(rows({**CONNECTED, "same": same}))


def test_what_is_missing_comes_with_command_and_page() -> None:
    assert words(rows(MISSING)) == [
        ("✗", "状态", "还没有装"),
        ("!", "怎么办", "运行下面的命令"),
        ("", "运行", "brew install --cask tailscale-app"),
        ("", "打开", "https://tailscale.com/download/mac"),
    ]


def test_what_gets_in_the_way_has_its_proof_the_worst_in_red() -> None:
    assert words(reasons(CONNECTED, "troubles")) == [
        ("✗", "代理接管了 DNS · controlplane -> 198.18.0.4"),
        ("!", "设了代理 · 127.0.0.1:7890"),
    ]


@pytest.mark.parametrize(
    ("state", "mark"),
    [("running", "✓"), ("not installed", "✗"), ("daemon stopped", "✗"), ("needs login", "!"), ("unknown", "?"), ("a new one", "!")],
)
def test_the_state_has_its_mark(state: str, mark: str) -> None:
    assert words(rows({**CONNECTED, "state": state}))[0][0] == mark


def test_the_other_language() -> None:
    texts.use("en")
    said = words(rows({**MISSING, "kind": "macos app store", "tailnet": "x", "same": False}))
    assert ("", "program", "from the App Store") in said
    assert ("✗", "tailnet", "x  not the server's: they can't see each other") in said
    assert ("!", "to do", "run this") in said


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["zh", "command", "line"]), inner),
)


@given(st.dictionaries(st.sampled_from([*CONNECTED]), junk))
def test_facts_of_another_shape_break_nothing(facts: dict[str, Any]) -> None:
    for row in (*rows(facts), *reasons(facts, "troubles")):
        assert all(isinstance(cell.text, str) for cell in row)


def test_it_is_there_for_the_step_under_the_cursor_and_for_the_running_one() -> None:
    told = StepState(Phase.ENDED, topics={"local": CONNECTED})
    assert has(RunState(steps={"a": told}), "a")
    assert not has(RunState(steps={"a": told}), "b")
    assert has(RunState(steps={"a": StepState(Phase.WAITING, topics={"local": CONNECTED})}), "b")


class Panel(App[None]):
    """The panel alone."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield LocalPanel()


@pytest.mark.parametrize("width", [56, 30])
async def test_on_the_screen_nothing_is_cut(width: int) -> None:
    async with Panel().run_test(size=(width, 40)) as pilot:
        panel = pilot.app.query_one(LocalPanel)
        panel.state, panel.step_id = (
            RunState(steps={"a": StepState(Phase.ENDED, topics={"local": MISSING | {"troubles": CONNECTED["troubles"]}})}),
            "a",
        )
        await pilot.pause()
        assert panel.query_one(Heading).facts == ("macOS arm64",)
        seen = "".join("".join(s.text for s in strip) for strip in pilot.app.screen._compositor.render_strips())
        flat = "".join(seen.split())
        for said in ("还没有装", "brewinstall--casktailscale-app", "https://tailscale.com/download/mac", "controlplane->198.18.0.4"):
            assert said in flat
        panel.state = RunState()
        await pilot.pause()
        assert panel.query_one(Heading).facts == ()
