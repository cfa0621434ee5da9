"""Where the full screen begins: the library, an open guide, or the practice world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.guide.model import Guide
from tui.guide.opening import Beginning

if TYPE_CHECKING:
    from tui.run.plan import Given


def _nothing() -> Given:
    from tui.run.plan import Given  # it stands on the engine, which nobody needs before the first words are read

    return Given()


@dataclass(frozen=True, slots=True)
class LibraryStart:
    """Begin at the library."""


@dataclass(frozen=True, slots=True)
class GuideStart:
    """Begin with an open guide, with what is known already."""

    guide: Guide
    given: Given = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class OpeningStart:
    """Begin with a document's first lines, the rest to come. `given` as above, None for nothing."""

    beginning: Beginning
    given: Given | None = None


@dataclass(frozen=True, slots=True)
class PracticeStart:
    """Begin in the practice world."""


Start = LibraryStart | GuideStart | OpeningStart | PracticeStart
