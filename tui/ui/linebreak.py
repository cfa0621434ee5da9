"""Where a line of text may break, because Chinese and Latin words share one line here.

Breaking at spaces only leaves a hole wherever a long run of Chinese follows. The Unicode rules (UAX #14) break between Chinese
characters, never before 、。，； nor after （【《. The reference implementation needs 80 µs a character, too much for a first paint,
so the characters nearly every guide is made of are decided by a small table here; only stretches with others (kana, emoji, …)
go to it. Two deliberate differences: a Latin word, path or option stays whole as long as a line can hold it, and closing
punctuation never begins a line, not even after a space.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from rich.cells import get_character_cell_size, split_graphemes

NEVER_FIRST = frozenset("、。，．；：？！）】》」』〉〕％…‥·～”’!),.:;?]}%")
"""Characters that never begin a line (unless the line before could hold nothing else)."""
NEVER_LAST = frozenset("（【《「『〈〔“‘([{￥")
"""Characters that never end a line (with the same exception)."""

_EAST_MARKS = frozenset("、。，；：？！（）【】《》「」『』〈〉〔〕")
_ASCII = frozenset(map(chr, range(0x21, 0x7F)))
_WORDY = _ASCII | frozenset("→←↑↓⇒✓✗▸◦×÷≤≥≠≈①②③④⑤⑥⑦⑧⑨⑩©®™") | frozenset(map(chr, range(0xC0, 0x180)))
_KNOWN = _WORDY | _EAST_MARKS | frozenset(" “”‘’‹›«»…—·–°")
_INNER = frozenset("/-?&=_.,;:@|+")
_GLUE_BEFORE = frozenset("、。，；：？！）】》」』〉〕…—·’‹›«»–°!),.:;?]}%/-|'\"")
_GLUE_AFTER = frozenset("（【《「『〈〔“‘‹›«»°([{\"'\\$+")


def wrap(text: str, width: int, first: int | None = None) -> list[tuple[int, int]]:
    """The lines of `text` as `(start, end)` spans that follow one another and cover it whole.

    No line is wider than `width` cells (`first` for the first one), not counting blanks at its end; a single character wider than
    that stands alone. A line feed ends a line and belongs to it. An empty text is one empty line.
    """
    lines: list[tuple[int, int]] = []
    room = width if first is None else first
    for piece in re.finditer(r"[^\n]*\n|[^\n]+", text):
        lines += _wrap_one(text[piece.start() : piece.end()].rstrip("\n"), piece.start(), piece.end(), room, width)
        room = width
    return lines or [(0, 0)]


def width_of(text: str) -> int:
    """The cells that `text` takes in a terminal."""
    return len(text) if text.isascii() and text.isprintable() else sum(_widths(text))


def _wrap_one(text: str, at: int, end: int, room: int, width: int) -> list[tuple[int, int]]:
    cells = _widths(text)
    if sum(cells) <= room:
        return [(at, end)]
    can = breaks(text)
    lines: list[tuple[int, int]] = []
    start = 0
    while (stop := _fill(text, cells, can, start, room, width)) < len(text):
        lines.append((at + start, at + stop))
        start, room = stop, width
    return [*lines, (at + start, end)]


def _fill(text: str, cells: list[int], can: list[bool], start: int, room: int, width: int) -> int:
    """The end of the line that begins at `start`: past the last break that fits, else past the last character that does."""
    used, last, index, size = 0, start, start, len(text)
    while index < size:
        used += cells[index]
        if used > room and text[index] != " ":
            break
        index += 1
        if index < size and can[index] and (text[index] != " "):
            last = index
    else:
        return size
    if last > start and not _ragged(cells, start, last, room, width):
        return last
    forced = _inside(text, cells, start, index)
    if last > start and forced - last < _INSIDE_MIN:
        return last
    return max(forced, last)


_INSIDE_MIN = 4


def _ragged(cells: list[int], start: int, last: int, room: int, width: int) -> bool:
    """Would moving the next word down whole leave more than half of the line empty? Short lines are left alone."""
    return width >= 30 and sum(cells[start:last]) * 2 < room


def _inside(text: str, cells: list[int], start: int, index: int) -> int:
    """A place inside a word: after the last joint (`/`, `-`, …) in the second half of what fits, else as far as it goes."""
    while index > start + 1 and cells[index] == 0:
        index -= 1
    if index <= start or (index == start + 1 and cells[start] == 0):
        return _whole(cells, start)
    for place in range(index, start + (index - start) // 2, -1):
        if text[place - 1] in _INNER and text[place] not in NEVER_FIRST and cells[place]:
            return place
    if text[index] in NEVER_FIRST or text[index - 1] in NEVER_LAST:
        back = index
        while back > start + 1 and (text[back] in NEVER_FIRST or text[back - 1] in NEVER_LAST or not cells[back]):
            back -= 1
        return back if back > start + (index - start) // 2 else index
    return index


def _whole(cells: list[int], start: int) -> int:
    index = start + 1
    while index < len(cells) and cells[index] == 0:
        index += 1
    return index


@lru_cache(maxsize=2048)
def breaks(text: str) -> list[bool]:
    """For each index of `text`, may a line begin there? (Index 0 never; blanks stay at the end of the line before them.)"""
    can = [False] * (len(text) + 1)
    if text.isascii():
        for index in range(1, len(text)):
            can[index] = text[index - 1] == " " != text[index] and text[index] not in NEVER_FIRST
        return can
    if _all_known(text):
        for index in range(1, len(text)):
            can[index] = _may(text, index)
        return can
    at = 0
    for part in _cut(text):
        if at:
            can[at] = True
        for index, yes in enumerate(_part(part)):
            can[at + index] = can[at + index] or (yes and index > 0)
        at += len(part)
    can[len(text)] = False
    return can


def _ideograph(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf"


def _east(char: str) -> bool:
    return _ideograph(char) or char in _EAST_MARKS


def _all_known(text: str) -> bool:
    """Are all characters decided by the table here? (Sets, because a pattern over the ideographs takes milliseconds to compile.)"""
    return all(map(_ideograph, set(text) - _KNOWN))


def _cut(text: str) -> list[str]:
    """The text cut between any two ideographs: no rule looks across such a place."""
    places = [index for index in range(1, len(text)) if _ideograph(text[index - 1]) and _ideograph(text[index])]
    return [text[a:b] for a, b in pairwise([0, *places, len(text)])]


def _part(part: str) -> list[bool]:
    if _all_known(part):
        return [_may(part, index) if index else False for index in range(len(part))]
    from uniseg.linebreak import line_break_breakables  # type: ignore[import-untyped]  # rarely needed, and 20 ms to import

    return [bool(yes) and index > 0 and _allowed(part, index) for index, yes in enumerate(line_break_breakables(part))]


def _allowed(text: str, index: int) -> bool:
    """The two differences from the reference, for a break it allows."""
    before, after = text[index - 1], text[index]
    if after == " " or after in NEVER_FIRST or before in NEVER_LAST:
        return False
    return before == " " or not (before in _WORDY and after in _WORDY)


def _may(text: str, index: int) -> bool:
    """The rules of UAX #14 for the characters known here."""
    before, after = text[index - 1], text[index]
    if not _allowed(text, index):
        return False
    if before == " ":
        return _after_blank(text, index)
    if after == "“":
        return _east(before) and index + 1 < len(text) and _east(text[index + 1])
    if before == "”":
        return _east(after) and index > 1 and _east(text[index - 2])
    if after == "‘" or before == "’" or after in _GLUE_BEFORE or before in _GLUE_AFTER:
        return False
    if before in "·–" and after in _WORDY:
        return False
    return not (after in "$+\\" and before in "、。，）】》」』〉〕%")


def _after_blank(text: str, index: int) -> bool:
    after = text[index]
    back = index - 1
    while back and text[back - 1] == " ":
        back -= 1
    before = text[back - 1] if back else ""
    if before in NEVER_LAST or (before == "—" and after == "—"):
        return False
    if before in "\"'“‘‹«":
        return False
    return after not in "/…’”›»"


def _widths(text: str) -> list[int]:
    """The cells of each character; of a cluster of several, the first has them all and the others none."""
    if "\u200d" not in text and "\ufe0f" not in text:
        return [_cell(char) for char in text]
    cells = [0] * len(text)
    for start, _end, size in split_graphemes(text)[0]:
        cells[start] = size
    return cells


@lru_cache(maxsize=8192)
def _cell(char: str) -> int:
    return get_character_cell_size(char)
