"""All of the search as one thing to hold: it makes itself ready, mends itself, and may be used from several threads.

Looking things up and keeping the index true have a lock and a connection each, so that neither waits for the other. What goes wrong
with the file is nobody's business but this module's: a damaged index is made anew, and where its place can't be written any more
it moves to a temporary folder.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from tui.guide.library import Kept
from tui.guide.search import find, near, update
from tui.guide.search.find import Found, Hit
from tui.guide.search.senses import Senses
from tui.guide.search.store import Store, busy, damaged
from tui.texts import Language, Text

T = TypeVar("T")


class Index:
    """The documents in `folders`, kept under `home`. Nothing is written, nor anything heavy imported, before the first call."""

    def __init__(self, home: Path, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self._home = home
        self._store: Store | None = None
        self._senses: Senses | None = None
        self._reading, self._writing = RLock(), RLock()

    def update(self, tell: update.Tell = lambda _done, _all: None, stop: Callable[[], bool] = lambda: False) -> bool:
        """Read what changed; True if anything did. `tell(done, all)` counts documents read, `stop` may end it early."""
        with self._writing:
            for last in (False, True):
                store = self._opened()
                try:
                    return update.update(store, self.folders, tell, stop)
                except sqlite3.Error as error:
                    if busy(error):
                        return False  # another program is at it
                    if last:
                        raise
                    self._mend(store, error)
        raise AssertionError

    def kept(self) -> Kept:
        """See `update.kept`; nothing where the index can't say."""
        with self._writing:
            try:
                return update.kept(self._opened())
            except (sqlite3.Error, ValueError, TypeError):
                return {}

    def find(
        self,
        words: str,
        *,
        language: Language,
        limit: int | None = None,
        every_line: bool = False,
        stop: Callable[[], bool] = lambda: False,
    ) -> Found:
        """See `find.find`. Raises `find.Stopped`."""
        return self._ask(
            lambda store, senses: find.find(store, senses, words, language=language, limit=limit, every_line=every_line, stop=stop), stop
        )

    def near(self, words: str) -> Text:
        """What to say where `words` were not found."""
        return self._ask(lambda _, senses: near.sentence(senses, words))

    def close(self) -> None:
        """Done with it; it could be used again."""
        with self._writing, self._reading:
            if self._store is not None:
                self._store.close()
            self._store = self._senses = None

    def _ask(self, question: Callable[[Store, Senses], T], stop: Callable[[], bool] = lambda: False) -> T:
        try:
            with self._reading:
                if stop():
                    raise find.Stopped
                store = self._opened()
                if self._senses is None or self._senses.generation != store.generation:
                    self._senses = Senses(store)
                return question(store, self._senses)
        except sqlite3.Error as error:
            if not busy(error):
                self._mend(self._opened(), error)
                self.update()
            with self._reading:
                self._senses = Senses(self._opened())
                return question(self._opened(), self._senses)

    def _opened(self) -> Store:
        with self._reading:
            if self._store is None:
                self._store = Store(self._home)
            return self._store

    def _mend(self, store: Store, error: sqlite3.Error) -> None:
        with self._writing, self._reading:
            self._senses = None
            store.renew() if damaged(error) else store.move_away()


def wire(hit: Hit) -> dict[str, Any]:
    """A hit as `zhinan search --json` prints it; `guide` is the document's path, `heading` those it stands under, joined by ` › `."""
    return {
        "guide": str(hit.path),
        "title": hit.title,
        "line": hit.line,
        "heading": " › ".join(hit.heading),
        "text": hit.text,
        "spans": [list(span) for span in hit.spans],
        "score": hit.score,
    }
