"""A guide's first lines, to be read at once; gives way to the guide screen, at the same words, as soon as the whole is understood.

It stands where the guide screen will stand, so that nothing moves, and imports nothing that runs anything. Its style is in the class:
Textual reads no file for the screen that an app begins with. Keys it has no answer
to are kept and answered by the guide screen, as if they had been typed a moment later.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from contextlib import suppress
from contextvars import copy_context
from threading import Thread
from typing import TYPE_CHECKING, Protocol, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from tui.guide.opening import Beginning, finish
from tui.texts import Text
from tui.ui.document.prepared import Prepared, prepare
from tui.ui.document.view import DocumentView
from tui.ui.widgets.cells import visible

if TYPE_CHECKING:
    from tui.run.plan import Given

_HOME = Text("指南", "Guides")
_READING = Text("正在读整份文档…", "Reading the whole document…")
_MOST_KEYS = 64
_NEED_STEPS = ("activate", "move_step(1)", "move_step(-1)")
_NARROW = 100
_PAINTED = 0.1
"""Seconds after which the words are on the screen, so that the thread takes nothing from them."""
_TURN = 0.001
"""Seconds the reading thread may go on before it lets a waiting key press through; Python's own 0.005 adds up to what is felt."""
_LONG = 0.6
"""Seconds after which a reader might wonder."""


class Opened(Protocol):
    """What the app does when a document is understood."""

    def go_on(self, opening: OpeningScreen, document: DocumentView) -> None:
        """Show the guide screen in place of the opening one, with this view in it."""
        ...


class OpeningScreen(Screen[None]):
    """The beginning of a document. `given` is passed on, `line` is the one to begin at; `kept` are the keys to answer later."""

    DEFAULT_CSS = """
    OpeningScreen { background: $ground; color: $ink; }
    OpeningScreen > .edge { height: 1; background: $raised; color: $muted; padding: 0 1; text-wrap: nowrap; }
    OpeningScreen > #crumbs { dock: top; color: $bright; text-style: bold; }
    OpeningScreen > #foot { dock: bottom; }
    OpeningScreen > #document { width: 60%; height: 1fr; margin: 1 0; }
    OpeningScreen.-narrow > #document { width: 1fr; height: 55%; margin: 0; }
    OpeningScreen.-narrow.-short > #document { height: 1fr; margin: 0 0 1 0; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_NARROW, "-wide")]  # noqa: RUF012  declared so by Textual; those of the guide screen
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012  declared so by Textual
    AUTO_FOCUS = "#document"

    def __init__(self, beginning: Beginning, given: Given | None = None, line: int | None = None) -> None:
        super().__init__()
        self._beginning = beginning
        self._line = line
        self.given = given
        self.kept: list[events.Key] = []
        self._prepared: Prepared | None = None
        self._turn = sys.getswitchinterval()

    def compose(self) -> ComposeResult:
        """The title and the words, where the guide screen has them."""
        yield Static(visible(f"{_HOME} › {self._beginning.guide.title}"), id="crumbs", classes="edge", markup=False)
        document = DocumentView(self._beginning.guide, id="document")
        width = self.app.size.width
        document.expect((width if width < _NARROW else width * 6 // 10) - 1)
        if self._line is not None:
            document.scroll_to_line(self._line)
        yield document

    @property
    def document(self) -> DocumentView:
        """The document."""
        return self.query_one("#document", DocumentView)

    def on_mount(self) -> None:
        """First the words, then the rest."""
        self.set_timer(_PAINTED, self._read)
        self.set_timer(_LONG, self._say)

    def on_key(self, event: events.Key) -> None:
        """What neither the document nor the app can answer yet waits for the guide screen."""
        answer = self.active_bindings.get(event.key)
        if (answer is None or answer.binding.action in _NEED_STEPS) and len(self.kept) < _MOST_KEYS:
            self.kept.append(event)

    def on_screen_resume(self) -> None:
        """Whatever lay over it is gone."""
        self._go_on()

    def _say(self) -> None:
        """A document that takes its time is said to."""
        self.mount(Static(str(_READING), id="foot", classes="edge", markup=False))

    def _read(self) -> None:
        """Understand the whole document in a thread that nothing waits for, not even quitting."""
        gc.freeze()  # what is there by now stays; looking through it all would be felt
        gc.enable()
        sys.setswitchinterval(_TURN)
        loop, context = asyncio.get_running_loop(), copy_context()

        def understand() -> None:
            import tui.ui.screens.guide.screen  # noqa: F401  the next thing needed

            prepared = prepare(finish(self._beginning))
            with suppress(RuntimeError):  # the program has ended meanwhile
                loop.call_soon_threadsafe(self._understood, prepared, context=context)

        Thread(target=understand, daemon=True, name="understand").start()

    def _understood(self, prepared: Prepared) -> None:
        self._prepared = prepared
        sys.setswitchinterval(self._turn)
        if self.app.screen is self:  # `is_current` would be true under a dialog, too
            self._go_on()

    def _go_on(self) -> None:
        if self._prepared is not None:
            document = DocumentView(self._prepared, id="document")
            document.expect(self.document.laid_width, self.document.spot)
            cast("Opened", self.app).go_on(self, document)
            self._prepared = None
