"""What is around a guide: library, help, palette, language, theme, search, links, sizes, quitting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_stage import DOCUMENT, Scripted, app, held, passing, screen, sees, shown, sight, until
from textual.binding import Binding
from textual.events import Key
from textual.widgets import Input, OptionList

from tui import texts
from tui.guide import library
from tui.ui import links
from tui.ui.app import ZhinanApp
from tui.ui.dialogs.confirm import ConfirmDialog
from tui.ui.dialogs.palette import PaletteDialog
from tui.ui.screens.guide.bindings import BINDINGS
from tui.ui.screens.guide.findbar import FindBar
from tui.ui.screens.guide.panels import Panels
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.screens.help.screen import HelpScreen
from tui.ui.screens.library.screen import LibraryScreen
from tui.ui.starts import LibraryStart
from tui.ui.theme import DARK, LIGHT
from tui.ui.widgets.keys import key_name, words
from tui.ui.widgets.notice import Notice
from tui.ui.widgets.stepstrip import StepStrip
from tui.ui.widgets.tabs import PanelTabs

WIDE, SMALL = (140, 40), (80, 24)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of the test's own: two guides, one in both languages, and a file that can't be read."""
    (tmp_path / "net").mkdir()
    (tmp_path / "a.md").write_text("---\nsummary: 换一条路\n---\n# Q1 连上去\n\n## 第1步：看\n\n```bash\nls\n```\n", encoding="utf-8")
    (tmp_path / "a.en.md").write_text("# Q1 Connect\n\n## Step 1: Look\n\n```bash\nls\n```\n", encoding="utf-8")
    (tmp_path / "net" / "b.md").write_text("# Q2 很慢怎么办\n\n只能走中继。\n", encoding="utf-8")
    (tmp_path / "bad.md").write_bytes(b"\xff\x00\x01\x02" * 50)
    monkeypatch.setattr(library, "builtin_dir", lambda: tmp_path)
    return tmp_path


def at_library(folders: tuple[Path, ...] = ()) -> ZhinanApp:
    """The app at its library."""
    return ZhinanApp(LibraryStart(), Scripted(passing).sessions, folders=folders)


def described() -> Iterator[Binding]:
    """Every binding of guide screen and app that has words."""
    for binding in Binding.make_bindings([*BINDINGS, *ZhinanApp.BINDINGS]):
        if binding.description:
            yield binding


# ---- library


async def test_the_library_lists_previews_and_opens(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE) as pilot:
        await sight(pilot, "Q1 连上去")
        await sight(pilot, "◦ 1 看")
        assert sees(pilot, "指南 › net")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))
        assert screen(pilot).guide.title == "Q1 连上去"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(program.screen, LibraryScreen))


async def test_slash_finds_in_titles_and_text(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE) as pilot:
        await sight(pilot, "Q2 很慢怎么办")
        await pilot.press("slash", *"中继")
        await until(pilot, lambda: not sees(pilot, "Q1 连上去"))
        assert sees(pilot, "Q2 很慢怎么办")
        await pilot.press("escape")
        await sight(pilot, "Q1 连上去")
        await pilot.press("slash", *"zzz")
        await sight(pilot, "没有找到“zzz”")


async def test_a_file_that_cannot_be_read_is_listed_with_its_sentence(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await sight(pilot, "打不开")
        rows = [row.entry.path.name if row.entry else "" for row in program.screen._rows]
        program.screen.query_one("#guides", OptionList).highlighted = rows.index("bad.md")
        await until(pilot, lambda: shown(program.screen).count("打不开") > 1)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(program.screen, LibraryScreen)


async def test_an_empty_library_says_how_to_fill_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "builtin_dir", lambda: tmp_path)
    program = at_library()
    async with program.run_test(size=SMALL) as pilot:
        await sight(pilot, "知识库里还没有指南")


async def test_the_reader_s_own_folder_stands_under_its_name(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.mktemp("runbooks")
    (own / "docker.md").write_text("# 部署 Docker\n", encoding="utf-8")
    async with at_library((own,)).run_test(size=WIDE) as pilot:
        await sight(pilot, "部署 Docker")
        assert sees(pilot, "我的")


async def test_a_click_opens_a_guide(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE) as pilot:
        await sight(pilot, "Q1 连上去")
        rows = [row.entry.path.name if row.entry else "" for row in program.screen._rows]
        await until(pilot, lambda: program.screen.query_one("#guides").region.height > len(rows))  # shown, not only painted
        await pilot.click("#guides", offset=(8, rows.index("a.md")))
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))
        await sight(pilot, "还没有输出")


async def test_practice_is_not_offered_where_there_is_none(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE) as pilot:
        await sight(pilot, "Q1 连上去")
        assert not sees(pilot, "p 练习")


# ---- language, theme, help, palette


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


async def test_the_library_speaks_the_other_language_and_lists_the_twin(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE) as pilot:
        await sight(pilot, "Q1 连上去")
        await pilot.press("ctrl+l")
        await sight(pilot, "Q1 Connect")
        await sight(pilot, "English · dark")
        assert not sees(pilot, "Q1 连上去")


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


# ---- reading


async def test_search_lights_counts_and_goes_on() -> None:
    program, _ = app()
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("n")
        await sight(pilot, "先按 / 搜索")
        await pilot.press("slash", *"echo")
        await sight(pilot, "3 处")
        await pilot.press("enter")
        assert screen(pilot).focused is screen(pilot).document
        await sight(pilot, "n 下一处")
        await pilot.press("escape")
        await until(pilot, lambda: not screen(pilot).search_words)
        assert isinstance(program.screen, GuideScreen)


