"""The first screen: guides by folder at the left, what the highlighted one is about at the right."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui import texts
from tui.errors import ZhinanError
from tui.guide import parse
from tui.guide.library import Entry
from tui.guide.model import Guide
from tui.texts import Text
from tui.ui.screens.library.preview import Preview
from tui.ui.screens.library.shelf import Row, read_all, rows
from tui.ui.seams import front
from tui.ui.widgets.cells import fit, visible, width
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
_NO_MATCH = Text("没有标题或简介含有“{words}”的指南", "No guide has “{words}” in its title or summary")
_STEPS = Text("{n} 步", "{n} steps")
_STEP = Text("1 步", "1 step")
_UNREADABLE = Text("打不开", "unreadable")


class GuideList(OptionList):
    """The list; its enter has a name, so that the key bar can tell of it."""

    BINDINGS: ClassVar[list[BindingType]] = [key("library.open", "enter", "select", Text("打开", "open"))]


class LibraryScreen(Screen[None]):
    """`folders` are the reader's own; the built-in guides come first."""

    CSS_PATH = "library.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012  declared so by Textual
    AUTO_FOCUS = "#guides"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("library.find", "slash", "find", Text("搜索", "search")),
        key("library.practice", "p", "practice", Text("练习", "practice")),
        key("library.reload", "f5", "reload", Text("重新读取", "reload"), show=False),
        key("library.down", "j", "cursor(1)", Text("下一份", "next guide"), show=False),
        key("library.up", "k", "cursor(-1)", Text("上一份", "previous guide"), show=False),
        key("library.clear", "escape", "clear", Text("清除搜索", "clear the search"), show=False),
        key("library.quit", "q", "app.quit", Text("退出", "quit")),
    ]

    def __init__(self, folders: tuple[Path, ...]) -> None:
        super().__init__()
        self._folders = folders
        self._entries: list[Entry] = []
        self._rows: list[Row] = []
        self._guides: dict[Path, Guide | Text] = {}

    def compose(self) -> ComposeResult:
        """Title, search line, list, preview, keys."""
        yield TitleBar(id="title")
        with Horizontal(id="work"):
            with Vertical(id="left"):
                with Horizontal(id="search"):
                    yield Static("/", id="slash")
                    yield Input(id="words", compact=True)
                yield GuideList(id="guides", compact=True)
                yield Static("", id="empty", markup=False)
            with VerticalScroll(id="right", can_focus=False):
                yield Preview()
        yield KeyBar()

    def on_mount(self) -> None:
        """Read the library off the event loop."""
        self.speak()
        self.watch(self.app, "theme", self._say_mode, init=False)
        self.action_reload()

    def speak(self) -> None:
        """All words again, in the language of the moment; of twins the other one is listed."""
        self.query_one("#title", TitleBar).crumbs = (str(_NAME),)
        self._say_mode()
        if self._entries:
            self.action_reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Practice only where there is one; letters are letters while typing."""
        if action == "practice":
            return front(self).can_practise
        return True

    # ---- actions

    def action_open(self) -> None:
        """Open the highlighted guide; one that can't be read says why."""
        entry = self._here()
        if entry is not None:
            front(self).open_path(entry.path)

    def action_find(self) -> None:
        """Type into the search line."""
        self.query_one("#words", Input).focus()

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

    @work(thread=True, exclusive=True, group="read")
    def action_reload(self) -> None:
        """List all guides; the list appears when they are there."""
        found = read_all(self._folders, texts.language())
        self.app.call_from_thread(self._listed, found)

    def _listed(self, found: list[Entry]) -> None:
        self._entries = found
        self._guides.clear()
        self._fill()
        if self.focused is None:  # a list that was empty, and so not shown, could not keep the focus
            self.query_one(GuideList).focus()

    @work(thread=True, exclusive=True, group="preview")
    def _load(self, entry: Entry) -> None:
        """Parse the highlighted guide for its preview, off the event loop."""
        try:
            found: Guide | Text = parse.load(entry.path)
        except ZhinanError as error:
            found = error.text
        self.app.call_from_thread(self._loaded, entry.path, found)

    def _loaded(self, path: Path, found: Guide | Text) -> None:
        self._guides[path] = found
        self._show(self._here())

    # ---- messages

    @on(Input.Changed, "#words")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    @on(Input.Submitted, "#words")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#guides").focus()

    @on(OptionList.OptionHighlighted, "#guides")
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._show(self._here())

    @on(OptionList.OptionSelected, "#guides")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_open()

    def on_resize(self) -> None:
        """The right-hand numbers stand at the edge."""
        if self._entries:
            self.call_after_refresh(self._fill)

    # ---- drawing

    def _say_mode(self) -> None:
        theme = _LIGHT if "light" in self.app.theme else _DARK
        self.query_one("#title", TitleBar).note = _MODE.fill(theme=theme)

    def _here(self) -> Entry | None:
        index = self.query_one(GuideList).highlighted
        return self._rows[index].entry if index is not None and index < len(self._rows) else None

    def _fill(self) -> None:
        options = self.query_one(GuideList)
        words = self.query_one("#words", Input).value
        kept = self._here()
        self._rows = list(rows(self._entries, words))
        room = max(20, self.query_one("#left").size.width - 1)
        options.clear_options()
        options.add_options(self._option(row, room) for row in self._rows)
        empty = self.query_one("#empty", Static)
        empty.display = not self._rows
        empty.update(visible(str(_NO_MATCH.fill(words=words) if self._entries else _EMPTY)))
        options.display = bool(self._rows)
        self._restore(options, kept)

    def _restore(self, options: OptionList, kept: Entry | None) -> None:
        """Stay on the guide the reader was on, else on the first; a twin counts as the same."""
        guides = [(index, row.entry) for index, row in enumerate(self._rows) if row.entry is not None]
        same = [index for index, entry in guides if kept is not None and (entry.folder, entry.id) == (kept.folder, kept.id)]
        options.highlighted = same[0] if same else (guides[0][0] if guides else None)
        self._show(self._here())

    def _show(self, entry: Entry | None) -> None:
        preview = self.query_one(Preview)
        if entry is None:
            preview.clear()
            return
        found = self._guides.get(entry.path, entry.problem)
        if isinstance(found, Guide):
            preview.show(found)
        elif isinstance(found, Text):
            preview.show_problem(entry.title, found)
        else:
            preview.show_entry(entry)
            self._load(entry)

    def _option(self, row: Row, room: int) -> Option:
        if row.entry is None:
            return Option(Content.styled(visible(str(row.heading)), "$muted"), disabled=True)
        return Option(_line(row.entry, room))


def _line(entry: Entry, room: int) -> Content:
    """Mark, title, and the number of steps at the right edge."""
    if entry.problem is not None:
        remark, style, sign, role = str(_UNREADABLE), "$bad", "✗", "$bad"
    else:
        remark = str(_STEP if entry.steps == 1 else _STEPS.fill(n=entry.steps)) if entry.steps else ""
        style, sign, role = "$muted", "◦", "$faint"
    title = fit(visible(entry.title), room - width(remark) - 6)
    gap = " " * max(2, room - 4 - width(title) - width(remark))
    return Content.assemble("  ", (f"{sign} ", role), (title, "$ink"), gap, (remark, style))
