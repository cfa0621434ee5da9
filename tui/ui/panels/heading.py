"""What stands above every panel instead of a box around it: its name, a thin rule, and a few facts at the right."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.texts import Text
from tui.ui.widgets.cells import fit, width

_RULE = 2  # the shortest rule


class Heading(Widget):
    """One row. `facts` are shown at the right, two blanks apart; where room is short the first ones go first, the last one stays."""

    DEFAULT_CSS = """
    Heading { height: 1; width: 1fr; padding: 0; text-wrap: nowrap; }
    """

    facts: reactive[tuple[str, ...]] = reactive(())

    def __init__(self, title: Text, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._title = title

    def render(self) -> Content:
        """Name, rule, facts."""
        return Content.assemble(*heading(str(self._title), self.facts, self.size.width))


def heading(title: str, facts: tuple[str, ...], room: int) -> list[tuple[str, str]]:
    """The parts of a heading `room` cells wide, each with its style."""
    title = fit(title, room)
    left = room - width(title) - _RULE - 2
    kept = [fact for fact in facts if fact]
    while len(kept) > 1 and width("  ".join(kept)) > left:
        kept.pop(0)
    said = fit("  ".join(kept), max(0, left))
    rule = room - width(title) - 1 - (width(said) + 1 if said else 0)
    parts = [(title, "bold $bright")]
    if rule >= _RULE:
        parts.append((" " + "─" * rule, "$key"))
    if said:
        parts.append((" " + said, "$muted"))
    return parts
