"""A fence with the commands in it: the status of the first above, every line knowing whose it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from markdown_it.token import Token

from tui.guide.model import Command
from tui.ui.document import code
from tui.ui.document.facts import Facts
from tui.ui.document.line import Line, Mark, Stop
from tui.ui.document.stops import Plan


class Part(NamedTuple):
    """The lines of a fence to lay out: `take` of them (None: all) from `skip` on."""

    skip: int = 0
    take: int | None = None

    def of(self, lines: list[str]) -> list[str]:
        """Those lines."""
        return lines[self.skip : None if self.take is None else self.skip + self.take]

    def more(self, token: Token) -> bool:
        """Does the fence go on after this part?"""
        return self.take is not None and self.skip + self.take < len(code.body(token.content))


def fence_lines(plan: Plan, facts: Facts, token: Token, stops: list[Stop], w: int, count: Callable[[str], int], part: Part) -> list[Line]:
    """The rows of a fence. `stops` are the commands in it, `count` takes each line's text and gives its place in the block's."""
    first = (token.map or [0])[0] + (2 if token.type == "fence" else 1)
    content = code.body(token.content)
    language = token.info if token.info or not stops else "bash"
    lines: list[Line] = []
    owners: dict[int, Stop] = {}
    marks: dict[int, Mark] = {}
    if stops:
        from tui.ui.document import rows  # what a run is, only a guide with steps needs to know

        lines = rows.status_rows(plan, stops[0], facts, w) if not part.skip else []
        owners, marks = _owners(plan, facts, stops)
    alone = (stops[0],) if len(stops) == 1 else ()
    before = content[part.skip - 1] if part.skip else ""
    for number, text in enumerate(part.of(content), first + part.skip):
        painted = code.paint(text, language, goes_on=before.endswith("\\"))
        row = code.code_lines(painted, w, count(text))
        for line in row:
            line.stops = (owners[number],) if number in owners else alone
        row[0].mark = marks.get(number)
        lines += row
        before = text
    return lines


def _owners(plan: Plan, facts: Facts, stops: list[Stop]) -> tuple[dict[int, Stop], dict[int, Mark]]:
    """By source line: the command it belongs to, and the mark where a second command begins."""
    from tui.ui.document.status import item_status

    owners: dict[int, Stop] = {}
    marks: dict[int, Mark] = {}
    for stop in stops:
        item = plan.item(stop)
        if isinstance(item, Command) and stop.item is not None:
            owners |= dict.fromkeys(range(item.line, item.end + 1), stop)
            if stop is not stops[0]:
                marks[item.line] = item_status(plan.steps[stop.step_id], stop.item, facts).mark
    return owners, marks
