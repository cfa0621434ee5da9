"""Ids of steps whose author gave none: the heading path, so that an edit elsewhere in the document changes nothing.

Numbers are left out where there is a title: a step put in before renumbers all that follow, and their ids should stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 48  # characters of one part of a path


def slug(words: str) -> str:
    """Words as a part of an id: letters, digits and Chinese characters, joined by `-`."""
    folded = unicodedata.normalize("NFKC", words).lower()
    return re.sub(r"[^\w]+", "-", folded).replace("_", "-").strip("-")[:LONGEST].strip("-")


def path_id(headings: Iterable[str], title: str, label: str) -> str:
    """The id of a step: its headings' and its own slug, joined by `.`."""
    parts = [part for part in map(slug, headings) if part]
    own = slug(title) or slug(label) or "step"
    return ".".join([*parts, own])


class Ids:
    """Hands out unique ids; the second of the same name becomes `name-2`."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self.given: set[str] = set()
        self._next: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """`wanted`, or the first free `wanted-N`."""
        found = wanted
        while found in self._taken:
            self._next[wanted] = self._next.get(wanted, 1) + 1
            found = f"{wanted}-{self._next[wanted]}"
        self._taken.add(found)
        return found
