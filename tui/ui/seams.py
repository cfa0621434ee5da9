"""What the screens need from outside, as types: a session to run a guide, and a world to rehearse in.

`ui` and `practice` stand side by side and may not import each other, and tests run the screens on a scripted session; so both come in
through the app's constructor.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from textual.dom import DOMNode
from textual.screen import Screen

from tui.config import Ai
from tui.guide.model import Guide
from tui.judge.failure import Page
from tui.run.ask import Asker
from tui.run.events import AnyEvent
from tui.run.journal import Journal
from tui.run.plan import Given, Request
from tui.texts import Text

if TYPE_CHECKING:
    from tui.run.teaching import Shelves


class SessionLike(Protocol):
    """One guide being worked on; `tui.run.engine.Session` is the real one. `given` is what is known, answers to questions included."""

    given: Given

    @property
    def journal(self) -> Journal | None:
        """Where the run is on record; None: nowhere."""
        ...

    def recall(self, run: str) -> None:
        """Before the first pass: go on with that run of the same document. Raises UsageError where another program is at work on it."""
        ...

    def run(self, request: Request) -> AsyncGenerator[AnyEvent, None]:
        """One pass, as events. Never raises a ZhinanError other than JournalError: a failure is an event."""
        ...

    def stop(self) -> None:
        """End the pass under way; its events still come to their end."""
        ...

    async def close(self) -> None:
        """Leave every target."""
        ...


Sessions = Callable[[Guide, Asker, Given], SessionLike]
"""Makes a session for a guide, its questions going to the asker."""


@dataclass(frozen=True, slots=True)
class World:
    """A practice world that is up: the guide to rehearse, what is known beforehand, how sessions are made in it (None: as usual).

    `visit` opens a link inside the world and says what came of it; None for one that is not its own. No browser may ever see its own.
    """

    path: Path
    given: Given = field(default_factory=Given)
    sessions: Sessions | None = None
    visit: Callable[[str], Text | None] = lambda _url: None


News = Callable[[], list[Text] | None]
"""What there is to say of what was done before the reader came, once; None while that is not known yet."""

Practice = Callable[[], AbstractAsyncContextManager[World]]
"""Starts a practice world; it ends with the context."""


class Front(Protocol):
    """What a screen may ask of the app around it.

    `ai` is the model that may be asked, if the reader has set one; `shelves` where documents of the reader's own are.
    """

    can_practise: bool
    ai: Ai | None
    shelves: Shelves

    def open_path(self, path: Path, line: int | None = None) -> None:
        """Open a document, at a line of it, or say why not."""
        ...

    def open_beside(self, path: Path, given: Given, guide: Screen[None], request: Request | None = None) -> None:
        """Open a failure page in the world of the guide on the screen `guide`, and begin with `request`; leaving it leads back there."""
        ...

    def failure_page(self, identity: str) -> Page | None:
        """The failure page of that id in the library, if there is one."""
        ...

    def open_practice(self) -> None:
        """Start the practice world and open its guide."""
        ...

    def leave_guide(self) -> None:
        """Close the guide in front; what runs is stopped first."""
        ...

    def follow(self, href: str, document: Path) -> None:
        """Open a link found in `document`."""
        ...

    def note_crash(self, error: Exception) -> Text:
        """Keep the details of an unforeseen error; one sentence about it."""
        ...


def front(node: DOMNode) -> Front:
    """The app a widget or screen lives in, as far as screens may use it."""
    return cast("Front", node.app)
