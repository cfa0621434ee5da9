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

    A click on a name posts `Chosen`. The key that shows the next one stands behind the names. Where they need more than the row, those
    around the active one are shown, and `…` stands for the others.
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

    def __init__(self, key: str, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._key = f" {key} "
        self._placed: list[tuple[int, int, str]] = []

    def render(self) -> Content:
        """Names, the chosen one in the accent, the key, then a rule, then the facts."""
        room = self.content_size.width - width(self._key) - 1
        gap, first, last = self._fitting(room)
        parts: list[tuple[str, str]] = [("…" + " " * gap, "$muted")] if first else []
        self._placed = []
        x = 1 + gap if first else 0
        for ident, name, number in self.tabs[first:last]:
            chosen = ident == self.active
            parts.append((name, "bold $alive" if chosen else "$muted"))
            parts.append((f" {number}" if number else "", "$muted" if chosen else "$faint"))
            parts.append((" " * gap, ""))
            size = _size(name, number)
            self._placed.append((x, x + size + 1, ident))
            x += size + gap
        if last < len(self.tabs):
            parts.append(("…" + " " * gap, "$muted"))
            x += 1 + gap
        parts += [(self._key, "bold $bright on $key"), (" ", "")]
        x += width(self._key) + 1
        said = "  ".join(fact for fact in self.facts if fact)
        said = fit(said, max(0, self.content_size.width - x - 3))
        rule = self.content_size.width - x - (width(said) + 1 if said else 0)
        parts += [("─" * max(0, rule), "$key"), (f" {said}", "$muted")]
        return Content.assemble(*parts)

    def _fitting(self, room: int) -> tuple[int, int, int]:
        """How many cells part two names, and which names (from, to) are shown, the active one always."""
        sizes = [_size(name, number) for _, name, number in self.tabs]
        for gap in (3, 2, 1):
            if sum(sizes) + gap * len(sizes) <= room:
                return gap, 0, len(sizes)
        first = last = next((n for n, tab in enumerate(self.tabs) if tab[0] == self.active), 0)
        left = room - 4  # an ellipsis at either end
        while last < len(sizes) and sizes[last] + 1 <= left:
            left -= sizes[last] + 1
            last += 1
        while first > 0 and sizes[first - 1] + 1 <= left:
            first -= 1
            left -= sizes[first] + 1
        return 1, first, last

    def on_click(self, event: events.Click) -> None:
        """Which name was hit."""
        for start, end, ident in self._placed:
            if start <= event.x - self.styles.padding.left < end:
                event.stop()
                self.post_message(self.Chosen(ident))
                return


def _size(name: str, number: str) -> int:
    return width(name) + (width(number) + 1 if number else 0)
