"""An unknown host key: what it is, what to compare it with, where it would be kept.

Saying yes here is the one moment in which somebody between the reader and the server could be let in, so the default is no, the
fingerprint stands alone on its line, and the dialog says where else to read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from tui.target.base import HostKeyQuestion
from tui.texts import Text
from tui.ui.dialogs.base import YES_NO, Answer, Dialog, paragraph
from tui.ui.widgets.cells import visible

_TITLE = Text("第一次连接这台主机", "First connection to this host")
_WHAT = Text(
    "这台主机的身份还不认识。请核对指纹，确认对面就是它：",
    "This host's identity is not known yet. Compare the fingerprint to be sure it is the one you mean:",
)
_HOST = Text("主机", "Host")
_KIND = Text("类型", "Type")
_PRINT = Text("指纹", "Fingerprint")
_KEPT = Text("存到", "Kept in")
_COMPARE = Text(
    "和什么比：在云控制台的“远程连接”（VNC 或云助手）里登录服务器，执行\n"
    "  ssh-keygen -lf /etc/ssh/ssh_host_{short}_key.pub\n"
    "两边的 SHA256 一字不差才是同一台。对不上，或者没法核对，就不要接受：可能有人在中间。",
    "What to compare with: log in through the cloud console (VNC or Cloud Assistant) and run\n"
    "  ssh-keygen -lf /etc/ssh/ssh_host_{short}_key.pub\n"
    "Only if both SHA256 values are the same to the letter is it the same machine. If they differ, or you can't compare, do not accept: "
    "somebody may be in between.",
)
_YES = Text("指纹一致，接受并记住", "they match: accept and remember")
_NO = Text("不接受", "do not accept")


class HostKeyDialog(Dialog[bool]):
    """Dismissed with True to accept and remember the key."""

    BINDINGS: ClassVar[list[BindingType]] = YES_NO

    def __init__(self, question: HostKeyQuestion) -> None:
        super().__init__()
        self._question = question

    def title_text(self) -> Text:
        """What this is."""
        return _TITLE

    def body(self) -> Iterable[Widget]:
        """Facts as a small table, then what to compare with."""
        q = self._question
        yield paragraph(str(_WHAT))
        for name, value, style in (
            (_HOST, q.host, "$bright"),
            (_KIND, q.kind, "$ink"),
            (_PRINT, q.fingerprint, "bold $decide"),
            (_KEPT, q.known_hosts, "$muted"),
        ):
            yield paragraph(Content.assemble((f"{name}\n", "$muted"), (f"  {visible(value)}", style)), "-fact")
        yield paragraph(str(_COMPARE.fill(short=_short(q.kind))), "-advice")

    def answers(self) -> Iterable[Answer]:
        """Accept or not."""
        yield Answer("y", _YES, "yes", danger=True)
        yield Answer("n", _NO, "no")

    def answered(self, name: str) -> None:
        """Close with it."""
        self.dismiss(name == "yes")


def _short(kind: str) -> str:
    return next((word for word in ("ed25519", "ecdsa", "rsa") if word in kind), "ed25519")
