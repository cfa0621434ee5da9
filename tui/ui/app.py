"""The full-screen program: opens screens, and holds what belongs to none of them (theme, language, palette, quitting, crashes).

No business logic lives here. Which guide is run how is the guide screen's and the engine's; the app only routes between screens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType
from textual.dom import DOMNode
from textual.notifications import SeverityLevel
from textual.screen import Screen

from tui import config, texts
from tui.errors import ZhinanError
from tui.texts import Text
from tui.ui.routes import Routes
from tui.ui.screens.opening.screen import OpeningScreen
from tui.ui.starts import GuideStart, LibraryStart, OpeningStart, PracticeStart, Start
from tui.ui.theme import DARK, LIGHT
from tui.ui.widgets.keys import key, key_name, listed, offered, words_now
from tui.ui.widgets.notice import notice

if TYPE_CHECKING:
    from tui.crash import Crash
    from tui.ui.dialogs.palette import Entry
    from tui.ui.seams import News, Practice, Sessions

_QUIT = Text("退出指南？", "Quit Zhinan?")
_QUIT_WHY = Text(
    "还有步骤在执行。退出会先停下它：命令连同它的子进程一起结束，已有的日志和结果留在记录里。",
    "A step is still running. Quitting stops it first: the command ends with all its processes; its log and results stay on record.",
)
_QUIT_YES = Text("停止并退出", "stop and quit")
_QUIT_NO = Text("不退出", "stay")


class ZhinanApp(Routes):
    """Leaves with the exit code. `practice` starts the world behind the p key; None where there is none."""

    TITLE = "Zhinan 指南"
    ENABLE_COMMAND_PALETTE = False  # its own, in both languages
    BINDINGS: ClassVar[list[BindingType]] = [
        key("app.help", "question_mark", "help", Text("帮助", "help")),
        key("app.palette", "ctrl+p", "palette", Text("命令面板", "commands")),
        key("app.runs", "h", "runs", Text("做过的执行", "past runs")),
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
                self.open_library()
            case GuideStart(guide, given):
                self.open_guide(guide, given)
            case OpeningStart():
                pass  # it is there already
            case PracticeStart():
                self.open_practice()

    async def on_unmount(self) -> None:
        """Leave the practice world, if one is up."""
        await self._world.aclose()

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
        if not any(screen.runner.busy for screen in self.guides()):
            self.exit(0)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._stop_and_quit(), group="leave", exclusive=True)

        self.push_screen(ConfirmDialog(_QUIT, _QUIT_WHY, yes=_QUIT_YES, no=_QUIT_NO), answered)

    async def _stop_and_quit(self) -> None:
        for screen in self.guides():
            await screen.shut()
        self.exit(0)

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
