"""Where the full screen begins: the library, an open guide, or the practice world."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.guide.model import Guide
from tui.run.plan import Given


@dataclass(frozen=True, slots=True)
class LibraryStart:
    """Begin at the library."""


@dataclass(frozen=True, slots=True)
class GuideStart:
    """Begin with an open guide, with what is known already."""

    guide: Guide
    given: Given = field(default_factory=Given)


@dataclass(frozen=True, slots=True)
class PracticeStart:
    """Begin in the practice world."""


Start = LibraryStart | GuideStart | PracticeStart
