"""What was done before the reader came: a lockdown that a dead program left was brought to its end, or could not be.

A dialog and no passing notice, as it may say what the reader has to do by hand; it waits until no other question is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.widget import Widget

from tui.texts import Text
from tui.ui.dialogs.base import Answer, Dialog
from tui.ui.dialogs.consent import Prose
from tui.ui.seams import News
from tui.ui.widgets.cells import visible
from tui.ui.widgets.keys import key

_EVERY = 0.2
_TITLE = Text("上一次没有做完的关闭", "A lockdown that was not finished")
_READ = Text("知道了", "understood")


class NewsDialog(Dialog[None]):
    """Dismissed once read."""

    BINDINGS: ClassVar[list[BindingType]] = [key("news.read", "y", "answer('no')", _READ)]

    def __init__(self, sentences: Iterable[Text]) -> None:
        super().__init__()
        self._sentences = tuple(sentences)

    def title_text(self) -> Text:
        """What it is about."""
        return _TITLE

    def body(self) -> Iterable[Widget]:
        """Each sentence."""
        yield from (Prose(visible(str(each))) for each in self._sentences)

    def answers(self) -> Iterable[Answer]:
        """Only one."""
        yield Answer("↵", _READ, "no")

    def answered(self, name: str) -> None:
        """Close."""
        self.dismiss(None)


def watch(app: App[Any], news: News) -> None:
    """Show it as soon as there is any and no other dialog is open."""
    waiting: list[Text] | None = None

    def look() -> None:
        nonlocal waiting
        waiting = news() if waiting is None else waiting
        if waiting is None or (waiting and isinstance(app.screen, Dialog)):
            return
        timer.stop()
        if waiting:
            app.push_screen(NewsDialog(waiting))

    timer = app.set_interval(_EVERY, look)
