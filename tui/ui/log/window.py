"""Which rows of a log are on the screen, without laying out the rest.

With wrapped lines nobody can say how many rows ten million lines take, short of wrapping them all, again at every resize. So the place
on the screen is kept as a line and a row within it, and moving means walking from there: only lines that are seen, or passed, are ever
wrapped.
"""

from __future__ import annotations

from typing import NamedTuple

from tui.texts import Text
from tui.ui.linebreak import wrap
from tui.ui.log.openline import width as cells
from tui.ui.log.store import LogLine, LogStore

_WRAP_BY_WORDS = 2000  # characters; longer lines are broken at the width alone
_DROPPED = Text("（前面 {n} 行太旧，已经不留了）", "(the first {n} lines are no longer kept)")
_NOTHING = Text("还没有输出", "No output yet")
_NOTHING_AT_ALL = Text("什么都没有输出", "It printed nothing")


class Place(NamedTuple):
    """A row: `item` is a line's index (the rows above and below the lines have indexes before and after theirs), `row` its row in it."""

    item: int
    row: int = 0


class Row(NamedTuple):
    """One row to draw: characters `start` to `end` of the item's text; `cut` says that the rest is not shown."""

    item: int
    row: int
    start: int
    end: int
    cut: bool = False


def hard_wrap(text: str, width: int) -> list[tuple[int, int]]:
    """Rows of exactly as many characters as fit, whatever they are."""
    if text.isascii():
        return [(at, min(at + width, len(text))) for at in range(0, len(text), width)] or [(0, 0)]
    rows: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = start + max(1, fitting(text[start : start + 4 * width], width))
        rows.append((start, end))
        start = end
    return rows or [(0, 0)]


def fitting(text: str, width: int) -> int:
    """How many characters of `text`, from its start, fit into `width` cells."""
    if text[:width].isascii():
        return min(len(text), width)
    used = 0
    for i, char in enumerate(text):
        used += cells(char)
        if used > width:
            return i
    return len(text)


