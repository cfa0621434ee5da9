"""Text measured in terminal cells, and made harmless.

A Chinese character is two cells wide. What comes from a document or a host may hold escape sequences or characters that turn the
reading direction round; shown raw they could make a line read otherwise than it runs.
"""

from __future__ import annotations

import re

from rich.cells import cell_len

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def width(text: str) -> int:
    """How many cells `text` takes."""
    return cell_len(text)


def fit(text: str, cells: int) -> str:
    """`text` cut to at most `cells`, with `…` where something was left out."""
    if width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    kept, used = [], 0
    for character in text:
        size = width(character)
        if used + size > cells - 1:
            break
        kept.append(character)
        used += size
    return "".join(kept).rstrip() + "…"


def pad(text: str, cells: int) -> str:
    """`text` cut or filled with blanks to exactly `cells`."""
    text = fit(text, cells)
    return text + " " * (cells - width(text))


def folded(text: str, cells: int) -> list[str]:
    """`text` in pieces of at most `cells`, broken anywhere: how a command is shown, whose blanks all count."""
    pieces, start, used = [], 0, 0
    for index, character in enumerate(text):
        size = width(character)
        if used + size > max(cells, 2):
            pieces.append(text[start:index])
            start, used = index, 0
        used += size
    return [*pieces, text[start:]]


def visible(text: str) -> str:
    """`text` with control and direction characters written out as `‹U+202E›`; line ends and tabs stay."""
    return _CONTROL.sub(lambda match: f"‹U+{ord(match[0]):04X}›", text)


def clock(seconds: float) -> str:
    """A duration as `00:12`, or `1:02:03` from an hour on."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
