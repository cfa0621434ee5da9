"""The line that is still being written.

Nearly every line only grows at its end, so that is kept cheap: pieces of text, joined when the line is done. Only a line that
writes over itself (a progress bar, a spinner, a backspace) becomes a row of terminal cells, where a Chinese character takes two.
"""

from __future__ import annotations

import re

from rich.cells import get_character_cell_size

from tui.texts import Text

Span = tuple[int, int, str]
"""Start and end in characters, and the style in `escape.sgr`'s canonical form."""

MAX_LINE = 1_000_000
"""Characters kept of one line."""
TAB = 8
_MAX_STACK = 8  # combining marks kept on one character of a line that writes over itself
_MAX_GAP = 512  # cells that a move to the right may leave empty behind the text
_CUT = Text(" …（这一行太长，后面的没有留下）", " … (this line is too long, the rest was not kept)")
_ASCII = re.compile(r"[ -~]*\Z")


def width(text: str) -> int:
    """Cells that `text` takes, character by character."""
    return len(text) if _ASCII.match(text) else sum(map(get_character_cell_size, text))


class OpenLine:
    """One line, written and rewritten; `style` is the style in force and outlives the line."""

    __slots__ = ("_cells", "_col", "_end", "_length", "_pieces", "_spans", "_styles", "style")

    def __init__(self) -> None:
        self.style = ""
        self._clear()

    def _clear(self) -> None:
        self._pieces: list[str] = []
        self._spans: list[Span] = []
        self._length = 0  # characters in _pieces
        self._col = 0  # the cursor, in cells
        self._end = 0  # the width so far, in cells
        self._cells: list[str] | None = None  # "" is the second half of a wide character
        self._styles: list[str] = []

    @property
    def fresh(self) -> bool:
        """Whether nothing was written on it."""
        return not self._pieces and self._cells is None and not self._col

    def write(self, text: str) -> None:
        """Put printable text where the cursor is."""
        if self._cells is None and self._col == self._end:
            self._append(text)
            return
        if self._cells is None and self._splice(text):
            return
        cells = self._cells if self._cells is not None else self._to_cells()
        for char in text:
            self._put(cells, self._styles, char, self.style)

    def _append(self, text: str) -> None:
        text = text[: MAX_LINE + 1 - self._length]
        if not text:
            return
        self._pieces.append(text)
        start, self._length = self._length, self._length + len(text)
        self._end += width(text)
        self._col = self._end
        if self.style:
            if self._spans and self._spans[-1][1:] == (start, self.style):
                start = self._spans.pop()[0]
            self._spans.append((start, self._length, self.style))

    def _splice(self, text: str) -> bool:
        """Write over plain ASCII with plain ASCII, the way of most progress bars, without going through cells."""
        end = self._col + len(text)
        if self.style or self._spans or self._col > self._end or end > MAX_LINE or not _ASCII.match(text):
            return False
        if self._end != self._length or not _ASCII.match(old := "".join(self._pieces)):
            return False
        self._pieces = [old[: self._col] + text + old[end:]]
        self._col, self._length = end, max(self._length, end)
        self._end = self._length
        return True

    def _to_cells(self) -> list[str]:
        cells: list[str] = []
        text, col = "".join(self._pieces), self._col
        self._cells, self._styles, self._col = cells, [], 0
        at = 0
        for start, end, style in [*self._spans, (self._length, self._length, "")]:
            for char in text[at:start]:
                self._put(cells, self._styles, char, "")
            for char in text[start:end]:
                self._put(cells, self._styles, char, style)
            at = end
        self._col = col
        return cells

    def _put(self, cells: list[str], styles: list[str], char: str, style: str) -> None:
        wide = get_character_cell_size(char)
        if self._col > 2 * MAX_LINE + 2:
            return
        while len(cells) < self._col:
            cells.append(" ")
            styles.append("")
        if wide == 0:
            self._stack(cells, char)
            return
        for at in range(self._col, self._col + wide):
            _free(cells, at)
            if at == len(cells):
                cells.append(" ")
                styles.append("")
            styles[at] = style
        cells[self._col] = char
        if wide == 2:
            cells[self._col + 1] = ""
        self._col += wide
        self._end = len(cells)

    def _stack(self, cells: list[str], mark: str) -> None:
        at = self._col - 1
        if at >= 0 and cells[at] == "":
            at -= 1
        if at >= 0 and len(cells[at]) <= _MAX_STACK:
            cells[at] += mark

    def carriage_return(self) -> None:
        """Back to the first column; what stands there stays until it is written over."""
        self._col = 0

    def backspace(self) -> None:
        """One cell back."""
        self._col = max(0, self._col - 1)

    def tab(self) -> None:
        """To the next tab stop."""
        stop = (self._col // TAB + 1) * TAB
        if self._col >= self._end:
            self.write(" " * (stop - self._col))
        else:
            self._col = stop

    def move(self, final: str, count: int) -> None:
        """Obey `CSI count G`, `C` or `D`: the cursor moves within the line."""
        if final == "D":
            self._col = max(0, self._col - max(1, count))
            return
        col = max(1, count) - 1 if final == "G" else self._col + max(1, count)
        self._col = min(col, max(self._end, self._col, _MAX_GAP))

    def erase(self, what: int) -> None:
        """Obey `CSI what K`: 0 clears from the cursor to the end, 1 up to the cursor, 2 all."""
        if what == 0 and self._cells is None and self._col >= self._end:
            return
        if self._col == 0 and what in (0, 2):
            self._clear()
            return
        cells = self._cells if self._cells is not None else self._to_cells()
        if what in (0, 2):
            keep = self._col if what == 0 else 0
            if keep < len(cells):
                _free(cells, keep)
            del cells[keep:], self._styles[keep:]
        elif what == 1:
            until = min(self._col + 1, len(cells))
            if until < len(cells) and cells[until] == "":  # half of a wide character that goes
                cells[until] = " "
            cells[:until], self._styles[:until] = [" "] * until, [""] * until
        self._end = len(cells)

    def snapshot(self) -> tuple[str, tuple[Span, ...]]:
        """The line as it looks now."""
        if self._cells is None:
            text, spans = "".join(self._pieces), tuple(self._spans)
        else:
            text, spans = "".join(self._cells), _runs(self._cells, self._styles)
        if len(text) > MAX_LINE:
            text = text[:MAX_LINE] + str(_CUT)
            spans = tuple((start, min(end, MAX_LINE), style) for start, end, style in spans if start < MAX_LINE)
        return text, spans

    def finish(self) -> tuple[str, tuple[Span, ...]]:
        """The line as it stays; the next one starts empty, in the same style."""
        done = self.snapshot()
        self._clear()
        return done


def _free(cells: list[str], at: int) -> None:
    """Make the cell `at` a character of its own: a wide character that loses one half leaves a space in the other."""
    if at >= len(cells):
        return
    if cells[at] == "":
        cells[at - 1] = " "
    if at + 1 < len(cells) and cells[at + 1] == "":
        cells[at + 1] = " "
    cells[at] = " "


def _runs(cells: list[str], styles: list[str]) -> tuple[Span, ...]:
    spans: list[Span] = []
    at = 0
    for cell, style in zip(cells, styles, strict=True):
        end = at + len(cell)
        if style and end > at:
            if spans and spans[-1][1:] == (at, style):
                at = spans.pop()[0]
            spans.append((at, end, style))
        at = end
    return tuple(spans)
