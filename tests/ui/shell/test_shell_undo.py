"""Ways back and ways out from the guide screen: a step is taken back after a question that shows the very script, and what an action found
leads to the document's own ways out.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from shell_stage import DOCUMENT, NOW, Scripted, app, began, ended, screen, sees, sight, step_began, step_ended, until

from tui.run import events as ev
from tui.run.events import UNDO, AnyEvent, Outcome
from tui.run.plan import Request
from tui.run.state import Phase
from tui.texts import Text
from tui.ui.dialogs.confirm import ConfirmDialog
from tui.ui.screens.guide.screen import GuideScreen

UNDOABLE = DOCUMENT.replace("changes: true\n", "changes: true\nundo: |\n  sudo apt-get purge -y app\n  rm -rf /var/lib/app\n", 1)
_WAY = "<!-- action\nuse: aliyun.mend\nexplicit: true\nhow: {how}\n-->\n\n"
OFFERING = DOCUMENT.replace("需要时执行：", _WAY.format(how="attribute") + _WAY.format(how="nodivert"))


async def undoing(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    yield began(request)
    yield step_began("look")
    if request.undo:
        yield ev.CommandStarted(run="r", at=NOW, step="look", item=UNDO, on="ecs", text="purge", log="look--1-1.log")
        yield ev.Printed(run="r", at=NOW, step="look", item=UNDO, text="it is gone\n", offset=0)
        yield ev.Undone(run="r", at=NOW, step="look", seconds=1.0)
        yield ended()
        return
    yield step_ended("look", Outcome.FAILED, Text("没有成", "it failed"))
    yield ended(Outcome.FAILED)


@pytest.mark.parametrize("size", [(140, 40), (80, 24)])
async def test_u_shows_the_script_and_a_yes_takes_the_step_back(size: tuple[int, int]) -> None:
    program, session = app(undoing, UNDOABLE)
    async with program.run_test(size=size, notifications=True) as pilot:
        assert not sees(pilot, "u 撤销")
        await pilot.press("r")
        await sight(pilot, "没有成")
        await until(pilot, lambda: not screen(pilot).runner.busy)
        if size[0] == 140:  # a narrow key bar has no room for it
            await sight(pilot, "u 撤销")
        await pilot.press("u")
        await until(pilot, lambda: isinstance(program.screen, ConfirmDialog))
        assert sees(pilot, "sudo apt-get purge -y app")
        assert sees(pilot, "rm -rf /var/lib/app")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(program.screen, GuideScreen) and not screen(pilot).runner.busy)
        assert session.requests[1:] == [Request(steps=("look",), undo=True)]
        assert screen(pilot).runner.state.step("look").phase is Phase.TODO
        await sight(pilot, "it is gone")


@pytest.mark.parametrize("answer", ["n", "escape", "enter"])
async def test_nothing_is_taken_back_without_a_yes(answer: str) -> None:
    program, session = app(undoing, UNDOABLE)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("u")
        await until(pilot, lambda: isinstance(program.screen, ConfirmDialog))
        await pilot.press(answer)
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))
        assert session.requests == []


async def test_a_step_without_an_undo_says_so() -> None:
    program, session = app(undoing)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("u")
        await sight(pilot, "文档没有写怎样撤销这一步")
        assert session.requests == []


@pytest.mark.parametrize(("blocked", "leads_to"), [(None, "attribute"), ({"zh": "没有令牌", "en": "no token"}, "nodivert")])
async def test_d_leads_to_the_best_way_out_that_the_document_offers(blocked: dict[str, str] | None, leads_to: str) -> None:
    async def trapped(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
        yield began(request)
        yield step_began("look")
        facts = {"conclusion": "trap", "mends": [{"id": "attribute", "blocked": blocked}, {"id": "nodivert", "blocked": None}]}
        yield ev.Observed(run="r", at=NOW, step="look", item=0, topic="network", facts=facts)
        yield step_ended("look", Outcome.FAILED, Text("撞上了", "trapped"))
        yield ended(Outcome.FAILED)

    program, session = app(trapped, OFFERING)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "d 怎么办")
        await pilot.press("d")
        step, stop = screen(pilot).step_here, screen(pilot).document.current
        assert step is not None
        assert stop is not None
        assert stop.item is not None
        assert getattr(step.items[stop.item], "options", {}) == {"how": leads_to}
        await pilot.press("r")
        await until(pilot, lambda: len(session.requests) == 2)
        assert session.requests[1] == Request(steps=("look",), item=stop.item)
