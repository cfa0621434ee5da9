"""The first screen: at the left what was used lately, guides and failure pages, or what was found; at the right what it is about."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.errors import ZhinanError
from tui.guide import parse
from tui.guide.model import Guide
from tui.guide.search.find import Found
from tui.texts import Text
from tui.ui.screens.library.draw import draw
from tui.ui.screens.library.keeper import Keeper
from tui.ui.screens.library.preview import Preview
from tui.ui.screens.library.shelf import Row, Shelf, found_rows, rows
from tui.ui.seams import front
from tui.ui.widgets.cells import visible
from tui.ui.widgets.finding import find_key
from tui.ui.widgets.keybar import KeyBar
from tui.ui.widgets.keys import key
from tui.ui.widgets.titlebar import TitleBar

_NAME = Text("指南 Zhinan", "Zhinan 指南")
_MODE = Text("中文 · {theme}", "English · {theme}")
_DARK = Text("深色", "dark")
_LIGHT = Text("浅色", "light")
_EMPTY = Text(
    "知识库里还没有指南。\n用 zhinan FILE.md 打开一份，或在设置里用 library 加上你自己的文件夹。",
    "There are no guides in the library yet.\nOpen one with zhinan FILE.md, or add a folder of yours as library in the settings.",
)
_HINT = Text("标题、正文、命令、拼音、首字母", "titles, text, commands, pinyin")
_INDEXING = Text("正在建立索引 {done}/{all}", "making the index {done}/{all}")


class GuideList(OptionList):
    """The list; its enter has a name, so that the key bar can tell of it."""

    BINDINGS: ClassVar[list[BindingType]] = [key("library.open", "enter", "select", Text("打开", "open"))]


class SearchLine(Input):
    """What to look for; the arrow keys move in the list meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("library.open", "enter", "submit", Text("打开", "open")),
        key("library.clear", "escape", "screen.clear", Text("清除搜索", "clear the search")),
        key("library.next", "down", "screen.cursor(1)", Text("下一份", "next guide"), show=False),
        key("library.previous", "up", "screen.cursor(-1)", Text("上一份", "previous guide"), show=False),
    ]


