"""Draw the guide's illustrations F1-01 and F1-02, so that they can be changed like any other source.

They show what a reader will find on the console's pages without copying anybody's screens or logos. Needs Pillow and the Noto
Sans CJK fonts (Debian: `fonts-noto-cjk`); run `python tests/pictures/make_illustrations.py [FOLDER]`, the default is `images/`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1280, 760
SCALE = 2  # drawn twice as large and reduced, for smooth edges

PAGE, CARD, LINE = "#f5f6f8", "#ffffff", "#e1e4ea"
INK, MUTED, FAINT = "#1e2430", "#667085", "#98a2b3"
ACCENT, ACCENT_SOFT, GREEN, NOTE, NOTE_INK = "#3155c6", "#e8edfb", "#1f9d61", "#fff6dd", "#7a5600"

FONTS = Path("/usr/share/fonts/opentype/noto")
SIMPLIFIED_CHINESE = 2  # index of "Noto Sans CJK SC" inside the collection

Colour = str
Box = tuple[float, float, float, float]


@cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The font at `size` picture pixels."""
    name = "NotoSansCJK-Bold.ttc" if bold else "NotoSansCJK-Regular.ttc"
    return ImageFont.truetype(str(FONTS / name), size * SCALE, index=SIMPLIFIED_CHINESE)


class Sheet:
    """A page to draw on; all measures are in picture pixels, whatever the scale."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), PAGE)
        self.pen = ImageDraw.Draw(self.image)

    def box(self, box: Box, fill: Colour | None, *, edge: Colour | None = None, round_by: float = 10) -> None:
        """A rectangle with round corners; `box` is left, top, right, bottom."""
        x0, y0, x1, y1 = (side * SCALE for side in box)
        self.pen.rounded_rectangle((x0, y0, x1, y1), round_by * SCALE, fill=fill, outline=edge, width=SCALE)

    def rule(self, x0: float, y: float, x1: float) -> None:
        """A thin horizontal line."""
        self.pen.line((x0 * SCALE, y * SCALE, x1 * SCALE, y * SCALE), fill=LINE, width=SCALE)

    def dot(self, x: float, y: float, radius: float, fill: Colour) -> None:
        """A filled circle around (x, y)."""
        self.pen.ellipse([side * SCALE for side in (x - radius, y - radius, x + radius, y + radius)], fill=fill)

    def text(self, x: float, y: float, words: str, size: int, fill: Colour = INK, *, bold: bool = False, anchor: str = "lm") -> None:
        """One line of text; by default (x, y) is the middle of its left end."""
        self.pen.text((x * SCALE, y * SCALE), words, font=font(size, bold=bold), fill=fill, anchor=anchor)

    def button(self, box: Box, words: str, *, strong: bool = False) -> None:
        """A button with its words in the middle."""
        self.box(box, ACCENT if strong else CARD, edge=None if strong else LINE, round_by=8)
        self.text((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, words, 15, "#ffffff" if strong else INK, bold=strong, anchor="mm")

    def save(self, path: Path) -> None:
        """Reduce and write as PNG."""
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        small.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def browser(sheet: Sheet, address: str) -> None:
    """The window around the page, and the label that says what this is."""
    sheet.box((24, 24, WIDTH - 24, HEIGHT - 24), CARD, edge=LINE, round_by=14)
    for place in range(3):
        sheet.dot(52 + 22 * place, 54, 6, LINE)
    sheet.box((140, 38, 760, 70), PAGE, round_by=16)
    sheet.text(162, 54, address, 15, MUTED)
    sheet.box((1010, 38, 1228, 70), NOTE, round_by=16)
    sheet.text(1119, 54, "示意图 · Illustration", 15, NOTE_INK, bold=True, anchor="mm")
    sheet.rule(25, 86, WIDTH - 25)


def console(sheet: Sheet) -> None:
    """What every page of the console has: the network's name and the tabs, Machines being the open one."""
    sheet.box((56, 106, 88, 138), ACCENT_SOFT, round_by=8)
    for across, down in ((65, 115), (79, 115), (65, 129), (79, 129)):
        sheet.dot(across, down, 3.5, ACCENT)
    sheet.text(102, 122, "you@example.com", 16, INK, bold=True)
    sheet.dot(1208, 122, 16, ACCENT_SOFT)
    sheet.text(1208, 122, "Y", 15, ACCENT, bold=True, anchor="mm")
    x = 56.0
    for tab in ("Machines", "Users", "Access controls", "DNS", "Logs", "Settings"):
        opened = tab == "Machines"
        wide = font(15, bold=opened).getlength(tab) / SCALE
        sheet.text(x, 172, tab, 15, ACCENT if opened else MUTED, bold=opened)
        if opened:
            sheet.box((x, 193, x + wide, 196), ACCENT, round_by=1)
        x += wide + 34
    sheet.rule(25, 196, WIDTH - 25)


