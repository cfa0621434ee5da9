"""`zhinan diagnose --ask`: the log's end and our findings to a model, after a yes to exactly that text; its answer as it comes.

What would be sent, and questions, go to standard error; diagnosis and answer to standard output.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import aclosing

from tui.cloud import model_api
from tui.config import Ai, Settings
from tui.errors import ConfigError, NotApproved, ZhinanError
from tui.headless.asker import TerminalAsker
from tui.run.ask import ConfirmQuestion
from tui.run.clean import Cleaner, clean
from tui.run.question import MOST, Ending, Question, Tail, secrets_of
from tui.run.redact import Redactor
from tui.secret import Secret
from tui.target.base import SecretQuestion
from tui.texts import Text

_LINE = 64 * 1024
_SEND = Text("把上面的文字发给 {host}（模型 {model}）", "send the text above to {host} (model {model})")
_ABOVE = Text("会发出去的全部文字：", "everything that would be sent:")
_NOT_SENT = Text("没有同意，什么都没有发出去", "not agreed to; nothing was sent")
_GUESS = Text("—— 模型 {model} 的猜测，没有人核实过 ——", "—— a guess by the model {model}, verified by nobody ——")
_NO_KEY = Text(
    "没有 {host} 的密钥：请设环境变量 {name}，或存进钥匙串（keyring set zhinan {name}）",
    "there is no key for {host}: set the variable {name}, or keep it in the keyring (keyring set zhinan {name})",
)
_BROKEN = Text("……（不完整）", "… (incomplete)")


def chosen(settings: Settings) -> Ai:
    """The model to ask. ConfigError, which says how to choose one, where there is none or it can't be used."""
    if settings.ai is None:
        raise ConfigError(model_api.HOW.fill(file=settings.home / "config.toml"))
    model_api.address(settings.ai)
    model_api.named(settings.ai)
    return settings.ai


class Watched:
    """Blocks of a log on their way to the diagnosis; `end` afterwards is the log's end (`most` characters), masked."""

    def __init__(self, blocks: Iterable[bytes], secrets: Iterable[Secret], most: int = MOST) -> None:
        self._blocks = blocks
        self._redactor = Redactor(secrets)
        self._ending = Ending(most)
        self._part = ""

    def __iter__(self) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for block in self._blocks:
            self._take(self._redactor.feed(decoder.decode(block)))
            yield block
        self._take(self._redactor.feed(decoder.decode(b"", final=True)) + self._redactor.end())

    @property
    def end(self) -> Tail:
        """The last lines."""
        if self._part:
            self._ending.take(self._part)
            self._part = ""
        return self._ending.tail()

    def _take(self, text: str) -> None:
        *lines, self._part = clean(self._part + text).split("\n")
        self._part = self._part[-_LINE:]
        for line in lines:
            self._ending.take(line)


def known_secrets() -> tuple[Secret, ...]:
    """What must never be sent: secrets of the environment, the model's own key among them."""
    return secrets_of(os.environ)


async def ask_model(question: Question, ai: Ai, *, yes: bool, from_terminal: bool) -> None:
    """Show the question, ask, send, print the answer. Raises ZhinanError; NotApproved means that nothing was sent."""
    asker = TerminalAsker(accept_new_host_key=False, interactive=from_terminal, yes=yes)
    host = model_api.address(ai).partition("//")[2]
    sys.stderr.write(f"{_ABOVE}\n\n{question.rules}\n\n{question.text}\n\n")
    sys.stderr.flush()
    if not await asker.confirm(ConfirmQuestion(_SEND.fill(host=host, model=ai.model))):
        raise NotApproved(_NOT_SENT)
    key = model_api.stored_key()
    if key is None and not model_api.on_this_computer(ai):
        key = await asker.secret(SecretQuestion(model_api.ASK_KEY.fill(host=host)))
        if key is None:
            raise ConfigError(_NO_KEY.fill(host=host, name=model_api.KEY))
    async with model_api.Model(ai, key) as model:
        await _print(model, question)


async def _print(model: model_api.Model, question: Question) -> None:
    cleaner = Cleaner()
    begun = False
    try:
        async with aclosing(model.answer(question.messages)) as pieces:
            async for piece in pieces:
                if not begun:
                    sys.stdout.write(f"\n{clean(str(_GUESS.fill(model=model.name)))}\n\n")
                begun = True
                sys.stdout.write(cleaner.feed(piece))
                sys.stdout.flush()
    except ZhinanError:
        if begun:
            sys.stdout.write(f"{cleaner.end()}\n{_BROKEN}\n")
            sys.stdout.flush()
        raise
    sys.stdout.write(cleaner.end() + "\n")
