"""The right-hand column: log, checks, values; below 100 columns the same as tabs under the document.

Above the log stand why the step failed, what a login waits for, the reader's computer, the server's network, the tailnet, the firewall and
the ways back in, each only while there is something of it to show. It only places and feeds them. Which step they speak of is told from
outside, and the panels do not know each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive

from tui.guide.model import Guide
from tui.judge.evidence import Status
from tui.run.state import RunState
from tui.texts import Text
from tui.ui.log.view import LogPanel
from tui.ui.panels import diagnosis, firewall, local, login, network, tailnet, told, wayback
from tui.ui.panels.checks import ChecksPanel
from tui.ui.panels.heading import Heading
from tui.ui.panels.topic import TopicPanel
from tui.ui.panels.values import ValuesPanel
from tui.ui.widgets.tabs import PanelTabs

_NAMES = {
    "diagnosis": Text("诊断", "Diagnosis"),
    "login": Text("登录", "Login"),
    "local": Text("本机", "Here"),
    "network": Text("内网", "Network"),
    "tailnet": Text("组网", "Tailnet"),
    "firewall": Text("防火墙", "Firewall"),
    "wayback": Text("退路", "Way back"),
    "log": Text("日志", "Log"),
    "checks": Text("检查", "Checks"),
    "values": Text("数值", "Values"),
}
_SOMETIMES = {
    "diagnosis": diagnosis.has, "login": login.has, "local": local.has, "network": network.has, "tailnet": tailnet.has,
    "firewall": firewall.has, "wayback": wayback.has,
}  # fmt: skip
"""The panels that are there only while there is something to show, and how to know."""

_TALL = 46
"""Rows from which log and values have room beside a link's code."""


