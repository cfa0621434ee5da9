"""Running from the guide screen: keys become requests, events become what is seen, and nothing runs that was not asked for."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from shell_stage import (
    DOCUMENT,
    NOW,
    Scripted,
    app,
    began,
    command,
    ended,
    failing,
    held,
    passing,
    printed,
    screen,
    sees,
    sight,
    step_began,
    until,
)

from tui.guide.model import ActionSpec
from tui.run import events as ev
from tui.run.events import Outcome
from tui.run.plan import Request
from tui.texts import Text
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.widgets.band import Band
from tui.ui.widgets.stepstrip import StepStrip

WIDE = (140, 40)


async def test_r_runs_the_step_under_the_cursor_and_shows_its_log_and_checks() -> None:
    program, session = app()
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "世界")
        await sight(pilot, "1 / 2")
        await sight(pilot, "✓ 通过")
        assert session.requests == [Request(steps=("look",))]
        assert sees(pilot, "47.98.21.7 公网")


async def test_enter_runs_too() -> None:
    program, session = app()
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: session.requests)
        assert session.requests == [Request(steps=("look",))]


async def test_a_runs_this_step_and_all_after_it() -> None:
    program, session = app()
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("J", "a")
        await sight(pilot, "全部通过")
        assert session.requests == [Request(steps=("hand", "last"))]


async def test_c_only_checks_and_is_not_offered_without_checks() -> None:
    program, session = app()
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: session.requests)
        assert session.requests == [Request(steps=("look",), checks_only=True)]
        await until(pilot, lambda: not screen(pilot).runner.busy)
        await pilot.press("J")
        await until(pilot, lambda: not sees(pilot, "只检查"))
        await pilot.press("c")
        await sight(pilot, "这一步没有检查")
        assert len(session.requests) == 1


async def test_an_offered_command_runs_only_when_the_cursor_stands_on_it() -> None:
    program, session = app()
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        guide = screen(pilot)
        offered = next(i for i, item in enumerate(guide.guide.step("look").items) if getattr(item, "explicit", False))
        guide.document.goto("look", offered)
        await pilot.press("r")
        await until(pilot, lambda: session.requests)
        assert session.requests == [Request(steps=("look",), item=offered)]


ACTION = DOCUMENT.replace(
    "echo offered\n```\n", "echo offered\n```\n\n<!-- action\nuse: aliyun.mend\nexplicit: true\nsay: 关掉防火墙规则\nhow: nodivert\n-->\n"
)


async def test_an_offered_action_is_seen_chosen_and_runs_alone() -> None:
    program, session = app(text=ACTION)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        guide = screen(pilot)
        await sight(pilot, "关掉防火墙规则")
        assert sees(pilot, "aliyun.mend how=nodivert")
        guide.document.move(2)
        stop = guide.document.current
        assert stop is not None
        assert stop.item is not None
        assert isinstance(guide.guide.step(stop.step_id).items[stop.item], ActionSpec)
        await pilot.press("r")
        await until(pilot, lambda: session.requests)
        assert session.requests == [Request(steps=("look",), item=stop.item)]


async def test_x_stops_and_nothing_else_starts_meanwhile() -> None:
    program, session = app(held)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "working")
        assert sees(pilot, "x 停止")
        await pilot.press("J", "r")
        await sight(pilot, "还在执行")
        assert len(session.requests) == 1
        await pilot.press("x")
        await sight(pilot, "已停止")
        assert session.stopped.is_set()
        assert not screen(pilot).runner.busy


async def test_reading_elsewhere_works_while_a_step_runs() -> None:
    program, session = app(held)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "working")
        await pilot.press("J", "J")
        assert screen(pilot).document.current.step_id == "last"
        assert screen(pilot).query_one(StepStrip).current == "last"
        session.gate.set()
        await until(pilot, lambda: not screen(pilot).runner.busy)
        assert screen(pilot).document.current.step_id == "last"


async def test_a_failure_is_said_with_its_reason_beside_the_end_of_the_log() -> None:
    program, _ = app(failing)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "✗ 失败 第1步 看一看 退出码是 100，应是 0")
        await sight(pilot, "E: Could not get lock")
        assert sees(pilot, "没有找到 tailscale 命令")
        assert sees(pilot, "没装上，无从检查")


async def test_a_lost_connection_shows_a_banner_until_it_is_back() -> None:
    async def script(session: Scripted, request: Request):
        yield began(request)
        yield step_began("look")
        yield command("look")
        yield ev.ConnectionLost(run="r", at=NOW, step="look", item=0, why=Text("对端没有回应", "no answer"))
        await session.gate.wait()
        yield ev.ConnectionRestored(run="r", at=NOW, step="look", item=0, seconds=3)
        yield printed("look", "back\n")
        await session.stopped.wait()
        yield ended(Outcome.CANCELLED)

    program, session = app(script)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "正在重连：命令在那边继续执行，日志不会丢。对端没有回应")
        session.gate.set()
        await sight(pilot, "back")
        assert not sees(pilot, "正在重连")
        await pilot.press("x")


async def test_the_cursor_goes_along_from_a_step_that_ended_to_the_next() -> None:
    program, _ = app(passing)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("a")
        await sight(pilot, "全部通过 3 步")
        assert screen(pilot).document.current.step_id == "last"


async def test_an_unforeseen_exception_is_one_sentence_and_the_screen_lives_on() -> None:
    async def broken(session: Scripted, request: Request):
        yield began(request)
        yield step_began("look")
        raise ValueError("what nobody thought of")

    program, session = app(broken)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "意料之外的错（ValueError）")
        assert screen(pilot).runner.state.step("look").outcome is Outcome.UNKNOWN
        assert program.crash is not None
        assert program.crash.file is not None
        assert "what nobody thought of" in program.crash.file.read_text(encoding="utf-8")
        session.script = passing
        await pilot.press("r")
        await sight(pilot, "✓ 通过")


async def test_much_output_leaves_the_keys_alive() -> None:
    async def flood(session: Scripted, request: Request):
        yield began(request)
        yield step_began("look")
        yield command("look")
        offset = 0
        while not session.stopped.is_set():  # never waits for anything: only the screen's own manners let a key through
            text = "x" * 200 + "\n"
            yield printed("look", text, offset)
            offset += len(text)
        yield ended(Outcome.CANCELLED)

    program, session = app(flood)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await until(pilot, lambda: screen(pilot).runner.logs)
        await pilot.press("x")
        await until(pilot, lambda: not screen(pilot).runner.busy)
        assert session.stopped.is_set()


async def test_leaving_the_screen_closes_the_session() -> None:
    program, session = app(held)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "working")
        await pilot.press("escape")
        await sight(pilot, "离开这份指南？")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))
        assert not session.closed
        await pilot.press("escape")
        await sight(pilot, "离开这份指南？")
        await pilot.press("y")
        await until(pilot, lambda: session.closed)
        assert session.stopped.is_set()
        await sight(pilot, "指南 Zhinan")


async def test_all_clocks_show_the_same_second(monkeypatch: pytest.MonkeyPatch) -> None:
    program, _ = app(held)
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("r")
        await sight(pilot, "working")
        ticking = itertools.count(NOW + 20)
        monkeypatch.setattr(time, "time", lambda: float(next(ticking)))
        front = screen(pilot)
        front._frame()
        status = front.query_one("#status", Band).says
        row = next(strip.text for strip in map(front.document.render_line, range(30)) if "执行中" in strip.text)
        seen = [re.findall(r"\d\d:\d\d", words) for words in (" ".join(front.panels.log_panel._heading.facts), status.plain, row)]
        assert seen[0] == seen[1] == seen[2]
        assert len(seen[0]) == 1
