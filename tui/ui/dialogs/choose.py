"""One of a few things: where a command runs, which link to open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.texts import Text
from tui.ui.dialogs.base import Answer, Dialog, paragraph
from tui.ui.widgets.cells import visible

_YES = Text("选定", "choose")
_NO = Text("取消", "cancel")
_DIGITS = 9


class ChooseDialog(Dialog[str]):
    """`choices` are (value, words, remark). Dismissed with the chosen value, or None. Digits choose too."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, title: Text, why: Text | None, choices: Sequence[tuple[str, str, str]]) -> None:
        super().__init__()
        self._title, self._why, self._choices = title, why, tuple(choices)

    def title_text(self) -> Text:
        """What is to be chosen."""
        return self._title

    def body(self) -> Iterable[Widget]:
        """Why it is asked, then the list."""
        if self._why is not None:
            yield paragraph(visible(str(self._why)))
        yield OptionList(*(Option(self._line(n, c)) for n, c in enumerate(self._choices, 1)), id="choices", compact=True)

    def answers(self) -> Iterable[Answer]:
        """Take it, or leave."""
        yield Answer("↵", _YES, "yes")
        yield Answer("esc", _NO, "no")

    def begin(self) -> None:
        """Move in the list at once; nothing is chosen by that."""
        self.query_one(OptionList).focus()

    def on_key(self, event: events.Key) -> None:
        """A digit is its line."""
        if event.character and event.character.isascii() and event.character.isdigit():
            index = int(event.character) - 1
            if 0 <= index < min(len(self._choices), _DIGITS):
                event.stop()
                self.dismiss(self._choices[index][0])

    def answered(self, name: str) -> None:
        """The highlighted one, or none."""
        index = self.query_one(OptionList).highlighted
        self.dismiss(self._choices[index][0] if name == "yes" and index is not None else None)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._choices[event.option_index][0])

    def _line(self, number: int, choice: tuple[str, str, str]) -> Content:
        digit = str(number) if number <= _DIGITS else " "
        _, words, remark = choice
        return Content.assemble((f"{digit}  ", "$faint"), (visible(words), "$ink"), (f"   {visible(remark)}" if remark else "", "$muted"))
