"""The second line: every step with its mark, so that one look says how far the whole is.

When the line is too short, titles are cut first; when even that does not help, the strip shows the part around the current step.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.guide.model import Step
from tui.run.state import RunState
from tui.ui.widgets.cells import fit, visible, width
from tui.ui.widgets.marks import LIVE, mark

_SHORTEST = 6
_LINK = " ─── "
_TIGHT = "  "


class StepStrip(Widget):
    """One row. `current` is the id of the step under the cursor; a click on a step posts `Picked`."""

    DEFAULT_CSS = """
    StepStrip { height: 1; padding: 0 1; text-wrap: nowrap; }
    """

    class Picked(Message):
        """The reader chose a step here."""

        def __init__(self, step_id: str) -> None:
            super().__init__()
            self.step_id = step_id

    state: reactive[RunState] = reactive(RunState)
    current: reactive[str] = reactive("")

    def __init__(self, steps: Sequence[Step], *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._steps = tuple(steps)
        self._placed: list[tuple[int, int, str]] = []

    def render(self) -> Content:
        """Marks, numbers and titles, as many as fit."""
        steps, room = self._steps, max(1, self.size.width)
        titles, link = self._titles(room)
        sizes = [width(title) + 2 for title in titles]
        first, last = self._window(sizes, room, width(link))
        parts: list[tuple[str, str]] = []
        self._placed = []
        x = 0
        if first > 0:
            parts.append(("… ", "$faint"))
            x = 2
        for index in range(first, last):
            if index > first:
                parts.append((link, "$key"))
                x += width(link)
            parts += self._one(steps[index], titles[index])
            self._placed.append((x, x + sizes[index], steps[index].id))
            x += sizes[index]
        if last < len(steps):
            parts.append((" …", "$faint"))
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Which step was hit."""
        for start, end, step_id in self._placed:
            if start <= event.x - self.styles.padding.left < end:
                event.stop()
                self.post_message(self.Picked(step_id))
                return

    def _titles(self, room: int) -> tuple[list[str], str]:
        full = [f"{n} {visible(step.title)}" for n, step in enumerate(self._steps, 1)]
        count = len(full)
        if sum(width(t) + 2 for t in full) + width(_LINK) * (count - 1) <= room:
            return full, _LINK
        link = _TIGHT if count > 8 else _LINK  # many steps need the room more than the line
        share = (room - width(link) * (count - 1)) // max(1, count) - 2
        return [fit(title, max(share, _SHORTEST)) for title in full], link

    def _window(self, sizes: list[int], room: int, link: int) -> tuple[int, int]:
        """The slice of steps to show: all of them, or as many as fit around the current one."""
        if sum(sizes) + link * (len(sizes) - 1) <= room:
            return 0, len(sizes)
        here = next((i for i, step in enumerate(self._steps) if step.id == self.current), 0)
        first = last = here
        used = 4 - link
        while True:
            grown = False
            for index in (last, first - 1):
                if 0 <= index < len(sizes) and used + sizes[index] + link <= room:
                    used += sizes[index] + link
                    first, last = min(first, index), max(last, index + 1)
                    grown = True
            if not grown:
                return first, max(last, first + 1)

    def _one(self, step: Step, title: str) -> list[tuple[str, str]]:
        state = self.state.step(step.id)
        sign = mark(state)
        if step.id == self.current:
            style = "bold $bright"
        elif state.phase in LIVE:
            style = "$ink"
        else:
            style = "$muted"
        return [(f"{sign.sign} ", sign.role), (title, style)]
