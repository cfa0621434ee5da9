"""May an action do this? What it would do stands there line by line before it is done.

Where agreeing must not become a habit there is a word to type instead of a key to press; enter pressed too early says what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.run.ask import ConfirmLine, ConfirmQuestion
from tui.texts import Text
from tui.ui.dialogs.base import YES_NO, Answer, Dialog, paragraph
from tui.ui.linebreak import wrap
from tui.ui.widgets.cells import visible, width

_CHANGE = Text("+{more} −{less} 行", "+{more} −{less} lines")
_DANGER = Text("不能随手退回", "not simply taken back")
_YES = Text("这样做", "do it")
_NO = Text("不做，什么都不改", "don't: change nothing")
_MANY = 12
"""Lines from which the dialog takes the height of the window."""
_LABEL = re.compile(r"\S.{0,11}?  +(?=\S)")
_SIGNS = {" ": ("  ", "$muted"), "+": ("+ ", "$ok"), "-": ("− ", "$bad")}


class Change(Widget):
    """Lines that stay, come and go; a long one goes on under its own beginning, behind the label in front of it, if it has one."""

    def __init__(self, lines: Iterable[ConfirmLine]) -> None:
        super().__init__(classes="-code")
        self._lines = tuple(lines)

    def render(self) -> Content:
        """Mark and line."""
        return Content("\n").join(_change(self._lines, self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row for each line, more for long ones."""
        return sum(1 for _ in _change(self._lines, width))


class Prose(Widget):
    """A sentence, broken as Chinese wants it."""

    DEFAULT_CSS = """
    Prose { height: auto; color: $ink; }
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def say(self, text: str) -> None:
        """Other words."""
        self._text = text
        self.refresh(layout=True)

    def render(self) -> Content:
        """The sentence at the width there is."""
        return Content("\n".join(_prose(self._text, self.content_size.width)))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The rows it takes."""
        return len(_prose(self._text, width))


class ConsentDialog(Dialog[bool]):
    """Dismissed with True for yes; False or None otherwise."""

    BINDINGS: ClassVar[list[BindingType]] = YES_NO

    def __init__(self, question: ConfirmQuestion) -> None:
        super().__init__(classes="-tall" if len(question.lines) > _MANY else "")
        self._question = question

    def title_text(self) -> Text:
        """The question."""
        sign = "! " if self._question.danger else ""
        title = self._question.title
        return Text(visible(sign + title.zh), visible(sign + title.en))

    def note_text(self) -> Text | None:
        """That it can't simply be taken back, else how much would change."""
        if self._question.danger:
            return _DANGER
        more, less = (sum(line.mark == mark for line in self._question.lines) for mark in "+-")
        return _CHANGE.fill(more=more, less=less) if more or less else None

    def body(self) -> Iterable[Widget]:
        """Prose and changes in their order."""
        for number, (changes, lines) in enumerate(groupby(self._question.lines, lambda line: bool(line.mark))):
            if changes:
                yield Change(lines)
            else:
                said = [Prose(visible(str(line.text))) for line in lines]
                said[0].set_class(number > 0, "-fact")
                yield from said

    def beneath(self) -> Iterable[Widget]:
        """The word to type, if there is one, in sight whatever scrolls."""
        if self._question.wants:
            yield paragraph(visible(str(self._question.wants)), "-ask")
            yield Input(id="typed", compact=True)
            yield paragraph("", "-wrong")

    def answers(self) -> Iterable[Answer]:
        """Yes and no; a yes that must be typed is given by enter."""
        yield Answer("↵" if self._question.wants else "y", _YES, "yes", danger=True)
        yield Answer("esc" if self._question.wants else "n", _NO, "no")

    def begin(self) -> None:
        """On the safe answer, or where the word is typed."""
        self.query_one("#typed" if self._question.wants else "#no").focus()

    def answered(self, name: str) -> None:
        """A yes needs its word."""
        if name == "yes" and self._question.wants:
            field = self.query_one("#typed", Input)
            if not self._question.agrees(field.value):
                self.query_one("#beneath .-wrong", Static).update(visible(f"✗ {self._question.wrong(field.value)}"))
                field.focus()
                return
        self.dismiss(name == "yes")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.answered("yes")


def _change(lines: Iterable[ConfirmLine], room: int) -> Iterator[Content]:
    for line in lines:
        sign, colour = _SIGNS[line.mark]
        text = visible(str(line.text))
        label = _LABEL.match(text)
        hang = width(label[0]) if label and width(label[0]) < room // 2 else 0
        for nth, (start, end) in enumerate(wrap(text, max(2, room - 2 - hang), max(2, room - 2))):
            yield Content.assemble((" " * (2 + hang) if nth else sign, colour), (text[start:end], colour))


def _prose(text: str, room: int) -> list[str]:
    return [text[a:b].rstrip() for a, b in wrap(text, room)] if room > 0 else [text]
