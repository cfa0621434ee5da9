"""What the run knows by name: where its targets are, what the reader filled in, what checks found, and what is still to come."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive

from tui.guide.model import CheckSpec, Guide, Step
from tui.run.plan import LOCAL
from tui.run.state import RunState
from tui.texts import Text
from tui.ui.panels.heading import Heading
from tui.ui.panels.table import Cell, Table
from tui.ui.widgets.cells import visible

_VALUES = Text("数值", "Values")
_NONE = Text("还没有数值：执行时填写或得到的会列在这里", "No values yet: what is filled in or found while running will be listed here")
_YOURS = Text("你填的", "filled in by you")
_GIVEN = Text("给定", "given")
_SECRET = Text("你填的，不显示", "filled in by you, not shown")
_WHEN_ASKED = Text("执行时会问", "asked for when it is needed")
_FOUND = Text("{step}得到", "found by {step}")
_TO_COME = Text("{step}后得到", "after {step}")
_MASK = "••••••"
_EMPTY = "—"
_LONGEST = 120
"""Characters. What is longer was kept by an action for itself, and nobody reads it."""
_GROUP = re.compile(r"\(\?P<(\w+)>")

Row = tuple[Cell, Cell, Cell]
"""Name, value, where it comes from."""


class ValuesPanel(Vertical):
    """The values of a run of `guide`, as far as `state` knows. `step_id` is the step under the cursor: what it will find is listed too.

    `given` are the names that were known before anything was asked.
    """

    DEFAULT_CSS = """
    ValuesPanel { height: auto; padding-left: 1; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    state: reactive[RunState] = reactive(RunState)
    guide: reactive[Guide | None] = reactive[Guide | None](None)
    step_id: reactive[str] = reactive("")
    given: reactive[frozenset[str]] = reactive(frozenset[str])

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = Heading(_VALUES)
        self._table = Table((0.3, 0.4))

    def compose(self) -> ComposeResult:
        """Heading, then one row a value."""
        yield self._heading
        yield self._table

    def on_mount(self) -> None:
        """Show what is known already."""
        self._tell()

    def watch_state(self, before: RunState, now: RunState) -> None:
        """Redraw only when values or places are new."""
        if before.values is not now.values or before.targets is not now.targets or before.run != now.run:
            self._tell()

    def watch_guide(self) -> None:
        """Another document."""
        self._tell()

    def watch_step_id(self) -> None:
        """Another step."""
        self._tell()

    def watch_given(self) -> None:
        """Others were given."""
        self._tell()

    def speak(self) -> None:
        """The other language."""
        self._tell()

    def _tell(self) -> None:
        rows = tuple(value_rows(self.guide, self.state, self.step_id, self.given)) if self.guide else ()
        self._table.rows = rows or ((Cell(str(_NONE), "$muted"),),)


def value_rows(guide: Guide, state: RunState, step_id: str, given: Collection[str] = ()) -> Iterator[Row]:
    """Targets, inputs, found values, then what the step `step_id` has yet to find. `given` are names known beforehand."""
    shown: set[str] = set()
    written = {spec.name for spec in guide.targets if spec.address}
    for name, address in state.targets.items():
        shown.add(name)
        if name != LOCAL:  # where it is needs no words
            yield _row(name, short(address), _GIVEN if name in given or name in written else _YOURS)
    for item in guide.inputs:
        value = state.values.get(item.name)
        shown.add(item.name)
        if item.optional and value is None:
            continue  # what may stay empty is no gap to be filled
        if item.type == "secret":
            yield _row(item.name, _MASK if state.run else None, _SECRET if state.run else _WHEN_ASKED)
        else:
            yield _row(item.name, value.text if value else None, _source(item.name, given) if value else _WHEN_ASKED)
    steps = {step.id: step for step in guide.steps}
    for name, value in state.values.items():
        if name not in shown and len(value.text) <= _LONGEST:
            shown.add(name)
            found = _FOUND.fill(step=_named(steps.get(value.source), value.source))
            yield _row(name, value.text, _source(name, given) if value.source == "input" else found)
    if (step := steps.get(step_id)) is not None:
        for spec in step.checks:
            for name in promised(spec):
                if name not in shown:
                    shown.add(name)
                    yield _row(name, None, _TO_COME.fill(step=_named(step, step_id)))


def short(address: str) -> str:
    """An address as it is said: without the scheme that all addresses have."""
    return address.removeprefix("ssh://")


def promised(spec: CheckSpec) -> list[str]:
    """The names of the values that a check gives when it passes."""
    return _GROUP.findall(repr(dict(spec.args)))


def _source(name: str, given: Collection[str]) -> Text:
    return _GIVEN if name in given else _YOURS


def _named(step: Step | None, step_id: str) -> str:
    if step is None:
        return step_id
    return step.label or step.title


def _row(name: str, value: str | None, source: Text) -> Row:
    return Cell(visible(name), "$muted"), Cell(visible(value)) if value else Cell(_EMPTY, "$faint"), Cell(str(source), "$muted")
