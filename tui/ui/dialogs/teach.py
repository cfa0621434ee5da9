"""Teaching the program a failure: which lines tell it, what it is called, and what came of trying that out, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.guide.taught import Wish
from tui.judge.teach import TooGeneral, bare, patterns_of
from tui.run.teaching import Lesson
from tui.texts import Text
from tui.ui.dialogs.base import Answer, Dialog, paragraph
from tui.ui.dialogs.consent import Prose
from tui.ui.widgets.cells import visible
from tui.ui.widgets.keys import key

_TITLE = Text("教会程序认这个故障", "Teach the program this failure")
_WHY = Text(
    "用空格选出说明问题的那几行；以后日志里再有它们（数字、主机、版本不同也算），就认得是这个故障。",
    "Choose the lines that tell (space): a log with them all (other numbers, hosts, versions count, too) is known as this from now on.",
)
_FIELDS = (
    ("title", Text("标题", "title"), Text("不写就用第一行", "else the first line")),
    ("why", Text("原因", "reason"), Text("可以以后再写", "may be written later")),
    ("mend", Text("怎么修", "mend"), Text("以“$ ”开头的是命令；可以以后再写", "a command if it begins with “$ ”; may be written later")),
)
_NONE = Text("还没有选中一行", "no line is chosen yet")
_TRY = Text("试一试", "try it out")
_CHOOSE = Text("选、不选这一行", "choose this line or don't")
_CANCEL = Text("取消", "cancel")
_TRIED = Text("试过了，写下它？", "Tried out: write it?")
_GREEDY = Text("试过了：它太宽", "Tried out: it is too wide")
_KEEP = Text("写下", "write")
_EDIT = Text("写下并编辑", "write, edit")
_CHANGE = Text("再改改", "change")
_DROP = Text("不写", "drop")
_WHERE = Text("会写到：{path}", "It will be written to {path}")
_LONG = 300


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the log that may be chosen: its number (1-based) and its words."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the teacher chose: numbers of lines, and what was said."""

    lines: tuple[int, ...]
    wish: Wish


class Lines(OptionList):
    """Lines of a log, of which several can be chosen; a mark says which, not a colour. Tells `Changed`."""

    BINDINGS: ClassVar[list[BindingType]] = [key("teach.toggle", "space", "select", _CHOOSE)]

    class Changed(Message):
        """Others are chosen now."""

    def __init__(self, rows: Sequence[Row], chosen: set[int]) -> None:
        self._rows = tuple(rows)
        self.chosen = chosen
        super().__init__(*(Option(self._line(row)) for row in self._rows), id="lines", compact=True)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose a line, or don't."""
        event.stop()
        row = self._rows[event.option_index]
        self.chosen ^= {row.number}
        self.replace_option_prompt_at_index(event.option_index, self._line(row))
        self.post_message(self.Changed())

    def on_resize(self) -> None:
        """What is highlighted stays in sight, however few rows there are."""
        self.call_after_refresh(self.scroll_to_highlight)

    def _line(self, row: Row) -> Content:
        mark = ("[✓] ", "$ok") if row.number in self.chosen else ("[ ] ", "$faint")
        return Content.assemble(mark, (f"{row.number:>5}  ", "$faint"), (visible(bare(row.text)[:_LONG]), "$ink"))


