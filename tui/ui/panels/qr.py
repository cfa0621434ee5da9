"""A link as a QR code in half blocks, for the phone that is at hand when the terminal's computer has no browser.

Always dark on light, in the dark theme too: many readers do not know inverted codes. The light margin belongs to the code.
"""

from __future__ import annotations

from functools import lru_cache

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

QUIET = (4, 2)
"""Modules of margin: what the standard asks for, and what phones do with where room is short."""
_SPARE = 18
"""Rows that the full margin leaves for what else a reader wants to see, such as the checks below."""
_BLOCKS = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
_COLOURS = "#000000 on #ffffff"  # no role of a theme: a camera reads it, and it must be the same in every theme


@lru_cache(maxsize=8)
def qr_lines(link: str, quiet: int) -> tuple[str, ...]:
    """The code of `link`, two modules a character; () where no code can hold it."""
    from segno import DataOverflowError, make_qr  # only where somebody is awaited

    try:
        code = make_qr(link, error="l")
    except (DataOverflowError, ValueError):
        return ()
    rows = [tuple(row) for row in code.matrix_iter(border=quiet)]
    if len(rows) % 2:
        rows.append((0,) * len(rows[0]))
    return tuple("".join(_BLOCKS[pair] for pair in zip(a, b, strict=True)) for a, b in zip(rows[::2], rows[1::2], strict=True))


def fitting(link: str, room: Size) -> tuple[str, ...]:
    """The code with the widest margin that `room` holds; () where it holds none."""
    for quiet, spare in zip(QUIET, (_SPARE, 0), strict=True):
        lines = qr_lines(link, quiet) if link else ()
        if lines and len(lines[0]) <= room.width and len(lines) + spare <= room.height:
            return lines
    return ()


class QrCode(Widget):
    """The code of `link` in the middle of the row; no row at all where `rows` are too few or the widget too narrow."""

    DEFAULT_CSS = """
    QrCode { height: auto; width: 1fr; }
    """

    link: reactive[str] = reactive("", layout=True)
    rows: reactive[int] = reactive(0, layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Rows of the code at this width."""
        return len(fitting(self.link, Size(width, self.rows)))

    def render(self) -> Content:
        """The code."""
        lines = fitting(self.link, Size(self.size.width, self.rows))
        left = " " * ((self.size.width - len(lines[0])) // 2) if lines else ""
        return Content("\n").join(Content.assemble(left, (line, _COLOURS)) for line in lines)
