"""The document view in a running app: cursor, scrolling, search, resizing, the mouse, and what a new state redraws."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from document_samples import guide
from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.message import Message
from textual.pilot import Pilot
from textual.selection import Selection

from tui.guide.model import Guide
from tui.judge.evidence import End
from tui.run.events import Outcome
from tui.run.state import CommandState, Phase, RunState, StepState
from tui.ui.document import DocumentView, Stop

STEP = """## 第{n}步：安装 {n}

说明文字，很长很长，写到一行放不下为止，看看它会不会在窄的地方多占几行，多占几行又会不会让读的人跳起来。第{n}段。

```bash
# 命令 {n}
curl -fsSL https://example.com/{n}/install.sh | sh
```

见 [链接{n}](https://example.com/{n})，然后执行 `check --step {n}` 看结果。

"""
SOURCE = "# 标题\n\n" + "".join(STEP.format(n=n) for n in range(1, 41))


class Reader(App[None]):
    def __init__(self, made: Guide) -> None:
        super().__init__()
        self.made = made
        self.told: list[Message] = []

    def compose(self) -> ComposeResult:
        yield DocumentView(self.made)

    def on_document_view_cursor_moved(self, message: DocumentView.CursorMoved) -> None:
        self.told.append(message)

    def on_document_view_link_clicked(self, message: DocumentView.LinkClicked) -> None:
        self.told.append(message)

    def on_document_view_activated(self, message: DocumentView.Activated) -> None:
        self.told.append(message)


@asynccontextmanager
async def reading(source: str = SOURCE, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[DocumentView, Pilot[None], Reader]]:
    app = Reader(guide(source))
    async with app.run_test(size=size) as pilot:
        view = app.query_one(DocumentView)
        view.focus()
        await pilot.pause()
        yield view, pilot, app


def shown(view: DocumentView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def row_of(view: DocumentView, words: str) -> int:
    return next(row for row, text in enumerate(shown(view)) if words in text)


async def test_only_what_is_near_is_laid_out() -> None:
    async with reading() as (view, _, _app):
        laid = [block for block in view._store.blocks if block.lines is not None]
        assert len(laid) < len(view._store.blocks) / 4
        assert shown(view)[0] == "   标题"


async def test_the_cursor_goes_from_stop_to_stop_and_tells() -> None:
    async with reading() as (view, pilot, app):
        assert view.current == Stop("s1", 0)
        view.move(1)
        await pilot.pause()
        assert view.current == Stop("s1", 1)
        view.move_step(3)
        await pilot.pause()
        assert view.current == Stop("s4", 0)
        view.goto("s30", 1)
        await pilot.pause()
        view.move(-1000)
        await pilot.pause()
        assert [message.at for message in app.told if isinstance(message, DocumentView.CursorMoved)] == [
            Stop("s1", 1), Stop("s4", 0), Stop("s30", 1), Stop("s1", 0),
        ]  # fmt: skip


async def test_going_to_a_stop_shows_it_whole_with_its_bar() -> None:
    async with reading() as (view, pilot, _app):
        view.goto("s25")
        await pilot.pause()
        row = row_of(view, "第 25.1 步")
        assert shown(view)[row].startswith("▌◦")
        assert "install.sh" in shown(view)[row + 2]
        assert any("第25步" in text for text in shown(view))
        with pytest.raises(KeyError):
            view.goto("no-such-step")


async def test_a_request_before_the_first_layout_is_kept() -> None:
    app = Reader(guide(SOURCE))
    async with app.run_test(size=(80, 24)) as pilot:
        view = DocumentView(app.made)
        view.goto("s20")
        await app.query_one(DocumentView).remove()
        await app.mount(view)
        await pilot.pause()
        assert row_of(view, "第 20.1 步")


async def test_down_reads_on_without_jumping_over_prose() -> None:
    async with reading("# a\n\n" + "字\n\n" * 60 + "## 第1步：b\n\n```bash\nx\n```\n") as (view, pilot, _app):
        await pilot.press("down")
        assert (view.cursor, view.scroll_offset.y) == (0, 3)


async def test_enter_activates() -> None:
    async with reading() as (_view, pilot, app):
        await pilot.press("enter")
        assert [message.at for message in app.told if isinstance(message, DocumentView.Activated)] == [Stop("s1", 0)]


async def test_scrolling_up_over_unseen_blocks_does_not_jump() -> None:
    async with reading() as (view, pilot, _app):
        view.scroll_to_line(300)
        await pilot.pause()
        for _ in range(30):
            before = shown(view)
            view.scroll_relative(y=-5, animate=False)
            await pilot.pause()
            assert shown(view)[5:] == before[:-5]


async def test_the_end_is_the_end() -> None:
    async with reading() as (view, pilot, _app):
        await pilot.press("end")
        await pilot.pause()
        assert any("check --step 40" in text for text in shown(view)[-3:])
        assert view.scroll_offset.y == view.max_scroll_y
        await pilot.press("home")
        await pilot.pause()
        assert shown(view)[0] == "   标题"


async def test_search_counts_all_and_walks_round() -> None:
    async with reading() as (view, pilot, _app):
        laid = sum(block.lines is not None for block in view._store.blocks)
        assert view.search("CHECK --STEP") == 40
        assert sum(block.lines is not None for block in view._store.blocks) == laid
        assert [view.next_match() for _ in range(3)] == [1, 2, 3]
        assert [view.previous_match() for _ in range(3)] == [2, 1, 40]
        await pilot.pause()
        assert any("check --step 40" in text for text in shown(view))
        view.clear_search()
        assert view.next_match() == 0


async def test_search_finds_words_across_styles_and_a_row_end() -> None:
    async with reading("甲**乙**`丙`[丁](x)\n\n" + "字" * 33 + "天地\n", size=(74, 10)) as (view, _pilot, _app):
        assert view.search("甲乙丙丁") == 1
        assert view.search("字天地") == 1
        assert view.next_match() == 1


async def test_a_match_is_lit() -> None:
    async with reading() as (view, pilot, _app):
        view.search("说明")
        view.next_match()
        await pilot.pause()
        strip = view.render_line(row_of(view, "说明文字"))
        lit = [segment.text for segment in strip if segment.style and segment.style.underline]
        assert lit == ["说明"]


async def test_resizing_keeps_the_words_at_the_top() -> None:
    async with reading() as (view, pilot, _app):
        view.scroll_to_line(150)
        await pilot.pause()
        words = next(text.strip() for text in shown(view) if text.strip())[:8]
        for width in (40, 120, 60, 24):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            assert words in "".join(text.strip() for text in shown(view)[:4])
            assert all(view.render_line(y).cell_length == view.size.width for y in range(view.size.height))


@pytest.mark.parametrize("row", [2, 30])
async def test_resizing_keeps_the_current_stop_in_view(row: int) -> None:
    async with reading(size=(140, 40)) as (view, pilot, _app):
        view.goto("s20")
        await pilot.pause()
        view._go(view.scroll_offset.y + row_of(view, "第 20.1 步") - row)
        await pilot.pause()
        assert "第 20.1 步" in shown(view)[row]
        for size in ((80, 12), (60, 8), (24, 6), (140, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert any("第 20.1 步" in text for text in shown(view)), size


async def test_a_click_selects_a_stop_and_a_second_one_activates_it() -> None:
    async with reading() as (view, pilot, app):
        row = row_of(view, "2/install.sh")
        await pilot.click(DocumentView, offset=(10, row))
        assert view.current == Stop("s2", 0)
        await pilot.click(DocumentView, offset=(10, row), times=2)
        assert [message.at for message in app.told if isinstance(message, DocumentView.Activated)] == [Stop("s2", 0)]


async def test_a_click_on_a_link_or_an_inline_command() -> None:
    async with reading() as (view, pilot, app):
        row = row_of(view, "链接1")
        text = shown(view)[row]
        await pilot.click(DocumentView, offset=(text.index("链接1") + 2, row))
        assert [message.href for message in app.told if isinstance(message, DocumentView.LinkClicked)] == ["https://example.com/1"]
        await pilot.click(DocumentView, offset=(40, row))
        assert view.current == Stop("s1", 1)
        assert view.link_at_cursor() == "https://example.com/1"
        assert view.links()[0] == "https://example.com/1"


async def test_a_new_state_redraws_its_step_only() -> None:
    async with reading() as (view, pilot, _app):
        kept = view._store.lay(view._store.of_line(view.plan.line(Stop("s2", 0))))
        command = CommandState("x", "ecs", "log", 0.0, end=End.EXITED, code=0, seconds=108)
        view.state = RunState(steps={"s1": StepState(Phase.ENDED, Outcome.PASSED, commands={0: command})})
        await pilot.pause()
        assert "通过 · 01:48  第 1.1 步" in shown(view)[row_of(view, "1.1 步")]
        assert shown(view)[row_of(view, "第1步")].startswith(" ✓")
        assert view._store.lay(view._store.of_line(view.plan.line(Stop("s2", 0)))) is kept


async def test_the_clock_shows_the_time_it_is_told() -> None:
    async with reading() as (view, pilot, _app):
        view.tell_time(160.2)
        view.state = RunState(steps={"s1": StepState(Phase.RUNNING, commands={0: CommandState("x", "ecs", "log", 100.0)})})
        await pilot.pause()
        assert "01:00  第 1.1 步" in shown(view)[row_of(view, "1.1 步")]
        view.tell_time(161.1)
        assert "01:01  第 1.1 步" in shown(view)[row_of(view, "1.1 步")]
        view.state = RunState(steps={"s1": StepState(Phase.ENDED, Outcome.PASSED)})
        view.tell_time(162.1)
        assert "通过  第 1.1 步" in shown(view)[row_of(view, "1.1 步")]


async def test_places_colour_the_badges() -> None:
    async with reading() as (view, pilot, _app):
        view.places = {"ecs": "root@47.98.21.7"}
        await pilot.pause()
        strip = view.render_line(row_of(view, "第1步"))
        badge = next(segment for segment in strip if segment.text == " ecs ")
        assert badge.style is not None
        assert badge.style.bgcolor is not None
        assert badge.style.bgcolor.name == view._palette.colour("public")


async def test_a_chosen_place_stands_beside_the_heading() -> None:
    made = guide("## 第1步：a\n\n```bash\nls\n```\n")
    app = Reader(replace(made, steps=tuple(replace(step, on=None) for step in made.steps)))
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.query_one(DocumentView)
        await pilot.pause()
        assert shown(view)[row_of(view, "第1步")].endswith("在哪？")
        started = StepState(Phase.RUNNING, on="server", address="root@47.98.21.7")
        view.state = RunState(targets={"server": "root@47.98.21.7"}, steps={"s1": started})
        await pilot.pause()
        strip = view.render_line(row_of(view, "第1步"))
        badge = next(segment for segment in strip if segment.text == " server ")
        assert badge.style is not None
        assert badge.style.bgcolor is not None
        assert badge.style.bgcolor.name == view._palette.colour("public")
        alone = CommandState("ls", "local", "log", 0.0, end=End.EXITED, code=0, alone=True)
        view.state = RunState(targets={"local": "local"}, steps={"s1": StepState(commands={0: alone})})
        await pilot.pause()
        assert shown(view)[row_of(view, "第1步")].endswith("本机")


async def test_a_copied_command_is_the_command() -> None:
    command = "curl -fsSL https://example.com/a/very/long/path/install.sh --output /usr/share/keyrings/tailscale-archive-keyring.gpg"
    async with reading(f"## 第1步：a\n\n```bash\n{command}\nls -l\n```\n", size=(50, 20)) as (view, _pilot, _app):
        first, last = row_of(view, "curl"), row_of(view, "ls -l")
        copied = view.get_selection(Selection(Offset(0, first), Offset(40, last)))
        assert copied == (f"{command}\nls -l", "\n")


async def test_copied_prose_is_joined_again() -> None:
    async with reading() as (view, _pilot, _app):
        first = row_of(view, "说明文字")
        copied = view.get_selection(Selection(Offset(4, first), Offset(80, first + 1)))
        assert copied is not None
        assert copied[0] == guide(SOURCE).source.split("\n")[4]


async def test_a_document_without_anything() -> None:
    async with reading("") as (view, pilot, _app):
        await pilot.press("down", "end", "enter", "pageup")
        assert view.current is None
        assert view.search("x") == 0
        assert view.link_at_cursor() is None


async def test_a_document_of_a_hundred_thousand_lines_lays_out_a_screenful() -> None:
    source = "# a\n\n" + "一段话。\n\n" * 50_000
    async with reading(source) as (view, pilot, _app):
        await pilot.press("end")
        await pilot.pause()
        assert sum(block.lines is not None for block in view._store.blocks) < 200
        assert shown(view)[-2].strip() == "一段话。"
