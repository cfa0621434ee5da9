"""Whether the server still reaches its cloud's own services: each probe with what it saw, the rule that drops packets, and the ways out.

The sentence stands first, since it is what a reader wants; the rows below it are what it rests on.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult

from tui.run.state import RunState
from tui.texts import Text
from tui.ui.panels.heading import Heading
from tui.ui.panels.table import Cell, Table
from tui.ui.panels.told import DECIDE, FAIL, PASS, TODO, UNSURE, Facts, number, part, parts, sentence, topic_of, word
from tui.ui.panels.topic import TopicPanel
from tui.ui.widgets.cells import clock

_NETWORK = Text("内网体检", "Network health")
_PHASES = {
    "before": Text("登录前", "before the login"),
    "after": Text("登录后", "after the login"),
    "later": Text("再看一次", "looked again"),
    "mend": Text("处理前", "before the mend"),
    "mended": Text("处理后", "after the mend"),
    "undo": Text("撤销后", "after the undo"),
}
_AGAIN = Text("{time} 后再看", "again in {time}")
_AGAIN_NOW = Text("正在再看一次", "looking again")
_COUNTER = Text("已丢 {n} 个包，查看期间 +{risen}", "{n} packets dropped, +{risen} during the looks")
_RULE = Text("规则", "rule")
_MENDS = Text("有 {n} 个处理办法，按推荐的先后；d 到文档里去选", "ways out: {n}, the best first; d leads to them in the document")
_DOES = Text("做法：{words}", "does: {words}")
_PRICE = Text("代价：{words}", "price: {words}")
_BLOCKED = Text("现在做不了：{words}", "not possible now: {words}")
_SAID = {
    "no HTTP answer": Text("没有 HTTP 回应", "no HTTP answer"),
    "no address": Text("查不到地址", "no address"),
}
"""What the look says where nothing came back."""
_SIGNS = {"pass": PASS, "fail": FAIL, "unknown": UNSURE}
_SAYS = {"fine": PASS, "not-alibaba": PASS, "trap": FAIL, "cgnat-drop-other-network": FAIL}


class NetworkPanel(TopicPanel):
    """The last look at the server's network, as the step `step_id` or the running one told it."""

    DEFAULT_CSS = """
    NetworkPanel { height: auto; padding-left: 1; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = Heading(_NETWORK)
        self._says = Table((0.03,))
        self._probes = Table((0.03, 0.34))
        self._mends = Table((0.03,))
        self._facts: Facts = {}

    def compose(self) -> ComposeResult:
        """The sentence and the ways out, then what it rests on."""
        yield from (self._heading, self._says, self._mends, self._probes)

    def tell(self) -> None:
        """Show what is known."""
        self._facts = topic_of(self.state, self.step_id, "network")
        self._says.rows = tuple(conclusion(self._facts))
        self._probes.rows = tuple(probe_rows(self._facts))
        self._mends.rows = tuple(mend_rows(self._facts))
        self.count()

    def count(self) -> None:
        """Count down to the next look."""
        self._heading.facts = when(self._facts, self.now)


def has(state: RunState, step_id: str) -> bool:
    """Whether there is anything to show."""
    return bool(topic_of(state, step_id, "network"))


def when(facts: Facts, now: float) -> tuple[str, ...]:
    """Which look it was, and when the next one follows. `now` in Unix seconds."""
    phase, again = _PHASES.get(word(facts, "phase")), number(facts, "again_at")
    following = "" if again is None else str(_AGAIN.fill(time=clock(again - now)) if again > now else _AGAIN_NOW)
    return tuple(each for each in (str(phase or ""), following) if each)


def conclusion(facts: Facts) -> Iterator[tuple[Cell, Cell]]:
    """What the looks come to: mark and sentence."""
    if said := sentence(part(facts, "say")):
        yield _SAYS.get(word(facts, "conclusion"), UNSURE), Cell(said, "$bright")


def probe_rows(facts: Facts) -> Iterator[tuple[Cell, Cell, Cell]]:
    """Mark, name and proof of each probe, then the rule with its counter."""
    for each in parts(facts, "rows"):
        sign = _SIGNS.get(word(each, "status"), TODO)
        yield sign, Cell(sentence(part(each, "name"))), Cell(_proof(each), "$muted")
    if rule := word(facts, "rule"):
        n, risen = number(facts, "counter"), number(facts, "risen") or 0
        counted = "" if n is None else str(_COUNTER.fill(n=f"{n:,g}", risen=f"{risen:g}"))
        drops = "DROP" in rule
        sign = FAIL if drops and risen else DECIDE if drops else PASS
        yield sign, Cell(str(_RULE)), Cell(f"{rule}  {counted}".rstrip(), "$muted")


def _proof(row: Facts) -> str:
    """Who was asked and what came back. How long an answer took says something, how long none was waited for does not."""
    address, proof, ms = word(row, "address"), word(row, "proof"), number(row, "ms")
    proof = proof.removeprefix(f"{address}: ")
    for said, text in _SAID.items():
        proof = proof.replace(said, str(text))
    took = f"{ms:g} ms" if ms is not None and word(row, "status") == "pass" else ""
    return "  ".join(each for each in (address.strip("-"), proof, took) if each)


def mend_rows(facts: Facts) -> Iterator[tuple[Cell, Cell]]:
    """The ways out, best first: what each is, what it does, what it costs, and why it can't be done if so."""
    mends = list(parts(facts, "mends"))
    if mends:
        yield DECIDE, Cell(str(_MENDS.fill(n=len(mends))), "$decide")
    for n, each in enumerate(mends, 1):
        blocked = sentence(part(each, "blocked"))
        yield Cell(str(n), "$faint" if blocked else "$decide"), Cell(sentence(part(each, "title")), "$muted" if blocked else "$bright")
        for name, words in ((_DOES, sentence(part(each, "does"))), (_PRICE, sentence(part(each, "price"))), (_BLOCKED, blocked)):
            if words:
                yield Cell(""), Cell(str(name.fill(words=words)), "$muted")
