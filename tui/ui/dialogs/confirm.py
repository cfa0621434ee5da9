"""A plain yes or no, with what either would mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tui.texts import Text
from tui.ui.dialogs.base import YES_NO, Answer, Dialog, paragraph


class ConfirmDialog(Dialog[bool]):
    """Dismissed with True for yes; False or None otherwise."""

    BINDINGS: ClassVar[list[BindingType]] = YES_NO

    def __init__(self, title: Text, why: Text, *, yes: Text, no: Text) -> None:
        super().__init__()
        self._title, self._why, self._yes, self._no = title, why, yes, no

    def title_text(self) -> Text:
        """The question."""
        return self._title

    def body(self) -> Iterable[Widget]:
        """What would happen."""
        yield paragraph(str(self._why))

    def answers(self) -> Iterable[Answer]:
        """Yes and no."""
        yield Answer("y", self._yes, "yes", danger=True)
        yield Answer("n", self._no, "no")

    def answered(self, name: str) -> None:
        """Close with it."""
        self.dismiss(name == "yes")
