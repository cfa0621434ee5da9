"""Where the full screen begins: the library, an open guide, or the practice world."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tui.guide.model import Guide
from tui.guide.opening import Beginning

if TYPE_CHECKING:
    from tui.run.plan import Given


class LibraryStart(NamedTuple):
    """Begin at the library."""


class GuideStart(NamedTuple):
    """Begin with an open guide, with what is known already (None: nothing)."""

    guide: Guide
    given: Given | None = None


class OpeningStart(NamedTuple):
    """Begin with a document's first lines, the rest to come; `given` as above."""

    beginning: Beginning
    given: Given | None = None


class PracticeStart(NamedTuple):
    """Begin in the practice world."""


Start = LibraryStart | GuideStart | OpeningStart | PracticeStart
