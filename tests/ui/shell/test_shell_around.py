"""What is around a guide: help, palette, language, theme, sizes, quitting."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator

import pytest
from shell_stage import DOCUMENT, NOW, Scripted, app, began, ended, held, screen, sees, shown, sight, step_began, step_ended, until
from test_shell_ways import CAUSE
from textual.binding import Binding

from tui import texts
from tui.run import events as ev
from tui.run.events import AnyEvent, Outcome
from tui.run.plan import Request
from tui.ui.app import ZhinanApp
from tui.ui.dialogs.confirm import ConfirmDialog
from tui.ui.dialogs.palette import PaletteDialog
from tui.ui.screens.guide.bindings import BINDINGS
from tui.ui.screens.guide.panels import Panels
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.screens.help.screen import HelpScreen
from tui.ui.theme import DARK, LIGHT
from tui.ui.widgets.keybar import KeyBar
from tui.ui.widgets.keys import key_name, words
from tui.ui.widgets.tabs import PanelTabs

WIDE, SMALL = (140, 40), (80, 24)


def described() -> Iterator[Binding]:
    """Every binding of guide screen and app that has words."""
    for binding in Binding.make_bindings([*BINDINGS, *ZhinanApp.BINDINGS]):
        if binding.description:
            yield binding


async def test_language_changes_everywhere_at_once() -> None:
    program, _ = app()
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("r")
        await sight(pilot, "✓ 通过")
        await pilot.press("ctrl+l")
        await sight(pilot, "✓ passed")
        await sight(pilot, "r run")
        text = shown(program.screen)
        for chinese in ("日志", "检查", "数值", "只在你按键时", "搜索", "命令面板", "本机"):
            assert chinese not in text
        await pilot.press("ctrl+l")
        await sight(pilot, "✓ 通过")


def ground_of(guide_screen: GuideScreen) -> str:
    """The ground that the document's first words stand on."""
    style = next(segment.style for segment in guide_screen.document.render_line(0) if segment.text.strip())
    assert style is not None
    assert style.bgcolor is not None
    return style.bgcolor.name


async def test_theme_changes() -> None:
    program, _ = app()
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("ctrl+t")
        assert program.theme == "zhinan-light"
        await until(pilot, lambda: ground_of(screen(pilot)) == LIGHT.variables["ground"])
        await pilot.press("ctrl+t")
        assert program.theme == "zhinan-dark"
        await until(pilot, lambda: ground_of(screen(pilot)) == DARK.variables["ground"])


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_help_lists_every_binding(language: texts.Language) -> None:
    texts.use(language)
    program, _ = app()
    async with program.run_test(size=(140, 80)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(program.screen, HelpScreen))
        await pilot.pause()
        rows = shown(program.screen).splitlines()
        for binding in described():
            assert any(key_name(binding.key) in row.split() and words(binding) in row for row in rows), binding
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))


@pytest.mark.parametrize("binding", list(described()), ids=lambda each: each.key)
def test_every_binding_speaks_both_languages(binding: Binding) -> None:
    texts.use("zh")
    chinese = words(binding)
    texts.use("en")
    assert chinese
    assert re.search("[一-鿿]", chinese) or binding.id == "app.language"
    assert words(binding) != chinese


async def test_the_palette_does_what_is_chosen() -> None:
    program, session = app()
    async with program.run_test(size=SMALL) as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(program.screen, PaletteDialog))
        await pilot.press(*"从此")
        await pilot.press("enter")
        await until(pilot, lambda: session.requests)
        assert session.requests[0].steps == ("look", "hand", "last")


async def test_the_palette_says_when_nothing_matches_and_esc_leaves() -> None:
    program, session = app()
    async with program.run_test(size=SMALL) as pilot:
        await pilot.press("ctrl+p", *"zzz")
        await sight(pilot, "没有这样的命令")
        await pilot.press("enter", "escape")
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))
        assert not session.requests


async def test_the_palette_lists_what_the_guide_screen_offers() -> None:
    program, _ = app()
    async with program.run_test(size=WIDE) as pilot:
        guide = screen(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(program.screen, PaletteDialog))
        listed = {entry.words for entry in program.screen._entries}
        for binding in described():
            offers = guide.offers(binding.action.partition("(")[0])
            if binding.id != "app.palette" and binding.show and offers:
                assert words(binding) in listed, binding
        assert "停止" not in listed


@pytest.mark.parametrize(("size", "more"), [(SMALL, True), ((200, 40), False)])
async def test_a_full_key_bar_says_that_there_are_more_keys(size: tuple[int, int], more: bool) -> None:
    program, _ = app()
    async with program.run_test(size=size) as pilot:
        await sight(pilot, "r 执行")
        await until(pilot, lambda: ("…" in str(program.screen.query_one(KeyBar).render())) is more)
        assert sees(pilot, "h 做过的执行") is not more


