"""Rows of a panel, laid out in columns that line up although Chinese characters take two cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.ui.linebreak import width_of, wrap

_GAP = 2
_MARK = 1  # a first column this wide holds marks, which stand close to their words


class Cell(NamedTuple):
    """Words and their style (Textual markup words, such as `$muted`)."""

    text: str
    style: str = "$ink"


class Table(Widget):
    """Rows of cells under each other. All columns but the last are as wide as their widest cell, within `shares` of the whole and what
    the last one leaves free.

    A cell that needs more goes on in the next line of its column; the last column takes what is left, and moves below where that is
    less than a third.
    """

    DEFAULT_CSS = """
    Table { height: auto; width: 1fr; }
    """

    def __init__(self, shares: Sequence[float]) -> None:
        super().__init__()
        self._shares = tuple(shares)
        self._rows: tuple[tuple[Cell, ...], ...] = ()

    @property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """What is shown, row by row."""
        return self._rows

    @rows.setter
    def rows(self, rows: tuple[tuple[Cell, ...], ...]) -> None:
        if rows != self._rows:
            self._rows = rows
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Lines that the rows take at this width."""
        return len(lay_out(self._rows, self._shares, width))

    def render(self) -> Content:
        """The rows at the width the widget has."""
        return Content("\n").join(lay_out(self._rows, self._shares, self.size.width))


def lay_out(rows: Sequence[Sequence[Cell]], shares: Sequence[float], room: int) -> list[Content]:
    """The lines of a table `room` cells wide."""
    if room <= 0 or not rows:
        return []
    if all(len(row) == 1 for row in rows):
        return [line for row in rows for line in _in_columns(row, [room])]
    wanted = [max((width_of(row[at].text) for row in rows if len(row) > at), default=0) for at in range(len(shares) + 1)]
    columns = _columns(wanted, shares, room)
    left = room - sum(column + _gap(column) for column in columns)
    if left < wanted[-1] and left * 3 < room and columns[:-1]:
        return [line for row in rows for line in _below(row, columns, room)]
    return [line for row in rows for line in _in_columns(*_spread(row, [*columns, left]))]


def _columns(wanted: Sequence[int], shares: Sequence[float], room: int) -> list[int]:
    """The widths of all columns but the last: within their shares, and beyond where the last one leaves cells free."""
    columns = [max(1, min(widest, int(room * share))) for widest, share in zip(wanted, shares, strict=False)]
    free = room - sum(column + _gap(column) for column in columns) - wanted[-1]
    for at, column in enumerate(columns):
        if column > _MARK and free > 0:
            more = max(0, min(free, wanted[at] - column))
            columns[at] += more
            free -= more
    return columns


def _spread(row: Sequence[Cell], widths: Sequence[int]) -> tuple[Sequence[Cell], Sequence[int]]:
    """A row whose last cell is empty gives the room of it to the cell before."""
    if len(row) < 3 or len(row) != len(widths) or row[-1].text:
        return row, [*widths[:-1], max(1, widths[-1])]
    return row[:-1], [*widths[:-2], widths[-2] + _gap(widths[-2]) + widths[-1]]


def _below(row: Sequence[Cell], columns: Sequence[int], room: int) -> list[Content]:
    """A narrow row: the last cell stands under the one before it."""
    indent = sum(column + _gap(column) for column in columns[:-1])
    widths = [*columns[:-1], max(1, room - indent)]
    lines = _in_columns(row[: len(widths)], widths)
    if len(row) > len(widths) and row[-1].text:
        lines += [Content(" " * indent) + line for line in _in_columns(row[-1:], [max(1, room - indent)])]
    return lines


def _in_columns(row: Sequence[Cell], widths: Sequence[int]) -> list[Content]:
    pieces = [[cell.text[a:b].rstrip() for a, b in wrap(cell.text, width)] for cell, width in zip(row, widths, strict=False)]
    lines: list[Content] = []
    for i in range(max(map(len, pieces))):
        parts: list[tuple[str, str]] = []
        for cell, width, lot in zip(row, widths, pieces, strict=False):
            text = lot[i] if i < len(lot) else ""
            parts.append((text, cell.style))
            parts.append((" " * (width - width_of(text) + _gap(width)), ""))
        lines.append(Content.assemble(*parts).rstrip())
    return lines


def _gap(column: int) -> int:
    return 1 if column == _MARK else _GAP
