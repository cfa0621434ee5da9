"""A model is asked about a failed step: nothing before a yes to the exact text, and no command of the answer runs by itself."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
from shell_stage import (
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

from tui import texts
from tui.config import Ai
from tui.run.events import AnyEvent, Outcome
from tui.run.plan import Given, Request
from tui.secret import Secret
from tui.texts import Text
from tui.ui.app import ZhinanApp
from tui.ui.dialogs.answer import AnswerDialog
from tui.ui.dialogs.consent import ConsentDialog
from tui.ui.dialogs.secret import SecretDialog
from tui.ui.dialogs.send import HowDialog, SendDialog
from tui.ui.screens.guide.guess import GuessScreen
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.starts import GuideStart

sys.path.append(str(Path(__file__).parents[2] / "cloud"))
from fake_model import GOOD, Service, said  # isort: skip

SECRET = "very-secret-value-1"
ADVICE = "锁被占着。先看是谁：\n\n```bash\nsudo lsof /var/lib/dpkg/lock\n```\n"


async def breaking(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    step = request.steps[0]
    yield began(request)
    yield step_began(step)
    yield command(step)
    yield printed(step, f"line\npassword={SECRET}\nE: Could not get lock\n")
    yield command_ended(step, 100)
    yield step_ended(step, Outcome.FAILED, Text("退出码是 100", "exit code 100"))
    yield ended(Outcome.FAILED)


@pytest.fixture
def service() -> Iterator[Service]:
    with Service(body=(said(ADVICE), said(None, "stop"), b"data: [DONE]\n\n")) as one:
        yield one


def app(ai: Ai | None, script: object = breaking) -> tuple[ZhinanApp, Scripted]:
    session = Scripted(script)  # type: ignore[arg-type]
    start = GuideStart(guide(), Given(inputs={"PASSWORD": Secret(SECRET)}))
    return ZhinanApp(start, session.sessions, ai=ai), session


async def to_the_question(pilot: Pilot[int]) -> None:
    await pilot.press("r")
    await until(pilot, lambda: screen(pilot).runner.state.verdict is not None)
    await pilot.press("i")
    await until(pilot, lambda: isinstance(pilot.app.screen, SendDialog))


async def to_the_answer(pilot: Pilot[int]) -> AnswerDialog:
    await to_the_question(pilot)
    await pilot.press("y")
    dialog = await until(pilot, lambda: pilot.app.screen if isinstance(pilot.app.screen, AnswerDialog) else None)
    assert isinstance(dialog, AnswerDialog)
    return dialog


@pytest.mark.parametrize("size", [(140, 40), (80, 24)])
async def test_exactly_what_is_shown_is_sent_after_a_yes(size: tuple[int, int], service: Service) -> None:
    program, _ = app(Ai(service.base, "m-1"))
    async with program.run_test(size=size, notifications=True) as pilot:
        await to_the_question(pilot)
        assert sees(pilot, "m-1 · 127.0.0.1")
        await sight(pilot, "E: Could not get lock")
        assert not sees(pilot, SECRET)
        assert service.asked == []
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, GuideScreen))
        await pilot.press("i")
        dialog = await until(pilot, lambda: pilot.app.screen if isinstance(pilot.app.screen, SendDialog) else None)
        assert isinstance(dialog, SendDialog)
        shown = dialog._question.messages
        assert service.asked == []
        await pilot.press("y")
        await sight(pilot, "没有人核实过")
        await sight(pilot, "锁被占着。先看是谁")
        assert service.asked[0]["messages"] == shown
        assert SECRET not in str(service.asked)


async def test_its_commands_run_only_one_by_one_after_a_yes_that_shows_command_and_place(service: Service) -> None:
    program, session = app(Ai(service.base, "m-1"))
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await to_the_answer(pilot)
        await sight(pilot, "1 条命令")
        await pilot.press("c")
        guess = await until(pilot, lambda: pilot.app.screen if isinstance(pilot.app.screen, GuessScreen) else None)
        assert isinstance(guess, GuessScreen)
        assert guess.guide.path.stat().st_mode & 0o077 == 0
        assert session.given.places == {"server": "root@47.98.21.7"}
        await until(pilot, lambda: guess.is_mounted and guess.document.current is not None)
        before = len(session.requests)
        while guess.document.current is None or guess.document.current.item is None:
            guess.document.move(1)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConsentDialog))
        await sight(pilot, "root@47.98.21.7")
        assert sees(pilot, "sudo lsof /var/lib/dpkg/lock")
        await pilot.press("enter")  # the safe answer
        await until(pilot, lambda: pilot.app.screen is guess)
        assert len(session.requests) == before
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConsentDialog))
        await pilot.press("y")
        await until(pilot, lambda: len(session.requests) > before)
        assert session.requests[-1] == Request(steps=("suggestion-1",), item=0)


async def test_a_broken_answer_stays_and_says_so() -> None:
    with Service(body=(said("只说了一"),)) as service:
        program, _ = app(Ai(service.base, "m-1"))
        async with program.run_test(size=(80, 24), notifications=True) as pilot:
            await to_the_answer(pilot)
            await sight(pilot, "回答不完整")
            assert sees(pilot, "只说了一")
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, GuideScreen))
            await pilot.press("i")  # it was kept: nothing is sent to see it again
            await sight(pilot, "只说了一")
            assert len(service.asked) == 1
            await pilot.press("a")
            await until(pilot, lambda: isinstance(pilot.app.screen, SendDialog))


@pytest.mark.parametrize("key", ["x", "escape"])
async def test_stopping_and_leaving_hang_up_at_once(key: str) -> None:
    with Service(body=(said("开头"), said("结尾", "stop")), hold=1) as service:
        program, _ = app(Ai(service.base, "m-1"))
        async with program.run_test(size=(80, 24), notifications=True) as pilot:
            dialog = await to_the_answer(pilot)
            await sight(pilot, "开头")
            await pilot.press(key)
            await until(pilot, service.hung_up.is_set)
            await until(pilot, lambda: dialog.kept.over)
            if key == "x":
                await sight(pilot, "已停止，回答不完整")
                assert sees(pilot, "开头")


async def test_a_long_answer_scrolls_and_escape_sequences_stay_out() -> None:
    words = "".join(f"第 {n} 行，很长很长的一句话。\n\n" for n in range(200))
    with Service(body=(said(words + "\x1b[31m"), said("完\u202e。", "stop"))) as service:
        program, _ = app(Ai(service.base, "m-1"))
        async with program.run_test(size=(80, 24), notifications=True) as pilot:
            dialog = await to_the_answer(pilot)
            await sight(pilot, "答完了")
            assert dialog.kept.text.endswith("\n\n完。")
            body = dialog.query_one("#body")
            await until(pilot, lambda: body.max_scroll_y > 100)
            at = body.scroll_y
            await pilot.press("pageup")
            await until(pilot, lambda: body.scroll_y != at or at == 0)


async def test_without_a_model_the_key_says_how_to_set_one() -> None:
    program, _ = app(None)
    async with program.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "i 问模型")
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, HowDialog))
        await sight(pilot, "deepseek-v4-flash")
        assert sees(pilot, "ZHINAN_AI_API_KEY")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, GuideScreen))


async def test_a_service_elsewhere_asks_for_its_key_unseen_and_a_wrong_one_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with Service(key="another") as service:
        monkeypatch.setattr("tui.cloud.model_api.on_this_computer", lambda _: False)
        program, _ = app(Ai(service.base, "m-1"))
        async with program.run_test(size=(140, 40), notifications=True) as pilot:
            await to_the_question(pilot)
            await pilot.press("y")
            await until(pilot, lambda: isinstance(pilot.app.screen, SecretDialog))
            assert service.asked == []
            await pilot.press(*GOOD)
            assert not sees(pilot, GOOD)
            await pilot.press("enter")
            await sight(pilot, "不认这个密钥")
            assert service.keys == [f"Bearer {GOOD}"]
            assert not sees(pilot, GOOD)


async def test_english(service: Service) -> None:
    texts.use("en")
    program, _ = app(Ai(service.base, "m-1"))
    async with program.run_test(size=(80, 24), notifications=True) as pilot:
        await to_the_answer(pilot)
        await sight(pilot, "A model's guess, verified by nobody")
        await sight(pilot, "commands in it: 1")
        assert "Answer in English" in service.asked[0]["messages"][0]["content"]


async def test_nothing_is_asked_about_a_step_that_passed() -> None:
    program, _ = app(Ai("http://127.0.0.1:9", "m"), passing)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "✓ 通过")
        assert not sees(pilot, "问模型")
        await pilot.press("i")
        await sight(pilot, "没有失败")


async def test_leaving_the_program_hangs_up() -> None:
    with Service(body=(said("开头"), said("结尾", "stop")), hold=1) as service:
        program, _ = app(Ai(service.base, "m-1"))
        async with program.run_test(size=(80, 24), notifications=True) as pilot:
            await to_the_answer(pilot)
            await sight(pilot, "开头")
        assert await asyncio.to_thread(service.hung_up.wait, 10)
