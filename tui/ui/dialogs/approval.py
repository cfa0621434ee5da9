"""A document not seen before, or changed since: what it would run, before anything runs.

The lines come from the plan, which knows all that approving allows; here they are only put in order: step by step, with the place each
runs, new lines marked against the last approval, and lines that are gone shown too.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.guide.model import ActionSpec, Guide, Step
from tui.run.ask import ApprovalQuestion
from tui.run.plan import approved_lines, probe_lines
from tui.texts import Text
from tui.ui.dialogs.base import YES_NO, Answer, Dialog, paragraph
from tui.ui.linebreak import wrap
from tui.ui.widgets.badges import WORDS, Where
from tui.ui.widgets.cells import folded, pad, visible, width

_NEW = Text("第一次打开这份文档：允许它的命令吗？", "First time with this document: allow its commands?")
_CHANGED = Text("文档的命令变了：仍然允许吗？", "This document's commands have changed: still allow them?")
_COUNT = Text("{n} 行", "{n} lines")
_DIFF = Text("新增 {more} 行 · 去掉 {less} 行", "{more} added · {less} removed")
_WHY = Text(
    "{path}\n下面是它能执行的全部内容。允许以后，仍由你逐步按键才会执行；命令一改就会再问。",
    "{path}\nThis is everything it can run. Once allowed, each step still waits for your key; any change asks again.",
)
_KINDS = {"check": Text("检查", "Checks"), "undo": Text("撤销", "Undo")}
_UNSURE = Text("没说在哪", "place not said")
_REST = Text("其他", "Other")
_YES = Text("允许", "allow")
_NO = Text("不允许", "do not allow")

Mark = Literal[" ", "+", "-"]
Kind = Literal["", "check", "undo"]
"""What a line is to its step: a command, what a check runs, what undoes it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list: `mark` is `+` new, `-` gone, blank as before; `on` a target name or `?`; `text` what runs.

    `say` is what the document says of it, if it is an action: a name and options alone tell a reader little.
    """

    mark: Mark
    on: str
    text: str
    say: str = ""


def compared(commands: tuple[str, ...], before: tuple[str, ...]) -> list[Line]:
    """All lines in order, against those approved last; with none approved, nothing is marked."""
    if not before:
        return [Line(" ", *_split(command)) for command in commands]
    lines: list[Line] = []
    matcher = difflib.SequenceMatcher(None, before, commands, autojunk=False)
    for what, old, old_end, new, new_end in matcher.get_opcodes():
        if what == "equal":
            lines += [Line(" ", *_split(command)) for command in commands[new:new_end]]
        else:
            lines += [Line("-", *_split(command)) for command in before[old:old_end]]
            lines += [Line("+", *_split(command)) for command in commands[new:new_end]]
    return lines


def grouped(guide: Guide, lines: Iterable[Line]) -> Iterator[tuple[Step | None, list[Line]]]:
    """The lines under their steps. The list is in document order, so a step ends where the next one's first text begins."""
    steps = [(step, _texts(step)) for step in guide.steps]
    here, group = -1, list[Line]()
    for line in lines:
        if line.mark != "-":
            found = next((i for i in range(max(here, 0), len(steps)) if line.text in steps[i][1]), here)
            if found != here:
                if group:
                    yield (steps[here][0] if here >= 0 else None), group
                here, group = found, []
        group.append(line)
    if group:
        yield (steps[here][0] if here >= 0 else None), group


def sorted_out(step: Step | None, lines: Iterable[Line]) -> Iterator[tuple[Kind, list[Line]]]:
    """A step's lines by kind. They come as the plan lists them: commands, checks, undo; a line that is gone stays with the one before."""
    known = _kinds(step) if step is not None else []
    at, group = 0, list[Line]()
    here: Kind = ""
    for line in lines:
        found = next((i for i in range(at, len(known)) if known[i][1] == line.text), None) if line.mark != "-" else None
        kind = here
        if found is not None:
            at, kind = found + 1, known[found][0]
        if kind != here and group:
            yield here, group
            group = []
        here = kind
        group.append(line)
    if group:
        yield here, group


def explained(step: Step, lines: Iterable[Line]) -> list[Line]:
    """The lines, those of the step's actions with their sentence."""
    said = {line: item.say for item in step.items if isinstance(item, ActionSpec) and item.say for line in approved_lines(item)}
    return [replace(line, say=said.get(line.text, "")) if line.mark != "-" else line for line in lines]


