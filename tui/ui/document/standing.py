"""Where the stop under the cursor stands: shown when the cursor goes there, and kept in view when the window changes its size."""

from __future__ import annotations

from collections.abc import Callable

from textual.reactive import reactive

from tui.ui.document.inline import Pictures
from tui.ui.document.line import Stop
from tui.ui.document.prepared import Prepared
from tui.ui.document.search import SearchScroll

FEW_ROWS = 3


class StopScroll(SearchScroll):
    """A searchable view with a cursor on one of the guide's stops."""

    cursor: reactive[int] = reactive(0, init=False)

    def __init__(self, prepared: Prepared, pictures: Pictures | None, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(prepared, pictures, id=id)
        self.guide, self.plan = prepared.guide, prepared.plan
        self._in_view = False

    @property
    def current(self) -> Stop | None:
        """The stop under the cursor; None in a document without any."""
        return self.plan.stops[self.cursor] if self.plan.stops else None

    def _rows_of(self, cursor: int) -> tuple[int, int] | None:
        """The first and the last row of a stop; None if there is no such stop."""
        if not 0 <= cursor < len(self.plan.stops) or not self._laid_width:
            return None
        stop = self.plan.stops[cursor]
        index = self._store.of_line(self.plan.line(stop))
        rows = [row for row, line in enumerate(self._store.lay(index)) if stop in line.stops] or [0]
        top = self._store.top(index)
        return top + rows[0], top + rows[-1]

    def _show_stop(self, stop: Stop) -> None:
        if self._too_early(lambda: self._show_stop(stop)):
            return
        rows = self._rows_of(self.plan.index[stop])
        if rows is None:
            return
        top, height = self.scroll_offset.y, self._view_height
        head = self._head_of(stop, rows[0])
        if head < top or rows[1] > top + height - 1:
            room = min(FEW_ROWS, height // 4) if head == rows[0] else 1
            self._go(max(0, (head if rows[1] - head < height - 1 else rows[0]) - room))
        self._in_view = True

    def _head_of(self, stop: Stop, row: int) -> int:
        """The row of the step's heading if `stop` is its first, else `row`."""
        step = self.plan.steps[stop.step_id]
        if stop.item:
            return row
        return min(row, self._store.top(self._store.of_line(step.line)))

    def _look(self) -> None:
        stop, top = self.current, self.scroll_offset.y
        if stop is None or self._store.blocks[self._store.of_line(self.plan.line(stop))].lines is None:
            self._in_view = False  # never laid out, so not in view; laying it out now would move what is
            return
        rows = self._rows_of(self.cursor)
        self._in_view = rows is not None and rows[0] < top + self._view_height and rows[1] >= top

    def _holds(self) -> Callable[[], None] | None:
        stop = self.current
        return (lambda: self._hold(stop)) if stop is not None and self._in_view else None

    def _hold(self, stop: Stop) -> None:
        rows, top = self._rows_of(self.plan.index[stop]), self.scroll_offset.y
        if stop == self.current and rows is not None and not (top <= rows[0] and rows[1] < top + self._view_height):
            self._show_stop(stop)
