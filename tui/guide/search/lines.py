"""What each line of a document is, because a word in the title says more than the same word in passing.

Ten thousand documents can't be parsed for a search; lines are told apart by Markdown's marks alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from tui.guide.languages import SHELLS
from tui.guide.library import plain

_DEEPEST = 7
TEXT, TITLE, HEADING, COMMAND, MARKUP = range(5)
"""The kinds of lines. MARKUP is what a reader doesn't see: front matter, annotations, fences."""

_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*)")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r"[ \t>]*(?:[-*+]|\d+[.)])?[ \t]*(`{3,}|~{3,})[ \t]*\{?[ \t]*([\w+-]*)")
_BEFORE = re.compile(r"(?:\s|>|#{1,6}\s|[-*+]\s(?:\[[ xX]\]\s)?)*")
_TITLE_KEY = re.compile(r"title\s*[:=]")


def kinds(text: str, title: str, front: int) -> bytes:
    """One byte per line (LF line ends). `title` is the document's, `front` how many lines its front matter takes."""
    lines = text.split("\n")
    marks = bytearray(len(lines))
    fence, language, comment = "", "", False
    for index, line in enumerate(lines):
        if index < front:
            marks[index] = MARKUP
        elif fence:
            ended = line.strip(" \t>")
            if ended.startswith(fence) and not ended.strip(fence[0]):
                marks[index], fence = MARKUP, ""
            else:
                marks[index] = COMMAND if language in SHELLS else TEXT
        elif comment or line.lstrip().startswith("<!--"):
            marks[index] = MARKUP
            comment = "-->" not in line
        elif ("```" in line or "~~~" in line) and (opened := _FENCE.match(line)):
            marks[index], fence, language = MARKUP, opened[1], opened[2].lower()
        elif _ATX.match(line):
            marks[index] = HEADING
        elif index and _SETEXT.match(line) and marks[index - 1] == TEXT and lines[index - 1].strip():
            marks[index], marks[index - 1] = MARKUP, HEADING
    _mark_title(lines, marks, title, front)
    return bytes(marks)


def _mark_title(lines: list[str], marks: bytearray, title: str, front: int) -> None:
    for index, mark in enumerate(marks):
        if mark == HEADING and plain(_words(lines[index])) == title:
            marks[index] = TITLE
            return
    for index in range(front):
        if _TITLE_KEY.match(lines[index]):
            marks[index] = TITLE
            return


def fields(folded: str, marks: bytes) -> dict[int, str]:
    """The text of titles, headings and commands, each for itself; all of it under TEXT."""
    lines = folded.split("\n")
    found = {kind: "\n".join(line for line, mark in zip(lines, marks, strict=True) if mark == kind) for kind in (TITLE, HEADING, COMMAND)}
    return {**found, TEXT: folded}


@dataclass(frozen=True, slots=True)
class Lines:
    """A text with its lines: `marks` what each is, `starts` where each begins, and one more, the end."""

    text: str
    marks: bytes
    starts: Sequence[int]

    def line(self, index: int) -> str:
        """One line, counted from 0, without its end."""
        return self.text[self.starts[index] : self.starts[index + 1] - 1]

    def at(self, place: int) -> int:
        """The line that a place in the text is in."""
        return bisect_right(self.starts, place) - 1

    def path_of(self, index: int) -> tuple[str, ...]:
        """The headings over a line, the outermost first; a heading's own words are not among them."""
        found: list[str] = []
        level = self._level(index) if self.marks[index] in (TITLE, HEADING) else _DEEPEST
        while level > 1 and (index := max(self.marks.rfind(TITLE, 0, index), self.marks.rfind(HEADING, 0, index))) >= 0:
            if (above := self._level(index)) < level:
                found.append(plain(_words(self.line(index))))
                level = above
        return tuple(reversed(found))

    def _level(self, index: int) -> int:
        if match := _ATX.match(self.line(index)):
            return len(match[1])
        under = self.line(index + 1).lstrip() if index + 1 < len(self.marks) else ""
        return 1 if under.startswith("=") else 2 if under.startswith("-") else _DEEPEST  # a title in front matter stands over nothing


def starts(text: str) -> list[int]:
    """Where each line begins, and the end."""
    return [*accumulate((len(line) + 1 for line in text.split("\n")), initial=0)]


def bare(line: str) -> tuple[int, str]:
    """How many characters of quote, list and heading marks stand before a line's words, and the words."""
    match = _BEFORE.match(line)
    skipped = match.end() if match else 0
    return skipped, line[skipped:].rstrip()


def _words(line: str) -> str:
    match = _ATX.match(line)
    return re.sub(r"[ \t]+#+[ \t]*$", "", match[2]).strip() if match else line.strip()
