"""From a laid-out row to a strip of terminal cells: margin, colours, the stop under the cursor, matches, the mouse's selection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.ui.document.find import Hit
from tui.ui.document.layout import STOP
from tui.ui.document.line import Line, Look, Piece
from tui.ui.palette import Palette


class Pen(NamedTuple):
    """What decides a row's colours beside the row itself. `stop` is the address of an inline command under the cursor, or empty."""

    palette: Palette
    width: int
    current: bool = False
    stop: str = ""
    hits: Sequence[Hit] = ()
    now: Hit | None = None
    selected: tuple[int, int] | None = None


def strip(line: Line, pen: Pen) -> Strip:
    """The row as cells, filled to the pen's width."""
    segments = [Segment(text, style) for text, style in _inked(_marked(line, pen), pen)]
    used = Strip(segments)
    return used.extend_cell_length(pen.width, pen.palette.style("ink")).crop(0, pen.width)


def margin(line: Line, *, current: bool) -> list[Piece]:
    """The cells before a row's text."""
    bar = Piece("▌" if current else " ", Look("alive"))
    mark = Piece(line.mark.sign if line.mark else " ", Look(line.mark.role if line.mark else "ink"))
    return [bar, mark, Piece(" " * (line.start - 2), Look())]


def _marked(line: Line, pen: Pen) -> list[Piece]:
    return [*margin(line, current=pen.current), *line.pieces]


def _inked(pieces: Iterable[Piece], pen: Pen) -> Iterable[tuple[str, Style]]:
    at = 0
    for piece in pieces:
        for text, look in _with_hits(piece, pen):
            yield from _with_selection(text, look, at, pen)
            at += len(text)


def _with_hits(piece: Piece, pen: Pen) -> Iterable[tuple[str, Look]]:
    look = piece.look
    if pen.stop and look.href == pen.stop:
        look = look._replace(ground="chosen")
    start = piece.at
    if start < 0 or not pen.hits:
        yield piece.text, look
        return
    place, end = start, start + len(piece.text)
    for hit in pen.hits:
        low, high = max(hit.start, place), min(hit.end, end)
        if low >= high:
            continue
        yield piece.text[place - start : low - start], look
        ground = "found-now" if hit == pen.now else "found"
        yield piece.text[low - start : high - start], look._replace(ground=ground, role="bright").plus("u")
        place = high
    yield piece.text[place - start :], look


def _with_selection(text: str, look: Look, at: int, pen: Pen) -> Iterable[tuple[str, Style]]:
    if not text:
        return
    style = pen.palette.style(look.role, look.ground, look.flags)
    if pen.selected is None:
        yield text, style
        return
    low, high = pen.selected
    a = max(0, min(len(text), low - at))
    b = max(a, min(len(text), high - at)) if high >= 0 else len(text)
    chosen = pen.palette.style(look.role, "selected", look.flags)
    for part, how in ((text[:a], style), (text[a:b], chosen), (text[b:], style)):
        if part:
            yield part, how


def copied(lines: Sequence[tuple[Line, int, int]]) -> str:
    """The text of selected rows, each with the first and last selected column (-1: to its end).

    Margins, marks and padding are left out, and what layout broke is joined again, so that a copied command is the command.
    """
    text = ""
    for number, (line, low, high) in enumerate(lines):
        row = line.text
        a = max(0, low - line.start)
        part = row[a : max(a, high - line.start)] if high >= 0 else row[a:]
        if any(piece.look.ground == "raised" for piece in line.pieces):
            part = _uncode(line, part, a)
        if number:
            text += "\n" if line.glue is None else line.glue
        text += part.rstrip() if high < 0 or line.glue is None else part
    return text


def _uncode(line: Line, part: str, start: int) -> str:
    """Code without the blank or the sign that stands before it."""
    lead = next((len(piece.text) for piece in line.pieces if piece.look.ground == "raised" and piece.at < 0), 0)
    return part[max(0, lead - start) :] if line.pieces and line.pieces[0].look.ground == "raised" else part


def is_link(href: str) -> bool:
    """Is this a link's address, and not that of an inline command's stop?"""
    return bool(href) and not href.startswith(STOP)


def href_at(line: Line, x: int) -> str:
    """The address of what stands at column `x` of a row: a link, an inline command's stop, or nothing."""
    column = line.start
    for piece in line.pieces:
        column += cell_len(piece.text)
        if x < column:
            return piece.look.href if x >= line.start else ""
    return ""
