"""Output is never in command of the terminal: what could move the cursor, set a title or paint elsewhere is left out.

For front ends that hand output on as lines. The full log on disk keeps everything.
"""

from __future__ import annotations

import re
from typing import Final

_SEQUENCE: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, erase
    r"|\x1b[PX^_\]][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS and other strings
    r"|\x1b[ -/]*[0-~]"  # two-character sequences
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI in one character
)
_UNFINISHED: Final = re.compile(r"(?:\x1b(?:\[[0-?]*[ -/]*|[PX^_\]][^\x07\x1b\x9c]*\x1b?|[ -/]*)?|\x9b[0-?]*[ -/]*)\Z")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONGEST: Final = 4096
"""A sequence longer than this is no sequence."""


class Cleaner:
    """Cleans a stream of text; sequences cut in two between pieces are seen all the same."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """The text that may be shown: printable characters, tabs and newlines; a lone carriage return becomes a newline."""
        text = self._held + text
        open_end = _UNFINISHED.search(text, max(0, len(text) - _LONGEST))
        cut = open_end.start() if open_end else len(text)
        if text.endswith("\r"):
            cut = min(cut, len(text) - 1)  # the newline may come with the next piece
        self._held = text[cut:]
        return clean(text[:cut])

    def end(self) -> str:
        """What was still held."""
        rest, self._held = self._held, ""
        return clean(rest)


def clean(text: str) -> str:
    """One whole text, cleaned."""
    text = _SEQUENCE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text)