class Panels(Vertical):
    """`chosen` is the panel shown when they are tabs; side by side all of them are."""

    chosen: reactive[str] = reactive("log")

    def __init__(self, guide: Guide) -> None:
        super().__init__(id="panels")
        self._guide = guide
        self._state = RunState()
        self._step = ""
        self._there: tuple[str, ...] = tuple(ident for ident in _NAMES if ident not in _SOMETIMES)
        self._awaits = ""

    def compose(self) -> ComposeResult:
        """Tabs (hidden while wide), then the panels."""
        yield PanelTabs("v", id="panel-tabs")
        yield diagnosis.DiagnosisPanel(id="diagnosis")
        yield login.LoginPanel(id="login")
        yield local.LocalPanel(id="local")
        yield network.NetworkPanel(id="network")
        yield tailnet.TailnetPanel(id="tailnet")
        yield firewall.FirewallPanel(id="firewall")
        yield wayback.WayBackPanel(id="wayback")
        yield LogPanel(id="log")
        yield ChecksPanel(id="checks")
        yield ValuesPanel(id="values")

    def on_mount(self) -> None:
        """Give the panels their document."""
        for panel in (self.checks, self.values):
            panel.guide = self._guide
            self.watch(panel.query_one(Heading), "facts", self._tell_facts, init=False)
        for other in (self.log_panel, *self._sometimes):
            self.watch(other.query_one(Heading), "facts", self._tell_facts, init=False)
        self._mark_chosen()

    def on_resize(self) -> None:
        """The code of a link needs to know how high it may be."""
        self.query_one(login.LoginPanel).room = self.size.height - (1 if self.query_one(PanelTabs).display else 0)
        self._make_room()

    @property
    def log_panel(self) -> LogPanel:
        """The log."""
        return self.query_one("#log", LogPanel)

    @property
    def checks(self) -> ChecksPanel:
        """The checks of the step."""
        return self.query_one("#checks", ChecksPanel)

    @property
    def values(self) -> ValuesPanel:
        """The values of the run."""
        return self.query_one("#values", ValuesPanel)

    @property
    def _sometimes(self) -> tuple[TopicPanel, ...]:
        return tuple(self.query(TopicPanel))

    def show_state(self, state: RunState, step_id: str, mended: frozenset[str] = frozenset()) -> None:
        """The run as it is now, seen from one step. `mended` are the failed steps that were mended and not run again since."""
        self._state, self._step = state, step_id
        self.query_one(diagnosis.DiagnosisPanel).mended = mended
        panels: tuple[ChecksPanel | ValuesPanel | TopicPanel, ...] = (self.checks, self.values, *self._sometimes)
        for panel in panels:
            panel.state = state
            panel.step_id = step_id
        self._come_and_go()
        self.relabel()

    def tell_time(self, now: float) -> None:
        """The time in Unix seconds, for what is counted up or down."""
        self.log_panel.tell_time(now)
        for panel in self._sometimes:
            panel.tell_time(now)

    def tell_openings(self, openings: tuple[Mapping[str, Any], ...]) -> None:
        """What is open for whom until when, beside what steps told."""
        for panel in self._sometimes:
            panel.tell_openings(openings)

    def _come_and_go(self) -> None:
        """Show the panels that have something to say. A link that somebody must open takes the place of other tabs, once; so does the
        diagnosis of a failure, and the firewall that of the log.
        """
        there = tuple(ident for ident in _NAMES if ident not in _SOMETIMES or _SOMETIMES[ident](self._state, self._step))
        step = told.awaiting(self._state, self._step)
        awaits = step.wait.url if step is not None and step.wait is not None else ""
        if there != self._there or awaits != self._awaits:
            failed = "diagnosis" in there and "diagnosis" not in self._there
            entrance = "firewall" in there and "firewall" not in self._there and self.chosen == "log"
            fresh, over = awaits and not self._awaits, self._awaits and not awaits
            self._there, self._awaits = there, awaits
            for ident in _SOMETIMES:
                self.query_one(f"#{ident}").set_class(ident in there, "-there")
            self._make_room()
            if fresh:
                self.chosen = "login"
            elif failed:
                self.chosen = "diagnosis"
            elif entrance:
                self.chosen = "firewall"
            elif self.chosen not in there or (over and self.chosen == "login"):
                self.chosen = "log"

    def _make_room(self) -> None:
        """While somebody is awaited, or an action has much to say, the panels beside it give way."""
        self.set_class(bool(self._awaits) and self.size.height < _TALL, "-awaiting")
        self.set_class(any(ident in _SOMETIMES for ident in self._there), "-crowded")

    def relabel(self) -> None:
        """The tab names with their numbers, in the language of the moment."""
        self.query_one(PanelTabs).tabs = tuple(
            (ident, str(name), self._number(ident)) for ident, name in _NAMES.items() if ident in self._there
        )

    def watch_chosen(self) -> None:
        """Another panel is the shown one; where only the names have room, it comes forward."""
        if self.is_mounted:
            self.add_class("-front")
            self._mark_chosen()

    def _mark_chosen(self) -> None:
        for ident in _NAMES:
            self.query_one(f"#{ident}").set_class(ident == self.chosen, "-chosen")
        self.query_one(PanelTabs).active = self.chosen
        self._tell_facts()

    def _tell_facts(self) -> None:
        """While they are tabs the panels' own headings are hidden, and their facts stand in the row of tabs."""
        self.query_one(PanelTabs).facts = self.query_one(f"#{self.chosen}").query_one(Heading).facts

    def on_panel_tabs_chosen(self, message: PanelTabs.Chosen) -> None:
        """A tab was clicked."""
        message.stop()
        self.chosen = message.panel

    def next_tab(self, *, short: bool = False) -> None:
        """The next panel, round and round. `short`: only the names have room, so the panel comes forward first, and goes after the last."""
        if short and not self.has_class("-front"):
            self.add_class("-front")
            return
        names = list(self._there)
        at = (names.index(self.chosen) + 1) % len(names)
        self.chosen = names[at]
        self.set_class(not (short and at == 0), "-front")

    @property
    def has_way_back(self) -> bool:
        """Whether the ways back in are known."""
        return "wayback" in self._there

    def show_way_back(self) -> None:
        """Bring the ways back in before the reader, whatever else is shown."""
        self.chosen = "wayback"
        self.add_class("-front")
        self.query_one("#wayback").focus()

    def _number(self, ident: str) -> str:
        if ident != "checks" or not self._step:
            return ""
        try:
            total = len(self._guide.step(self._step).checks)
        except KeyError:
            return ""
        passed = sum(check.status is Status.PASS for check in self._state.step(self._step).checks.values())
        return f"{passed}/{total}" if total else ""
