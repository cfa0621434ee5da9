"""The words between layout and drawing: what stands in a line, and what it belongs to.

Layout speaks of roles, never of colours, so that it can be tested as plain text and a theme may change without laying out anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

MARGIN = 4
"""Columns left of the text: the bar of the stop under the cursor, its mark, two blanks (a heading or a quote's bar uses the last)."""


class Look(NamedTuple):
    """How a piece of text looks: a palette role, the role of its ground (or empty), flags (`b i u s`), and where it links to."""

    role: str = "ink"
    ground: str = ""
    flags: str = ""
    href: str = ""

    def plus(self, flag: str) -> Look:
        """The same with one more flag."""
        return self if flag in self.flags else self._replace(flags=self.flags + flag)


class Piece(NamedTuple):
    """Text of one look. `at` is the place of its first character in the block's plain text, -1 for what the document does not say."""

    text: str
    look: Look
    at: int = -1


class Stop(NamedTuple):
    """Something a key can act on: the item of a step by its index, or (None) the step itself."""

    step_id: str
    item: int | None


class Mark(NamedTuple):
    """The sign in the margin and its role."""

    sign: str
    role: str


@dataclass(slots=True)
class Line:
    """One row of cells: `pieces` begin at column `start`. `stops` are what the row belongs to; `glue` is what to put before it when it
    continues the row above (None: it begins a new line of the source).
    """

    pieces: Sequence[Piece] = ()
    start: int = MARGIN
    stops: tuple[Stop, ...] = ()
    mark: Mark | None = None
    glue: str | None = None

    @property
    def text(self) -> str:
        """The row as plain text, from column `start`."""
        return "".join(piece.text for piece in self.pieces)


class Flow(NamedTuple):
    """A run of text with looks, not yet broken into lines: `spans` cover `text` in order as `(end, look)`."""

    text: str = ""
    spans: Sequence[tuple[int, Look]] = ()

    def cut(self, start: int, end: int, base: int) -> list[Piece]:
        """The pieces of `text[start:end]`, where the flow begins at `base` in the block's plain text."""
        pieces: list[Piece] = []
        at = 0
        for stop, look in self.spans:
            low, high = max(at, start), min(stop, end)
            if low < high:
                pieces.append(Piece(self.text[low:high], look, base + low))
            at = stop
            if at >= end:
                break
        return pieces

    def tail(self, skip: int) -> Flow:
        """The same without its first `skip` characters."""
        return Flow(self.text[skip:], [(end - skip, look) for end, look in self.spans if end > skip])
