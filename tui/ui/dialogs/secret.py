"""A password, passphrase or one-time code: typed unseen, given on as a `Secret`, kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tui.secret import Secret
from tui.target.base import SecretQuestion
from tui.texts import Text
from tui.ui.dialogs.base import Answer, Dialog, paragraph
from tui.ui.widgets.cells import visible

_TITLE = Text("需要一个密码", "A password is needed")
_CODE = Text("需要你回答", "An answer is needed")
_AGAIN = Text("上一次的不对，请再输一次。", "The last one was wrong; please try again.")
_KEPT = Text(
    "只用于这一次连接，不会写到磁盘、日志或命令行里。",
    "Used for this connection only; never written to disk, log or command line.",
)
_YES = Text("确定", "OK")
_NO = Text("取消", "cancel")


class SecretDialog(Dialog[Secret]):
    """Dismissed with the Secret, or None."""

    def __init__(self, question: SecretQuestion) -> None:
        super().__init__()
        self._question = question

    def title_text(self) -> Text:
        """A password, or a code that may be seen."""
        return _CODE if self._question.echo else _TITLE

    def body(self) -> Iterable[Widget]:
        """For what; whether the last was wrong; the field."""
        yield paragraph(visible(str(self._question.what)))
        if self._question.again:
            yield paragraph(Content.styled(f"✗ {_AGAIN}", "$bad"), "-wrong")
        yield Input(password=not self._question.echo, id="secret", compact=True)
        yield paragraph(str(_KEPT), "-sentence")

    def answers(self) -> Iterable[Answer]:
        """Give it, or not."""
        yield Answer("↵", _YES, "yes")
        yield Answer("esc", _NO, "no")

    def begin(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()

    def answered(self, name: str) -> None:
        """An empty secret is not an answer."""
        if name == "no":
            self.dismiss(None)
            return
        field = self.query_one(Input)
        if not field.value:
            field.focus()
            return
        given = Secret(field.value)
        field.value = ""
        self.dismiss(given)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.answered("yes")
