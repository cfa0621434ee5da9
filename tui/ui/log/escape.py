"""What the control characters in a command's output mean for a log, and nothing more than that.

A log is a list of lines, not a terminal. Colours are kept, moves within the line are obeyed (progress bars live on them), and
everything else (moves to other rows, titles, alternate screens, terminal queries) is recognised so that it can be left out: output must not
be able to paint outside its panel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

# What cannot be shown as it stands: C0 (but for the line feed), DEL, C1, marks that reorder or break a row, lone surrogates.
_CONTROL = "\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
SPECIAL = re.compile(f"[{_CONTROL}]")
_CSI = r"(?P<csi>(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,4}[@-~])"
_STRING = r"(?P<string>\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])"
_PART = r"(?P<part>(?:\x1b\[[0-?]{0,64}[ -/]{0,4}|\x1b[ -/]{0,4}|\x9b[0-?]{0,64}[ -/]{0,4})\Z)"
_REST = rf"(?P<escape>\x1b[ -/]{{0,4}}[0-~])|(?P<control>[{_CONTROL}])"
TOKEN = re.compile(f"{_CSI}|{_STRING}|{_REST}")
"""The next control sequence in a line that is complete. Lengths are bounded, so that garbage cannot swallow a log."""
OPEN_TOKEN = re.compile(f"{_CSI}|{_STRING}|{_PART}|{_REST}")
"""The same for a line of which more may come: `part` may then become a whole sequence."""
COLOUR = re.compile(r"\x1b\[(?:([0-9;:]{0,64}m)|0?K)")
"""Colours (parameters and `m` in the group), and the clearing of what is empty anyway: most lines with control sequences hold no others."""
OTHER = re.compile("[" + _CONTROL.replace("\x0b-\x1f", "\x0b-\x1a\x1c-\x1f") + "]")
"""A special character that is no ESC."""

STRING_END = re.compile("[\x07\x18\x1a\x9c\x1b]")
"""Where a control string (a title, a sixel picture) ends; an ESC belongs to what follows. The end of the line ends it too: a
stray introducer may hide the rest of its line, never the rest of the log."""

_FLAGS = {1: "1", 2: "2", 3: "3", 4: "4", 7: "7", 9: "9", 21: "4"}
_FORE = frozenset([*range(30, 40), *range(90, 98)])
_BACK = frozenset([*range(40, 50), *range(100, 108)])
_OFF = {22: "12", 23: "3", 24: "4", 27: "7", 29: "9"}


def csi(sequence: str) -> tuple[str, str]:
    """Final byte and parameters of a CSI sequence; an empty final byte for private ones and those with intermediate bytes."""
    body = sequence[2:-1] if sequence[0] == "\x1b" else sequence[1:-1]
    return (sequence[-1], body) if not body.strip("0123456789;:") else ("", body)


def number(params: str, default: int) -> int:
    """The first parameter as a number; `default` where there is none."""
    digits = params.partition(";")[0]
    return int(digits[:6]) if digits.isdigit() else default


@lru_cache(maxsize=4096)
def sgr(style: str, params: str) -> str:
    """The style in force after `ESC [ params m`.

    A style is written in canonical form: the flags `1` bold, `2` dim, `3` italic, `4` underlined, `7` reversed, `9` struck out, then
    one foreground (`31`, `92`, `38;5;N`, `38;2;R;G;B`) and one background, joined by `;`. Empty is the plain style. Blinking and
    concealed text are shown like any other.
    """
    flags, fore, back = parse_style(style)
    for code, colour in _codes(params):
        if code == 0:
            flags, fore, back = "", "", ""
        elif code in _FLAGS:
            flags += _FLAGS[code] if _FLAGS[code] not in flags else ""
        elif code in _OFF:
            flags = "".join(flag for flag in flags if flag not in _OFF[code])
        elif code in _FORE:
            fore = "" if code == 39 else f"{code};{colour}".rstrip(";")
        elif code in _BACK:
            back = "" if code == 49 else f"{code};{colour}".rstrip(";")
    return ";".join([*sorted(flags), *filter(None, (fore, back))])


def parse_style(style: str) -> tuple[str, str, str]:
    """Flags (one digit each), foreground and background of a canonical style."""
    flags, colours = "", {"3": "", "4": ""}
    parts = style.split(";") if style else []
    i = 0
    while i < len(parts):
        part = parts[i]
        if len(part) == 1:
            flags += part
            i += 1
            continue
        size = 1
        if part in ("38", "48"):
            size = 3 if parts[i + 1] == "5" else 5
        ground = {"9": "3", "1": "4"}.get(part[0], part[0])
        colours[ground] = ";".join(parts[i : i + size])
        i += size
    return flags, colours["3"], colours["4"]


def _codes(params: str) -> Iterator[tuple[int, str]]:
    """Each code of an SGR sequence with the colour that belongs to it (`5;N` or `2;R;G;B`), or an empty string."""
    groups = params.split(";")
    i = 0
    while i < len(groups):
        head, *sub = groups[i].split(":")
        i += 1
        code = int(head[:4]) if head.isdigit() else 0
        if code == 4 and sub[:1] == ["0"]:
            code = 24
        if code not in (38, 48):
            yield code, ""
            continue
        if not sub:
            need = {"5": 2, "2": 4}.get(groups[i] if i < len(groups) else "", 0)
            sub = groups[i : i + need]
            i += need
        if colour := _colour([part for part in sub if part]):
            yield code, colour


def _colour(parts: list[str]) -> str:
    if not all(part.isdigit() and int(part[:4]) <= 255 for part in parts):
        return ""
    if parts[:1] == ["5"] and len(parts) == 2:
        return f"5;{int(parts[1])}"
    if parts[:1] == ["2"] and len(parts) >= 4:
        return ";".join(["2", *(str(int(part)) for part in parts[-3:])])
    return ""
