"""Panels as tabs, for terminals too narrow to show them side by side."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.ui.widgets.cells import fit, width


class PanelTabs(Widget):
    """One row of names; `tabs` are (id, name, number beside it), `active` the shown one's id, `facts` a few words about it at the right.

    A click on a name posts `Chosen`.
    """

    DEFAULT_CSS = """
    PanelTabs { height: 1; padding: 0 1; text-wrap: nowrap; }
    """

    class Chosen(Message):
        """The reader wants this panel."""

        def __init__(self, panel: str) -> None:
            super().__init__()
            self.panel = panel

    tabs: reactive[tuple[tuple[str, str, str], ...]] = reactive(())
    active: reactive[str] = reactive("")
    facts: reactive[tuple[str, ...]] = reactive(())

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._placed: list[tuple[int, int, str]] = []

    def render(self) -> Content:
        """Names, the chosen one in the accent, then a rule, then the facts."""
        parts: list[tuple[str, str]] = []
        self._placed = []
        x = 0
        for ident, name, number in self.tabs:
            chosen = ident == self.active
            parts.append((name, "bold $alive" if chosen else "$muted"))
            size = width(name)
            if number:
                parts.append((f" {number}", "$muted" if chosen else "$faint"))
                size += width(number) + 1
            parts.append(("   ", ""))
            self._placed.append((x, x + size + 1, ident))
            x += size + 3
        said = "  ".join(fact for fact in self.facts if fact)
        said = fit(said, max(0, self.size.width - x - 3))
        rule = self.size.width - x - (width(said) + 1 if said else 0)
        parts += [("─" * max(0, rule), "$key"), (f" {said}", "$muted")]
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Which name was hit."""
        for start, end, ident in self._placed:
            if start <= event.x - self.styles.padding.left < end:
                event.stop()
                self.post_message(self.Chosen(ident))
                return
