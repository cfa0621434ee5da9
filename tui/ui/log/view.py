"""The log as the reader meets it: as a panel beside the document, and on the whole screen.

Both show the same store through the same widget; what they add is a heading that says where the output comes from, how long it runs,
and whether it is still being followed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from tui.texts import Text
from tui.ui.log import seek
from tui.ui.log.lines import LogView
from tui.ui.log.store import LogStore
from tui.ui.panels.heading import Heading
from tui.ui.screens.guide.findbar import FindBar
from tui.ui.widgets.cells import clock
from tui.ui.widgets.finding import Finding, find_key
from tui.ui.widgets.keybar import KeyBar
from tui.ui.widgets.keys import key

__all__ = ["LogPanel", "LogScreen", "LogView"]

_LOG = Text("日志", "Log")
_FOLLOWS = Text("跟随", "following")
_STOPPED = Text("已停在第 {n} 行 · f 跟随", "stopped at line {n} · f follows")
_ALL = Text("共 {n} 行", "{n} lines")
_ONE = Text("共 1 行", "1 line")


class LogPanel(Vertical):
    """Heading and log. `show` changes the log, `timed` starts and stops the clock in the heading, `tell_time` moves it."""

    DEFAULT_CSS = """
    LogPanel { height: 1fr; padding-left: 1; }
    """

    def __init__(self, store: LogStore | None = None, title: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view = LogView(store)
        self._heading = Heading(_LOG)
        self._from = title
        self._now = 0.0
        self._started: float | None = None
        self._seconds: float | None = None

    def compose(self) -> ComposeResult:
        """Heading, then log."""
        yield self._heading
        yield self._view

    def on_mount(self) -> None:
        """Say what is known."""
        self._tell()

    @property
    def view(self) -> LogView:
        """The log itself."""
        return self._view

    def show(self, store: LogStore, title: str) -> None:
        """Show another command's log; `title` says where it runs."""
        self._from = title
        self._started = self._seconds = None
        self._view.show(store)
        self._tell()

    def begin(self, command_text: str) -> None:
        """What is run, as the muted row above the first line."""
        self._view.store.begin(command_text)

    def finish(self, sentence: Text, *, failed: bool) -> None:
        """How it ended, as the row below the last line."""
        self._view.store.end(sentence, failed=failed)

    def timed(self, started: float | None, seconds: float | None = None) -> None:
        """When it started (Unix seconds), and how long it took once it is over."""
        if (started, seconds) != (self._started, self._seconds):
            self._started, self._seconds = started, seconds
            self._tell()

    def mark(self, lines: Iterable[int], *, reveal: bool = True) -> None:
        """Light up lines (1 is the first) that prove something."""
        self._view.mark(lines, reveal=reveal)

    def on_log_view_moved(self, message: LogView.Moved) -> None:
        """The log moved on."""
        message.stop()
        self._tell()

    def tell_time(self, now: float) -> None:
        """What is the time (Unix seconds)? Told once a frame, so that all clocks of a screen show the same second."""
        self._now = now
        if self._started is not None and self._seconds is None:
            self._tell()

    def _tell(self) -> None:
        self._heading.facts = (self._from, self._time(), str(standing(self._view)))

    def _time(self) -> str:
        if self._seconds is not None:
            return clock(self._seconds)
        return clock((self._now or time.time()) - self._started) if self._started is not None else ""


def standing(view: LogView) -> Text | str:
    """Where the reader stands in the log, in a few words."""
    all_seen = view.store.ending is not None and view.window.last == view.window.top
    if not view.following and not all_seen:
        return _STOPPED.fill(n=f"{view.here:,}")
    lines = len(view.store) - view.store.dropped
    if view.store.ending is not None:
        return _ONE if lines == 1 else _ALL.fill(n=f"{lines:,}")
    return _FOLLOWS if lines else ""


class LogScreen(Finding):
    """One log on the whole screen, with search."""

    DEFAULT_CSS = """
    LogScreen { background: $background; }
    LogScreen #log-panel { padding: 0 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        find_key("log.find"),
        key("log.back", "escape,l,q", "back", Text("返回", "back")),
    ]

    def __init__(self, store: LogStore, title: str) -> None:
        super().__init__()
        self._panel = LogPanel(store, title, id="log-panel")

    def compose(self) -> ComposeResult:
        """Heading and log, search line, keys."""
        yield self._panel
        yield FindBar()
        yield KeyBar()

    def on_mount(self) -> None:
        """Keys go to the log."""
        self.view.focus()

    @property
    def panel(self) -> LogPanel:
        """Heading and log."""
        return self._panel

    @property
    def view(self) -> LogView:
        """The log itself."""
        return self._panel.view

    def action_find(self) -> None:
        """Open the search line."""
        self.query_one(FindBar).open()

    def action_back(self) -> None:
        """Leave, or end the search first."""
        if self.view.sought:
            self.query_one(FindBar).action_leave()
        else:
            self.dismiss()

    def on_find_bar_typed(self, message: FindBar.Typed) -> None:
        """Search while typing."""
        message.stop()
        self.view.search(message.words)
        self._count(message.words)

    def on_find_bar_left(self, message: FindBar.Left) -> None:
        """Back to the log; `n` goes on from here."""
        message.stop()
        if not message.keep:
            self.view.search("")
        self.view.focus()

    @work(group="log-count", exclusive=True)
    async def _count(self, words: str) -> None:
        count = await seek.tally(self.view.store, words) if words else 0
        self.query_one(FindBar).show_count(count)
