"""A run that waits for its reader: ticks, links, questions before a step is done again, and what may run beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from shell_stage import (
    DOCUMENT,
    NOW,
    Scripted,
    app,
    began,
    by_hand,
    command,
    command_ended,
    ended,
    printed,
    screen,
    sees,
    sight,
    step_began,
    until,
)

from tui.run import events as ev
from tui.run.events import AnyEvent, Outcome
from tui.run.plan import Request
from tui.texts import Text
from tui.ui.dialogs.confirm import ConfirmDialog
from tui.ui.screens.guide.screen import GuideScreen

WIDE = (140, 40)


async def test_a_thing_to_do_by_hand_waits_for_the_tick() -> None:
    program, _session = app(by_hand)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("J", "r")
        await sight(pilot, "等你动手：在浏览器里打开控制台")
        await pilot.press("space")
        await sight(pilot, "✓ 通过")
        assert screen(pilot).runner.state.step("hand").ticks == {0: True}


async def test_ticking_without_a_run_runs_just_that_and_ticks_it() -> None:
    program, session = app(by_hand)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("J", "t")
        await sight(pilot, "✓ 通过")
        assert session.requests == [Request(steps=("hand",), item=0)]


async def beside(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    """Waits for the tick of its step; an offered command asked for meanwhile prints and waits at the gate."""
    if request.steps == ("hand",):
        async for event in by_hand(session, request):
            yield event
        return
    yield command("look", "echo offered", item=1)
    yield printed("look", "offered\n", item=1)
    await session.gate.wait()
    yield command_ended("look", item=1)


async def test_an_offered_command_runs_while_a_step_waits_for_its_reader() -> None:
    program, session = app(beside)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("J", "r")
        await sight(pilot, "等你动手")
        screen(pilot).document.goto("look", 1)
        await until(pilot, lambda: screen(pilot).offers("run"))
        await pilot.press("r")
        await sight(pilot, "1 offered")
        assert session.requests[1] == Request(steps=("look",), item=1)
        assert screen(pilot).asker.waiting
        session.gate.set()
        await until(pilot, lambda: not screen(pilot).runner.aside)
        assert screen(pilot).asker.waiting, "the end of the one is not the end of the other"
        await pilot.press("space")
        await sight(pilot, "✓ 通过")


async def awaiting(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    """An action waits for its reader; an offered command asked for meanwhile runs, and then what was waited for is there."""
    if request.item is not None:
        yield command("look", "echo offered", item=1)
        yield printed("look", "offered\n", item=1)
        yield command_ended("look", item=1)
        session.gate.set()
        return
    yield began(request)
    yield step_began("look")
    yield command("look", "x.local")
    yield ev.Waited(run="r", at=NOW, step="look", item=0, what=Text("装好它", "install it"), url="", until=NOW + 600)
    await session.gate.wait()
    yield ev.WaitEnded(run="r", at=NOW, step="look", item=0, reached=True)
    yield command_ended("look")
    yield ended(Outcome.PASSED)


async def test_an_offered_command_runs_while_an_action_waits_for_its_reader() -> None:
    program, session = app(awaiting)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "装好它")
        assert not screen(pilot).offers("run"), "the step itself is under way"
        screen(pilot).document.goto("look", 1)
        await until(pilot, lambda: screen(pilot).offers("run"))
        await pilot.press("r")
        await until(pilot, lambda: not screen(pilot).runner.busy)
        assert session.requests == [Request(steps=("look",)), Request(steps=("look",), item=1)]


TWO = DOCUMENT.replace("echo hello\n```\n", "echo hello\n```\n\n```bash\necho again\n```\n")


async def two_commands(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    """The two commands of a step, with a gate between them."""
    yield began(request)
    yield step_began("look")
    yield command("look", "echo hello", item=0)
    await session.gate.wait()
    yield command_ended("look", item=0)
    yield command("look", "echo again", item=1)
    yield command_ended("look", item=1)
    yield ended(Outcome.PASSED)


@pytest.mark.parametrize(("moved", "stands"), [(None, 1), (2, 2)])
async def test_the_cursor_goes_along_with_the_run_unless_its_reader_went_elsewhere(moved: int | None, stands: int) -> None:
    program, session = app(two_commands, text=TWO)
    async with program.run_test(size=WIDE) as pilot:
        await pilot.press("r")
        await until(pilot, lambda: 0 in screen(pilot).runner.state.step("look").commands)
        if moved is not None:
            screen(pilot).document.goto("look", moved)
        session.gate.set()
        await until(pilot, lambda: not screen(pilot).runner.busy)
        stop = screen(pilot).document.current
        assert stop is not None
        assert stop.item == stands


async def logging_in(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    """A command prints a link and waits until it was opened."""
    yield began(request)
    yield command("look", "log in", item=1)
    yield printed("look", "To authenticate, visit:\n\n\thttps://login.example/a/0123\n\n", item=1)
    await session.gate.wait()
    yield command_ended("look", item=1)
    yield ended(Outcome.PASSED)


async def test_o_opens_the_link_that_a_running_command_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    program, session = app(logging_in)
    opened: list[str] = []
    monkeypatch.setattr(program, "follow", lambda href, _document: opened.append(href))
    async with program.run_test(size=WIDE) as pilot:
        screen(pilot).document.goto("look", 1)
        await pilot.press("r")
        await sight(pilot, "login.example")
        await pilot.press("o")
        assert opened == ["https://login.example/a/0123"]
        session.gate.set()


async def test_stopping_while_waiting_for_a_tick_takes_the_question_back() -> None:
    program, _session = app(by_hand)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("J", "r")
        await sight(pilot, "等你动手")
        await pilot.press("x")
        await sight(pilot, "已停止")
        assert screen(pilot).runner.state.step("hand").ticks == {0: False}


@pytest.mark.parametrize(("answer", "forced"), [("y", True), ("n", False), ("escape", False), ("enter", False)])
async def test_running_what_is_done_asks_first_with_the_evidence(answer: str, forced: bool) -> None:
    program, session = app()
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "✓ 通过")
        await until(pilot, lambda: not screen(pilot).runner.busy)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(program.screen, ConfirmDialog))
        assert sees(pilot, "已安装 1.102.3")
        assert len(session.requests) == 1
        await pilot.press(answer)
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))
        await until(pilot, lambda: not screen(pilot).runner.busy)
        assert session.requests[1:] == ([Request(steps=("look",), force=True)] if forced else [])
