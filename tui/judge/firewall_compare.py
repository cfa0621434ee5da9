"""Three views of the same rules: before the change, as planned, and now. Right after the write, and weeks later for the way back.

Rules are compared by what they do, not by how they are spelled or in which order they come; they are matched by id, and where an id is
new, by what they do. So a rule that somebody else changed since is told apart from ours, and never overwritten unasked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from tui.judge.firewall import Group, Rule, Wall
from tui.judge.firewall_change import Authorize, Change, Modify, Revoke, can_modify, in_order


class Stand(StrEnum):
    """How a rule is now. `changed`, `gone` and `added` are other people's doing; `unknown`: it could not be read."""

    UNTOUCHED = "untouched"
    AS_PLANNED = "as planned"
    AS_BEFORE = "as before"
    CHANGED = "changed"
    GONE = "gone"
    ADDED = "added"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Line:
    """One rule in the three views; None where a view does not have it. `reworded`: only its description is another one now."""

    stand: Stand
    group: str
    before: Rule | None = None
    planned: Rule | None = None
    now: Rule | None = None
    reworded: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """All rules of the groups there were before, in the order in which they were then, new ones last."""

    lines: tuple[Line, ...]

    def of(self, *stands: Stand) -> tuple[Line, ...]:
        """The rules that are so."""
        return tuple(line for line in self.lines if line.stand in stands)

    @property
    def carried_out(self) -> bool:
        """Whether everything planned is so now. Rules that others added do not count: who gets in is asked of `reach`."""
        return not self.of(Stand.AS_BEFORE, Stand.CHANGED, Stand.GONE, Stand.UNKNOWN)

    @property
    def restored(self) -> bool:
        """Whether everything is as it was before."""
        return not self.of(Stand.AS_PLANNED, Stand.CHANGED, Stand.GONE, Stand.UNKNOWN)

    @property
    def others(self) -> tuple[Line, ...]:
        """What somebody else did since."""
        return self.of(Stand.CHANGED, Stand.GONE, Stand.ADDED)


@dataclass(frozen=True, slots=True)
class Restore:
    """The way back: `changes` undo what is still as we left it. `asks` are rules others changed since, with what would undo that, too."""

    changes: tuple[Change, ...]
    asks: tuple[tuple[Line, tuple[Change, ...]], ...] = ()


def compare(before: Wall, now: Wall, planned: Wall) -> Comparison:
    """Compare; `planned` is the plan's `after`. A group that is missing in `now` was not read: its rules are unknown."""
    lines: list[Line] = []
    for group in before.groups:
        goal, found = planned.group(group.id), now.group(group.id)
        lines += _group(group, goal or group, found)
    return Comparison(tuple(lines))


def restore(found: Comparison) -> Restore:
    """The way back to the rules before, from wherever they are now: after a whole write, half a write, or others' changes."""
    changes: list[Change] = []
    asks: list[tuple[Line, tuple[Change, ...]]] = []
    for line in found.lines:
        back = tuple(_back(line, found))
        if line.stand is Stand.AS_PLANNED:
            changes += back
        elif line.stand in (Stand.CHANGED, Stand.GONE):
            asks.append((line, back))
    return Restore(in_order(changes), tuple(asks))


def _group(before: Group, planned: Group, now: Group | None) -> Iterator[Line]:
    pairs = [(rule, next((each for each in planned.rules if each.id == rule.id), None) if rule.id else rule) for rule in before.rules]
    known = {id(rule) for pair in pairs for rule in pair if rule is not None}
    wanted: list[tuple[Rule | None, Rule | None]] = [*pairs, *((None, rule) for rule in planned.rules if id(rule) not in known)]
    if now is None:
        yield from (Line(Stand.UNKNOWN, before.id, was, goal) for was, goal in wanted)
        return
    left = list(now.rules)
    matched = [(was, goal, _take(left, was)) for was, goal in wanted]
    blind = {each.id for each in now.unread}
    for was, goal, there in matched:
        found = there or _take_alike(left, was, goal)
        yield Line(_stand(was, goal, found, blind), before.id, was, goal, found, _reworded(was, goal, found))
    yield from (Line(Stand.ADDED, before.id, now=rule) for rule in left)
    yield from (Line(Stand.UNKNOWN, before.id) for each in now.unread if each.id not in {rule.id for rule in before.rules})


def _take(left: list[Rule], was: Rule | None) -> Rule | None:
    """The rule of that id, taken out of those that are left."""
    found = next((each for each in left if was and was.id and each.id == was.id), None)
    if found is not None:
        left.remove(found)
    return found


def _take_alike(left: list[Rule], was: Rule | None, goal: Rule | None) -> Rule | None:
    """A rule of another id that does what is planned, or what the old one did: made anew."""
    for wish in (goal, was):
        found = next((each for each in left if wish is not None and each.sense == wish.sense), None)
        if found is not None:
            left.remove(found)
            return found
    return None


def _stand(was: Rule | None, goal: Rule | None, found: Rule | None, blind: set[str]) -> Stand:
    if was is not None and was.id in blind:
        return Stand.UNKNOWN
    if found is None:
        return Stand.AS_PLANNED if goal is None else Stand.AS_BEFORE if was is None else Stand.GONE
    planned, old = (each is not None and each.sense == found.sense for each in (goal, was))
    if planned:
        return Stand.UNTOUCHED if old else Stand.AS_PLANNED
    return Stand.AS_BEFORE if old else Stand.CHANGED


def _reworded(was: Rule | None, goal: Rule | None, found: Rule | None) -> bool:
    alike = [each for each in (was, goal) if each is not None and found is not None and each.sense == found.sense]
    return bool(alike) and all(found is not None and each.description != found.description for each in alike)


def _back(line: Line, found: Comparison) -> Iterator[Change]:
    """What brings this rule back to what it was."""
    was, now = line.before, line.now
    if was is None:
        if now is not None:
            yield Revoke(line.group, now)
        return
    there = any(each.now and each.now is not now and each.group == line.group and each.now.sense == was.sense for each in found.lines)
    if now is not None and not there and can_modify(now, was):
        yield Modify(line.group, now, replace(was, id=now.id, created=now.created))
        return
    if not there:
        yield Authorize(line.group, replace(was, id="", created=""))
    if now is not None:
        yield Revoke(line.group, now)
