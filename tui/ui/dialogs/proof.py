"""Something to do outside the program and to bring a code back from: where to go, what to run there, a field for the code.

The command can be copied and the page opened by keys of their own, as every letter goes into the field.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from tui.run.ask import ConfirmLine, ProofQuestion
from tui.texts import Text, same
from tui.ui.dialogs.base import Answer
from tui.ui.dialogs.consent import Change, ConsentDialog
from tui.ui.seams import front
from tui.ui.widgets.cells import visible
from tui.ui.widgets.keys import key

_COPIED = Text("命令已复制", "the command was copied")
_COPY = Text("复制命令", "copy the command")
_OPEN = Text("打开页面", "open the page")
_YES = Text("核对代码", "check the code")
_NO = Text("没能进去", "did not get in")


class ProofDialog(ConsentDialog):
    """Dismissed with True once the code is right; False or None otherwise."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("proof.copy", "ctrl+y", "answer('copy')", _COPY),
        key("proof.open", "ctrl+o", "answer('open')", _OPEN),
    ]

    def __init__(self, question: ProofQuestion) -> None:
        super().__init__(question)
        self._proof = question

    def note_text(self) -> Text | None:
        """Nothing is changed by it."""
        return None

    def body(self) -> Iterable[Widget]:
        """What to do, then the command."""
        yield from super().body()
        yield Change([ConfirmLine(same(self._proof.command), " ")])

    def answers(self) -> Iterable[Answer]:
        """The code, or not; and what helps to get it."""
        yield Answer("↵", _YES, "yes")
        yield Answer("esc", _NO, "no")
        yield Answer("^y", _COPY, "copy")
        yield Answer("^o", _OPEN, "open")

    def answered(self, name: str) -> None:
        """Copying and opening answer nothing."""
        if name == "copy":
            self.app.copy_to_clipboard(self._proof.command)
            self.query_one("#beneath .-wrong", Static).update(visible(str(_COPIED)))
        elif name == "open":
            front(self).follow(self._proof.link, Path())
        else:
            super().answered(name)
