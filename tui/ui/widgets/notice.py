"""A short word to the reader, in rows of its own above the key bar.

Not a box over the columns: the screen is cut at the edges of what lies below, and a Chinese character across such a cut is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer

from tui.ui.widgets.band import Band

_SIGNS: Mapping[str, tuple[str, str]] = {"information": ("", "$ink"), "warning": ("! ", "$decide"), "error": ("✗ ", "$bad")}


class Notice(Band):
    """One message at a time, the newest; gone after its seconds, or by a click."""

    DEFAULT_CSS = """
    Notice { dock: bottom; margin-bottom: 1; width: 100%; height: auto; max-height: 4; padding: 0 2; background: $key; color: $ink; }
    Notice.-above { margin-bottom: 2; }
    """

    def __init__(self, text: str, severity: str, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._end: Timer | None = None
        self.leaving = False
        self._first = _content(text, severity)

    def on_mount(self) -> None:
        """The seconds begin."""
        self.says = self._first
        self._end = self.set_timer(self._seconds, self.leave)

    def again(self, text: str, severity: str, seconds: float) -> None:
        """Another message in its place."""
        self.says = self._first = _content(text, severity)
        if self._end is not None:
            self._end.stop()
        self._seconds = seconds
        self._end = self.set_timer(seconds, self.leave) if self.is_mounted else None

    def on_click(self) -> None:
        """Read."""
        self.leave()

    def leave(self) -> None:
        """Go."""
        self.leaving = True
        self.remove()


def notice(screen: Screen[object], text: str, severity: str, seconds: float) -> None:
    """Say something on a screen."""
    for there in screen.query(Notice):
        if not there.leaving:
            there.again(text, severity, seconds)
            return
    new = Notice(text, severity, seconds)
    new.set_class(bool(screen.query("FindBar.-open")), "-above")  # what is typed stays in sight
    screen.mount(new)


def _content(text: str, severity: str) -> Content:
    sign, role = _SIGNS[severity]
    return Content.assemble((sign, role), (text, "$ink"))
