"""The pictures that the READMEs show are there, each in the size `make_screens.py` takes it in; what takes them is tried, too."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from make_screens import PICTURES, masked
from paint import GROUND, INK, Cell, paint, size
from PIL import Image
from terminal import Display

ROOT = Path(__file__).resolve().parents[2]
SIZES = {picture.name: size(*picture.size) for picture in PICTURES}
READMES = ("README.md", "README.en.md")

_SHOW = """
import sys
print("指南\\x1b[1;3HX\\x1b[2;1H\\x1b[38;2;98;182;203m█done", end="", flush=True)
print("\\x1b[3;1H" + input(), end="", flush=True)
"""


@pytest.mark.parametrize("readme", READMES)
def test_a_readme_shows_pictures_that_are_there(readme: str) -> None:
    shown = set(re.findall(r"\(images/(screen-[\w-]+\.png)\)", (ROOT / readme).read_text("utf-8")))
    assert shown == set(SIZES), "README and make_screens.py must name the same pictures"
    for name in shown:
        with Image.open(ROOT / "images" / name) as picture:
            assert picture.size == SIZES[name], f"{name}: run tests/pictures/make_screens.py"


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_the_display_shows_what_was_printed_and_passes_keys_on() -> None:
    with Display([sys.executable, "-c", _SHOW], rows=4, columns=20) as display:
        display.wait("done")
        first, second = display.rows()[:2]
        assert [(char.data, columns) for char, columns in first[:4]] == [("指", 2), ("X", 1), (" ", 1), (" ", 1)], (
            "half a character is a blank"
        )
        assert second[0][0].fg == "62b6cb"
        assert len(display.rows()) == 4
        display.send("héllo")
        display.press("enter")
        display.wait("héllo")
        display.finish()


def test_a_picture_has_ground_ink_and_blocks_where_the_cells_are(tmp_path: Path) -> None:
    rows = [[Cell("█", 1, "#62b6cb", GROUND), Cell(" ", 2, INK, "#8a2b36"), Cell("│", 1, INK, GROUND)]]
    paint(rows, tmp_path / "small.png")
    with Image.open(tmp_path / "small.png") as picture:
        seen = picture.convert("RGB")
    assert seen.size == size(4, 1)
    middle = seen.height // 2
    assert [_hex(seen, x, middle) for x in (5, 20, 32, 35)] == ["#62b6cb", "#8a2b36", GROUND, INK]


def test_a_folder_of_this_computer_is_replaced_and_the_row_keeps_its_width() -> None:
    row = [Cell(letter, 1, INK, GROUND) for letter in "in /some/where/x.md  ok"]
    text = "".join(cell.text for cell in masked(row, "/some/where", "~"))
    assert text == "in ~/x.md" + " " * 12 + "ok"
    assert masked(row, "/elsewhere", "~") == row


def _hex(picture: Image.Image, x: int, y: int) -> str:
    pixel = picture.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return "#" + "".join(f"{part:02x}" for part in pixel)
