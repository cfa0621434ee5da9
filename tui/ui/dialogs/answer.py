"""A model's answer as it comes, never without the word that it is a guess; what came before a break stays, marked incomplete."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker

from tui.errors import ZhinanError
from tui.run.advice import suggested
from tui.run.clean import clean
from tui.texts import Text
from tui.ui.dialogs.answertext import AnswerText
from tui.ui.dialogs.base import Answer, Dialog, paragraph
from tui.ui.seams import front
from tui.ui.widgets.cells import visible
from tui.ui.widgets.keys import key

Next = Literal["commands", "again"]
"""What the reader wants after the answer: its commands, or to ask once more."""
_TITLE = Text("模型的猜测，没有人核实过", "A model's guess, verified by nobody")
_WAITING = Text("正在等 {model} 回答 · x 停止", "waiting for {model} · x stops")
_COMING = Text("正在收 · x 停止", "coming in · x stops")
_WHOLE = Text("答完了", "that is all")
_COMMANDS = Text(
    "答完了 · 里面有 {n} 条命令，按 c 逐条看，不会自己执行", "that is all · commands in it: {n}; c shows them, none runs by itself"
)
_STOPPED = Text("已停止，回答不完整", "stopped, the answer is incomplete")
_SEE = Text("看命令", "its commands")
_STOP = Text("停止", "stop")
_AGAIN = Text("再问一次", "ask again")
_CLOSE = Text("关闭", "close")
_PAINT = 1 / 15


@dataclass(slots=True)
class Kept:
    """An answer as far as it came: `ending` is why it is not whole, `over` whether anything more may come."""

    model: str
    host: str
    pieces: list[str] = field(default_factory=list)
    ending: Text | None = None
    over: bool = False

    @property
    def text(self) -> str:
        """All that came, harmless."""
        return clean("".join(self.pieces))


class AnswerDialog(Dialog[Next]):
    """Reads `pieces` (None: the answer is there already) into `kept`. Leaving, or x, hangs up at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("answer.commands", "c", "answer('commands')", _SEE),
        key("answer.stop", "x", "answer('stop')", _STOP),
        key("answer.again", "a", "answer('again')", _AGAIN),
    ]

    def __init__(self, kept: Kept, pieces: Callable[[], AsyncGenerator[str, None]] | None = None) -> None:
        super().__init__(classes="-tall")
        self.kept = kept
        self._pieces = pieces
        self._shown = -1
        self._text = AnswerText()
        self._work: Worker[None] | None = None

    def title_text(self) -> Text:
        """What it is."""
        return _TITLE

    def note_text(self) -> Text:
        """Whose it is."""
        text = visible(f"{self.kept.model} · {self.kept.host}")
        return Text(text, text)

    def body(self) -> Iterable[Widget]:
        """The answer."""
        yield self._text

    def beneath(self) -> Iterable[Widget]:
        """How it stands."""
        yield paragraph("", "-standing")

    def answers(self) -> Iterable[Answer]:
        """What can be done with it."""
        yield Answer("c", _SEE, "commands")
        yield Answer("x", _STOP, "stop")
        yield Answer("a", _AGAIN, "again")
        yield Answer("esc", _CLOSE, "no")

    def begin(self) -> None:
        """Start reading."""
        super().begin()
        if self._pieces is not None:
            self._work = self.run_worker(self._read(self._pieces), exit_on_error=False)
        self.set_interval(_PAINT, self._paint)
        self.call_later(self._paint)

    async def _read(self, pieces: Callable[[], AsyncGenerator[str, None]]) -> None:
        kept = self.kept
        kept.ending = _STOPPED  # unless it ends otherwise
        try:
            async with aclosing(pieces()) as coming:
                async for piece in coming:
                    kept.pieces.append(piece)
            kept.ending = None
        except ZhinanError as error:
            kept.ending = error.text
        except Exception as error:  # noqa: BLE001  an unforeseen answer must not take the guide down
            kept.ending = front(self).note_crash(error)
        finally:
            kept.over = True
            self._shown = -1

    async def _paint(self) -> None:
        kept = self.kept
        if self._shown == len(kept.pieces):
            return
        self._shown = len(kept.pieces)
        body = self.query_one("#body", VerticalScroll)
        follows = body.scroll_y >= body.max_scroll_y and self._pieces is not None
        await self._text.say(visible(kept.text), more=not kept.over)
        self.query_one(".-standing", Static).update(self._standing())
        for name, there in (("commands", bool(self._commands())), ("stop", not kept.over), ("again", kept.over)):
            self.query_one(f"#{name}").display = there
        if follows and not kept.over:
            self.call_after_refresh(body.scroll_end, animate=False)

    def _commands(self) -> int:
        return len(suggested(self.kept.text)) if self.kept.over else 0

    def _standing(self) -> Content:
        kept = self.kept
        if not kept.over:
            return Content.styled(str(_COMING if kept.pieces else _WAITING.fill(model=visible(kept.model))), "$alive")
        if kept.ending is not None:
            return Content.styled("✗ " + visible(str(kept.ending)), "$bad")
        count = self._commands()
        return Content.styled(str(_COMMANDS.fill(n=count) if count else _WHOLE), "$muted")

    def answered(self, name: str) -> None:
        """A key, as far as it makes sense now."""
        if name == "stop":
            if self._work is not None:
                self._work.cancel()
        elif name == "commands" and self._commands():
            self.dismiss("commands")
        elif name == "again" and self.kept.over:
            self.dismiss("again")
        elif name == "no":
            self.dismiss(None)
