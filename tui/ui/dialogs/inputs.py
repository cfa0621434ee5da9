"""Everything a run needs to know, asked in one form before its first step.

Each field has a sentence under it saying what is wanted, replaced by what is wrong when it does not do. Values are judged as they are
left; leaving the form by esc answers nothing and has changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from tui.errors import ZhinanError
from tui.run.ask import FormQuestion, InputQuestion, TargetQuestion
from tui.run.values import wrong as wrong_value
from tui.secret import Secret
from tui.target import registry
from tui.texts import Text, same
from tui.ui.dialogs.base import Answer, Dialog, paragraph
from tui.ui.widgets.cells import visible
from tui.ui.widgets.keys import key

_TITLE = Text("开始之前", "Before it starts")
_WHY = Text("下面几项要先填好。还什么都没有执行，按 esc 就此作罢。", "A few things are needed first. Nothing has run yet; esc drops it.")
_TARGET = Text("“{name}”在哪里？", "Where is “{name}”?")
_YES = Text("开始", "start")
_NO = Text("取消", "cancel")
_CHOOSE = Text("请选择", "choose one")

_SENTENCES: Mapping[str, Text] = {
    "host": Text("主机名或 IP 地址", "a host name or an IP address"),
    "text": Text("一段文字", "some text"),
    "secret": Text("输入时不显示；不写到磁盘或日志里", "not shown while typing; never written to disk or log"),
    "choice": Text("从列表里选一个", "one from the list"),
    "cidr": Text("网段，例如 203.0.113.0/24", "a network such as 203.0.113.0/24"),
    "file": Text("这台电脑上的一个文件", "a file on this computer"),
    "target": Text(
        "用户名@地址、ssh://用户名@地址:端口、~/.ssh/config 里的名字，或 local",
        "user@host, ssh://user@host:port, a name from ~/.ssh/config, or local",
    ),
}
_OPTIONAL = Text("可以留空；{what}", "may stay empty; {what}")
_EXAMPLE = Text("{what}；例如 {example}", "{what}; for example {example}")


class Field(Vertical):
    """One question: its words, the place to answer, a sentence."""

    def __init__(self, question: FormQuestion) -> None:
        super().__init__(classes="field")
        self.question = question

    def compose(self) -> ComposeResult:
        """Label, field, sentence."""
        yield Static(visible(str(self._label())), classes="label", markup=False)
        yield self._field()
        yield Static("", classes="sentence", markup=False)

    def on_mount(self) -> None:
        """Say what is wanted, or what was wrong."""
        self._say(self.question.wrong)

    @property
    def value(self) -> str:
        """What stands in it."""
        widget = self.query_one(".value")
        if isinstance(widget, Select):
            return "" if widget.value is Select.NULL else str(widget.value)
        return widget.value if isinstance(widget, Input) else ""

    @property
    def answer(self) -> str | Secret:
        """The value as the run wants it."""
        hidden = isinstance(self.question, InputQuestion) and self.question.input.type == "secret"
        return Secret(self.value) if hidden else self.value.strip()

    def judge(self) -> bool:
        """Whether the value will do; says so."""
        problem = self._wrong()
        self._say(problem)
        return problem is None

    def enter(self) -> None:
        """Put the cursor in it."""
        self.query_one(".value").focus()

    def _wrong(self) -> Text | None:
        if isinstance(self.question, InputQuestion):
            return wrong_value(self.question.input, self.value)
        try:
            registry.make(self.question.name, self.value.strip())
        except ZhinanError as error:
            return error.text
        return None

    def _say(self, problem: Text | None) -> None:
        sentence = self.query_one(".sentence", Static)
        sentence.set_class(problem is not None, "-wrong")
        sentence.update(visible(f"✗ {problem}" if problem is not None else str(self._sentence())))

    def _label(self) -> Text:
        if isinstance(self.question, TargetQuestion):
            spec = self.question.spec
            return same(spec.ask) if spec.ask else _TARGET.fill(name=spec.name)
        return same(self.question.input.ask or self.question.input.name)

    def _sentence(self) -> Text:
        if isinstance(self.question, TargetQuestion):
            what, example = _SENTENCES["target"], self.question.spec.example
        else:
            given = self.question.input
            what, example = (same(given.help) if given.help else _SENTENCES[given.type]), ""
        if isinstance(self.question, InputQuestion) and self.question.input.optional:
            what = _OPTIONAL.fill(what=what)
        return _EXAMPLE.fill(what=what, example=example) if example else what

    def _field(self) -> Widget:
        if isinstance(self.question, TargetQuestion):
            return Input(self.question.last or self.question.spec.address or "", classes="value", compact=True)
        given = self.question.input
        if given.type == "choice":
            offered = given.default if given.default in given.of else Select.NULL
            return Select(
                [(visible(choice), choice) for choice in given.of], prompt=str(_CHOOSE), value=offered, classes="value", compact=True
            )
        return Input(given.default or "", password=given.type == "secret", classes="value", compact=True)


class InputsDialog(Dialog[Mapping[str, str | Secret]]):
    """Dismissed with the answers by name, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [key("inputs.start", "ctrl+s", "answer('yes')", Text("开始", "start"))]

    def __init__(self, questions: tuple[FormQuestion, ...]) -> None:
        super().__init__()
        self._questions = questions

    def title_text(self) -> Text:
        """Before it starts."""
        return _TITLE

    def body(self) -> Iterable[Widget]:
        """Why, then the fields."""
        yield paragraph(str(_WHY))
        for question in self._questions:
            yield Field(question)

    def answers(self) -> Iterable[Answer]:
        """Start, or not."""
        yield Answer("↵", _YES, "yes")
        yield Answer("esc", _NO, "no")

    def begin(self) -> None:
        """At the first field."""
        self._fields()[0].enter()

    def answered(self, name: str) -> None:
        """All must do; the first that does not gets the cursor."""
        if name == "no":
            self.dismiss(None)
            return
        wrong = [field for field in self._fields() if not field.judge()]
        if wrong:
            wrong[0].enter()
            return
        self.dismiss({field.question.name: field.answer for field in self._fields()})

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Judge a filled field as it is left."""
        field = next((node for node in event.widget.ancestors if isinstance(node, Field)), None)
        if field is not None and field.value:
            field.judge()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field; on the last it starts."""
        event.stop()
        fields = self._fields()
        here = next((i for i, field in enumerate(fields) if event.input in field.query(Input)), len(fields) - 1)
        if here + 1 < len(fields):
            fields[here].judge()
            fields[here + 1].enter()
        else:
            self.answered("yes")

    def _fields(self) -> list[Field]:
        return list(self.query(Field))