async def test_esc_leaves_the_search_wholly() -> None:
    program, _ = app()
    async with program.run_test(size=WIDE) as pilot:
        bar = program.screen.query_one(FindBar)
        for leaving in (("enter", "escape"), ("escape",)):
            await pilot.press("slash", *"echo")
            await sight(pilot, "3 处")
            await pilot.press(*leaving)
            await until(pilot, lambda: not screen(pilot).search_words)
            await until(pilot, lambda: not bar.display)
            assert screen(pilot).focused is screen(pilot).document
        assert isinstance(program.screen, GuideScreen)


async def test_a_notice_never_covers_what_is_typed() -> None:
    program, _ = app()
    async with program.run_test(size=WIDE) as pilot:
        program.notify("先说一句")
        await sight(pilot, "先说一句")
        await pilot.press("slash", *"echo")
        await sight(pilot, "/ echo")
        assert not sees(pilot, "先说一句")
        program.notify("再说一句")
        await sight(pilot, "再说一句")
        assert sees(pilot, "/ echo")


async def test_keys_close_behind_enter_are_keys_of_the_document() -> None:
    program, session = app()
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("slash")
        for name, character in (("e", "e"), ("c", "c"), ("enter", "\r"), ("r", "r")):
            program.post_message(Key(name, character))
        await until(pilot, lambda: session.requests)
        assert program.screen.query_one("#find-input", Input).value == "ec"
        await until(pilot, lambda: screen(pilot).search_words == "ec")


async def test_letters_typed_into_the_search_do_nothing_else() -> None:
    program, session = app()
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("slash", *"raxct", "space")
        assert program.screen.query_one("#find-input", Input).value == "raxct "
        assert not session.requests


async def test_y_copies_the_command_byte_for_byte() -> None:
    program, _ = app(text=DOCUMENT.replace("echo hello", "echo 'a  b'\necho  $HOME"))
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("y")
        assert program.clipboard == "echo 'a  b'\necho  $HOME"


async def test_the_log_fills_the_screen_and_goes_back() -> None:
    program, _ = app()
    async with program.run_test(size=SMALL) as pilot:
        await pilot.press("r")
        await until(pilot, lambda: screen(pilot).runner.state.verdict)
        await pilot.press("l")
        await until(pilot, lambda: not isinstance(program.screen, GuideScreen))
        await sight(pilot, "世界")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))


async def test_a_click_in_the_strip_goes_to_the_step() -> None:
    program, _ = app()
    async with program.run_test(size=WIDE) as pilot:
        strip = program.screen.query_one(StepStrip)
        at = "".join(segment.text for segment in strip.render_line(0)).index("收尾")
        await pilot.click("#strip", offset=(at + 10, 0))
        await until(pilot, lambda: screen(pilot).document.current.step_id == "last")


async def test_a_click_on_a_key_is_the_key() -> None:
    program, session = app()
    async with program.run_test(size=WIDE) as pilot:
        await pilot.click("#keybar", offset=(3, 0))
        await until(pilot, lambda: session.requests)


@pytest.mark.parametrize(
    ("href", "kind"),
    [
        ("https://example.com/a", links.Page),
        ("other.md#part", links.Document),
        ("missing.md", links.Nowhere),
        ("file:///etc/passwd", links.Nowhere),
        ("javascript:alert(1)", links.Nowhere),
        ("//evil.example/x.md", links.Nowhere),
        ("picture.png", links.Nowhere),
        ("http://[broken", links.Nowhere),
    ],
)
def test_only_pages_and_documents_are_followed(tmp_path: Path, href: str, kind: type) -> None:
    (tmp_path / "other.md").touch()
    assert isinstance(links.resolve(href, tmp_path / "here.md"), kind)


@pytest.mark.parametrize(
    ("environ", "platform", "can"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "w"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_no_text_browser_paints_over_the_screen(environ: dict[str, str], platform: str, can: bool) -> None:
    assert links.can_browse(environ, platform) is can


async def test_o_without_a_link_at_the_cursor_offers_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "can_browse", lambda: False)
    program, _ = app()
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        monkeypatch.setattr(screen(pilot).document, "link_at_cursor", lambda: None)
        await pilot.press("o")
        await sight(pilot, "打开哪个链接")
        await pilot.press("enter")
        await sight(pilot, "链接已复制")
        assert program.clipboard == "https://example.com/doc"


@pytest.mark.parametrize("size", [(140, 40), (101, 30), (80, 24)])
async def test_a_notice_loses_no_character_wherever_the_columns_meet(size: tuple[int, int]) -> None:
    said = "很长的一句话" * 12
    program, _ = app()
    async with program.run_test(size=size, notifications=True) as pilot:
        for shift in ("", "a"):
            program.notify(shift + said, severity="error")
            await sight(pilot, shift + said)
            words = program.screen.query_one(Notice).render().plain
            assert words.startswith("✗ " + shift + "很长的")
            assert all(row.strip() for row in words.splitlines())
        await pilot.click("Notice")
        await until(pilot, lambda: not sees(pilot, said))
        program.notify("[b]再说一句")
        await sight(pilot, "[b]再说一句")


# ---- sizes


async def test_below_100_columns_the_panels_are_tabs() -> None:
    program, _ = app()
    async with program.run_test(size=SMALL) as pilot:
        await pilot.press("r")
        await sight(pilot, "世界")
        panels = program.screen.query_one(Panels)
        assert panels.log_panel.display
        assert not panels.checks.display
        await pilot.press("v")
        await sight(pilot, "服务运行中")
        assert panels.checks.display
        assert not panels.log_panel.display
        await pilot.click(PanelTabs, offset=(2, 0))
        await until(pilot, lambda: panels.log_panel.display)


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


# ---- leaving


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
