"""The full-screen program: opens screens, and holds what belongs to none of them (theme, language, palette, quitting, crashes).

No business logic lives here. Which guide is run how is the guide screen's and the engine's; the app only routes between screens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.notifications import SeverityLevel
from textual.screen import Screen

from tui import config, texts
from tui.errors import ZhinanError
from tui.guide.model import Guide
from tui.guide.opening import LINES, begin
from tui.texts import Text
from tui.ui.screens.opening.screen import OpeningScreen
from tui.ui.starts import GuideStart, LibraryStart, OpeningStart, PracticeStart, Start
from tui.ui.theme import DARK, LIGHT
from tui.ui.widgets.cells import visible
from tui.ui.widgets.keys import key, key_name, listed, offered, words_now
from tui.ui.widgets.notice import notice

if TYPE_CHECKING:
    from tui.crash import Crash
    from tui.judge.failure import Page
    from tui.run.plan import Given, Request
    from tui.run.teaching import Shelves
    from tui.ui.dialogs.palette import Entry
    from tui.ui.document.view import DocumentView
    from tui.ui.screens.guide.screen import GuideScreen
    from tui.ui.seams import News, Practice, Sessions

_QUIT = Text("退出指南？", "Quit Zhinan?")
_QUIT_WHY = Text(
    "还有步骤在执行。退出会先停下它：命令连同它的子进程一起结束，已有的日志和结果留在记录里。",
    "A step is still running. Quitting stops it first: the command ends with all its processes; its log and results stay on record.",
)
_QUIT_YES = Text("停止并退出", "stop and quit")
_QUIT_NO = Text("不退出", "stay")
_NO_PRACTICE = Text("这里没有练习环境可用", "There is no practice world here")
_STARTING = Text("正在准备练习环境…", "Starting the practice world…")


class ZhinanApp(App[int]):
    """Leaves with the exit code. `practice` starts the world behind the p key; None where there is none."""

    TITLE = "Zhinan 指南"
    ENABLE_COMMAND_PALETTE = False  # its own, in both languages
    BINDINGS: ClassVar[list[BindingType]] = [
        key("app.help", "question_mark", "help", Text("帮助", "help")),
        key("app.palette", "ctrl+p", "palette", Text("命令面板", "commands")),
        key("app.language", "ctrl+l", "language", Text("English", "中文"), show=False),
        key("app.theme", "ctrl+t", "theme", Text("深色 / 浅色", "dark / light"), show=False),
        key("app.suspend", "ctrl+z", "suspend_process", Text("放到后台（fg 回来）", "suspend (fg comes back)"), show=False),
        key("app.quit", "ctrl+q", "quit", Text("退出", "quit"), show=False, priority=True),
        key("app.quit", "ctrl+c", "quit", Text("退出", "quit"), show=False),
    ]

    def __init__(
        self,
        start: Start,
        sessions: Sessions,
        *,
        practice: Practice | None = None,
        theme: str = "dark",
        folders: tuple[Path, ...] = (),
        home: Path | None = None,
        ai: config.Ai | None = None,
        news: News | None = None,
    ) -> None:
        super().__init__(ansi_color=False)
        self._start = start
        self._folders = folders
        self._home = home
        self.ai = ai
        self._sessions = sessions
        self._practice = practice
        self._news = news
        self._world = AsyncExitStack()
        self.crash: Crash | None = None
        self._visit: Callable[[str], Text | None] | None = None
        self.failure: ZhinanError | None = None
        for each in (DARK, LIGHT):  # before any style sheet is read: they name roles that only these themes have
            self.register_theme(each)
        self.theme = (LIGHT if theme == "light" else DARK).name

    @property
    def can_practise(self) -> bool:
        """Whether there is a practice world to start."""
        return self._practice is not None

    def get_default_screen(self) -> Screen[Any]:
        """The screen under all others: a document that is being opened, so that no empty one is painted before it."""
        if isinstance(self._start, OpeningStart):
            return OpeningScreen(self._start.beginning, self._start.given)
        return super().get_default_screen()

    def on_mount(self) -> None:
        """The first screen, and what was done before it."""
        if self._news is not None:
            from tui.ui.dialogs import news

            news.watch(self, self._news)
        match self._start:
            case LibraryStart():
                self._open_library()
            case GuideStart(guide, given):
                self.open_guide(guide, given)
            case OpeningStart():
                pass  # it is there already
            case PracticeStart():
                self.open_practice()

    async def on_unmount(self) -> None:
        """Leave the practice world, if one is up."""
        await self._world.aclose()

    # ---- routes ---------------------------------------------------------------------------------------------------------------

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

        kept = failure_store.pages([*self._folders, builtin_dir()], (self._home or config.home()) / "cache")
        return next((page for page in kept if page.id == identity), None)

    @property
    def shelves(self) -> Shelves:
        """Where documents of the reader's own are, and the journal."""
        from tui.run.teaching import Shelves

        home = self._home or config.home()
        return Shelves(self._folders or (home / "guides",), home)

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

    def _open_library(self) -> None:
        from tui.ui.screens.library.screen import LibraryScreen

        self.push_screen(LibraryScreen(self._folders, self._home or config.home()))

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
            if leaving.practice and not any(screen.practice for screen in self._guides()):
                await self._world.aclose()
                self._world = AsyncExitStack()
                self._visit = None
        if not isinstance(self.screen, LibraryScreen | GuideScreen):
            self._open_library()

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

    def notify(
        self, message: str, *, title: str = "", severity: SeverityLevel = "information", timeout: float | None = None, markup: bool = True
    ) -> None:
        """Say a short word on the screen in front; always as it is, whatever brackets are in it."""
        notice(self.screen, message, severity, self.NOTIFICATION_TIMEOUT if timeout is None else timeout)

    # ---- commands of every screen ---------------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """The keys of the screen in front."""
        from tui.ui.dialogs.base import Dialog
        from tui.ui.screens.help.screen import HelpScreen

        if not isinstance(self.screen, HelpScreen | Dialog):
            self.push_screen(HelpScreen(listed(self._speakers())))

    def action_palette(self) -> None:
        """Everything that can be done now."""
        from tui.ui.dialogs.base import Dialog
        from tui.ui.dialogs.palette import PaletteDialog

        if isinstance(self.screen, Dialog):
            return

        def chosen(entry: Entry | None) -> None:
            if entry is not None:
                self.call_later(self.run_action, entry.action, entry.node)

        self.push_screen(PaletteDialog(list(self._entries())), chosen)

    def action_language(self) -> None:
        """Chinese to English and back, at once and everywhere."""
        texts.use("en" if texts.language() == "zh" else "zh")
        for screen in self.screen_stack:
            speak(screen)

    def action_theme(self) -> None:
        """Dark to light and back."""
        self.theme = (DARK if self.theme == LIGHT.name else LIGHT).name

    async def action_quit(self) -> None:
        """Quit; asks first if something runs."""
        from tui.ui.dialogs.confirm import ConfirmDialog

        if any(isinstance(screen, ConfirmDialog) for screen in self.screen_stack):
            return
        if not any(screen.runner.busy for screen in self._guides()):
            self.exit(0)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._stop_and_quit(), group="leave", exclusive=True)

        self.push_screen(ConfirmDialog(_QUIT, _QUIT_WHY, yes=_QUIT_YES, no=_QUIT_NO), answered)

    async def _stop_and_quit(self) -> None:
        for screen in self._guides():
            await screen.shut()
        self.exit(0)

    def _guides(self) -> list[GuideScreen]:
        from tui.ui.screens.guide.screen import GuideScreen

        return [screen for screen in self.screen_stack if isinstance(screen, GuideScreen) and screen.is_mounted]

    def _speakers(self) -> list[DOMNode]:
        focused = self.screen.focused
        return [*([focused] if focused is not None else []), self.screen, self]

    def _entries(self) -> Iterable[Entry]:
        """The bindings in force, those that the key bar shows first; Textual's own, which have no id, left out."""
        from tui.ui.dialogs.palette import Entry

        seen: set[str] = {"app.palette"}
        active = sorted(self.screen.active_bindings.items(), key=lambda each: not each[1].binding.show)
        for name, (node, binding, enabled, _) in active:
            ident = binding.id or ""
            if enabled and ident and ident not in seen and offered(self.screen, binding):
                seen.add(ident)
                yield Entry(words_now(self.screen, binding), key_name(name), binding.action, node)

    # ---- what goes wrong ------------------------------------------------------------------------------------------------------

    def note_crash(self, error: Exception) -> Text:
        """Write an unexpected exception to a file of the program's own; one sentence that says where."""
        from tui import crash

        self.crash = crash.write(error, config.home())
        return self.crash.text

    def _handle_exception(self, error: Exception) -> None:
        """Textual's last resort would print a traceback; the reader gets one sentence, the details go to the log file."""
        if self._exit:
            return  # on the way out; a screen that is no longer finished is no news
        if isinstance(error, ZhinanError):
            self.failure = error
        else:
            self.note_crash(error)
        self._return_code = 1
        if self._exception is None:  # so that tests see it
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()


def speak(screen: Screen[object]) -> None:
    """Have a screen say everything again after the language changed."""
    for node in (screen, *screen.query("*")):
        again = getattr(node, "speak", None) or getattr(node, "redraw", None)
        if again is not None:
            again()
        node.refresh(layout=True)
    if (refresh_all := getattr(screen, "refresh_all", None)) is not None:
        refresh_all()
