"""What a view works out for a whole document before it can show it; for a long one in another thread, so that no key waits for it."""

from __future__ import annotations

from typing import NamedTuple

from tui.guide.model import Guide
from tui.ui.document.stops import Plan
from tui.ui.document.store import Block, split


class Prepared(NamedTuple):
    """A guide with its stops and its blocks, for one view."""

    guide: Guide
    plan: Plan
    blocks: list[Block]


def prepare(guide: Guide) -> Prepared:
    """Work it out."""
    return Prepared(guide, Plan(guide), split(guide.tokens))
