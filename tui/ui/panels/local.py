"""The reader's own computer: which Tailscale is there, whether it is in the server's network, what to do next, and what gets in its way.

Everything stands with what proves it, since the cure is often to switch something else off, and nobody does that on a mere suspicion.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult

from tui.run.state import RunState
from tui.texts import Text
from tui.ui.panels.heading import Heading
from tui.ui.panels.table import Cell, Table
from tui.ui.panels.told import DECIDE, FAIL, PASS, TODO, UNSURE, Facts, part, reasons, sentence, topic_of, word
from tui.ui.panels.topic import TopicPanel

_LOCAL = Text("本机", "This computer")
_SYSTEMS = {"windows": "Windows", "macos": "macOS", "linux": "Linux"}
_KINDS = {
    "windows": Text("Windows 版", "for Windows"),
    "macos app store": Text("App Store 版", "from the App Store"),
    "macos standalone": Text("独立版", "standalone app"),
    "macos open source": Text("开源版（只有命令行）", "open source, command line only"),
    "linux": Text("Linux 版", "for Linux"),
    "other": Text("不认识的一种", "of a kind not known"),
}
_STATE, _PROGRAM, _ACCOUNT = Text("状态", "state"), Text("程序", "program"), Text("账号", "account")
_TAILNET, _MACHINE, _ADDRESS = Text("网络", "tailnet"), Text("机器", "machine"), Text("地址", "address")
_SAME, _OTHER = Text("和服务器相同", "the server's, too"), Text("和服务器不同，互相看不见", "not the server's: they can't see each other")
_NEXT, _RUN, _OPEN = Text("怎么办", "to do"), Text("运行", "run"), Text("打开", "open")
_MARKS = {
    "running": PASS,
    "not installed": FAIL,
    "daemon stopped": FAIL,
    "expired": FAIL,
    "other user": FAIL,
    "unknown": UNSURE,
    "starting": TODO,
}

Row = tuple[Cell, Cell, Cell]
"""Mark, name, what is known."""


class LocalPanel(TopicPanel):
    """The reader's computer, as the step `step_id` or the running one told it."""

    DEFAULT_CSS = """
    LocalPanel { height: auto; padding-left: 1; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = Heading(_LOCAL)
        self._rows = Table((0.03, 0.2))
        self._troubles = Table((0.03,))

    def compose(self) -> ComposeResult:
        """How it stands, then what gets in its way."""
        yield from (self._heading, self._rows, self._troubles)

    def tell(self) -> None:
        """Show what is known."""
        facts = topic_of(self.state, self.step_id, "local")
        system = " ".join(each for each in (_SYSTEMS.get(word(facts, "system"), ""), word(facts, "arch")) if each)
        self._heading.facts = (system,) if system else ()
        self._rows.rows = tuple(rows(facts))
        self._troubles.rows = tuple(reasons(facts, "troubles"))


def has(state: RunState, step_id: str) -> bool:
    """Whether there is anything to show."""
    return bool(topic_of(state, step_id, "local"))


def rows(facts: Facts) -> Iterator[Row]:
    """How it stands, which program that is, whose network it is in, and what to do next."""
    if not facts:
        return
    said = sentence(part(facts, "say"))
    yield _MARKS.get(word(facts, "state"), DECIDE), Cell(str(_STATE), "$muted"), Cell(said)
    kind = _KINDS.get(word(facts, "kind"))
    if kind is not None:
        program = "  ".join(each for each in (word(facts, "version"), str(kind), word(facts, "cli")) if each)
        yield Cell(""), Cell(str(_PROGRAM), "$muted"), Cell(program)
    for name, key in ((_ACCOUNT, "account"), (_MACHINE, "name"), (_ADDRESS, "ip")):
        value = word(facts, key)
        if value and value not in said:  # the sentence of a computer that is connected has it all
            yield Cell(""), Cell(str(name), "$muted"), Cell(value)
    yield from _tailnet(facts)
    yield from _advice(part(facts, "advice"))


def _tailnet(facts: Facts) -> Iterator[Row]:
    """Its network, and whether that is the server's; the mark says only what was compared."""
    name, same = word(facts, "tailnet"), facts.get("same")
    if not name:
        return
    mark, words = (PASS, _SAME) if same is True else (FAIL, _OTHER) if same is False else (Cell(""), None)
    yield mark, Cell(str(_TAILNET), "$muted"), Cell(f"{name}  {words}" if words else name)


def _advice(advice: Facts) -> Iterator[Row]:
    """A sentence, the command to run, and the page to open instead."""
    if said := sentence(advice):
        yield DECIDE, Cell(str(_NEXT), "$decide"), Cell(said)
    for name, key in ((_RUN, "command"), (_OPEN, "page")):
        if value := word(advice, key):
            yield Cell(""), Cell(str(name), "$muted"), Cell(value, "$alive")
