"""Reading a guide on the screen: search, copying, links, the log, clicks."""

from __future__ import annotations

from pathlib import Path

import pytest
from shell_stage import DOCUMENT, app, screen, sees, sight, until
from textual.events import Key
from textual.widgets import Input

from tui.ui import links
from tui.ui.screens.guide.findbar import FindBar
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.widgets.notice import Notice
from tui.ui.widgets.stepstrip import StepStrip

WIDE, SMALL = (140, 40), (80, 24)


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


async def test_letters_that_come_in_the_same_burst_as_the_slash_are_words() -> None:
    program, session = app()
    async with program.run_test(size=WIDE) as pilot:
        field = program.screen.query_one("#find-input", Input)
        for name, character in (("slash", "/"), *((each, each) for each in "raxh"), ("slash", "/"), ("c", "c")):
            program.post_message(Key(name, character))
        await until(pilot, lambda: field.value == "raxh/c")
        assert isinstance(program.screen, GuideScreen)  # h is no history
        assert not session.requests


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
