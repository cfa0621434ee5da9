"""Searching in the page: one line above the key bar, gone again when it is not needed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.texts import Text
from tui.ui.widgets.keys import key
from tui.ui.widgets.notice import Notice

_FOUND = Text("{n} 处 · n 下一处 · N 上一处", "{n} found · n next · N previous")
_NONE = Text("没有找到", "nothing found")


class FindBar(Horizontal):
    """Posts `Typed` while the reader types, `Left` when the line is left; `count` is shown back."""

    DEFAULT_CSS = """
    FindBar { height: 1; dock: bottom; margin-bottom: 1; background: $raised; display: none; padding: 0 1; }
    FindBar.-open { display: block; }
    FindBar > #slash { width: 2; color: $alive; }
    FindBar > Input { width: 1fr; background: $raised; border: none; height: 1; padding: 0; }
    FindBar > #found { width: auto; color: $muted; padding-left: 2; }
    """

    # Both before the field gets the key, so that the next key, however close behind, goes to what is searched.
    BINDINGS: ClassVar[list[BindingType]] = [
        key("find.leave", "escape", "leave", Text("不找了", "stop searching"), priority=True),
        Binding("enter", "submit", show=False, priority=True),
    ]

    class Typed(Message):
        """The words so far."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Left(Message):
        """`keep`: the matches stay lit (enter); otherwise the search is over (esc)."""

        def __init__(self, *, keep: bool) -> None:
            super().__init__()
            self.keep = keep

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._home: Widget | None = None

    def compose(self) -> ComposeResult:
        """A slash, the words, how many were found."""
        yield Static("/", id="slash")
        yield Input(id="find-input", compact=True, select_on_focus=True)
        yield Static("", id="found", markup=False)

    def open(self) -> None:
        """Show the line and type into it."""
        field = self.query_one(Input)
        if self.screen.focused is not field:
            self._home = self.screen.focused
        for notice in self.screen.query(Notice):
            notice.leave()
        self.add_class("-open")
        self.screen.set_focus(field)

    def show_count(self, count: int) -> None:
        """Say how many were found."""
        words = self.query_one(Input).value
        text = "" if not words else str(_FOUND.fill(n=count) if count else _NONE)
        self.query_one("#found", Static).update(text)

    def action_leave(self) -> None:
        """Give up, from wherever the keys go: the line is gone and nothing is lit."""
        self.remove_class("-open")
        self.query_one(Input).value = ""
        self._go_home()
        self.post_message(self.Left(keep=False))

    def action_submit(self) -> None:
        """Keys go back to what is searched; letters that are still on their way to the field count."""
        self._go_home()
        self.query_one(Input).call_later(self._submitted)

    def _go_home(self) -> None:
        if self.query_one(Input).has_focus:
            self.screen.set_focus(self._home)

    def _submitted(self) -> None:
        words = self.query_one(Input).value
        if not words:
            self.remove_class("-open")
        self.post_message(self.Left(keep=bool(words)))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.has_class("-open"):
            self.post_message(self.Typed(event.value))
