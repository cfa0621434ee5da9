"""The library's work that takes time, none of which holds up a key: reading the shelf, searching, keeping the index, watching the folders.

Each goes on in a thread; of searches only the last one counts, and one that is no longer wanted ends itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from pathlib import Path
from threading import Event, Lock, Thread

from textual import work
from textual.css.query import NoMatches
from textual.worker import get_current_worker

from tui import texts
from tui.guide.library import Kept
from tui.guide.search.find import Found, Stopped
from tui.guide.search.index import Index
from tui.guide.search.watch import changes
from tui.texts import Text
from tui.ui.screens.library.shelf import Shelf, places, read_all
from tui.ui.seams import front
from tui.ui.widgets.cells import visible
from tui.ui.widgets.finding import Finding

MOST = 50
"""Documents shown of those that match."""
_TELL_EVERY = 50


class Keeper(Finding):
    """Who inherits shows what comes: `listed`, `found`, `progress`."""

    def __init__(self, folders: tuple[Path, ...], home: Path) -> None:
        super().__init__()
        self._folders = folders
        self._home = home
        self._index: Index | None = None
        self._kept: Kept | None = None
        self._reading = Lock()
        self._gone = Event()

    def listed(self, shelf: Shelf) -> None:
        """The shelf was read."""
        raise NotImplementedError

    def found(self, words: str, found: Found, hint: Text | None) -> None:
        """A search came to its end; `hint` where nothing was found."""
        raise NotImplementedError

    def progress(self, done: int, everything: int) -> None:
        """The index knows `done` of `everything` that is new; both 0 when it is complete."""
        raise NotImplementedError

    def begin(self) -> None:
        """Once the screen is there."""
        self._index = Index(self._home, places(self._folders))
        self.reload()
        self._watch()

    def on_unmount(self) -> None:
        """Let every thread come to its end."""
        self._gone.set()
        if self._index is not None:
            Thread(target=self._index.close, daemon=True, name="close-index").start()

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def reload(self) -> None:
        """List everything, then see to the index."""
        worker = get_current_worker()
        with self._reading:
            if self._kept is None:
                self._kept = self._index.kept() if self._index is not None else {}
            shelf = read_all(self._folders, texts.language(), self._home, self._kept)
        if not worker.is_cancelled:
            self._tell(self.listed, shelf)
        if self._index is not None and not worker.is_cancelled:
            with self._said():
                self._index.update(self._counted, stop=lambda: worker.is_cancelled or self._gone.is_set())
            self._tell(self.progress, 0, 0)

    @work(thread=True, exclusive=True, group="search", exit_on_error=False)
    def search(self, words: str) -> None:
        """Look for words."""
        worker = get_current_worker()
        if self._index is None:
            return
        with self._said(), suppress(Stopped):
            found = self._index.find(words, language=texts.language(), limit=MOST, stop=lambda: worker.is_cancelled)
            hint = None if found.hits else self._index.near(words)
            if not worker.is_cancelled:
                self._tell(self.found, words, found, hint)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Whatever goes wrong in a thread is said; the library stays usable without its search."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  details go to the log file
            self._tell(self._broke, error)

    def _broke(self, error: Exception) -> None:
        self.notify(visible(str(front(self).note_crash(error))), severity="error", markup=False, timeout=10)

    def _counted(self, done: int, everything: int) -> None:
        if done % _TELL_EVERY == 0 and everything > _TELL_EVERY:
            self._tell(self.progress, done, everything)

    def _tell(self, what: Callable[..., None], *values: object) -> None:
        """Call back on the screen's own thread; not at all once the screen is gone."""
        if not self._gone.is_set():
            with suppress(RuntimeError):
                self.app.call_from_thread(self._take, what, *values)

    def _take(self, what: Callable[..., None], *values: object) -> None:
        if not self._gone.is_set():
            with suppress(NoMatches):  # a screen that is being taken apart loses its parts first
                what(*values)

    def _watch(self) -> None:
        """Watch in a thread that nothing waits for."""
        loop, context = asyncio.get_running_loop(), copy_context()

        def look() -> None:
            for _ in changes(places(self._folders), self._gone):
                with suppress(RuntimeError):  # the program has ended meanwhile
                    loop.call_soon_threadsafe(self._changed, context=context)

        Thread(target=look, daemon=True, name="watch-library").start()

    def _changed(self) -> None:
        if not self._gone.is_set():
            self.reload()
