"""A failure nobody knew is taught on the screen: lines are chosen, a page is tried out and written, and the diagnosis knows it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from shell_stage import (
    NOW,
    Scripted,
    began,
    command,
    command_ended,
    ended,
    guide,
    passing,
    printed,
    screen,
    sees,
    sight,
    step_began,
    step_ended,
    until,
)
from textual.pilot import Pilot
from textual.widgets import Input

from tui import texts
from tui.config import Settings
from tui.guide import failure_store, tryout
from tui.judge.diagnose import Book
from tui.run import diagnosis
from tui.run import events as ev
from tui.run.events import AnyEvent, Outcome
from tui.run.plan import Given, Request
from tui.texts import Text
from tui.ui.app import ZhinanApp
from tui.ui.dialogs.teach import Lines, TeachDialog, TriedDialog
from tui.ui.starts import GuideStart

SIZES = pytest.mark.parametrize("size", [(140, 40), (80, 24)])
NOISE = "".join(f"line {n} is fine\n" for n in range(1, 60))
JAMMED = "frobnicator: fatal error at /home/wang/app.py:33"
BURST = "widget 1.2.3 exploded on ecs1.example.com"
LISTS = "Reading package lists..."
LOG = f"{LISTS}\n{NOISE}{JAMMED}\n{BURST}\n"


def failing(home: Path) -> object:
    """A session whose step fails; its diagnosis is the real one over the log and the pages in `home`."""

    def told() -> ev.Diagnosed:
        log = home / "raw.log"
        log.write_text(LOG, "utf-8")
        causes, suspects = diagnosis.explained(lambda: book(home), [(0, log)], [], "look")
        return ev.Diagnosed(run="r", at=NOW, step="look", causes=causes, suspects=suspects)

    async def script(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
        if request.diagnose:
            yield ev.RunResumed(run="r", at=NOW, steps=(), targets={}, values={})
            yield told()
            yield ended(Outcome.FAILED)
            return
        yield began(request)
        yield step_began("look")
        yield command("look")
        yield printed("look", LOG)
        yield command_ended("look", 3)
        yield told()
        yield step_ended("look", Outcome.FAILED, Text("退出码是 3", "exit code 3"))
        yield ended(Outcome.FAILED)

    return script


def book(home: Path) -> Book:
    return failure_store.shelf(Settings(home=home))()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZHINAN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    healthy = [sample for sample in tryout.collected() if sample.healthy]
    monkeypatch.setattr(tryout, "collected", lambda: iter(healthy))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def app(home: Path, script: object = None) -> tuple[ZhinanApp, Scripted]:
    session = Scripted(script or failing(home))  # type: ignore[arg-type]
    return ZhinanApp(GuideStart(guide(), Given()), session.sessions, home=home, folders=(home / "guides",)), session


def pages(home: Path) -> list[Path]:
    return sorted((home / "guides" / "failures").glob("*.md"))


async def to_the_dialog(pilot: Pilot[int]) -> TeachDialog:
    await pilot.press("r")
    await until(pilot, lambda: screen(pilot).runner.state.verdict is not None)
    await pilot.press("T")
    await until(pilot, lambda: isinstance(pilot.app.screen, TeachDialog))
    dialog = pilot.app.screen
    assert isinstance(dialog, TeachDialog)
    return dialog


async def tried(pilot: Pilot[int]) -> None:
    await pilot.press("ctrl+s")
    await until(pilot, lambda: isinstance(pilot.app.screen, TriedDialog))


@SIZES
async def test_from_a_failure_nobody_knew_to_a_page_that_comes_first(home: Path, size: tuple[int, int]) -> None:
    program, session = app(home)
    async with program.run_test(size=size, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "没有认识的原因；这几行像是错误：")
        assert sees(pilot, f"第 61 行 {JAMMED[:20]}")
        assert sees(pilot, "T 教会程序认它")
        dialog = await to_the_dialog_again(pilot)
        assert dialog.query_one(Lines).chosen == {61}
        assert sees(pilot, f"[✓]    61  {JAMMED}")
        assert sees(pilot, "[ ]    60")
        dialog.query_one("#field-title", Input).value = "小部件炸了"
        await tried(pilot)
        await sight(pilot, "这份日志现在先对上它")
        assert sees(pilot, "不写")
        await pilot.press("y")
        await sight(pilot, "小部件炸了（确定）")
        assert session.requests[-1] == Request(("look",), diagnose=True)
        assert [path.stem for path in pages(home)] == ["xiao-bu-jian-zha-le"]
        assert sees(pilot, "d 怎么办") or size[0] == 80
        assert not sees(pilot, "没有认识的原因")


async def to_the_dialog_again(pilot: Pilot[int]) -> TeachDialog:
    await pilot.press("T")
    await until(pilot, lambda: isinstance(pilot.app.screen, TeachDialog))
    dialog = pilot.app.screen
    assert isinstance(dialog, TeachDialog)
    return dialog


async def test_the_lines_are_in_sight_in_a_very_low_window(home: Path) -> None:
    program, _ = app(home)
    async with program.run_test(size=(60, 15), notifications=True) as pilot:
        dialog = await to_the_dialog(pilot)
        await until(pilot, lambda: dialog.query_one(Lines).size.height >= 3)
        await sight(pilot, "[✓]")
        await sight(pilot, "^s")


async def test_other_lines_can_be_chosen_by_key_and_none_is_not_enough(home: Path) -> None:
    program, _ = app(home)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        dialog = await to_the_dialog(pilot)
        lines = dialog.query_one(Lines)
        await pilot.press("space")
        await sight(pilot, "还没有选中一行")
        await pilot.press("ctrl+s")
        assert pilot.app.screen is dialog
        await pilot.press("down", "space")
        assert lines.chosen == {62}
        await sight(pilot, r"^widget v?\d[\w.:~+-]* exploded on [\w.:%\[\]-]+$")


async def test_a_greedy_choice_is_told_and_can_be_changed(home: Path) -> None:
    program, _ = app(home)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        dialog = await to_the_dialog(pilot)
        await pilot.press("space", "home", "space")
        assert dialog.query_one(Lines).chosen == {1}
        dialog.query_one("#field-why", Input).value = "因为"
        await tried(pilot)
        await sight(pilot, "太宽：没有出错的日志")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, TeachDialog))
        assert pilot.app.screen.query_one("#field-why", Input).value == "因为"  # nothing typed is lost
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen(pilot))
        assert pages(home) == []


async def test_dropped_at_the_end_nothing_is_written(home: Path) -> None:
    program, session = app(home)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await to_the_dialog(pilot)
        await tried(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, TriedDialog))
        assert pages(home) == []
        assert not any(request.diagnose for request in session.requests)


async def test_without_an_editor_the_path_is_said(home: Path) -> None:
    program, _ = app(home)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await to_the_dialog(pilot)
        await tried(pilot)
        await pilot.press("e")
        await sight(pilot, "没有设置 EDITOR")
        assert len(pages(home)) == 1


async def test_a_folder_that_can_not_be_written_is_one_sentence(home: Path) -> None:
    (home / "guides").write_text("a file in the way")
    program, _ = app(home)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await to_the_dialog(pilot)
        await tried(pilot)
        await pilot.press("y")
        await sight(pilot, "写不了")


async def test_a_step_that_did_not_fail_has_nothing_to_teach(home: Path) -> None:
    program, _ = app(home, passing)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("T")
        await sight(pilot, "没有什么可教的")


@SIZES
async def test_in_english(home: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_current", "en")
    program, _ = app(home)
    async with program.run_test(size=size, notifications=True) as pilot:
        await to_the_dialog(pilot)
        assert sees(pilot, "Teach the program this failure")
        assert sees(pilot, "try it out")
        await tried(pilot)
        await sight(pilot, "the log leads to it first now")
        assert sees(pilot, "drop")
        assert os.environ.get("EDITOR") is None
