"""The guide screen while an action tells of a login, the network or the tailnet: what comes, what gives way, and what goes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from shell_stage import NOW, Scripted, app, began, ended, screen, sees, sight, step_began, step_ended, until

from tui import texts
from tui.run import events as ev
from tui.run.events import AnyEvent
from tui.run.plan import Request
from tui.texts import Text
from tui.ui.panels.heading import Heading
from tui.ui.panels.login import LoginPanel
from tui.ui.panels.network import NetworkPanel
from tui.ui.panels.qr import QrCode
from tui.ui.panels.tailnet import TailnetPanel
from tui.ui.widgets.keybar import KeyBar

LINK = "https://login.tailscale.com/a/1f6c0a2b9d3e"
WIDE, NARROW = (140, 40), (80, 24)
BOTH = {"zh": "正在等人打开", "en": "waits for somebody"}


def told(step: str, topic: str, facts: dict[str, Any]) -> AnyEvent:
    return ev.Observed(run="r", at=NOW, step=step, item=0, topic=topic, facts=facts)


async def login(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    """Waits for somebody to open a link until the gate opens, then is logged in, and tells of network and tailnet."""
    step = request.steps[0]
    yield began(request)
    yield step_began(step)
    yield told(step, "login", {"state": "login pending", "say": BOTH})
    what = Text("在浏览器打开这个链接", "open this link in a browser")
    yield ev.Waited(run="r", at=NOW, step=step, item=0, what=what, url=LINK, until=NOW * 2)
    opened, stopped = asyncio.ensure_future(session.gate.wait()), asyncio.ensure_future(session.stopped.wait())
    await asyncio.wait((opened, stopped), return_when=asyncio.FIRST_COMPLETED)
    opened.cancel()
    stopped.cancel()
    yield ev.WaitEnded(run="r", at=NOW, step=step, item=0, reached=True)
    yield told(step, "login", {"state": "running", "say": {"zh": "已连上", "en": "connected"}})
    yield told(step, "network", {"conclusion": "fine", "say": {"zh": "内网都正常", "en": "all is well"}})
    yield told(step, "tailnet", {"machines": [{"name": "ecs-hz", "ip": "100.101.102.103", "online": True}]})
    yield step_ended(step)
    yield ended()


async def test_while_somebody_is_awaited_code_and_checks_are_there_and_then_what_was_found() -> None:
    program, session = app(login)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        panels = screen(pilot).panels
        assert not panels.query_one(LoginPanel).display
        await pilot.press("r")
        await sight(pilot, LINK)
        await until(pilot, lambda: panels.query_one(QrCode).size.height > 0)
        assert not panels.log_panel.display
        assert panels.checks.display
        assert sees(pilot, "正在等人打开")
        session.gate.set()
        await sight(pilot, "内网都正常")
        assert sees(pilot, "100.101.102.103")
        assert sees(pilot, "已连上")
        assert not sees(pilot, LINK)
        assert panels.log_panel.display
        order = [panels.query_one(kind).region.y for kind in (LoginPanel, NetworkPanel, TailnetPanel)]
        assert order == sorted(order)
        assert order[-1] < panels.log_panel.region.y
        await pilot.press("J")  # another step has told nothing
        await until(pilot, lambda: not panels.query_one(TailnetPanel).display)
        assert not panels.query_one(LoginPanel).display


async def test_narrow_the_link_takes_the_tab_and_gives_it_back() -> None:
    program, session = app(login)
    async with program.run_test(size=NARROW, notifications=True) as pilot:
        panels = screen(pilot).panels
        await pilot.press("r")
        await sight(pilot, LINK)
        assert panels.chosen == "login"
        assert not panels.query_one(QrCode).display
        assert sees(pilot, "还有 ")
        assert not panels.query_one(LoginPanel).query_one(Heading).display
        session.gate.set()
        await until(pilot, lambda: panels.chosen == "log")
        await until(pilot, lambda: panels.query_one(TailnetPanel).has_class("-there"))
        seen = []
        for _ in range(6):
            seen.append(panels.chosen)
            await pilot.press("v")
        assert seen == ["log", "checks", "values", "login", "network", "tailnet"]
        assert panels.chosen == "log"


async def test_another_tab_chosen_meanwhile_is_kept() -> None:
    program, session = app(login)
    async with program.run_test(size=NARROW, notifications=True) as pilot:
        panels = screen(pilot).panels
        await pilot.press("r")
        await sight(pilot, LINK)
        panels.chosen = "checks"
        session.gate.set()
        await until(pilot, lambda: panels.query_one(TailnetPanel).has_class("-there"))
        assert panels.chosen == "checks"


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_y_copies_the_awaited_link_and_a_command_once_nobody_is(size: tuple[int, int]) -> None:
    program, session = app(login)
    async with program.run_test(size=size, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, LINK)
        await pilot.press("y")
        assert program.clipboard == LINK
        session.gate.set()
        await until(pilot, lambda: not screen(pilot).runner.busy)
        await pilot.press("y")
        assert program.clipboard == "echo hello"


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("打开浏览器", "复制链接", "取消")), ("en", ("open browser", "copy link", "cancel"))]
)
async def test_panel_and_key_bar_say_the_same_of_the_keys(language: texts.Language, words: tuple[str, ...]) -> None:
    texts.use(language)
    program, session = app(login)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        bar = screen(pilot).query_one(KeyBar)
        await pilot.press("r")
        await sight(pilot, LINK)
        await until(pilot, lambda: all(word in bar.render().plain for word in words))
        session.gate.set()
        await until(pilot, lambda: not screen(pilot).runner.busy)
        await until(pilot, lambda: not any(word in bar.render().plain for word in words[1:]))


async def test_the_countdown_goes_by_the_screen_s_clock() -> None:
    program, _ = app(login)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, LINK)
        panels = screen(pilot).panels
        panels.tell_time(NOW * 2 - 61)
        assert panels.query_one(LoginPanel).query_one(Heading).facts == ("还有 01:01",)


async def test_the_other_language_at_once() -> None:
    program, _ = app(login)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "打开浏览器")
        await pilot.press("ctrl+l")
        await sight(pilot, "open browser")
        await sight(pilot, "waits for somebody")
        assert not sees(pilot, "打开浏览器")


async def test_a_low_window_drops_the_code_and_a_higher_one_brings_it() -> None:
    program, _ = app(login)
    async with program.run_test(size=(140, 22), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, LINK)
        code = screen(pilot).panels.query_one(QrCode)
        assert not code.display
        await pilot.resize_terminal(140, 50)
        await until(pilot, lambda: code.size.height > 0)
        assert sees(pilot, LINK)
        assert screen(pilot).panels.log_panel.display


async def test_what_does_not_fit_a_low_panel_is_reached_by_keys() -> None:
    async def long(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
        step = request.steps[0]
        yield began(request)
        yield step_began(step)
        rows = [{"name": {"zh": f"第{n}项", "en": ""}, "status": "pass", "proof": ""} for n in range(40)]
        yield told(step, "network", {"conclusion": "fine", "say": {"zh": "都正常", "en": ""}, "rows": rows})
        yield step_ended(step)
        yield ended()

    program, _ = app(long)
    async with program.run_test(size=NARROW, notifications=True) as pilot:
        await pilot.press("r")
        panels = screen(pilot).panels
        await until(pilot, lambda: panels.query_one(NetworkPanel).has_class("-there"))
        panels.chosen = "network"
        await sight(pilot, "第0项")
        await pilot.press("tab", "end")
        await sight(pilot, "第39项")