class Window:
    """A view of `height` rows of `width` cells onto a store. Wrapped lines are remembered as long as width and mode stay."""

    def __init__(self, store: LogStore) -> None:
        self.store = store
        self.width, self.height = 80, 1
        self.wrap = True
        self._breaks: dict[int, list[tuple[int, int]]] = {}

    def fit(self, width: int, height: int, *, wrap: bool) -> None:
        """Take a new size or mode."""
        if (width, wrap) != (self.width, self.wrap):
            self._breaks.clear()
        self.width, self.height, self.wrap = max(1, width), max(1, height), wrap

    # items: rows above the lines, the lines, rows below them

    @property
    def heads(self) -> list[str]:
        """The rows above the first line: what was run, and what is gone."""
        head = [f"$ {self.store.command.strip()}"] if self.store.command.strip() else []
        return [*head, str(_DROPPED.fill(n=f"{self.store.dropped:,}"))] if self.store.dropped else head

    @property
    def feet(self) -> list[str]:
        """The rows below the last line: how it ended, or that nothing came."""
        feet = [] if len(self.store) else [str(_NOTHING_AT_ALL if self.store.ending else _NOTHING)]
        return [*feet, "", str(self.store.ending)] if self.store.ending else feet

    @property
    def first(self) -> int:
        """The index of the topmost item."""
        return self.store.dropped - len(self.heads)

    @property
    def end(self) -> int:
        """One more than the index of the lowest item."""
        return len(self.store) + len(self.feet)

    def kind(self, item: int) -> str:
        """`command`, `dropped`, `line`, `open` (a line without line feed), `nothing` or `ending`."""
        if item < self.store.dropped:
            return "dropped" if item == self.store.dropped - 1 and self.store.dropped else "command"
        if item < (size := len(self.store)):
            return "open" if item == size - 1 and self.store.partial else "line"
        return "nothing" if item == size and not size else "ending"

    def text(self, item: int) -> LogLine:
        """What stands in an item."""
        if item < self.store.dropped:
            return LogLine(self.heads[item - self.first].partition("\n")[0], ())
        if item < len(self.store):
            return self.store.line(item)
        return LogLine(self.feet[item - len(self.store)], ())

    def rows(self, item: int) -> list[tuple[int, int]]:
        """The rows of an item, as start and end in characters."""
        if item < self.store.dropped or not self.wrap:
            return [(0, len(self.text(item).text))]
        if (found := self._breaks.get(item)) is not None:
            return found
        text = self.text(item).text
        if len(text) <= self.width and text.isascii():
            rows = [(0, len(text))]
        else:
            rows = wrap(text, self.width) if len(text) <= _WRAP_BY_WORDS else hard_wrap(text, self.width)
        if len(text) > self.width // 2 and self.kind(item) == "line":
            if len(self._breaks) > 4096:
                self._breaks.clear()
            self._breaks[item] = rows
        return rows

    # walking

    @property
    def top(self) -> Place:
        """The topmost row."""
        return Place(self.first)

    def clamp(self, place: Place) -> Place:
        """`place`, or the nearest that exists."""
        item = min(max(place.item, self.first), max(self.first, self.end - 1))
        if item != place.item:
            return Place(item)
        return Place(item, min(place.row, len(self.rows(item)) - 1)) if item < self.end else Place(item)

    def down(self, place: Place, count: int) -> Place:
        """`count` rows further down, at most to the last row of all."""
        item, row = self.clamp(place)
        row += count
        while item < self.end and row >= (size := len(self.rows(item))):
            if item == self.end - 1:
                return Place(item, size - 1)
            row -= size
            item += 1
        return Place(item, row)

    def up(self, place: Place, count: int) -> Place:
        """`count` rows further up, at most to the first row of all."""
        item, row = self.clamp(place)
        row -= count
        while row < 0:
            if item <= self.first:
                return self.top
            item -= 1
            row += len(self.rows(item))
        return Place(item, row)

    @property
    def last(self) -> Place:
        """The top row when the last row of all is at the bottom."""
        if self.end <= self.first:
            return self.top
        item = self.end - 1
        return self.up(Place(item, len(self.rows(item)) - 1), self.height - 1)

    def visible(self, place: Place) -> list[Row]:
        """The rows from `place` down to the end of the window."""
        rows: list[Row] = []
        item, skip = place
        while len(rows) < self.height and item < self.end:
            for row, (start, end) in enumerate(self.rows(item)[skip : skip + self.height - len(rows)], skip):
                rows.append(self._cut(item, start, end) if self._is_cut(item) else Row(item, row, start, end))
            item, skip = item + 1, 0
        return rows

    def _is_cut(self, item: int) -> bool:
        return not self.wrap or item < self.store.dropped

    def _cut(self, item: int, start: int, end: int) -> Row:
        text = self.text(item).text
        fits = fitting(text, self.width)
        if fits >= len(text) and not (item < self.store.dropped and "\n" in self.heads[item - self.first]):
            return Row(item, 0, start, end)
        return Row(item, 0, start, fitting(text, self.width - 1), cut=True)

    # the scrollbar: an estimate, exact at both ends

    def height_of_all(self) -> int:
        """About how many rows there are; more than `height` exactly if there is something to scroll to."""
        if self.last == self.top:
            return min(self.height, self.end - self.first)
        rough = int((self.end - self.first) * self._rows_a_line()) + 1
        step = 1 << max(0, rough.bit_length() - 6)  # few different sizes: each change costs a layout of the screen
        return max(self.height + 2, -(-rough // step) * step)

    def _rows_a_line(self) -> float:
        return max(1.0, self.store.characters / max(1, len(self.store)) / self.width) if self.wrap else 1.0

    def offset_of(self, place: Place, total: int) -> int:
        """Where the scrollbar stands, of `total` rows."""
        if place <= self.top:
            return 0
        most = total - self.height
        if place >= self.last:
            return most
        return max(1, min(most - 1, int(self._share(place) * most)))

    def _share(self, place: Place) -> float:
        span = max(1, self.last.item - self.first)
        return (place.item - self.first + place.row / max(1, len(self.rows(place.item)))) / (span + 1)

    def place_at(self, offset: int, total: int) -> Place:
        """The place that a scrollbar drawn to `offset` means."""
        most = max(1, total - self.height)
        if offset >= most:
            return self.last
        span = max(1, self.last.item - self.first)
        exact = offset / most * (span + 1)
        item = self.first + int(exact)
        return min(self.last, self.clamp(Place(item, int((exact % 1) * len(self.rows(item))) if item < self.end else 0)))
