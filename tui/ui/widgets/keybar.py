"""The bottom line: the keys that make sense now, and a click on one does the same.

What makes sense is not decided here: the bar shows the active bindings that its screen offers now, in the order they were declared, until
the line is full; `…` says that there are more. Help and the palette, which have them all, keep their places at the end whatever the width.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.dom import DOMNode
from textual.widget import Widget

from tui.ui.widgets.cells import width
from tui.ui.widgets.keys import key_name, offered, words_now

_LAST = "app.help"
_RIGHT = "app.palette"


@dataclass(frozen=True, slots=True)
class _Hint:
    key: str
    words: str
    action: str
    node: DOMNode

    @property
    def size(self) -> int:
        return width(self.key) + width(self.words) + 4


class KeyBar(Widget):
    """One row. Needs no feeding: it listens to its screen's bindings."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $raised; color: $muted; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__(id="keybar")
        self._placed: list[tuple[int, int, _Hint]] = []

    def on_mount(self) -> None:
        """Redraw when the keys that make sense change."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> Content:
        """Key on a raised patch, words beside it."""
        hints = self._hints()
        right = hints.pop(_RIGHT, None)
        last = hints.pop(_LAST, None)
        room = self.size.width - 1 - (right.size if right else 0) - (last.size + 1 if last else 0)
        chosen: list[_Hint] = []
        for hint in hints.values():
            if room < hint.size + 1:
                break
            room -= hint.size + 1
            chosen.append(hint)
        return self._draw([*chosen, *([last] if last else [])], right, more=len(chosen) < len(hints))

    def on_click(self, event: events.Click) -> None:
        """A click on a key's words is the key."""
        for start, end, hint in self._placed:
            if start <= event.x < end:
                event.stop()
                self.call_later(self.app.run_action, hint.action, hint.node)
                return

    def _hints(self) -> dict[str, _Hint]:
        found: dict[str, _Hint] = {}
        for name, (node, binding, enabled, _) in self.screen.active_bindings.items():
            if enabled and binding.show and binding.id and binding.id not in found and offered(self.screen, binding):
                found[binding.id] = _Hint(key_name(name), words_now(self.screen, binding), binding.action, node)
        return found

    def _draw(self, chosen: list[_Hint], right: _Hint | None, *, more: bool) -> Content:
        self._placed = []
        parts: list[Content | str | tuple[str, str]] = [" "]
        x = 1
        for hint in chosen:
            self._placed.append((x, x + hint.size, hint))
            parts += [(f" {hint.key} ", "bold $bright on $key"), f" {hint.words} ", " "]
            x += hint.size + 1
        if more and self.size.width > x:
            parts.append("…")
            x += 1
        if right and self.size.width - x >= right.size - 2:
            gap = self.size.width - x - right.size + 2
            self._placed.append((x + gap, self.size.width, right))
            parts.append(" " * gap + f"{right.key} {right.words} ")
        return Content.assemble(*parts)
