"""What it means when a question of a target gets no answer."""

from __future__ import annotations

from tui.errors import Cancelled, Refused
from tui.target.base import Asker
from tui.texts import Text


def unanswered(asker: Asker, what: Text) -> Cancelled | Refused:
    """The error for a question that got no answer: the user's no, or nobody there (an asker with a true `unattended`)."""
    if getattr(asker, "unattended", False):
        return Refused(Text("需要{what}，但没有人可以问。", "{what} is needed and nobody is there to ask.").fill(what=what))
    return Cancelled(Text("没有给出{what}，已取消。", "{what} was not given; cancelled.").fill(what=what))
