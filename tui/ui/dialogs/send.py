"""Before anything goes to a model: the exact text and where to; and, where no model is set, how to set one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tui.run.question import Question
from tui.texts import Text
from tui.ui.dialogs.base import YES_NO, Answer, Dialog, paragraph
from tui.ui.dialogs.consent import Prose
from tui.ui.widgets.cells import visible

_TITLE = Text("把下面的文字发给模型吗？", "Send the text below to the model?")
_WHERE = Text("{model} · {host}", "{model} · {host}")
_WHY = Text(
    "会发出去的就是这些，一字不差；密码、密钥和令牌已经遮盖，地址和主机名没有。模型的回答只是猜测。",
    "This is all that is sent, word for word; passwords, keys and tokens are masked, addresses and host names are not. "
    "What a model answers is a guess.",
)
_RULES = Text("给模型的规则", "Rules for the model")
_TEXT = Text("这一步的情况", "What happened")
_YES = Text("发送", "send")
_NO = Text("不发", "do not send")
_HOW = Text("问模型：还没有设", "Asking a model: none is set")
_CLOSE = Text("知道了", "close")


class SendDialog(Dialog[bool]):
    """Dismissed with True to send `question` to `model` at `host`."""

    BINDINGS: ClassVar[list[BindingType]] = YES_NO

    def __init__(self, question: Question, model: str, host: str) -> None:
        super().__init__(classes="-tall")
        self._question = question
        self._where = _WHERE.fill(model=visible(model), host=visible(host))

    def title_text(self) -> Text:
        """The question."""
        return _TITLE

    def note_text(self) -> Text:
        """Where to."""
        return self._where

    def body(self) -> Iterable[Widget]:
        """Both messages, whole."""
        yield Prose(str(_WHY))
        yield paragraph(str(_TEXT), "-step")
        yield Prose(visible(self._question.text))
        yield paragraph(str(_RULES), "-step")
        yield Prose(visible(self._question.rules))

    def answers(self) -> Iterable[Answer]:
        """Send or not."""
        yield Answer("y", _YES, "yes", danger=True)
        yield Answer("n", _NO, "no")

    def answered(self, name: str) -> None:
        """Close with it."""
        self.dismiss(name == "yes")


class HowDialog(Dialog[None]):
    """Says how a model is set."""

    def __init__(self, how: Text) -> None:
        super().__init__(classes="-tall")
        self._how = how

    def title_text(self) -> Text:
        """What is missing."""
        return _HOW

    def body(self) -> Iterable[Widget]:
        """How to set it."""
        yield Prose(visible(str(self._how)))

    def answers(self) -> Iterable[Answer]:
        """There is one."""
        yield Answer("esc", _CLOSE, "no")

    def answered(self, name: str) -> None:
        """Close."""
        self.dismiss(None)
