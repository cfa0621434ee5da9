"""An AccessKey of Alibaba Cloud, typed here because none was found: tried before it is believed, kept only by a key of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.run.ask import KeyAnswer, KeyQuestion
from tui.secret import Secret
from tui.texts import Text, same
from tui.ui.dialogs.base import Answer, Dialog, paragraph
from tui.ui.dialogs.consent import Prose
from tui.ui.widgets.cells import visible
from tui.ui.widgets.keys import key

_TITLE = Text("没有找到阿里云 AccessKey", "No Alibaba Cloud AccessKey was found")
_WHY = Text(
    "在 https://ram.console.aliyun.com/manage/ak 给一个 RAM 用户建一个，填在这里。先用一次只读的 DescribeRegions 核对，再继续；"
    "它不会出现在命令行、日志和记录里。",
    "Make one for a RAM user at https://ram.console.aliyun.com/manage/ak and type it here. It is tried by one DescribeRegions, which only "
    "reads, before anything else; no command line, log or record will hold it.",
)
_NO_KEYRING = Text("这里没有可用的系统钥匙串，只能用于这一次。", "There is no usable keyring here: it is used for this run only.")
_REGION = Text("地域（可以留空），例如 cn-hangzhou", "Region (may stay empty), such as cn-hangzhou")
_ONCE = Text("核对，只用于这一次", "try it, for this run only")
_KEEP = Text("核对，存进系统钥匙串", "try it, keep it in the keyring")
_NO = Text("不给", "give none")
_FIELDS: Mapping[str, Text] = {"id": same("AccessKey ID"), "secret": same("AccessKey Secret"), "region": _REGION}


class AccessKeyDialog(Dialog[KeyAnswer]):
    """Dismissed with the key, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [key("accesskey.keep", "ctrl+s", "answer('keep')", _KEEP)]

    def __init__(self, question: KeyQuestion) -> None:
        super().__init__()
        self._question = question

    def title_text(self) -> Text:
        """What is missing."""
        return _TITLE

    def body(self) -> Iterable[Widget]:
        """Why, what was wrong with the last one, the fields."""
        if self._question.wrong is not None:
            yield paragraph(Content.styled(visible(f"✗ {self._question.wrong}"), "$bad"), "-wrong")
        else:
            yield Prose(str(_WHY))
        for name, label in _FIELDS.items():
            yield _Field(name, label)
        if not self._question.keeps:
            yield paragraph(str(_NO_KEYRING), "-sentence")

    def answers(self) -> Iterable[Answer]:
        """For once, for good, or not."""
        yield Answer("↵", _ONCE, "yes")
        if self._question.keeps:
            yield Answer("^s", _KEEP, "keep")
        yield Answer("esc", _NO, "no")

    def begin(self) -> None:
        """At the first field."""
        self._input("id").focus()

    def answered(self, name: str) -> None:
        """Id and secret must be there; the secret does not stay in its field."""
        if name == "no":
            self.dismiss(None)
            return
        if name == "keep" and not self._question.keeps:
            return
        values = {each: self._input(each).value.strip() for each in _FIELDS}
        empty = next((each for each in ("id", "secret") if not values[each]), None)
        if empty:
            self._input(empty).focus()
            return
        self._input("secret").value = ""
        self.dismiss(KeyAnswer(values["id"], Secret(values["secret"]), values["region"], keep=name == "keep"))

    def _input(self, name: str) -> Input:
        return self.query_one(f"#{name}", Input)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field; on the last it is the answer."""
        event.stop()
        if event.input.id == "region":
            self.answered("yes")
        else:
            self.focus_next()


class _Field(Vertical):
    """A label and its field; the secret is typed unseen."""

    def __init__(self, name: str, label: Text) -> None:
        super().__init__(classes="field")
        self._name, self._label = name, label

    def compose(self) -> ComposeResult:
        """Label over field."""
        yield Static(str(self._label), classes="label", markup=False)
        yield Input(password=self._name == "secret", id=self._name, compact=True)
