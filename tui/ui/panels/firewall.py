"""The entrance of the server: who gets in now, what would change, whether every way back is proven, and what came of the change.

The sentence stands first, red where the internet gets in, with the reason in words. What is only looked at and what is being done are
told by the same facts, so the panel grows with the work, and what is at work now stands above what was known before.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from tui.run.state import RunState
from tui.texts import Text
from tui.ui.panels import firewall_rows as told_rows
from tui.ui.panels import openings
from tui.ui.panels.heading import Heading
from tui.ui.panels.table import Table
from tui.ui.panels.told import Facts, number, part, topic_of, word
from tui.ui.panels.topic import TopicPanel

TOPIC = "firewall"
_FIREWALL = Text("防火墙", "Firewall")
_STATES = {"True": Text("公网开放", "open to the internet"), "False": Text("公网已关", "closed to the internet")}
_UNSURE = Text("不能断定", "not certain")
_DRY = Text("只看，没有改", "a look, no change")
_RULES = Text("不动的规则", "Rules that stay")
_CHANGE = Text("要改的规则", "Rules that change")
_GATES = Text("过关", "Gates")
_PROOFS = Text("改完之后的证明", "Proofs after the change")


class FirewallPanel(TopicPanel):
    """The firewall, as the step `step_id` or the running one told it."""

    DEFAULT_CSS = """
    FirewallPanel { height: auto; padding-left: 1; overflow-y: auto; scrollbar-size-vertical: 1; }
    FirewallPanel > .part { height: 1; color: $bright; text-style: bold; display: none; }
    FirewallPanel > .part.-there { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = Heading(_FIREWALL)
        self._says = Table((0.03,))
        self._parts = {
            title: (Static("", classes="part", markup=False), Table((0.03, 0.42))) for title in (_PROOFS, _GATES, _CHANGE, _RULES)
        }
        self._plan = Table((0.03,))
        self._others = Table((0.03,))
        self._facts: Facts = {}
        self._again = False

    def compose(self) -> ComposeResult:
        """The sentence; what is being proven, as soon as anything is; then the difference with what goes with it, rules, and the rest."""
        yield from (self._heading, self._says)
        for title, (name, table) in self._parts.items():
            yield from (name, table)
            if title is _CHANGE:
                yield self._plan
        yield self._others

    def tell(self) -> None:
        """Show what is known."""
        facts = self._facts = topic_of(self.state, self.step_id, TOPIC)
        self._again = seen_closed(self.state, facts)
        self._heading.facts = heads(facts)
        self._show(_CHANGE, tuple(told_rows.change_rows(facts)))
        self._show(_RULES, tuple(told_rows.rule_rows(facts)))
        self._show(_GATES, tuple(told_rows.gate_rows(facts)), told_rows.passed(facts))
        self._show(_PROOFS, tuple(told_rows.proof_rows(facts)))
        self._plan.rows = tuple(told_rows.plan_rows(facts))
        self._others.rows = tuple(told_rows.other_rows(facts))
        self.count()

    def count(self) -> None:
        """Count down to the next try while the cloud does not answer, and to the end of what is open for a while."""
        opened = openings.rows(openings.known(self.openings, self._facts), self.now)
        self._says.rows = (*told_rows.conclusion(self._facts, before=self._again, over=not self.state.active, now=self.now), *opened)

    def _show(self, title: Text, rows: tuple[told_rows.Entry, ...], fact: str = "") -> None:
        name, table = self._parts[title]
        name.set_class(bool(rows), "-there")
        name.update(f"{title}  {fact}".rstrip())
        table.rows = rows


def has(state: RunState, step_id: str) -> bool:
    """Whether there is anything to show."""
    return bool(topic_of(state, step_id, TOPIC))


def heads(facts: Facts) -> tuple[str, ...]:
    """For the heading: that it was only a look, the gates, the server, and in a word whether it is open."""
    server = word(part(facts, "server"), "name")
    dry = str(_DRY) if facts.get("dry") is True else ""
    told = "" if word(facts, "phase") in told_rows.UNPROVEN else str(facts.get("open"))
    state = str(_STATES.get(told, _UNSURE)) if part(facts, "who") else ""
    return tuple(each for each in (dry, told_rows.passed(facts), server, state) if each)


def seen_closed(state: RunState, facts: Facts) -> bool:
    """Whether the same server's port was told closed earlier in this run than these facts."""
    server, at = word(part(facts, "server"), "id"), number(facts, "at") or 0.0
    earlier = (step.topics.get(TOPIC, {}) for step in state.steps.values())
    return any(
        each.get("open") is False and word(part(each, "server"), "id") == server and (number(each, "at") or at) < at for each in earlier
    )