async def test_below_100_columns_the_panels_are_tabs() -> None:
    program, _ = app()
    async with program.run_test(size=SMALL) as pilot:
        await pilot.press("r")
        await sight(pilot, "世界")
        panels = program.screen.query_one(Panels)
        assert panels.log_panel.display
        assert not panels.checks.display
        assert "数值    v  ─" in shown(program.screen)
        await pilot.press("v")
        await sight(pilot, "服务运行中")
        assert panels.checks.display
        assert not panels.log_panel.display
        await pilot.click(PanelTabs, offset=(2, 0))
        await until(pilot, lambda: panels.log_panel.display)


async def test_in_a_very_low_window_the_panels_come_forward_and_go_again() -> None:
    program, _ = app()
    async with program.run_test(size=(60, 15)) as pilot:
        await sight(pilot, "日志   检查 0/2   数值    v")
        assert not sees(pilot, "还没有输出")
        await pilot.press("v")
        await sight(pilot, "还没有输出")
        await pilot.press("r")
        await sight(pilot, "2 世界")
        await pilot.press("v")
        await sight(pilot, "服务运行中  ")
        await pilot.press("v", "v")
        await until(pilot, lambda: program.screen.query_one(Panels).size.height == 1)
        for size in ((140, 40), (60, 15), (80, 24), (60, 15)):
            await pilot.resize_terminal(*size)
        await sight(pilot, "✓ 通过")


async def test_in_a_very_low_window_a_failure_brings_its_reason_forward() -> None:
    async def broken(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
        yield began(request)
        yield step_began(request.steps[0])
        yield ev.Diagnosed(run="r", at=NOW, step=request.steps[0], causes=(CAUSE,))
        yield step_ended(request.steps[0], Outcome.FAILED)
        yield ended(Outcome.FAILED)

    program, _ = app(broken)
    async with program.run_test(size=(60, 15)) as pilot:
        await pilot.press("r")
        await sight(pilot, str(CAUSE.title))


async def test_resizing_changes_the_layout_and_keeps_the_place() -> None:
    program, _ = app()
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("J")
        panels = program.screen.query_one(Panels)
        assert panels.region.x > 0
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: panels.region.x == 0)
        assert sees(pilot, "第 2/3 步")
        await pilot.resize_terminal(140, 40)
        await until(pilot, lambda: panels.region.x > 0 and panels.checks.display)
        assert screen(pilot).document.current.step_id == "hand"
        assert not sees(pilot, "第 2/3 步")


async def test_resizing_keeps_the_running_step_in_view() -> None:
    prose = "\n\n".join("一段很长的话，说明这一步要做什么。" * 6 for _ in range(20))
    program, _ = app(held, DOCUMENT.replace("## 第3步", f"{prose}\n\n## 第3步"))
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("J", "J", "r")
        await sight(pilot, "working")
        for size in (SMALL, WIDE, (60, 15), SMALL, (60, 15), WIDE):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: screen(pilot).size == size)
            await sight(pilot, "执行中 00:12 第 3.1 步")


@pytest.mark.parametrize("size", [(50, 12), (30, 8), (20, 5)])
async def test_a_tiny_window_says_so_and_still_runs(size: tuple[int, int]) -> None:
    program, session = app()
    async with program.run_test(size=size) as pilot:
        await sight(pilot, "窗口太小" if size[0] >= 30 else "窗口")
        await pilot.press("r")
        await until(pilot, lambda: session.requests)
        await until(pilot, lambda: screen(pilot).runner.state.verdict)


async def test_help_and_palette_stay_in_the_key_bar_at_80_columns() -> None:
    program, _ = app()
    async with program.run_test(size=SMALL) as pilot:
        await sight(pilot, "? 帮助")
        assert sees(pilot, "^p 命令面板")


async def test_quitting_with_nothing_running_quits() -> None:
    program, session = app()
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not program.is_running)
    assert program.return_value == 0
    assert session.closed


@pytest.mark.parametrize("quit_key", ["ctrl+q", "ctrl+c"])
async def test_quitting_while_a_step_runs_asks_and_stops_it(quit_key: str) -> None:
    program, session = app(held)
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("r")
        await sight(pilot, "working")
        await pilot.press(quit_key)
        await until(pilot, lambda: isinstance(program.screen, ConfirmDialog))
        assert sees(pilot, "命令连同它的子进程一起结束")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))
        assert not session.stopped.is_set()
        await pilot.press(quit_key)
        await until(pilot, lambda: isinstance(program.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: not program.is_running)
    assert session.stopped.is_set()
    assert session.closed
