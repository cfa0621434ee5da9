"""What all dialogs share: a title, a body that scrolls, a row of answers, and the safe answer as the one that enter gives.

A dialog opens over whatever the reader was doing, so a key already on its way must not say yes: the safe answer has the focus, and
`y` is needed (or moving to the other answer) to agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Static

from tui.texts import Text
from tui.ui.widgets.keys import key

T = TypeVar("T")

_APART = 3
"""Cells between two answers, as in the style sheet."""
_MOST = 92
"""Per cent of the window's height that a dialog takes at most, as in the style sheet."""

YES_NO: list[BindingType] = [
    key("dialog.yes", "y", "answer('yes')", Text("是", "yes")),
    key("dialog.no", "n", "answer('no')", Text("否", "no")),
]


class Answer(Button):
    """One answer: its key on a raised patch, its words beside it."""

    def __init__(self, key_word: str, words: Text, name: str, *, danger: bool = False) -> None:
        label = Content.assemble((f" {key_word} ", "bold on $key"), f" {words} ")
        super().__init__(label, id=name, compact=True, classes="-danger" if danger else "")


class Dialog(ModalScreen[T], Generic[T]):
    """Subclasses give `title_text`, `body()` and `answers()`; the answer's id comes back in `answered`."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("dialog.cancel", "escape,ctrl+c", "cancel", Text("取消", "cancel")),
        key("dialog.left", "left", "app.focus_previous", Text("上一个", "previous"), show=False),
        key("dialog.right", "right", "app.focus_next", Text("下一个", "next"), show=False),
        key("dialog.down", "j,down", "scroll_body(1)", Text("向下滚动", "scroll down"), show=False),
        key("dialog.up", "k,up", "scroll_body(-1)", Text("向上滚动", "scroll up"), show=False),
        key("dialog.page_down", "pagedown", "scroll_body(10)", Text("下一页", "next page"), show=False),
        key("dialog.page_up", "pageup", "scroll_body(-10)", Text("上一页", "previous page"), show=False),
    ]

    def title_text(self) -> Text:
        """The question, in a few words."""
        raise NotImplementedError

    def note_text(self) -> Text | None:
        """A word beside the title, at the right."""
        return None

    def body(self) -> Iterable[Widget]:
        """What the reader needs to know to answer."""
        return ()

    def beneath(self) -> Iterable[Widget]:
        """What stays in sight between the body, which scrolls, and the answers."""
        return ()

    def answers(self) -> Iterable[Answer]:
        """The answers, the safe one among them marked by id `no`."""
        return ()

    def answered(self, name: str) -> None:
        """An answer was given."""
        raise NotImplementedError

    def begin(self) -> None:
        """Put the focus where it belongs: on the safe answer, unless there is something to fill in."""
        self.query_one("#no").focus()

    def compose(self) -> ComposeResult:
        """Title, body, answers, in a box in the middle."""
        with Vertical(id="box"):
            with Horizontal(id="head"):
                yield Static(str(self.title_text()), id="heading", markup=False)
                note = self.note_text()
                yield Static(str(note) if note else "", id="note", markup=False)
            with VerticalScroll(id="body", can_focus=False):
                yield from self.body()
            with Vertical(id="beneath"):
                yield from self.beneath()
            with Horizontal(id="answers"):
                yield from self.answers()

    def on_mount(self) -> None:
        """Ready to be answered."""
        self.begin()

    def on_resize(self) -> None:
        """The answers stay in sight, in two columns where they do not fit in a row; the body gets the rows that are left, and scrolls."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        row = self.query_one("#answers")
        shown = [answer for answer in row.query(Answer) if answer.display]
        row.set_class(sum(answer.size.width + _APART for answer in shown) - _APART > row.size.width, "-stacked")
        self.call_after_refresh(self._fit_body)

    def _fit_body(self) -> None:
        box, *parts = (self.query_one(name) for name in ("#box", "#head", "#beneath", "#answers"))
        around = box.gutter.height + sum(part.outer_size.height + part.styles.margin.height for part in parts)
        self.query_one("#body").styles.max_height = max(3, self.size.height * _MOST // 100 - around)

    def action_cancel(self) -> None:
        """Left without an answer: no."""
        self.dismiss(None)

    def action_answer(self, name: str) -> None:
        """An answer's key."""
        self.answered(name)

    def action_scroll_body(self, rows: int) -> None:
        """Long content scrolls whatever has the focus."""
        self.query_one("#body", VerticalScroll).scroll_relative(y=rows, animate=False, immediate=True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id:
            self.answered(event.button.id)


def paragraph(text: str | Content, classes: str = "") -> Static:
    """A piece of prose in a dialog; never markup."""
    return Static(text, classes=classes, markup=False)
