"""The mend of a failure page: the step that ends the failure, and what it costs, for whoever offers it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.guide.frontmatter import read_front
from tui.guide.library import in_our_language
from tui.guide.model import Guide, Step, is_offered
from tui.guide.parse import load

MEND: Final = "mend"
"""How the ids of a page's mending steps begin; the first of them is the safest."""


@dataclass(frozen=True, slots=True)
class Mend:
    """`step` of `guide`, a failure page in the reader's language. `risk` is a word of `failures.RISKS` or empty, `price` a phrase."""

    guide: Guide
    step: Step
    risk: str
    price: str


def mend_of(page: Path) -> Mend | None:
    """A page's mend; None where its page has nothing that could be run or ticked. Raises DocumentError where it can't be read."""
    from tui.guide import failures  # only who has met a failure needs it

    guide = load(in_our_language(page))
    step = next((step for step in guide.steps if mends(step)), None)
    if step is None or all(map(is_offered, step.items)):
        return None
    known = failures.load(page).page
    price = str(read_front(guide.source).data.get("price") or (known.price if known else ""))
    return Mend(guide, step, known.risk if known else "", " ".join(price.split()))


def mends(step: Step) -> bool:
    """Whether it is one of the steps of a failure page that mend."""
    return step.id.partition("-")[0] == MEND
