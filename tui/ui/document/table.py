"""Tables in a column that is as wide as it is: columns shrink evenly, cells wrap, and too many columns become a list of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markdown_it.token import Token

from tui.ui.document.line import Flow, Line, Look, Piece
from tui.ui.linebreak import width_of, wrap

GAP = 2
_NARROWEST = 4
_RULE = Look("faint")


class Cell(NamedTuple):
    """One cell: its text, where that begins in the block's plain text, and how it is aligned."""

    flow: Flow
    at: int
    align: str = "left"


def alignment(token: Token) -> str:
    """`left`, `center` or `right`, from the cell's style attribute."""
    style = str(token.attrGet("style") or "")
    return "right" if "right" in style else "center" if "center" in style else "left"


def table_lines(rows: Sequence[Sequence[Cell]], width: int) -> list[Line]:
    """The rows of a table, the first being its head, in at most `width` cells."""
    count = max((len(row) for row in rows), default=0)
    if not count:
        return []
    natural = [max((_natural(row[i].flow.text) for row in rows if i < len(row)), default=1) for i in range(count)]
    room = width - GAP * (count - 1)
    if room < count * _NARROWEST and sum(natural) > room:
        return _pairs(rows, width)
    columns = _shrink(natural, room)
    lines: list[Line] = []
    for number, row in enumerate(rows):
        lines += _row(row, columns)
        if number == 0:
            lines.append(Line([Piece("─" * (sum(columns) + GAP * (count - 1)), _RULE)]))
    return lines


def _natural(text: str) -> int:
    return max((width_of(line) for line in text.split("\n")), default=0) or 1


def _shrink(natural: list[int], room: int) -> list[int]:
    """Column widths that fit: the widest give way first, all to the same width; what is left over goes to the first of them."""
    if sum(natural) <= room:
        return natural
    cap = max(natural)
    while cap > _NARROWEST and sum(min(width, cap) for width in natural) > room:
        cap -= 1
    columns = [min(width, cap) for width in natural]
    spare = room - sum(columns)
    for index, width in enumerate(natural):
        if spare > 0 and width > columns[index]:
            columns[index] += 1
            spare -= 1
    return columns


def _row(row: Sequence[Cell], columns: list[int]) -> list[Line]:
    cells = [_wrapped(cell, column) for cell, column in zip(row, columns, strict=False)]
    height = max((len(cell) for cell in cells), default=1)
    lines = []
    for level in range(height):
        pieces: list[Piece] = []
        for index, (cell, column) in enumerate(zip(cells, columns, strict=False)):
            content = cell[level] if level < len(cell) else []
            free = max(0, column - sum(width_of(piece.text) for piece in content))
            left = {"right": free, "center": free // 2}.get(row[index].align, 0)
            gap = GAP if index < len(cells) - 1 else 0
            tail = free - left + gap if index < len(cells) - 1 else 0
            pieces += [Piece(" " * left, Look())] * bool(left) + content + [Piece(" " * tail, Look())] * bool(tail)
        lines.append(Line(pieces))
    return lines


def _wrapped(cell: Cell, width: int) -> list[list[Piece]]:
    text = cell.flow.text
    return [cell.flow.cut(start, start + len(text[start:end].rstrip(" \n")), cell.at) for start, end in wrap(text, width)]


def _pairs(rows: Sequence[Sequence[Cell]], width: int) -> list[Line]:
    """Each row as heads with their values below, rows apart by a blank one. Search finds a head where it stands first."""
    head = rows[0]
    lines: list[Line] = []
    for number, row in enumerate(rows[1:] or rows[:1]):
        if lines:
            lines.append(Line())
        for index, cell in enumerate(row):
            if row is not head and index < len(head):
                again = number > 0
                lines += [Line([p._replace(at=-1) for p in pieces] if again else pieces) for pieces in _wrapped(head[index], width)]
            lines += [Line([Piece("  ", Look()), *pieces]) for pieces in _wrapped(cell, width - 2)]
    return lines
