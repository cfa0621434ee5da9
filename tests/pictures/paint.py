"""Paints a terminal's cells as a picture, each at its exact place, so that what the READMEs show is what a terminal shows.

Letters come from Noto Sans Mono CJK, where a Chinese character is exactly two Latin ones wide; marks it lacks come from DejaVu. Lines and
blocks are drawn, not written: fonts leave gaps between them. Needs Pillow and Debian's `fonts-noto-cjk` and `fonts-dejavu-core`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    import pyte
    from terminal import Display

CELL_WIDTH, CELL_HEIGHT = 10, 24
LETTERS = 20  # height of the letters, in picture pixels
INK, GROUND = "#d7dde4", "#11151a"

FONTS = Path("/usr/share/fonts")
REGULAR = FONTS / "opentype/noto/NotoSansCJK-Regular.ttc"
BOLD = FONTS / "opentype/noto/NotoSansCJK-Bold.ttc"
MARKS = FONTS / "truetype/dejavu/DejaVuSansMono.ttf"
FAMILY = "Noto Sans Mono CJK SC"

_NAMED = {
    "black": "#20242a",
    "red": "#d76b73",
    "green": "#86c48a",
    "brown": "#e3b868",
    "blue": "#7aa2d6",
    "magenta": "#c49ad6",
    "cyan": "#62b6cb",
    "white": "#d7dde4",
}
_BLOCKS = {  # left, top, right, bottom, in parts of the cell
    "█": (0.0, 0.0, 1.0, 1.0),
    "▀": (0.0, 0.0, 1.0, 0.5),
    "▄": (0.0, 0.5, 1.0, 1.0),
    "▌": (0.0, 0.0, 0.5, 1.0),
    "▐": (0.5, 0.0, 1.0, 1.0),
    "▁": (0.0, 0.875, 1.0, 1.0),
    "▂": (0.0, 0.75, 1.0, 1.0),
    "▃": (0.0, 0.625, 1.0, 1.0),
    "▅": (0.0, 0.375, 1.0, 1.0),
    "▆": (0.0, 0.25, 1.0, 1.0),
    "▇": (0.0, 0.125, 1.0, 1.0),
    "▏": (0.0, 0.0, 0.125, 1.0),
    "▎": (0.0, 0.0, 0.25, 1.0),
    "▍": (0.0, 0.0, 0.375, 1.0),
    "▊": (0.0, 0.0, 0.75, 1.0),
}
_LINES = {"─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "rud", "┤": "lud", "┬": "lrd", "┴": "lru", "┼": "lrud"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One or two columns of a row."""

    text: str
    columns: int
    ink: str
    ground: str
    bold: bool = False
    underlined: bool = False
    struck: bool = False


def size(columns: int, rows: int) -> tuple[int, int]:
    """Width and height, in pixels, of the picture of a terminal."""
    return columns * CELL_WIDTH, rows * CELL_HEIGHT


def cells(display: Display) -> list[list[Cell]]:
    """What the display shows, as cells with colours."""
    return [[_cell(char, columns) for char, columns in row] for row in display.rows()]


def _cell(char: pyte.screens.Char, columns: int) -> Cell:
    ink, ground = _colour(char.fg, INK), _colour(char.bg, GROUND)
    if char.reverse:
        ink, ground = ground, ink
    return Cell(char.data, columns, ink, ground, char.bold, char.underscore, char.strikethrough)


def paint(rows: Sequence[Sequence[Cell]], path: Path) -> None:
    """Write rows of cells as PNG; all rows are as wide as the first."""
    image = Image.new("RGB", size(sum(cell.columns for cell in rows[0]), len(rows)), GROUND)
    pen = ImageDraw.Draw(image)
    for draw in (_draw_ground, _draw_text):  # all grounds first: letters reach a little below their row
        for y, row in enumerate(rows):
            x = 0
            for cell in row:
                draw(pen, cell, x * CELL_WIDTH, y * CELL_HEIGHT)
                x += cell.columns
    image.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def _draw_ground(pen: ImageDraw.ImageDraw, cell: Cell, left: int, top: int) -> None:
    if cell.ground != GROUND:
        pen.rectangle((left, top, left + cell.columns * CELL_WIDTH - 1, top + CELL_HEIGHT - 1), fill=cell.ground)


def _draw_text(pen: ImageDraw.ImageDraw, cell: Cell, left: int, top: int) -> None:
    right, bottom = left + cell.columns * CELL_WIDTH, top + CELL_HEIGHT
    if cell.text in _BLOCKS:
        x0, y0, x1, y1 = _BLOCKS[cell.text]
        wide, high = right - left, bottom - top
        pen.rectangle((left + x0 * wide, top + y0 * high, left + x1 * wide - 1, top + y1 * high - 1), fill=cell.ink)
    elif cell.text in _LINES:
        _draw_lines(pen, cell, left, top)
    elif cell.text.strip():
        font, down = _font_for(cell.text, cell.columns, bold=cell.bold)
        pen.text((left, top + down), cell.text, font=font, fill=cell.ink)
    if cell.underlined:
        pen.line((left, bottom - 3, right - 1, bottom - 3), fill=cell.ink)
    if cell.struck:
        pen.line((left, top + CELL_HEIGHT // 2, right - 1, top + CELL_HEIGHT // 2), fill=cell.ink)


def _draw_lines(pen: ImageDraw.ImageDraw, cell: Cell, left: int, top: int) -> None:
    x, y = left + CELL_WIDTH // 2, top + CELL_HEIGHT // 2
    ends = {"l": (left, y), "r": (left + CELL_WIDTH - 1, y), "u": (x, top), "d": (x, top + CELL_HEIGHT - 1)}
    for side in _LINES[cell.text]:
        pen.line(((x, y), ends[side]), fill=cell.ink)


@cache
def _font_for(text: str, columns: int, *, bold: bool) -> tuple[ImageFont.FreeTypeFont, int]:
    """The font that has this text at this width, and how far below the cell's top it is written."""
    letters = _letters(BOLD if bold else REGULAR)
    fits = letters.getlength(text) <= columns * CELL_WIDTH + 1
    if fits and bytes(letters.getmask(text)) != bytes(letters.getmask("\U0010fffd")):
        return letters, -3
    return ImageFont.truetype(str(MARKS), LETTERS - 4), 3


@cache
def _letters(path: Path) -> ImageFont.FreeTypeFont:
    for index in range(20):
        font = ImageFont.truetype(str(path), LETTERS, index=index)
        if font.getname()[0] == FAMILY:
            return font
    raise LookupError(f"{path} has no {FAMILY}")


def _colour(name: str, default: str) -> str:
    """pyte's word for a colour as `#rrggbb`."""
    if name == "default":
        return default
    return _NAMED.get(name.removeprefix("bright")) or f"#{name}"
