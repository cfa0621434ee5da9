"""Everything the reader can do now, found by typing a few letters of it.

Textual has a palette of its own; this one speaks both languages to the last word, lists the same bindings the help does, and filters
on the key press itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.texts import Text
from tui.ui.dialogs.base import Dialog
from tui.ui.widgets.cells import pad, width

_TITLE = Text("要做什么？", "What would you like to do?")
_HINT = Text("输入几个字来找", "type a few letters to find it")
_NONE = Text("没有这样的命令", "no such command")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to do: its words, its key (may be empty), the action's name with its namespace resolved by the app."""

    words: str
    key: str
    action: str
    node: object


class PaletteDialog(Dialog[Entry]):
    """Dismissed with the chosen entry, or None."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__(classes="-palette")
        self._entries = tuple(entries)
        self._found = self._entries

    def title_text(self) -> Text:
        """The question."""
        return _TITLE

    def body(self) -> Iterable[Widget]:
        """A line to type in, and the list."""
        yield Input(placeholder=str(_HINT), id="palette-input", compact=True)
        yield OptionList(id="choices", compact=True)

    def begin(self) -> None:
        """All entries, until something is typed."""
        self._fill()
        self.query_one(Input).focus()

    def on_key(self, event: events.Key) -> None:
        """Up and down move in the list while typing."""
        if event.key in ("down", "up"):
            event.stop()
            event.prevent_default()
            options = self.query_one(OptionList)
            options.action_cursor_down() if event.key == "down" else options.action_cursor_up()

    def answered(self, name: str) -> None:
        """The highlighted entry."""
        index = self.query_one(OptionList).highlighted
        self.dismiss(self._found[index] if index is not None and self._found else None)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        words = event.value.casefold().split()
        self._found = tuple(entry for entry in self._entries if all(word in entry.words.casefold() for word in words))
        self._fill()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._found:
            self.answered("yes")

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self._found:
            self.dismiss(self._found[event.option_index])

    def _fill(self) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        if not self._found:
            options.add_option(Option(Content.styled(str(_NONE), "$muted"), disabled=True))
            return
        keys = max(width(entry.key) for entry in self._entries)
        options.add_options(
            Option(Content.assemble((pad(entry.key, keys) + "   ", "$muted"), (entry.words, "$ink"))) for entry in self._found
        )
        options.highlighted = 0
