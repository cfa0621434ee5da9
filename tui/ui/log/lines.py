"""The widget that draws a log line by line, follows it, and finds its way in it.

Taking in output costs the widget nothing: a store says that it changed, and at most once a frame what is visible is drawn anew. The top
row (`Window`'s place) is the truth; Textual's scroll offset only moves the scrollbar, and is translated when the reader drags it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from textual import events, work
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from tui.texts import Text
from tui.ui.log import seek
from tui.ui.log.bindings import BINDINGS
from tui.ui.log.paint import Lights, Pen
from tui.ui.log.store import LogStore
from tui.ui.log.window import Place, Row, Window
from tui.ui.palette import Palette

_FRAME = 1 / 30
_MOST_COPIED = 20_000
_NOT_FOUND = Text("日志里没有“{query}”", "The log does not hold “{query}”")
_COPIED = Text("已复制 {n} 行", "{n} lines copied")
_COPIED_PART = Text("日志很长：只复制了最后 {n} 行", "The log is long: only the last {n} lines were copied")


class LogView(ScrollView, can_focus=True):
    """One log, drawn as far as it is seen. Line numbers in its methods are those it shows: 1 is the first line.

    `following` means that it stays at the end; it stops when the reader scrolls up, and starts again with `f`, `end`, or by
    scrolling back down. `wrapped` lines go on in the next row; otherwise they are cut with `…`. `sought` is what is lit as found.
    """

    DEFAULT_CSS = """
    LogView { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-gutter: stable;
        scrollbar-size-vertical: 1; background: $background; }
    """

    BINDINGS = BINDINGS

    following: reactive[bool] = reactive[bool](True)  # noqa: FBT003
    wrapped: reactive[bool] = reactive[bool](True)  # noqa: FBT003
    sought: reactive[str] = reactive("")

    class Moved(Message):
        """What is shown changed: more lines, another place, another mode. Sent at most once a frame."""

    def __init__(self, store: LogStore | None = None, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.window = Window(LogStore() if store is None else store)
        self._leave: Callable[[], None] = lambda: None
        self._top = self.window.top
        self._marked: frozenset[int] = frozenset()
        self._goal: int | None = None  # the line last gone to, 0-based
        self._shadow = 0  # the scroll offset that stands for _top
        self._due = False
        self._drawn = 0.0
        self._rows: list[Row] | None = None
        self._pen = Pen(Palette(), dark=True)

    # ---- what is shown

    @property
    def store(self) -> LogStore:
        """The log shown now."""
        return self.window.store

    def show(self, store: LogStore) -> None:
        """Show another log, from its end."""
        self._leave()
        self.window = Window(store)
        self._marked, self._goal, self._top = frozenset(), None, self.window.top
        self.set_reactive(LogView.following, True)  # noqa: FBT003
        if self.is_attached:
            self._leave = store.watch(self._changed)
            self.screen.selections = {widget: chosen for widget, chosen in self.screen.selections.items() if widget is not self}
        self._flush()

    def on_mount(self) -> None:
        """Listen to the log, and to the theme."""
        self._leave = self.store.watch(self._changed)
        self._new_theme()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._new_theme())

    def on_unmount(self) -> None:
        """Listen no more."""
        self._leave()

    def _new_theme(self) -> None:
        dark = self.app.current_theme.dark
        self._pen = Pen(Palette(self.app.current_theme.variables, dark=dark), dark=dark)
        self.refresh()

    def _changed(self) -> None:
        """Draw now if nothing was drawn for a frame, else when the frame is over; so the last line before a silence is shown too."""
        if self._due:
            return
        self._due = True
        wait = self._drawn + _FRAME - time.monotonic()
        if wait <= 0:
            self.call_later(self._flush)
        else:
            self.set_timer(wait, self._flush)

    def _flush(self) -> None:
        self._due = False
        self._drawn = time.monotonic()
        if self.is_attached:
            self._settle()
            self.post_message(self.Moved())

    def on_resize(self, event: events.Resize) -> None:
        """Keep the top line where it is, or the end."""
        self._settle()
        self.post_message(self.Moved())

    def _settle(self) -> None:
        """Make the top row fit size, mode and store, and the scrollbar fit the top row."""
        for _ in range(2):  # the scrollbar itself may come or go, and take a column
            size = self.scrollable_content_region.size
            self.window.fit(size.width - self._gutter, size.height, wrap=self.wrapped)
            last = self.window.last
            self._top = last if self.following else min(self.window.clamp(self._top), last)
            total = self.window.height_of_all()
            if self.virtual_size == Size(size.width, total):
                break
            self.virtual_size = Size(size.width, total)
        self._shadow = self.window.offset_of(self._top, total) if total > self.window.height else 0
        self.set_scroll(None, self._shadow)
        self.set_reactive(Widget.scroll_target_y, self._shadow)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self._shadow
        self._rows = None
        self.refresh()

    @property
    def _gutter(self) -> int:
        return max(4, len(str(len(self.store)))) + 1

    # ---- moving

    def _scroll_to(self, x: float | None = None, y: float | None = None, **options: Any) -> bool:
        """What wheel and scrollbar end in: small steps are rows, long ones a share of the whole. True if anything moved.

        Private in Textual, but the one place where a wish of the reader's can be told from Textual's own clamping.
        """
        if y is None or not self.show_vertical_scrollbar:
            return False
        before, offset = self._top, max(0, min(round(y), self.max_scroll_y))
        step = offset - self._shadow
        if abs(step) <= 2 * self.window.height and 0 < offset < self.max_scroll_y:
            self.move(step)
        elif step:
            self._go(self.window.place_at(offset, self.virtual_size.height))
        return self._top != before

    def move(self, rows: int) -> None:
        """Scroll by rows, downwards if positive."""
        self._go(self.window.down(self._top, rows) if rows > 0 else self.window.up(self._top, -rows))

    def _go(self, place: Place, goal: int | None = None) -> None:
        last = self.window.last
        self._goal = goal
        self._top = min(place, last)
        self.following = self._top == last and goal is None
        self._settle()
        self.post_message(self.Moved())

    def reveal(self, line: int) -> None:
        """Go to a line, so that a few lines before it are seen too; following stops."""
        index = min(max(line - 1, self.store.dropped), max(self.store.dropped, len(self.store) - 1))
        self._go(self.window.up(Place(index), self.window.height // 3), goal=index)

    def mark(self, lines: Iterable[int], *, reveal: bool = True) -> None:
        """Light up the lines that prove something, and go to the first of them. An empty list takes the light away."""
        self._marked = frozenset(line - 1 for line in lines)
        if self._marked and reveal:
            self.reveal(min(self._marked) + 1)
        self.refresh()

    @property
    def here(self) -> int:
        """The number of the line the reader is at: the one gone to while it is seen, else the lowest one seen."""
        seen = [row.item for row in self.rows if self.store.dropped <= row.item < len(self.store)]
        if self._goal in seen:
            return (self._goal or 0) + 1
        return seen[-1] + 1 if seen else 0

    def watch_following(self) -> None:
        """Jump to the end when following begins."""
        if self.is_attached and self.following:
            self._goal = None
            self._flush()

    def watch_wrapped(self) -> None:
        """Lay out anew around the same line."""
        if self.is_attached:
            self._top = Place(self._top.item)
            self._flush()

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self.wrapped = not self.wrapped

    def action_follow(self) -> None:
        """Stay at the end."""
        self._goal = None
        self.following = True
        self._flush()

    def action_rows(self, rows: int) -> None:
        """Scroll by rows."""
        self.move(rows)

    def action_page(self, pages: int) -> None:
        """Scroll by pages, one row less than is seen."""
        self.move(pages * max(1, self.window.height - 1))

    def action_top(self) -> None:
        """To the very first row."""
        self._go(self.window.top)

    # ---- searching

    def search(self, query: str) -> None:
        """Light up `query` wherever it is seen, and go to its first line from here on (round the end if need be)."""
        self.sought = query
        self.refresh()
        if query:
            start = self._top.item if self._goal is None else self._goal
            self._hunt(start, backwards=False, quiet=True)

    def action_next(self, backwards: bool) -> None:
        """To the next line with the words searched for; without any, to the next lit line."""
        at = self._goal if self._goal is not None else self.here - 1
        if self.sought:
            self._hunt(at - 1 if backwards else at + 1, backwards=backwards, quiet=False)
        elif self._marked:
            ahead = sorted(line for line in self._marked if (line < at if backwards else line > at))
            around = sorted(self._marked)
            self.reveal((ahead or around)[-1 if backwards else 0] + 1)

    @work(group="log-search", exclusive=True)
    async def _hunt(self, start: int, *, backwards: bool, quiet: bool) -> None:
        query = self.sought
        found = await seek.line(self.store, query, start, backwards=backwards)
        if found is not None:
            self.reveal(found + 1)
        elif not quiet:
            self.notify(str(_NOT_FOUND.fill(query=query)), markup=False)

    # ---- copying

    def action_copy(self) -> None:
        """Copy what is selected, else the whole log (its last part, if that is long)."""
        chosen = self.text_selection
        if chosen is not None:
            text = (self.get_selection(chosen) or ("", ""))[0]
        else:
            text = self.store.plain(len(self.store) - _MOST_COPIED, len(self.store))
        self.app.copy_to_clipboard(text)
        lines = text.count("\n") + 1 if text else 0
        part = chosen is None and len(self.store) - self.store.dropped > _MOST_COPIED
        self.notify(str((_COPIED_PART if part else _COPIED).fill(n=f"{lines:,}")))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text; offsets are (character, line), so that wrapping and numbers leave no trace in it."""
        return seek.selected(self.store, selection, _MOST_COPIED), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection."""
        self.refresh()

    # ---- drawing

    @property
    def rows(self) -> list[Row]:
        """What each row of the window shows."""
        if self._rows is None:
            self._rows = self.window.visible(self._top)
        return self._rows

    def render(self) -> str:
        """Rows are drawn by `render_line`."""
        return ""

    def render_line(self, y: int) -> Strip:
        """One row of the window."""
        width = self.scrollable_content_region.size.width
        if y >= len(self.rows):
            return Strip.blank(width, self._pen.plain)
        lights = Lights(self._marked, self.sought, self._goal, self.text_selection)
        return self._pen.draw(self.window, self.rows[y], lights, self._gutter, width)