class TeachDialog(Dialog[Chosen]):
    """Dismissed with what was chosen. `rows` are the lines to choose from, `before` what is chosen at first."""

    BINDINGS: ClassVar[list[BindingType]] = [key("teach.try", "ctrl+s", "answer('yes')", _TRY)]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-roomy")]  # noqa: RUF012  declared so by Textual

    def __init__(self, rows: Sequence[Row], before: Chosen) -> None:
        super().__init__(classes="-tall -teach")
        self._rows = tuple(rows)
        self._before = before

    def title_text(self) -> Text:
        """What it is."""
        return _TITLE

    def body(self) -> Iterable[Widget]:
        """Why, then the lines."""
        why = Prose(str(_WHY))
        why.add_class("-sentence")
        yield why
        chosen = set(self._before.lines)
        yield Lines(self._rows, chosen)

    def beneath(self) -> Iterable[Widget]:
        """What the choice comes to, then the words."""
        yield paragraph("", "-pattern")
        for name, label, hint in _FIELDS:
            with Horizontal(classes="-row"):
                yield Static(str(label), classes="-label", markup=False)
                yield Input(getattr(self._before.wish, name), placeholder=str(hint), id=f"field-{name}", compact=True)

    def answers(self) -> Iterable[Answer]:
        """Try it, or leave."""
        yield Answer("^s", _TRY, "yes")
        yield Answer("esc", _CANCEL, "no")

    def begin(self) -> None:
        """At the last chosen line."""
        lines = self.query_one(Lines)
        lines.focus()
        chosen = [index for index, row in enumerate(self._rows) if row.number in self._before.lines]
        lines.highlighted = chosen[-1] if chosen else len(self._rows) - 1
        self._say()

    def answered(self, name: str) -> None:
        """Nothing without a line that tells."""
        if name == "no":
            self.dismiss(None)
            return
        chosen = self._chosen()
        if self._say() is None:
            wish = Wish(**{name: self.query_one(f"#field-{name}", Input).value for name, _, _ in _FIELDS})
            self.dismiss(Chosen(tuple(row.number for row in chosen), wish))
        else:
            self.query_one(Lines).focus()

    def _chosen(self) -> list[Row]:
        chosen = self.query_one(Lines).chosen
        return [row for row in self._rows if row.number in chosen]

    def _say(self) -> Text | None:
        """Show what the choice comes to; the sentence why it won't do."""
        chosen = self._chosen()
        wrong: Text | None = None
        patterns: tuple[str, ...] = ()
        try:
            patterns = patterns_of([row.text for row in chosen])
        except TooGeneral as error:
            wrong = error.text
        if not chosen:
            wrong = _NONE
        shown = "\n".join(visible(pattern) for pattern in patterns) if wrong is None else f"✗ {visible(str(wrong))}"
        self.query_one(".-pattern", Static).update(Content.styled(shown, "$muted" if wrong is None else "$bad"))
        return wrong

    @on(Lines.Changed)
    def _changed(self, event: Lines.Changed) -> None:
        event.stop()
        self._say()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field; on the last it tries."""
        event.stop()
        names = [f"field-{name}" for name, _, _ in _FIELDS]
        here = names.index(event.input.id or names[-1])
        if here + 1 < len(names):
            self.query_one(f"#{names[here + 1]}").focus()
        else:
            self.answered("yes")


class TriedDialog(Dialog[str]):
    """What came of trying a page out, and the page. Dismissed with `keep`, `edit` (keep, too) or `change`; None drops it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("teach.keep", "y", "answer('keep')", _KEEP),
        key("teach.edit", "e", "answer('edit')", _EDIT),
        key("teach.change", "c", "answer('change')", _CHANGE),
    ]

    def __init__(self, lesson: Lesson) -> None:
        super().__init__(classes="-tall")
        self._lesson = lesson

    def title_text(self) -> Text:
        """How it went."""
        return _GREEDY if self._lesson.trial.greeds else _TRIED

    def body(self) -> Iterable[Widget]:
        """The news, the place, the page as it will be written."""
        for says in self._lesson.says[: len(self._lesson.trial.greeds)]:
            yield paragraph(f"✗ {visible(str(says))}", "-wrong")
        for says in self._lesson.says[len(self._lesson.trial.greeds) :]:
            yield paragraph(visible(str(says)))
        yield paragraph(visible(str(_WHERE.fill(path=self._lesson.draft.page.path))), "-ask")
        yield paragraph("\n".join(map(visible, self._lesson.draft.text.splitlines())), "-code")

    def answers(self) -> Iterable[Answer]:
        """Write, edit, change, drop; where it is too wide, changing is what enter does."""
        yield Answer("y", _KEEP, "keep", danger=not self._lesson.good)
        yield Answer("e", _EDIT, "edit", danger=not self._lesson.good)
        yield Answer("c", _CHANGE, "change")
        yield Answer("esc", _DROP, "no")

    def begin(self) -> None:
        """On what is sensible: nothing of this is dangerous."""
        self.query_one("#keep" if self._lesson.good else "#change").focus()

    def answered(self, name: str) -> None:
        """Close with it."""
        self.dismiss(None if name == "no" else name)
