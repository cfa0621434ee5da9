"""Which screen opens for what: a document, a page beside it, the library, the practice world, past runs; and where leaving leads to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.screen import Screen

from tui import config
from tui.errors import ZhinanError
from tui.guide.model import Guide
from tui.guide.opening import LINES, begin
from tui.texts import Text
from tui.ui.screens.opening.screen import OpeningScreen
from tui.ui.widgets.cells import visible

if TYPE_CHECKING:
    from tui.judge.failure import Page
    from tui.run.plan import Given, Request
    from tui.run.teaching import Shelves
    from tui.ui.document.view import DocumentView
    from tui.ui.screens.guide.screen import GuideScreen
    from tui.ui.seams import Practice, Sessions

_NO_PRACTICE = Text("这里没有练习环境可用", "There is no practice world here")
_STARTING = Text("正在准备练习环境…", "Starting the practice world…")


class Routes(App[int]):
    """The app as far as it opens and leaves screens. `note_crash` keeps the details of an unforeseen error."""

    _folders: tuple[Path, ...]
    _home: Path | None
    _sessions: Sessions
    _practice: Practice | None
    _world: AsyncExitStack
    _visit: Callable[[str], Text | None] | None

    def note_crash(self, error: Exception) -> Text:
        """One sentence that says where the details are."""
        raise NotImplementedError

    @property
    def home(self) -> Path:
        """The folder of the program's own files."""
        return self._home or config.home()

    def open_path(self, path: Path, line: int | None = None) -> None:
        """Open a document, at a line of it; what keeps it from opening is said and nothing else changes."""
        try:
            beginning = begin(path, LINES + (line or 0))
        except ZhinanError as error:
            self.notify(visible(str(error)), severity="error", markup=False, timeout=10)
            return
        self.push_screen(OpeningScreen(beginning, line=line))

    def open_guide(self, guide: Guide, given: Given | None) -> None:
        """Show a parsed document."""
        self.push_screen(self._guide_screen(guide, given))

    def open_beside(self, path: Path, given: Given, guide: Screen[None], request: Request | None = None) -> None:
        """Open a page in the world of the guide on the screen `guide`: what is rehearsed is mended in the rehearsal, too."""
        from tui.guide.library import in_our_language
        from tui.guide.parse import load
        from tui.ui.screens.guide.screen import GuideScreen

        assert isinstance(guide, GuideScreen)  # noqa: S101  only guide screens offer it
        try:
            document = load(in_our_language(path))
        except ZhinanError as error:
            self.notify(visible(str(error)), severity="error", markup=False, timeout=10)
            return
        page = GuideScreen(document, guide.sessions, given, practice=guide.practice)
        page.opened_by, page.pending = guide, request
        self.push_screen(page)

    def failure_page(self, identity: str) -> Page | None:
        """The failure page of that id, the user's own before the built-in one."""
        from tui.guide import failure_store
        from tui.guide.folders import builtin_dir

        kept = failure_store.pages([*self._folders, builtin_dir()], (self.home) / "cache")
        return next((page for page in kept if page.id == identity), None)

    @property
    def shelves(self) -> Shelves:
        """Where documents of the reader's own are, and the journal."""
        from tui.run.teaching import Shelves

        return Shelves(self._folders or (self.home / "guides",), self.home)

    def _guide_screen(self, guide: Guide, given: Given | None, document: DocumentView | None = None) -> GuideScreen:
        from tui.run.plan import Given
        from tui.ui.screens.guide.screen import GuideScreen

        return GuideScreen(guide, self._sessions, given or Given(), document=document)

    def go_on(self, opening: OpeningScreen, document: DocumentView) -> None:
        """The whole of a document whose beginning is shown: its guide screen, at the same words; then the keys that waited for it."""
        screen = self._guide_screen(document.guide, opening.given, document)
        self.push_screen(screen) if opening is self.screen_stack[0] else self.switch_screen(screen)
        for event in opening.kept:
            screen.call_after_refresh(self.post_message, event)

    def open_library(self) -> None:
        """What there is to read."""
        from tui.ui.screens.library.screen import LibraryScreen

        self.push_screen(LibraryScreen(self._folders, self.home))

    def open_practice(self) -> None:
        """Start the practice world and open its guide."""
        if self._practice is None:
            self.notify(str(_NO_PRACTICE), markup=False)
            return
        self.notify(str(_STARTING), markup=False, timeout=2)
        self.run_worker(self._start_practice(self._practice), group="practice", exclusive=True, exit_on_error=False)

    async def _start_practice(self, practice: Practice) -> None:
        from tui.guide.parse import load
        from tui.ui.screens.guide.screen import GuideScreen

        try:
            world = await self._world.enter_async_context(practice())
            guide = load(world.path)
            self._visit = world.visit
        except ZhinanError as error:
            await self._world.aclose()
            self.notify(visible(str(error)), severity="error", markup=False, timeout=10)
            return
        except Exception as error:  # noqa: BLE001  a world that can't start must not take the reader down
            self.notify(str(self.note_crash(error)), severity="error", markup=False, timeout=10)
            return
        self.push_screen(GuideScreen(guide, world.sessions or self._sessions, world.given, practice=True))

    def leave_guide(self) -> None:
        """From a guide back to the library, opening one if the program began without."""
        self.run_worker(self._leave_guide(), group="leave", exclusive=True)

    async def _leave_guide(self) -> None:
        from tui.ui.screens.guide.screen import GuideScreen
        from tui.ui.screens.library.screen import LibraryScreen

        if isinstance(self.screen, GuideScreen):
            leaving = self.screen
            await leaving.shut()
            await self.pop_screen()
            if leaving.practice and not any(screen.practice for screen in self.guides()):
                await self._world.aclose()
                self._world = AsyncExitStack()
                self._visit = None
        if not isinstance(self.screen, LibraryScreen | GuideScreen):
            self.open_library()

    def follow(self, href: str, document: Path) -> None:
        """Open a link found in `document`: a page in the browser, another document here."""
        from tui.ui import links

        match links.resolve(href, document):
            case links.Page(url) if self._visit is not None and (came := self._visit(url)) is not None:
                self.notify(str(came), markup=False, timeout=12)
            case links.Page(url):
                opened = links.can_browse()
                self.copy_to_clipboard(url)
                if opened:
                    self.open_url(url)
                self.notify(visible(str((links.OPENED if opened else links.COPIED).fill(url=url))), markup=False, timeout=8)
            case links.Document(path):
                self.open_path(path)
            case links.Nowhere(why):
                self.notify(visible(str(why)), severity="warning", markup=False, timeout=8)

    def action_runs(self) -> None:
        """What was run in the past."""
        from tui.ui.dialogs.base import Dialog
        from tui.ui.screens.runs.screen import ReportScreen, RunsScreen

        if not isinstance(self.screen, Dialog | RunsScreen | ReportScreen):
            self.push_screen(RunsScreen(self.home))

    def guides(self) -> list[GuideScreen]:
        """The guides that are open, the one in front last."""
        from tui.ui.screens.guide.screen import GuideScreen

        return [screen for screen in self.screen_stack if isinstance(screen, GuideScreen) and screen.is_mounted]
