"""What actions told, read for panels. A run may have been recorded by another version, so a fact of the wrong kind counts as not told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tui.run.state import RunState, StepState
from tui.texts import Text
from tui.ui.panels.table import Cell
from tui.ui.widgets.cells import visible
from tui.ui.widgets.marks import LIVE

Facts = Mapping[str, Any]

PASS, FAIL, UNSURE, TODO = Cell("✓", "$ok"), Cell("✗", "$bad"), Cell("?", "$decide"), Cell("◦", "$faint")
DECIDE = Cell("!", "$decide")


def word(facts: Facts, name: str) -> str:
    """A string among the facts, made harmless; "" where there is none."""
    found = facts.get(name)
    return visible(found) if isinstance(found, str) else ""


def number(facts: Facts, name: str) -> float | None:
    """A number among the facts."""
    found = facts.get(name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def part(facts: Facts, name: str) -> Facts:
    """A mapping among the facts, or an empty one."""
    found = facts.get(name)
    return found if isinstance(found, Mapping) else {}


def parts(facts: Facts, name: str) -> Iterator[Facts]:
    """The mappings of a list among the facts."""
    found = facts.get(name)
    if isinstance(found, list | tuple):
        yield from (each for each in found if isinstance(each, Mapping))


def sentence(facts: Facts) -> str:
    """`{zh, en}` in the language of the moment; "" where it is not that."""
    return visible(str(Text(str(facts.get("zh") or ""), str(facts.get("en") or ""))))


def moment(facts: Facts, name: str) -> datetime | None:
    """A time among the facts: Unix seconds or ISO 8601; aware, UTC where it does not say."""
    found, seconds = facts.get(name), number(facts, name)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        when = datetime.fromisoformat(found) if isinstance(found, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return when.replace(tzinfo=when.tzinfo or UTC) if when else None


def reasons(facts: Facts, name: str = "health") -> Iterator[tuple[Cell, Cell]]:
    """Mark and words of each reason why Tailscale is not well: red where nothing goes on with it."""
    for each in parts(facts, name):
        said, line = sentence(each), word(each, "line")
        words = f"{said} · {line}" if said and line and line not in said else said or line
        if words:
            yield FAIL if each.get("blocks") else DECIDE, Cell(words)


def topic_of(state: RunState, step_id: str, topic: str) -> Facts:
    """The facts that the step under the cursor told, else those of the step that runs; empty where neither did."""
    for step in _subjects(state, step_id):
        if facts := step.topics.get(topic):
            return facts
    return {}


def awaiting(state: RunState, step_id: str) -> StepState | None:
    """The step that waits for somebody to open a link: the one under the cursor, else any that runs."""
    return next((step for step in _subjects(state, step_id) if step.wait is not None and step.wait.url), None)


def _subjects(state: RunState, step_id: str) -> Iterator[StepState]:
    here = state.step(step_id)
    yield here
    yield from (step for step in state.steps.values() if step.phase in LIVE and step is not here)