class Commands(Widget):
    """Lines of commands; a long one goes on under its own beginning, so that what runs where stays plain.

    The place stands where it is another than above.
    """

    def __init__(self, lines: Sequence[Line], names: int) -> None:
        super().__init__(classes="-code")
        self._lines = tuple(lines)
        self._names = names

    def render(self) -> Content:
        """Mark, place, command."""
        room = self.content_size.width - self._names - 4
        above = [None, *(line.on for line in self._lines)]
        pairs = zip(self._lines, above, strict=False)
        return Content("\n").join(part for line, on in pairs for part in _drawn(line, self._names, room, named=line.on != on))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row for each line, more for long ones."""
        return sum(len(_rows(line, width - self._names - 4)) for line in self._lines)


class ApprovalDialog(Dialog[bool]):
    """Dismissed with True to allow."""

    BINDINGS: ClassVar[list[BindingType]] = YES_NO

    def __init__(self, question: ApprovalQuestion) -> None:
        super().__init__(classes="-tall")
        self._question = question
        self._lines = compared(question.commands, question.before)

    def title_text(self) -> Text:
        """New or changed."""
        return _CHANGED if self._question.before else _NEW

    def note_text(self) -> Text | None:
        """How much there is to read."""
        if not self._question.before:
            return _COUNT.fill(n=len(self._lines))
        more = sum(line.mark == "+" for line in self._lines)
        return _DIFF.fill(more=more, less=sum(line.mark == "-" for line in self._lines))

    def body(self) -> Iterable[Widget]:
        """The path, then the commands under their steps."""
        guide = self._question.guide
        yield paragraph(visible(str(_WHY.fill(path=guide.path))), "-sentence")
        names = max((width(place_word(line.on)) for line in self._lines), default=0)
        for step, lines in grouped(guide, self._lines):
            title = f"{step.label}  {step.title}".strip() if step else str(_REST)
            yield paragraph(visible(title), "-step")
            for kind, part in sorted_out(step, lines):
                if kind:
                    yield paragraph(str(_KINDS[kind]), "-sentence")
                yield Commands(part if kind or step is None else explained(step, part), names)

    def answers(self) -> Iterable[Answer]:
        """Allow or not."""
        yield Answer("y", _YES, "yes", danger=True)
        yield Answer("n", _NO, "no")

    def answered(self, name: str) -> None:
        """Close with it."""
        self.dismiss(name == "yes")


def _texts(step: Step) -> set[str]:
    texts = {line for item in step.items for line in approved_lines(item)} | set(step.undo.splitlines())
    return texts | {line for spec in step.checks for value in spec.args.values() for line in str(value).splitlines()}


def _kinds(step: Step) -> list[tuple[Kind, str]]:
    """Every line of a step with its kind, in the order of the plan."""
    kinds: list[tuple[Kind, str]] = [("", line) for item in step.items for line in approved_lines(item)]
    kinds += [("check", line) for spec in step.checks for line in probe_lines(spec)]
    return [*kinds, *(("undo", line) for line in step.undo.splitlines())]


def _split(command: str) -> tuple[str, str]:
    on, gap, text = command.partition("  ")
    return (on, text) if gap else ("?", command)


def place_word(on: str) -> str:
    """A target's name as the reader knows it."""
    if on == "local":
        return str(WORDS[Where.LOCAL])
    return str(_UNSURE) if on == "?" else on


def _rows(line: Line, room: int) -> list[tuple[str, bool]]:
    """The rows of a line, and whether they are the document's words for it. What runs comes first: it is what is allowed."""
    said = visible(line.say)
    words = [said[a:b].rstrip() for a, b in wrap(said, max(1, room - 2))] if said else []
    return [*((piece, False) for piece in folded(visible(line.text), room)), *((f"  {piece}", True) for piece in words)]


def _drawn(line: Line, names: int, room: int, *, named: bool) -> Iterator[Content]:
    sign = {" ": "  ", "+": "+ ", "-": "− "}[line.mark]
    colour = {" ": "$ink", "+": "$ok", "-": "$bad"}[line.mark]
    place = "$decide" if line.on == "?" else "$muted"
    (first, _), *rest = _rows(line, room)
    yield Content.assemble((sign, colour), (pad(place_word(line.on) if named else "", names) + "  ", place), (first, colour))
    for piece, said in rest:
        yield Content.assemble(" " * (names + 4), (piece, "$muted" if said else colour))
