"""Starts the full screen with what is real: the settings, the document, sessions kept in a journal.

The engine and its journal come with the first session, after the document's first words are on the screen.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui import config, texts
from tui.guide.model import Guide
from tui.guide.opening import begin
from tui.ui.app import ZhinanApp
from tui.ui.starts import LibraryStart, OpeningStart, PracticeStart, Start

if TYPE_CHECKING:
    from tui.run.ask import Asker
    from tui.run.journal import Journal
    from tui.run.plan import Given
    from tui.ui.seams import News, Practice, SessionLike


class _Sessions:
    """Real sessions, kept in the journal of the program's home; it is opened with the first of them."""

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        self._journal: Journal | None = None

    def __call__(self, guide: Guide, asker: Asker, given: Given) -> SessionLike:
        from tui.act import ACTIONS
        from tui.act.closed_way import closed_way
        from tui.guide import failure_store
        from tui.run.engine import Session
        from tui.run.journal import Journal
        from tui.run.places import Places

        if self._journal is None:
            self._book = failure_store.shelf(self._settings)
            self._journal = Journal(self._settings.home)
        self._journal.opened(str(guide.path.absolute()), guide.title)
        places = Places(asker, remark=partial(closed_way, self._settings.home))
        return Session(guide, asker, journal=self._journal, given=given, places=places, actions=ACTIONS, book=self._book)

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()


def run_app(
    path: Path | None, *, practice: Practice | None = None, rehearse: bool = False, given: Given | None = None, news: News | None = None
) -> int:
    """Open the full screen on a document, or on the library, or (`rehearse`) in the practice world; gives the exit code.

    `news` is asked for what was done before the reader came. Raises ZhinanError for what keeps it from opening at all; nothing is left on
    the screen then.
    """
    settings = config.load()
    texts.use(settings.language)
    start: Start = LibraryStart()
    if rehearse:
        start = PracticeStart()
    elif path is not None:
        start = OpeningStart(begin(path), given)
    sessions = _Sessions(settings)
    try:
        app = ZhinanApp(
            start,
            sessions,
            practice=practice,
            theme=settings.theme,
            folders=settings.folders,
            home=settings.home,
            ai=settings.ai,
            news=news,
        )
        code = app.run()
    finally:
        sessions.close()
    if app.failure is not None:
        raise app.failure
    if app.crash is not None and code is None:
        sys.stderr.write(f"{app.crash.text}\n")
        return 1
    return code or 0
