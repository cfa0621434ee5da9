"""A step fails: the diagnosis is there by itself, its line is lit in the log, and one key opens the page that says what to do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from shell_stage import (
    NOW,
    Scripted,
    app,
    began,
    command,
    command_ended,
    ended,
    passing,
    printed,
    screen,
    sees,
    sight,
    step_began,
    step_ended,
    until,
)

from tui.guide.folders import builtin_dir
from tui.run import events as ev
from tui.run.events import AnyEvent, Outcome
from tui.run.plan import Request
from tui.texts import Text
from tui.ui.screens.guide.screen import GuideScreen

LINE = "E: Could not get lock /var/lib/dpkg/lock-frontend"
LOCK = ev.Cause(
    "apt-lock-held", Text("锁被占着", "the lock is held"), 90, "sure", str(builtin_dir() / "failures" / "apt-lock-held.md"),
    (ev.Proof(LINE, item=0, line=40),), ("not-root",),
)  # fmt: skip
REST = ev.Cause("later", Text("后果", "what follows"), 60, "sure", "later.md", (ev.Proof("x"),), follows="apt-lock-held")
GUESS = ev.Cause("guess", Text("一个猜测", "a guess"), 45, "maybe", "guess.md", (ev.Proof("hm", item=0, line=3),), ("not-root",))


LOOK = ev.Cause(
    "lock", Text("锁被占着", "the lock is held"), 70, "likely", "lock.md", (ev.Proof(LINE, item=0, line=40),), ("not-root",),
    probe="fuser -v lock",
)  # fmt: skip
FOUND = replace(GUESS, id="not-root", title=Text("不是 root", "not root"), probed="proved", evidence=(ev.Proof("1000", ev.PROBE, 1),))


def causing(*causes: ev.Cause, then: tuple[ev.Cause, ...] = ()) -> object:
    async def script(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
        step = request.steps[0]
        if request.probe:
            yield ev.RunResumed(run="r", at=NOW, steps=(), targets={}, values={})
            yield ev.CommandStarted(run="r", at=NOW, step=step, item=ev.PROBE, on="ecs", text="fuser", log="y.log", alone=True)
            yield printed(step, "1000\n", item=ev.PROBE)
            await session.gate.wait()
            yield command_ended(step, 0, ev.PROBE)
            yield ev.Diagnosed(run="r", at=NOW + 12, step=step, causes=then)
            yield ended(Outcome.FAILED, Text("退出码是 100", "exit code 100"))
            return
        yield began(request)
        yield step_began(step)
        yield command(step)
        yield printed(step, "".join(f"line {n}\n" for n in range(1, 40)) + LINE + "\n" + "".join(f"after {n}\n" for n in range(80)))
        yield command_ended(step, 100)
        yield ev.Diagnosed(run="r", at=NOW + 12, step=step, causes=causes)
        yield step_ended(step, Outcome.FAILED, Text("退出码是 100", "exit code 100"))
        yield ended(Outcome.FAILED)

    return script


@pytest.mark.parametrize("size", [(140, 40), (80, 24)])
async def test_a_failure_opens_the_diagnosis_and_lights_its_line(size: tuple[int, int]) -> None:
    program, _ = app(causing(LOCK, REST))
    async with program.run_test(size=size, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "锁被占着（确定）")
        assert sees(pilot, "第 40 行 E: Could not get")
        assert sees(pilot, "后果（由上面的引起）")
        assert sees(pilot, "m 修好它")
        assert sees(pilot, "d 怎么办")
        view = screen(pilot).panels.log_panel.view
        await until(pilot, lambda: view._marked == {39})
        assert not view.following
        if size[0] == 140:
            assert sees(pilot, "line 39")  # the log stands at the line, far from its end


async def test_a_guess_says_what_else_it_may_be() -> None:
    program, _ = app(causing(GUESS))
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "一个猜测（有可能）")
        assert sees(pilot, "也可能是 not-root")


@pytest.mark.parametrize("size", [(140, 40), (80, 24)])
async def test_p_looks_and_the_ranking_follows(size: tuple[int, int]) -> None:
    program, session = app(causing(LOOK, then=(FOUND, replace(LOOK, probed="ruled out"))))
    async with program.run_test(size=size, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "p 看一眼就能分清：fuser -v lock")
        await pilot.press("p")
        front = screen(pilot)
        await until(pilot, lambda: front._shown_log == ("look", ev.PROBE))  # what the look prints shows while it goes on
        session.gate.set()
        await sight(pilot, "不是 root（确定：看过了）")
        assert session.requests[-1] == Request(("look",), probe="lock")
        assert sees(pilot, "看到 1000")
        assert sees(pilot, "锁被占着（看过了，不是它）")
        assert front._shown_log == ("look", 0)
        assert sees(pilot, "失败")  # a look changes nothing about that
        await pilot.press("p")
        await sight(pilot, "没有要分清的原因")


async def test_a_look_that_decides_nothing_says_so() -> None:
    program, session = app(causing(LOOK, then=(replace(LOOK, probed="open"),)))
    session.gate.set()
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "p 看一眼就能分清")
        await pilot.press("p")
        await sight(pilot, "看过一眼，没有分出来")


async def test_what_else_it_may_be_leads_to_its_page() -> None:
    near = replace(LOCK, near=("no-such-page", "dns-resolve-failure"))
    program, _ = app(causing(near, replace(REST, id="tun-missing")))
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "锁被占着")
        before = screen(pilot)
        await pilot.press("D")
        await sight(pilot, "如果不是“锁被占着”")
        assert sees(pilot, "tun-missing")
        assert not sees(pilot, "no-such-page")
        await pilot.press("2")
        page = await until(
            pilot, lambda: program.screen if isinstance(program.screen, GuideScreen) and program.screen is not before else None
        )
        assert page.guide.id == "dns-resolve-failure"
        assert page.given.mends == ev.Mends("r", "look", "dns-resolve-failure")


async def test_where_nothing_else_is_known_the_key_says_so() -> None:
    program, _ = app(causing(replace(LOCK, near=())))
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "锁被占着")
        assert not sees(pilot, "其他可能")
        await pilot.press("D")
        await sight(pilot, "没有别的可能")


@pytest.mark.parametrize("opens", ["d", "enter"])
async def test_d_opens_the_page_for_the_place_that_failed_and_escape_leads_back(opens: str) -> None:
    program, session = app(causing(LOCK))
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "锁被占着")
        before = screen(pilot)
        await pilot.press(opens)
        page = await until(
            pilot, lambda: program.screen if isinstance(program.screen, GuideScreen) and program.screen is not before else None
        )
        assert page.guide.id == "apt-lock-held"
        await until(pilot, lambda: session.given.places == {"server": "root@47.98.21.7"})
        await pilot.press("escape")
        await until(pilot, lambda: program.screen is before)
        assert sees(pilot, "锁被占着")


async def test_this_computer_is_never_taken_for_the_server() -> None:
    """A step that failed here may have failed because of the server: the page asks where that is, unless the guide knows just one."""
    program, session = app(causing(LOCK))
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "锁被占着")
        front = screen(pilot)
        front.places = lambda: {"ecs": "", "local": "local"}  # type: ignore[method-assign]
        await pilot.press("d")
        await until(pilot, lambda: program.screen is not front)
        await until(pilot, lambda: session.given.places == {})


async def test_without_a_cause_there_is_no_key_and_no_panel() -> None:
    program, _ = app(passing)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "✓ 通过")
        assert not sees(pilot, "怎么办")
        assert not sees(pilot, "诊断")
        await pilot.press("d")
        await sight(pilot, "没有认识的原因")


async def test_a_page_that_is_gone_is_a_sentence() -> None:
    gone = ev.Cause("gone", Text("没了", "gone"), 90, "sure", str(Path("nowhere") / "gone.md"))
    program, _ = app(causing(gone))
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "没了")
        await pilot.press("d")
        await sight(pilot, "找不到文档")
        assert isinstance(program.screen, GuideScreen)
