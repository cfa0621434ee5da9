"""Who is awaited, and where: the link that somebody must open, as a code for a phone too, and how long there is time.

The same panel says afterwards whose network the machine is in, and why it is not when Tailscale knows the reason.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tui.run.events import Outcome
from tui.run.state import Phase, RunState, Wait
from tui.texts import Text
from tui.ui.linebreak import width_of, wrap
from tui.ui.panels.heading import Heading
from tui.ui.panels.qr import QrCode
from tui.ui.panels.table import Cell, Table
from tui.ui.panels.told import Facts, awaiting, part, reasons, sentence, topic_of, word
from tui.ui.panels.topic import TopicPanel
from tui.ui.widgets.cells import clock, visible

_LOGIN = Text("登录", "Login")
_LEFT = Text("还有 {time}", "{time} left")
_OVER = Text("时间到了", "time is up")
KEYS = {
    "open_link": ("o", Text("打开浏览器", "open browser")),
    "copy": ("y", Text("复制链接", "copy link")),
    "stop": ("x", Text("取消", "cancel")),
}
"""What the keys of these actions do while a link waits to be opened, in the panel and in the key bar alike."""
_CALM = Text(
    "在任何设备上打开都行。连接断了也不要紧，登录在那台机器上继续等。",
    "Any device will do. A lost connection does no harm: the login goes on waiting on that machine.",
)
_STATE = Text("状态", "state")
_ACCOUNT = Text("账号", "account")
_TAILNET = Text("网络", "tailnet")
_MACHINE = Text("机器", "machine")
_ADDRESS = Text("地址", "address")
_FIXED = 6
"""Rows that stay beside the code whatever it takes: heading, what to do, link, keys, and a row of air above and below the code."""


class LoginPanel(TopicPanel):
    """What a login waits for, seen from the step `step_id`. `room`: rows that the panel may take. Hides nothing by itself: see `has`."""

    DEFAULT_CSS = """
    LoginPanel { height: auto; padding-left: 1; overflow-y: auto; scrollbar-size-vertical: 1; }
    LoginPanel QrCode { margin: 1 0; }
    LoginPanel Static { height: auto; }
    LoginPanel .login-link { color: $alive; }
    LoginPanel .login-keys { text-wrap: nowrap; }
    LoginPanel .login-keys.-air, LoginPanel .login-calm.-air { margin-top: 1; }
    """

    room: reactive[int] = reactive(0)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = Heading(_LOGIN)
        self._what = Static(classes="login-what")
        self._code = QrCode()
        self._link = Static(classes="login-link")
        self._keys = Static(classes="login-keys")
        self._calm = Static(classes="login-calm")
        self._table = Table((0.03, 0.2))
        self._wait: Wait | None = None

    def compose(self) -> ComposeResult:
        """What to do, code, link, keys, then how it stands."""
        yield from (self._heading, self._what, self._code, self._link, self._keys, self._calm, self._table)

    def watch_room(self) -> None:
        """More or fewer rows."""
        self.tell()

    def on_resize(self) -> None:
        """Lines break elsewhere."""
        self.tell()

    def tell(self) -> None:
        """Show what is known."""
        step = awaiting(self.state, self.step_id)
        self._wait = step.wait if step else None
        facts = topic_of(self.state, self.step_id, "login")
        self._table.rows = standing(facts, awaited=self._wait is not None)
        waits = self._wait is not None
        for widget in (self._what, self._code, self._link, self._keys, self._calm):
            widget.display = waits
        if self._wait is not None:
            self._show(self._wait)
        self.count()

    def _show(self, wait: Wait) -> None:
        width = self.content_size.width
        what = _broken(visible(str(wait.what)), width)
        self._what.update(Content.styled(what, "$ink"))
        self._link.update(Content(visible(wait.url)))  # one piece that Textual folds, so that a selection has no line ends in it
        self._keys.update(keys(width))
        self._calm.update(Content.styled(_broken(str(_CALM), width), "$muted"))
        link_rows = -(-len(wait.url) // max(1, width))
        self._code.rows = max(0, self.room - _FIXED - what.count("\n") - link_rows)
        self._code.link = wait.url
        tall = self._code.get_content_height(self.size, self.size, width) > 0
        self._code.display = tall
        self._calm.display = tall or self.room > _FIXED + len(self._table.rows)
        for widget in (self._keys, self._calm):
            widget.set_class(tall, "-air")

    def count(self) -> None:
        """Count down."""
        self._heading.facts = left(self._wait, self.now)


def has(state: RunState, step_id: str) -> bool:
    """Whether there is anything to show. A login that is good has no word in a failure that came after it."""
    if awaiting(state, step_id) is not None:
        return True
    facts, step = topic_of(state, step_id, "login"), state.step(step_id)
    beside = facts.get("state") == "running" and step.phase is Phase.ENDED and step.outcome is Outcome.FAILED
    return bool(facts) and not beside


def left(wait: Wait | None, now: float) -> tuple[str, ...]:
    """How long somebody is awaited still, for the heading. `now` in Unix seconds."""
    if wait is None:
        return ()
    return (str(_LEFT.fill(time=clock(wait.until - now)) if wait.until > now else _OVER),)


def keys(room: int) -> Content:
    """What can be done about it; the last ones are left out where room is short."""
    parts: list[tuple[str, str]] = []
    used = 0
    for name, words in KEYS.values():
        size = len(name) + 3 + width_of(str(words)) + 2
        if used + size - 2 > room:
            break
        used += size
        parts += [(f" {name} ", "bold $bright on $key"), (f" {words}  ", "$ink")]
    return Content.assemble(*parts).rstrip()


def standing(facts: Facts, *, awaited: bool) -> tuple[tuple[Cell, ...], ...]:
    """How the machine stands: its sentence, whose it is, and each reason why it is not well. One row each: mark, name, words."""
    if not facts:
        return ()
    running = facts.get("state") == "running"
    mark = Cell("✓", "$ok") if running else Cell("▸", "$alive") if awaited else Cell("◦", "$faint")
    said = sentence(part(facts, "say"))
    rows = [(mark, Cell(str(_STATE), "$muted"), Cell(said))]
    for name, key in ((_ACCOUNT, "account"), (_TAILNET, "tailnet"), (_MACHINE, "name"), (_ADDRESS, "ip")):
        value = word(facts, key)
        if value and value not in said:  # the sentence of a machine that runs has it all
            rows.append((Cell(""), Cell(str(name), "$muted"), Cell(value)))
    rows += [(sign, Cell(""), words) for sign, words in reasons(facts)]
    return tuple(rows)


def _broken(text: str, room: int) -> str:
    """The text with its lines broken as Chinese wants it."""
    return "\n".join(text[a:b].rstrip() for a, b in wrap(text, room)) if room > 0 else text