class LibraryScreen(Keeper):
    """`folders` are the reader's own; the built-in guides come first. `home` is where the program keeps its files."""

    CSS_PATH = "library.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012  declared so by Textual
    AUTO_FOCUS = "#guides"
    BINDINGS: ClassVar[list[BindingType]] = [
        find_key("library.find"),
        key("library.practice", "p", "practice", Text("练习", "practice")),
        key("library.runs", "h", "app.runs", Text("做过的执行", "past runs")),
        key("library.reload", "f5", "reload", Text("重新读取", "reload"), show=False),
        key("library.down", "j", "cursor(1)", Text("下一份", "next guide"), show=False),
        key("library.up", "k", "cursor(-1)", Text("上一份", "previous guide"), show=False),
        key("library.clear", "escape", "clear", Text("清除搜索", "clear the search"), show=False),
        key("library.quit", "q", "app.quit", Text("退出", "quit")),
    ]

    def __init__(self, folders: tuple[Path, ...], home: Path) -> None:
        super().__init__(folders, home)
        self._shelf: Shelf | None = None
        self._rows: list[Row] = []
        self._guides: dict[Path, Guide | Text] = {}
        self._failures_open = False
        self._answered = ""  # the words whose hits are listed
        self._found: Found | None = None
        self._open_first = False

    def compose(self) -> ComposeResult:
        """Title, search line, list, preview, keys."""
        yield TitleBar(id="title")
        with Horizontal(id="work"):
            with Vertical(id="left"):
                with Horizontal(id="search"):
                    yield Static("/", id="slash")
                    yield SearchLine(id="words", compact=True)
                    yield Static("", id="progress", markup=False)
                yield GuideList(id="guides", compact=True, markup=False)
                yield Static("", id="empty", markup=False)
            with VerticalScroll(id="right", can_focus=False):
                yield Preview()
        yield KeyBar()

    def on_mount(self) -> None:
        """Read the library off the event loop."""
        self.begin()
        self.speak()
        self.watch(self.app, "theme", self._say_mode, init=False)

    def on_screen_resume(self) -> None:
        """Back from a guide: it is one used lately now."""
        if self._shelf is not None:
            self.reload()

    def speak(self) -> None:
        """All words again, in the language of the moment; of twins the other one is listed."""
        self.query_one("#title", TitleBar).crumbs = (str(_NAME),)
        self.query_one("#words", Input).placeholder = str(_HINT)
        self._say_mode()
        if self._shelf is not None:
            self.reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Practice only where there is one."""
        return front(self).can_practise if action == "practice" else super().check_action(action, parameters)

    # ---- actions

    def action_open(self) -> None:
        """Open what is highlighted, at its line; one that can't be read says why. The failure pages' heading opens and closes them."""
        row = self._here()
        if row is None:
            return
        if row.folded is not None:
            self._failures_open = row.folded
            self._fill()
        elif row.path is not None:
            front(self).open_path(row.path, row.line)

    def action_find(self) -> None:
        """Type into the search line."""
        self.set_focus(self.query_one("#words", Input))

    def action_clear(self) -> None:
        """Empty the search line and go back to the list."""
        self.query_one("#words", Input).value = ""
        self.query_one("#guides").focus()

    def action_practice(self) -> None:
        """Rehearse."""
        front(self).open_practice()

    def action_cursor(self, by: int) -> None:
        """Move in the list."""
        options = self.query_one(GuideList)
        options.action_cursor_down() if by > 0 else options.action_cursor_up()

    def action_reload(self) -> None:
        """Read everything again."""
        self._kept = {}
        self.reload()

    # ---- what comes from the threads

    def listed(self, shelf: Shelf) -> None:
        """See `Keeper`."""
        first = self._shelf is None
        self._shelf = shelf
        self._guides.clear()
        if not self._words() or first:
            self._fill()
        if self.focused is None:  # a list that was empty, and so not shown, could not keep the focus
            self.query_one(GuideList).focus()

    def progress(self, done: int, everything: int) -> None:
        """See `Keeper`. What is new in the index may match, too."""
        self.query_one("#progress", Static).update(str(_INDEXING.fill(done=done, all=everything)) if everything else "")
        if not everything and (words := self._words()):
            self.search(words)

    def found(self, words: str, found: Found, hint: Text | None) -> None:
        """See `Keeper`; an answer to older words is nobody's."""
        if words != self._words():
            return
        again = words == self._answered
        self._found, self._answered = found, words
        self._fill(hint, keep=again)
        if self._open_first:
            self._open_first = False
            self.action_open()

    @work(thread=True, exclusive=True, group="preview")
    def _load(self, path: Path) -> None:
        """Parse the highlighted guide for its preview, off the event loop."""
        try:
            found: Guide | Text = parse.load(path)
        except ZhinanError as error:
            found = error.text
        self._tell(self._loaded, path, found)

    def _loaded(self, path: Path, found: Guide | Text) -> None:
        self._guides[path] = found
        self._show(self._here())

    # ---- messages

    @on(Input.Changed, "#words")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._open_first = False
        if words := self._words():
            self.search(words)
        else:
            self._found, self._answered = None, ""
            self._fill()

    @on(Input.Submitted, "#words")
    def _submitted(self, event: Input.Submitted) -> None:
        """Enter opens what is highlighted, the best hit if nothing else was; if it is still being looked for, as soon as it is found."""
        event.stop()
        if not self._words():
            self.query_one("#guides").focus()
        elif self._answered == self._words():
            self.action_open()
        else:
            self._open_first = True

    @on(OptionList.OptionHighlighted, "#guides")
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._show(self._here())

    @on(OptionList.OptionSelected, "#guides")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_open()

    def on_resize(self) -> None:
        """The right-hand remarks stand at the edge."""
        if self._shelf is not None:
            self.call_after_refresh(self._fill)

    # ---- drawing

    def _say_mode(self) -> None:
        theme = _LIGHT if "light" in self.app.theme else _DARK
        self.query_one("#title", TitleBar).note = _MODE.fill(theme=theme)

    def _words(self) -> str:
        return self.query_one("#words", Input).value.strip()

    def _here(self) -> Row | None:
        index = self.query_one(GuideList).highlighted
        return self._rows[index] if index is not None and index < len(self._rows) else None

    def _fill(self, hint: Text | None = None, *, keep: bool = True) -> None:
        options, kept = self.query_one(GuideList), self._here()
        if self._found is not None:
            self._rows = list(found_rows(self._found, self._answered))
        elif self._shelf is not None:
            self._rows = list(rows(self._shelf, failures_open=self._failures_open))
        room = max(20, self.query_one("#left").size.width - 1)
        options.clear_options()
        options.add_options(Option(draw(row, room), disabled=row.path is None and row.folded is None) for row in self._rows)
        empty = self.query_one("#empty", Static)
        empty.display = not self._rows
        empty.update(visible(str(hint if self._found is not None else _EMPTY)))
        options.display = bool(self._rows)
        self._restore(options, kept if keep else None)

    def _restore(self, options: OptionList, kept: Row | None) -> None:
        """Stay on what the reader was on, else on the first that can be opened."""
        there = [(index, row) for index, row in enumerate(self._rows) if row.path is not None or row.folded is not None]
        same = [index for index, row in there if kept is not None and row.mark == kept.mark]
        options.highlighted = same[0] if same else (there[0][0] if there else None)
        self._show(self._here())

    def _show(self, row: Row | None) -> None:
        preview = self.query_one(Preview)
        if row is None or row.path is None:
            preview.clear()
            return
        found = self._guides.get(row.path, row.entry.problem if row.entry is not None else None)
        if isinstance(found, Guide):
            preview.show(found, row.hit)
        elif isinstance(found, Text):
            preview.show_problem(row.title, found)
        else:
            preview.show_title(row.title, row.entry.summary if row.entry is not None else "")
            self._load(row.path)
