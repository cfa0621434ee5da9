"""Asking a model about a failed step: the way from the key press over the reader's yes to the answer and its commands.

Off until a model is set; then the key says how to set one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from tui import config
from tui.cloud import model_api
from tui.config import Ai
from tui.errors import ZhinanError
from tui.guide.model import Step
from tui.run import question as asked
from tui.run.plan import Given
from tui.run.question import Question
from tui.secret import Secret
from tui.target.base import SecretQuestion
from tui.texts import Text
from tui.ui.dialogs.answer import AnswerDialog, Kept
from tui.ui.dialogs.secret import SecretDialog
from tui.ui.dialogs.send import HowDialog, SendDialog
from tui.ui.screens.guide.offers import failed
from tui.ui.screens.guide.reading import GuideReading
from tui.ui.screens.guide.runner import Runner
from tui.ui.seams import front

_NOTHING = Text("这一步没有失败，没有什么可问的", "This step has not failed: there is nothing to ask about")
_SERVER = "server"
_LINES = 4000
"""Lines of the log, from its end, that are looked at."""


async def ask(screen: GuideReading) -> None:
    """All of it, in a worker: a dialog is waited for."""
    step = screen.step_here
    if step is None or not failed(screen):
        screen.say(_NOTHING)
        return
    ai = front(screen).ai
    if ai is None:
        await screen.app.push_screen_wait(HowDialog(model_api.HOW.fill(file=config.home() / "config.toml")))
        return
    try:
        await _ask(screen, step, ai)
    except ZhinanError as error:
        screen.say(error.text)


async def _ask(screen: GuideReading, step: Step, ai: Ai) -> None:
    runner = screen.runner
    place = (runner.state.run, step.id, runner.state.step(step.id).started)
    host, name = model_api.address(ai).partition("//")[2], model_api.named(ai)
    kept = screen.answers.get(place)
    wish = await screen.app.push_screen_wait(AnswerDialog(kept)) if kept is not None else "again"
    while wish == "again":
        question = asked.ask(asked.trouble(step, runner.state.step(step.id), _log(runner, step.id)), _secrets(runner))
        if not await screen.app.push_screen_wait(SendDialog(question, name, host)):
            return
        key = await asyncio.to_thread(model_api.stored_key)
        if key is None and not model_api.on_this_computer(ai):
            key = await screen.app.push_screen_wait(SecretDialog(SecretQuestion(model_api.ASK_KEY.fill(host=host))))
            if key is None:
                return
        screen.answers[place] = kept = Kept(name, host)
        wish = await screen.app.push_screen_wait(AnswerDialog(kept, _Asked(ai, key, question)))
    if wish == "commands":
        _open(screen, step, screen.answers[place].text)


class _Asked:
    """The answer to come, once somebody reads it."""

    def __init__(self, ai: Ai, key: Secret | None, question: Question) -> None:
        self._ai, self._key, self._question = ai, key, question

    async def __call__(self) -> AsyncGenerator[str, None]:
        async with model_api.Model(self._ai, self._key) as model, aclosing(model.answer(self._question.messages)) as pieces:
            async for piece in pieces:
                yield piece


def _open(screen: GuideReading, step: Step, answer: str) -> None:
    """The commands of the answer, for the place where the step failed."""
    from tui.ui.screens.guide.guess import GuessScreen, guide_of

    on = screen.runner.state.step(step.id).on
    address = screen.places().get(on, "")
    given = Given(places={_SERVER: address} if address and on != "local" else {})
    guide = guide_of(answer, "local" if on == "local" else _SERVER)
    screen.app.push_screen(GuessScreen(guide, screen.sessions, given, practice=screen.practice))


def _log(runner: Runner, step_id: str) -> asked.Tail:
    place = runner.log_of(step_id, None)
    if place is None:
        return asked.Tail()
    runner.flush()
    log = runner.logs[place]
    first = max(log.dropped, len(log) - _LINES)
    lines = log.plain(first, len(log)).split("\n")
    tail = asked.tail(lines)
    return asked.Tail(tail.lines, tail.left_out + first, tail.cut)


def _secrets(runner: Runner) -> Iterable[Secret]:
    """What must never be sent: the run's own secrets, and those of the environment, the model's key among them."""
    return (*runner.secrets, *asked.secrets_of(os.environ))
