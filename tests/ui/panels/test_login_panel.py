"""The panel of a login: its code says the link, its words say how long and whose, and a small panel keeps the link."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Size

from tui import texts
from tui.run.state import Phase, RunState, StepState, Wait
from tui.texts import Text
from tui.ui.panels.heading import Heading
from tui.ui.panels.login import LoginPanel, has, keys, left, standing
from tui.ui.panels.qr import QrCode, fitting, qr_lines
from tui.ui.panels.table import Table
from tui.ui.theme import DARK, LIGHT

LINK = "https://login.tailscale.com/a/1f6c0a2b9d3e"
WAIT = Wait(Text("打开链接", "open the link"), LINK, 4_000_000_000.0)
FACTS: dict[str, Any] = {
    "state": "login pending", "say": {"zh": "正在等人", "en": "waits"}, "url": LINK, "account": "", "tailnet": "",
    "name": "ecs-hz", "ip": "", "health": [],
}  # fmt: skip
DARK_CELLS = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}


def modules(lines: list[str], quiet: int) -> list[list[bool]]:
    """The dark modules that the drawn rows show, margin taken off."""
    rows: list[list[bool]] = []
    for line in lines:
        cells = [DARK_CELLS[cell] for cell in line]
        rows += [[top for top, _ in cells], [bottom for _, bottom in cells]]
    side = len(lines[0]) - 2 * quiet
    margin = [row for at, row in enumerate(rows) if not quiet <= at < quiet + side]
    assert len(margin) >= 2 * quiet
    assert not any(any(row) for row in margin)
    assert not any(any(row[:quiet]) or any(row[-quiet:]) for row in rows)
    return [row[quiet : quiet + side] for row in rows[quiet : quiet + side]]


@given(st.text("abcdef0123456789/-_:.", max_size=120), st.sampled_from([2, 4]))
def test_the_drawn_code_is_the_link(rest: str, quiet: int) -> None:
    link = "https://" + rest
    assert modules(list(qr_lines(link, quiet)), quiet) == [[bool(cell) for cell in row] for row in segno.make_qr(link, error="l").matrix]


def test_the_margin_gives_way_before_the_code_does() -> None:
    full, short = qr_lines(LINK, 4), qr_lines(LINK, 2)
    assert fitting(LINK, Size(80, 80)) == full
    assert fitting(LINK, Size(len(full[0]) - 1, 80)) == short
    assert fitting(LINK, Size(len(short[0]), len(short))) == short
    assert fitting(LINK, Size(len(short[0]) - 1, 80)) == ()
    assert fitting(LINK, Size(80, len(short) - 1)) == ()


def test_a_link_no_code_can_hold_has_none() -> None:
    assert qr_lines("https://" + "x" * 4000, 2) == ()


def test_it_counts_down_and_says_when_it_is_over() -> None:
    assert left(WAIT, WAIT.until - 552) == ("还有 09:12",)
    assert left(WAIT, WAIT.until) == ("时间到了",)
    assert left(None, 0.0) == ()


def test_keys_that_do_not_fit_whole_are_left_out() -> None:
    assert keys(80).plain.split() == ["o", "打开浏览器", "y", "复制链接", "x", "取消"]
    assert keys(keys(80).cell_length).plain == keys(80).plain
    assert keys(keys(80).cell_length - 1).plain.split() == ["o", "打开浏览器", "y", "复制链接"]


def test_whose_it_is_and_what_ails_it() -> None:
    facts = {
        **FACTS, "account": "me@example.com", "tailnet": "example.ts.net", "ip": "100.101.102.103",
        "health": [{"id": "x", "zh": "连不上控制服务器", "en": "no control server", "line": "dial tcp: refused", "blocks": True}],
    }  # fmt: skip
    rows = [tuple(cell.text for cell in row) for row in standing(facts, awaited=True)]
    assert rows == [
        ("▸", "状态", "正在等人"), ("", "账号", "me@example.com"), ("", "网络", "example.ts.net"), ("", "机器", "ecs-hz"),
        ("", "地址", "100.101.102.103"), ("✗", "", "连不上控制服务器 · dial tcp: refused"),
    ]  # fmt: skip
    said = {"zh": "已连上：ecs-hz（100.101.102.103），账号 me@example.com，tailnet example.ts.net", "en": ""}
    [row] = standing({**facts, "state": "running", "say": said, "health": []}, awaited=False)
    assert row[0].text == "✓"


junk = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=3))


@given(st.dictionaries(st.sampled_from([*FACTS]), junk))
def test_facts_of_another_shape_break_nothing(facts: dict[str, Any]) -> None:
    for row in standing(facts, awaited=False):
        assert all(isinstance(cell.text, str) for cell in row)


def test_it_is_there_for_the_step_under_the_cursor_and_for_the_running_one() -> None:
    waiting = StepState(Phase.WAITING, wait=WAIT)
    told = StepState(Phase.ENDED, topics={"login": FACTS})
    assert has(RunState(steps={"a": waiting}), "b")
    assert has(RunState(steps={"a": told}), "a")
    assert not has(RunState(steps={"a": told}), "b")
    assert not has(RunState(steps={"a": StepState(Phase.WAITING, wait=replace(WAIT, url=""))}), "a")


class Panel(App[None]):
    """The panel alone."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        for each in (DARK, LIGHT):
            self.register_theme(each)
        self.theme = theme

    def compose(self) -> ComposeResult:
        yield LoginPanel()


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
async def test_on_the_screen_the_code_is_dark_on_light_in_both_themes(theme: str) -> None:
    async with Panel(theme).run_test(size=(56, 36)) as pilot:
        panel = pilot.app.query_one(LoginPanel)
        panel.room = 36
        panel.state, panel.step_id = RunState(steps={"a": StepState(Phase.WAITING, wait=WAIT)}), "a"
        await pilot.pause()
        code = panel.query_one(QrCode)
        drawn = [code.render_line(y) for y in range(code.size.height)]
        seen = [
            [(s.text, s.style) for s in strip if s.style and s.style.bgcolor and s.style.bgcolor.triplet == (255, 255, 255)]
            for strip in drawn
        ]
        assert all(style.color and style.color.triplet == (0, 0, 0) for row in seen for _, style in row)
        lines = ["".join(text for text, _ in row) for row in seen]
        quiet = 2 if len(lines) == len(qr_lines(LINK, 2)) else 4
        assert modules(lines, quiet) == [[bool(cell) for cell in row] for row in segno.make_qr(LINK, error="l").matrix]
        assert panel.query_one(Heading).facts[0].startswith("还有 ")


async def test_a_small_panel_keeps_the_link_and_no_code() -> None:
    async with Panel(DARK.name).run_test(size=(30, 10)) as pilot:
        panel = pilot.app.query_one(LoginPanel)
        panel.room = 10
        panel.state, panel.step_id = RunState(steps={"a": StepState(Phase.WAITING, wait=WAIT, topics={"login": FACTS})}), "a"
        await pilot.pause()
        assert not panel.query_one(QrCode).display
        link = panel.query_one(".login-link")
        assert link.size.height == 2
        selected = "".join("".join(s.text for s in link.render_line(y)).strip() for y in range(2))
        assert selected == LINK
        panel.state = RunState(steps={"a": StepState(Phase.RUNNING, topics={"login": FACTS})})
        await pilot.pause()
        assert not link.display
        assert panel.query_one(Table).rows
        assert panel.query_one(Heading).facts == ()


def test_both_languages() -> None:
    before = texts.language()
    texts.use("en")
    try:
        assert left(WAIT, WAIT.until - 61) == ("01:01 left",)
        assert standing(FACTS, awaited=False)[0][2].text == "waits"
    finally:
        texts.use(before)
