"""Past runs: the list, and the report of one, drawn as any document is. Nothing runs here; a run goes on in its guide."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.act import report as telling
from tui.errors import ZhinanError
from tui.guide.parse import parse
from tui.run.journal import Journal
from tui.run.past import End, Past, past
from tui.texts import Text
from tui.ui.document import DocumentView
from tui.ui.screens.library.draw import when
from tui.ui.seams import front
from tui.ui.widgets.cells import fit, pad, visible, width
from tui.ui.widgets.keybar import KeyBar
from tui.ui.widgets.keys import key
from tui.ui.widgets.marks import ENDINGS
from tui.ui.widgets.titlebar import TitleBar

_RUNS = Text("做过的执行", "Past runs")
_REPORT = Text("报告", "Report")
_NONE = Text("还没有执行过什么。打开一份指南，按 r 执行一步。", "Nothing has been run yet: open a guide and press r on a step.")
_STEPS = Text("{done}/{all} 步", "{done}/{all} steps")
_MENDS = Text("修 {cause}", "mends {cause}")
_SAVED = Text("报告写好了：{file}", "The report is in {file}")
_MOST = 200
_HEAD = 12
"""Cells for mark and word of how a run stands; what is longer is cut."""
_ROLES = {End.CUT_OFF: "$decide", End.UNDER_WAY: "$alive", End.UNDONE: "$muted"}


class RunList(OptionList):
    """The list; its enter has a name, so that the key bar can tell of it."""

    BINDINGS: ClassVar[list[BindingType]] = [key("runs.report", "enter", "select", Text("看报告", "report"))]


class RunsScreen(Screen[None]):
    """The runs on record in the folder `home`, the newest first."""

    CSS_PATH = "runs.tcss"
    AUTO_FOCUS = "#runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("runs.open", "o", "open", Text("打开指南", "open its guide")),
        key("runs.down", "j", "cursor(1)", Text("下一次", "next run"), show=False),
        key("runs.up", "k", "cursor(-1)", Text("上一次", "previous run"), show=False),
        key("runs.close", "escape,q", "close", Text("返回", "back")),
    ]

    def offers(self, action: str) -> bool:
        """Past runs are here; where there are none, none has a guide."""
        return action != "runs" and (action != "open" or bool(self._runs))

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home
        self._runs: tuple[Past, ...] = ()

    def compose(self) -> ComposeResult:
        """Title, list, keys."""
        yield TitleBar(id="title")
        yield RunList(id="runs", compact=True, markup=False)
        yield Static("", id="none", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Read them."""
        self.query_one("#none").display = False
        self.speak()
        self._read()

    def speak(self) -> None:
        """All words, in the language of the moment."""
        self.query_one(TitleBar).crumbs = (str(_RUNS),)
        self._fill()

    @work(thread=True, exclusive=True)
    def _read(self) -> None:
        try:
            with closing(Journal(self._home)) as journal:
                rows = journal.runs()
                found: tuple[Past, ...] | Text = tuple(past(journal, rows[:_MOST], rows))
        except ZhinanError as error:
            found = error.text
        except sqlite3.Error as error:
            found = Text(str(error), str(error))
        self.app.call_from_thread(self._listed, found)

    def _listed(self, found: tuple[Past, ...] | Text) -> None:
        none = self.query_one("#none", Static)
        self._runs = found if isinstance(found, tuple) else ()
        none.update(visible(str(_NONE if isinstance(found, tuple) else found)))
        none.display = not self._runs
        self.refresh_bindings()
        self.query_one("#runs").display = bool(self._runs)
        self._fill()

    def _fill(self) -> None:
        options = self.query_one("#runs", OptionList)
        at = options.highlighted or 0
        options.clear_options()
        room = max(20, self.size.width - 3)
        options.add_options(Option(_line(each, room)) for each in self._runs)
        options.highlighted = min(at, len(self._runs) - 1) if self._runs else None

    def on_resize(self) -> None:
        """Titles are cut to fit."""
        self._fill()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_report()

    @property
    def _here(self) -> Past | None:
        index = self.query_one("#runs", OptionList).highlighted
        return self._runs[index] if index is not None and index < len(self._runs) else None

    def action_report(self) -> None:
        """Tell of the highlighted run."""
        if self._here is not None:
            self.app.push_screen(ReportScreen(self._home, self._here))

    def action_open(self) -> None:
        """Its guide, where it can go on."""
        if self._here is not None:
            front(self).open_path(Path(self._here.row.guide))

    def action_cursor(self, by: int) -> None:
        """Move in the list."""
        options = self.query_one("#runs", OptionList)
        options.action_cursor_down() if by > 0 else options.action_cursor_up()

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)


class ReportScreen(Screen[None]):
    """The report of one run, to read and to save."""

    CSS_PATH = "runs.tcss"
    AUTO_FOCUS = "#document"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("report.save", "s", "save", Text("存成文件", "save to a file")),
        key("report.close", "escape,q", "close", Text("返回", "back")),
    ]

    def offers(self, action: str) -> bool:
        """Past runs are behind this one."""
        return action != "runs"

    def __init__(self, home: Path, found: Past) -> None:
        super().__init__()
        self._home, self._found = home, found

    def compose(self) -> ComposeResult:
        """Title, the document, keys."""
        title = TitleBar()
        title.set_reactive(TitleBar.crumbs, (str(_RUNS), f"{_REPORT} {self._found.short}"))
        yield title
        document = replace(parse(self._text(), Path("report.md")), steps=())  # to read: nothing in it is a step
        yield DocumentView(document, id="document")
        yield KeyBar()

    def _text(self) -> str:
        with closing(Journal(self._home)) as journal:
            return telling.text(journal, self._home, self._found.row.run)

    def action_save(self) -> None:
        """Into the folder the program was started in."""
        try:
            file = telling.keep(self._text(), self._found.row.run)
        except ZhinanError as error:
            self.app.notify(visible(str(error)), severity="error", markup=False, timeout=10)
            return
        self.app.notify(visible(str(_SAVED.fill(file=file))), markup=False, timeout=8)

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)


def _line(each: Past, room: int) -> Content:
    mark, word = each.words
    role = _ROLES[each.stands] if isinstance(each.stands, End) else ENDINGS[each.stands].role
    count = str(_STEPS.fill(done=len(each.passed), all=len(each.asked)))
    mends = f"  {_MENDS.fill(cause=each.row.mends.cause)}" if each.row.mends is not None else ""
    tail = visible(f"{count}{mends}  {when(each.row.at)}")
    head = pad(f"{mark} {word}", _HEAD) + "  "
    title = fit(visible(each.row.title), max(4, room - width(head) - width(tail) - 2))
    gap = " " * max(2, room - width(head) - width(title) - width(tail))
    return Content.assemble((head, role), (title, "$ink"), (gap + tail, "$muted"))
