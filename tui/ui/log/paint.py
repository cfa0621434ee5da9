"""One row of a log as styled segments.

A program's own colours are shown in calm variants that can be read on the theme's ground; black on black or white on white would
otherwise be what `ls` or `npm` happened to choose for some other terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as Blendable
from textual.selection import Selection
from textual.strip import Strip

from tui.ui.log.escape import parse_style
from tui.ui.log.window import Row, Window
from tui.ui.palette import Palette

_DARK = ("#5c6772", "#d76b73", "#86c48a", "#e3b868", "#7aa2d6", "#c49ad6", "#62b6cb", "#d7dde4")
_LIGHT = ("#24292f", "#b3202c", "#1a7f37", "#8a5a00", "#24568f", "#8250a8", "#0b6c86", "#57606a")

Layer = tuple[int, int, Style]
"""Start and end in characters, and the style laid over what is below."""


@lru_cache(maxsize=1024)
def ansi(style: str, dark: bool) -> Style:
    """The Rich style of a canonical SGR style (see `escape.sgr`)."""
    flags, fore, back = parse_style(style)
    return Style(
        color=_colour(fore, dark), bgcolor=_colour(back, dark),
        bold="1" in flags or None, dim="2" in flags or None, italic="3" in flags or None,
        underline="4" in flags or None, reverse="7" in flags or None, strike="9" in flags or None,
    )  # fmt: skip


def _colour(codes: str, dark: bool) -> str | None:
    if not codes:
        return None
    parts = [int(part) for part in codes.split(";")]
    table = _DARK if dark else _LIGHT
    if len(parts) == 1:
        return table[parts[0] % 10]
    if parts[1] == 2:
        return "#{:02x}{:02x}{:02x}".format(*parts[2:5])
    if parts[2] < 16:
        return table[parts[2] % 8]
    return Color.from_ansi(parts[2]).get_truecolor().hex


def band(palette: Palette) -> Style:
    """The ground of a line that proves something: reddish, whatever the theme."""
    ground, bad, ink = (Blendable.parse(palette.colour(role)) for role in ("ground", "bad", "bright"))
    return Style(color=ink.blend(bad, 0.15).hex, bgcolor=ground.blend(bad, 0.26).hex)


def segments(text: str, start: int, end: int, base: Style, layers: Iterable[Layer]) -> list[Segment]:
    """Characters `start` to `end` of `text`, each in `base` with the layers over it that cover it, later ones on top."""
    near = [(max(a, start), min(b, end), style) for a, b, style in layers if a < end and b > start]
    if not near:
        return [Segment(text[start:end], base)] if end > start else []
    edges = sorted({start, end, *(a for a, _, _ in near), *(b for _, b, _ in near)})
    out: list[Segment] = []
    for a, b in pairwise(edges):
        style = base
        for from_, to, over in near:
            if from_ <= a and b <= to:
                style += over
        out.append(Segment(text[a:b], style))
    return out


def matches(text: str, query: str) -> list[tuple[int, int]]:
    """Where `query` stands in `text`; capital letters in it make case count."""
    flags = re.NOFLAG if query != query.lower() else re.IGNORECASE
    return [found.span() for found in re.finditer(re.escape(query), text, flags)]


class Lights(NamedTuple):
    """What is lit: lines that prove something, words searched for and the line gone to (indexes), what the mouse selected."""

    marked: frozenset[int] = frozenset()
    sought: str = ""
    goal: int | None = None
    selection: Selection | None = None


class Pen:
    """Draws rows in the colours of one theme."""

    def __init__(self, palette: Palette, *, dark: bool) -> None:
        self._palette, self._dark = palette, dark
        self._band = band(palette)
        self.plain = palette.style("ink")

    def draw(self, window: Window, row: Row, lights: Lights, gutter: int, width: int) -> Strip:
        """A row `width` cells wide: its number in `gutter` cells, then the text. Offsets of the text are (character, item)."""
        kind = window.kind(row.item)
        is_line = kind in ("line", "open")
        text, spans = window.text(row.item)
        base, side = self._styles(window, kind, marked=is_line and row.item in lights.marked)
        layers: list[Layer] = [(a, b, ansi(style, self._dark)) for a, b, style in spans]
        if is_line:
            layers += self._layers(row, text, lights)
        number = str(row.item + 1) if is_line and row.row == 0 else ""
        body = segments(text, row.start, row.end, base, layers)
        if row.cut:
            body.append(Segment("…", side))
        drawn = Strip(body or [Segment(" ", base)])
        if is_line:
            drawn = drawn.apply_offsets(row.start, row.item)
        return Strip.join([Strip([Segment(number.rjust(gutter - 1) + " ", side)]), drawn]).adjust_cell_length(width, base)

    def _styles(self, window: Window, kind: str, *, marked: bool) -> tuple[Style, Style]:
        if marked:
            return self.plain + self._band, self._palette.style("muted") + self._band.background_style
        if kind == "open":
            role = "ink" if window.store.ending else "alive"
        elif kind == "ending":
            role = "bad" if window.store.failed else "muted"
        else:
            role = "ink" if kind == "line" else "muted"
        return self._palette.style(role), self._palette.style("faint")

    def _layers(self, row: Row, text: str, lights: Lights) -> Iterator[Layer]:
        if lights.sought:
            style = self._palette.style("bright", "found-now" if row.item == lights.goal else "found")
            yield from ((a, b, style) for a, b in matches(text, lights.sought))
        if lights.selection and (span := lights.selection.get_span(row.item)):
            yield span[0], len(text) if span[1] == -1 else span[1], self._palette.style("bright", "selected")