def note(sheet: Sheet, box: Box, chinese: str, english: str) -> None:
    """A remark to the reader, in both languages."""
    sheet.box(box, NOTE, round_by=10)
    middle = (box[1] + box[3]) / 2
    sheet.text(box[0] + 20, middle - 13, chinese, 16, NOTE_INK, bold=True)
    sheet.text(box[0] + 20, middle + 14, english, 14, NOTE_INK)


def after_registration() -> Sheet:
    """F1-01: the console right after registering, its machine list still empty."""
    sheet = Sheet()
    browser(sheet, "https://login.tailscale.com/admin/machines")
    console(sheet)
    sheet.text(56, 244, "Machines", 30, bold=True)
    sheet.text(56, 282, "Manage the devices connected to your network.", 16, MUTED)
    sheet.button((1080, 228, 1224, 270), "Add device", strong=True)
    sheet.box((56, 318, 1224, 590), PAGE, edge=LINE, round_by=12)
    for left in (530, 670):
        sheet.box((left, 362, left + 84, 418), CARD, edge=FAINT, round_by=8)
        sheet.box((left + 26, 424, left + 58, 429), FAINT, round_by=2)
    for place in range(4):
        sheet.dot(626 + 10 * place, 392, 2.2, FAINT)
    sheet.text(640, 474, "No machines yet", 22, bold=True, anchor="mm")
    sheet.text(640, 510, "Install the client on a device and log in with this account to see it here.", 16, MUTED, anchor="mm")
    sheet.text(640, 548, "0 machines", 15, FAINT, anchor="mm")
    note(
        sheet,
        (56, 624, 1224, 706),
        "设备列表还是空的，这就对了：下一步去服务器上安装。",
        "The list is still empty, as it should be: next, install on the server.",
    )
    return sheet


@dataclass(frozen=True)
class Machine:
    """A row of the machine list."""

    name: str
    owner: str
    address: str
    version: str
    system: str
    badge: str = ""


MACHINES = (
    Machine("ecs-server", "you@example.com", "100.101.7.4", "1.102.3", "Linux", "Expiry disabled"),
    Machine("my-laptop", "you@example.com", "100.88.23.61", "1.102.3", "Windows"),
)
COLUMNS = ((80, "MACHINE"), (470, "ADDRESS"), (690, "VERSION"), (900, "LAST SEEN"))


def machine_list() -> Sheet:
    """F1-02: the machine list with the server and the reader's computer, both online."""
    sheet = Sheet()
    browser(sheet, "https://login.tailscale.com/admin/machines")
    console(sheet)
    sheet.text(56, 244, "Machines", 30, bold=True)
    sheet.text(56, 282, "2 machines", 16, MUTED)
    sheet.button((1080, 228, 1224, 270), "Add device", strong=True)
    sheet.box((56, 312, 1224, 582), CARD, edge=LINE, round_by=12)
    for x, title in COLUMNS:
        sheet.text(x, 340, title, 13, MUTED, bold=True)
    for row, machine in enumerate(MACHINES):
        draw_machine(sheet, machine, 366 + 108 * row)
    chinese = "两台都在线；服务器已经关掉了密钥到期（⋯ › Disable key expiry）。"
    english = "Both are online, and the server's key no longer expires (⋯ › Disable key expiry)."
    note(sheet, (56, 614, 1224, 706), chinese, english)
    return sheet


def draw_machine(sheet: Sheet, machine: Machine, top: float) -> None:
    """One row of the list."""
    sheet.rule(57, top, 1223)
    sheet.text(80, top + 34, machine.name, 18, bold=True)
    sheet.text(80, top + 60, machine.owner, 14, MUTED)
    if machine.badge:
        wide = font(13).getlength(machine.badge) / SCALE
        sheet.box((80, top + 74, 96 + wide, top + 96), ACCENT_SOFT, round_by=6)
        sheet.text(88, top + 85, machine.badge, 13, ACCENT)
    sheet.text(470, top + 34, machine.address, 18)
    sheet.text(690, top + 34, machine.version, 16)
    sheet.text(690, top + 60, machine.system, 14, MUTED)
    sheet.dot(906, top + 35, 5, GREEN)
    sheet.text(922, top + 34, "Connected", 16, GREEN, bold=True)
    sheet.box((1156, top + 17, 1200, top + 51), CARD, edge=LINE, round_by=8)
    for place in range(3):
        sheet.dot(1169 + 9 * place, top + 34, 2.2, MUTED)


def main() -> None:
    """Write both pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "images"
    for name, draw in (("F1-01.png", after_registration), ("F1-02.png", machine_list)):
        draw().save(folder / name)


if __name__ == "__main__":
    main()
