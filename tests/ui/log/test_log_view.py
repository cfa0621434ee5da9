"""The log on a screen: what its rows show, how it follows, stops, searches, resizes."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.events import Key, MouseScrollUp
from textual.widgets import Input

from tui import texts
from tui.texts import same
from tui.ui.log.store import LogStore
from tui.ui.log.view import LogPanel, LogScreen, LogView
from tui.ui.panels.heading import Heading, heading
from tui.ui.screens.guide.findbar import FindBar
from tui.ui.theme import DARK, LIGHT


class Shown(App[None]):
    """One log panel."""

    def __init__(self, store: LogStore) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        self.store = store
        self.copied = ""

    def compose(self) -> ComposeResult:
        yield LogPanel(self.store, "root@host")

    def on_mount(self) -> None:
        self.view.focus()

    @property
    def view(self) -> LogView:
        return self.query_one(LogView)

    @property
    def facts(self) -> str:
        return self.query_one(Heading).facts[-1]

    def copy_to_clipboard(self, text: str) -> None:
        self.copied = text


def numbered(count: int, command: str = "") -> LogStore:
    store = LogStore(command)
    store.feed("".join(f"line {i}\n" for i in range(1, count + 1)))
    return store


def seen(view: LogView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def settle(pilot: object) -> None:
    await pilot.pause(0.05)  # type: ignore[attr-defined]  more than a frame


async def test_numbers_stand_beside_lines_and_the_command_above_them() -> None:
    async with Shown(numbered(3, "make\ninstall")).run_test(size=(40, 8)) as pilot:
        assert seen(pilot.app.view)[:5] == ["     $ make…", "   1 line 1", "   2 line 2", "   3 line 3", ""]
        assert pilot.app.facts == "跟随"


async def test_an_empty_log_says_so_and_an_ended_one_how_it_ended() -> None:
    async with Shown(LogStore()).run_test(size=(40, 8)) as pilot:
        assert seen(pilot.app.view)[0].strip() == "还没有输出"
        pilot.app.query_one(LogPanel).finish(same("退出码 0"), failed=False)
        await settle(pilot)
        assert [row.strip() for row in seen(pilot.app.view)[:3]] == ["什么都没有输出", "", "退出码 0"]


async def test_one_line_is_one_line() -> None:
    texts.use("en")
    async with Shown(numbered(1)).run_test(size=(60, 8)) as pilot:
        pilot.app.query_one(LogPanel).finish(same("exit 0"), failed=False)
        await settle(pilot)
        assert pilot.app.facts.endswith("1 line")


async def test_new_lines_are_followed_until_the_reader_scrolls_up_and_again_after_f() -> None:
    store = numbered(100)
    async with Shown(store).run_test(size=(40, 11)) as pilot:
        view = pilot.app.view
        assert seen(view)[-1] == " 100 line 100"
        await pilot.press("up", "up")
        assert not view.following
        assert pilot.app.facts == "已停在第 98 行 · f 跟随"
        store.feed("more\n" * 50)
        await settle(pilot)
        assert seen(view)[-1] == "  98 line 98"
        await pilot.press("f")
        await settle(pilot)
        assert view.following
        assert seen(view)[-1] == " 150 more"
        assert pilot.app.facts == "跟随"


async def test_scrolling_back_down_to_the_end_follows_again() -> None:
    store = numbered(100)
    async with Shown(store).run_test(size=(40, 11)) as pilot:
        await pilot.press("pageup", "pagedown")
        assert pilot.app.view.following
        store.feed("last")
        await settle(pilot)
        assert seen(pilot.app.view)[-1] == " 101 last"


async def test_a_line_without_line_feed_is_shown_and_redrawn() -> None:
    store = LogStore()
    async with Shown(store).run_test(size=(40, 6)) as pilot:
        for text, shows in [("10%", "   1 10%"), ("\r20%", "   1 20%"), ("\rPassword: ", "   1 Password:")]:
            store.feed(text)
            await settle(pilot)
            assert seen(pilot.app.view)[0] == shows


async def test_the_wheel_and_the_scrollbar_move_the_log() -> None:
    async with Shown(numbered(1000)).run_test(size=(40, 11)) as pilot:
        view = pilot.app.view
        await pilot._post_mouse_events([MouseScrollUp], LogView, offset=(5, 5))
        await settle(pilot)
        assert seen(view)[-1] == " 998 line 998"
        view.scroll_to(y=0, animate=False)
        await settle(pilot)
        assert seen(view)[0] == "   1 line 1"
        view.scroll_to(y=view.max_scroll_y, animate=False)
        await settle(pilot)
        assert view.following
        view.scroll_to(y=view.max_scroll_y // 2, animate=False)
        await settle(pilot)
        assert 400 < view.here < 600


@pytest.mark.parametrize("lines", [40, 400, 40_000])
async def test_every_row_can_be_reached_by_single_steps_though_the_scrollbar_only_estimates(lines: int) -> None:
    store = LogStore()
    store.feed("".join(f"{i} " + "word " * (i % 40) + "\n" for i in range(lines)))
    async with Shown(store).run_test(size=(40, 11)) as pilot:
        view = pilot.app.view
        view.action_top()
        above = view.rows
        for _ in range(200):
            offset = view.scroll_y
            view.scroll_to(y=view.scroll_target_y + 1, animate=False)
            if view.following:
                break
            assert view.rows[:-1] == above[1:]
            assert view.scroll_y >= offset
            above = view.rows
        else:
            assert lines > 40
        view.action_follow()
        await settle(pilot)
        assert view.scroll_y == view.max_scroll_y


async def test_long_lines_wrap_or_are_cut() -> None:
    store = LogStore()
    store.feed("one two three four five six seven eight\n短\n")
    async with Shown(store).run_test(size=(30, 6)) as pilot:
        view = pilot.app.view
        assert seen(view)[:3] == ["   1 one two three four five", "     six seven eight", "   2 短"]
        await pilot.press("w")
        await settle(pilot)
        assert seen(view)[:2] == ["   1 one two three four fiv…", "   2 短"]


async def test_resizing_keeps_the_place() -> None:
    store = LogStore()
    store.feed("".join(f"{i} " + "word " * 20 + "\n" for i in range(1, 2001)))
    async with Shown(store).run_test(size=(100, 20)) as pilot:
        view = pilot.app.view
        view.reveal(1000)
        await settle(pilot)
        top = view.rows[0].item
        await pilot.resize_terminal(40, 12)
        await settle(pilot)
        assert view.rows[0].item == top
        assert "1000 " in "\n".join(seen(view)) or view.here >= top
        await pilot.press("f")
        await pilot.resize_terminal(90, 30)
        await settle(pilot)
        assert view.rows[-1].item == 1999


async def test_a_row_never_leaves_the_panel() -> None:
    store = LogStore()
    store.feed("\x1b[31m中文" * 200 + "\n" + "🙂e\u0301" * 100 + "\n" + "x" * 300_000 + "\n\x1b[999;999Hx\x1b[7mback")
    async with Shown(store).run_test(size=(33, 12)) as pilot:
        view = pilot.app.view
        view.action_top()
        for _ in range(8):
            for y in range(view.size.height):
                assert view.render_line(y).cell_length == view.scrollable_content_region.width
            await pilot.press("pagedown")


async def test_proving_lines_are_lit_and_gone_to() -> None:
    async with Shown(numbered(100)).run_test(size=(40, 11)) as pilot:
        view = pilot.app.view
        plain = view.render_line(0)._segments[-1].style
        view.mark([17, 60])
        await settle(pilot)
        assert pilot.app.facts == "已停在第 17 行 · f 跟随"
        at = seen(view).index("  17 line 17")
        grounds = {segment.style.bgcolor for segment in view.render_line(at) if segment.style}
        assert len(grounds) == 1
        assert plain is not None
        assert grounds != {plain.bgcolor}
        await pilot.press("n")
        await settle(pilot)
        assert view.here == 60
        view.mark([])
        assert {segment.style.bgcolor for segment in view.render_line(3) if segment.style} == {plain.bgcolor}


async def test_another_log_takes_the_place_of_the_first() -> None:
    old, new = numbered(50), numbered(3)
    async with Shown(old).run_test(size=(40, 11)) as pilot:
        pilot.app.query_one(LogPanel).show(new, "本机")
        pilot.app.query_one(LogPanel).begin("uname -a")
        old.feed("not seen\n")
        new.feed("seen\n")
        await settle(pilot)
        assert seen(pilot.app.view)[:5] == ["     $ uname -a", "   1 line 1", "   2 line 2", "   3 line 3", "   4 seen"]
        assert pilot.app.query_one(Heading).facts[0] == "本机"
        assert old._watchers == []


async def test_copying_takes_the_text_and_not_the_numbers() -> None:
    store = LogStore()
    store.feed("first line\nsecond line that is rather long\nthird\n")
    async with Shown(store).run_test(size=(24, 8)) as pilot:
        await pilot.press("y")
        assert pilot.app.copied == "first line\nsecond line that is rather long\nthird"
        await pilot.mouse_down(LogView, offset=(11, 0))
        await pilot.hover(LogView, offset=(11, 2))
        await pilot.mouse_up(LogView, offset=(11, 2))
        await pilot.press("y")
        assert pilot.app.copied.startswith("line\nsecond line that is r")
        assert "2" not in pilot.app.copied


async def test_the_theme_can_change_while_it_is_shown() -> None:
    async with Shown(numbered(3)).run_test(size=(40, 8)) as pilot:
        dark = pilot.app.view.render_line(0)._segments[-1].style
        pilot.app.theme = LIGHT.name
        await pilot.pause()
        await settle(pilot)
        light = pilot.app.view.render_line(0)._segments[-1].style
        assert dark is not None
        assert light is not None
        assert dark.bgcolor != light.bgcolor


# the whole screen


async def test_search_on_the_whole_screen() -> None:
    store = LogStore()
    store.feed("".join(f"{'needle' if i in (10, 200, 390) else 'hay'} {i}\n" for i in range(1, 401)))
    async with Shown(store).run_test(size=(60, 20)) as pilot:
        screen = LogScreen(store, "root@host")
        await pilot.app.push_screen(screen)
        await pilot.press("slash")
        await pilot.press(*"needle")
        await pilot.app.workers.wait_for_complete()
        await settle(pilot)
        view = screen.view
        assert view.sought == "needle"
        assert view.here == 390
        assert "3" in str(screen.query_one(FindBar).query_one("#found").render())
        await pilot.press("enter")
        assert screen.focused is view
        visited = []
        for key in ("n", "n", "N", "N", "N"):
            await pilot.press(key)
            await pilot.app.workers.wait_for_complete()
            visited.append(view.here)
        assert visited == [10, 200, 10, 390, 200]
        await pilot.press("escape")
        assert view.sought == ""
        assert pilot.app.screen is screen
        await pilot.press("escape")
        assert pilot.app.screen is not screen


async def test_letters_that_come_in_the_same_burst_as_the_slash_are_words() -> None:
    store = numbered(100)
    async with Shown(store).run_test(size=(60, 20)) as pilot:
        screen = LogScreen(store, "root@host")
        await pilot.app.push_screen(screen)
        await settle(pilot)
        for name, character in (("slash", "/"), *((each, each) for each in "lqf"), ("slash", "/"), ("1", "1")):
            pilot.app.post_message(Key(name, character))
        await settle(pilot)
        assert screen.query_one(Input).value == "lqf/1"
        assert pilot.app.screen is screen  # neither l nor q leaves


async def test_both_views_of_a_store_move_on_their_own() -> None:
    store = numbered(100)
    async with Shown(store).run_test(size=(60, 20)) as pilot:
        panel = pilot.app.view
        screen = LogScreen(store, "")
        await pilot.app.push_screen(screen)
        await pilot.press("g")
        store.feed("new\n")
        await settle(pilot)
        assert seen(screen.view)[0] == "   1 line 1"
        await pilot.press("escape")
        await settle(pilot)
        assert panel.following
        assert seen(panel)[-1] == " 101 new"


@pytest.mark.parametrize(
    ("facts", "room", "shown"),
    [
        (("root@host", "00:12", "跟随"), 40, "日志 " + "─" * 12 + " root@host  00:12  跟随"),
        (("root@host", "00:12", "跟随"), 24, "日志 " + "─" * 7 + " 00:12  跟随"),
        (("", "", "跟随"), 14, "日志 ──── 跟随"),
        ((), 10, "日志 ─────"),
        (("跟随",), 6, "日志"),
    ],
)
def test_a_heading_fills_its_row_and_keeps_its_last_fact(facts: tuple[str, ...], room: int, shown: str) -> None:
    text = "".join(part for part, _ in heading("日志", facts, room))
    assert text.strip() == shown
    assert cell_len(text) <= room
