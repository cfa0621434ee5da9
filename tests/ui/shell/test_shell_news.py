"""What was done before the reader came is read inside the screen: a lockdown that a dead program left."""

from __future__ import annotations

import asyncio

import pytest
from shell_stage import app, sees, sight, until
from textual.pilot import Pilot

from tui import texts
from tui.run.ask import ConfirmQuestion
from tui.texts import Text, same
from tui.ui.app import ZhinanApp
from tui.ui.dialogs.base import Dialog
from tui.ui.dialogs.news import NewsDialog

SAID = Text(
    "上次关闭 web-1 的公网 SSH 时程序中途结束了：旧规则已恢复", "the program ended while it closed public SSH of web-1: rules are back"
)


def told(said: list[list[Text] | None]) -> ZhinanApp:
    """The program, to which this is told one after the other, the last one for ever."""
    program, _ = app()
    program._news = lambda: said.pop(0) if len(said) > 1 else said[0]
    return program


async def closed(pilot: Pilot[int]) -> None:
    await until(pilot, lambda: not isinstance(pilot.app.screen, Dialog))


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_it_is_shown_and_read(language: texts.Language) -> None:
    texts.use(language)
    async with told([None, None, [SAID]]).run_test(size=(80, 24)) as pilot:
        await sight(pilot, str(SAID)[:20])
        await pilot.press("enter")
        await closed(pilot)


async def test_where_there_is_nothing_nothing_is_shown() -> None:
    said: list[list[Text] | None] = [None, []]
    async with told(said).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(said) == 1)
        await pilot.pause()
        assert not isinstance(pilot.app.screen, Dialog)


async def test_it_waits_for_the_end_of_another_question() -> None:
    said: list[list[Text] | None] = [None]
    program = told(said)
    async with program.run_test(size=(80, 24)) as pilot:
        asking = asyncio.ensure_future(pilot.app.screen.asker.confirm(ConfirmQuestion(same("may I?"))))  # type: ignore[attr-defined]
        await sight(pilot, "may I?")
        said.append([SAID])
        await until(pilot, lambda: len(said) == 1)
        await pilot.pause()
        assert sees(pilot, "may I?")
        await pilot.press("y")
        assert await asking
        await until(pilot, lambda: isinstance(pilot.app.screen, NewsDialog))
