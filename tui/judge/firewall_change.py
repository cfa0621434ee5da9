"""Changes to rules as facts that can be shown, applied in thought, saved, and sent: the API has no dry run, so this is the preview.

A change says the whole rule, before and after: what is sent never depends on which fields the API leaves alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from tui.judge.addresses import addresses
from tui.judge.firewall import Group, Rule, Source, Wall

PER_INTERFACE: Final = 1000
"""Rules, in and out, that all groups of one interface may have together; a rule with a list counts as often as the list has room."""
PER_GROUP: Final = 200
"""Rules a group may have where nobody asked for more."""


@dataclass(frozen=True, slots=True)
class Modify:
    """ModifySecurityGroupRule: the rule keeps its id."""

    group: str
    before: Rule
    after: Rule


@dataclass(frozen=True, slots=True)
class Revoke:
    """RevokeSecurityGroup by id. Made again later, the rule gets another id."""

    group: str
    before: Rule


@dataclass(frozen=True, slots=True)
class Authorize:
    """AuthorizeSecurityGroup: a new rule; its id is known only once the group is read again."""

    group: str
    after: Rule


Change = Modify | Revoke | Authorize


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """What lets in goes first, so that nothing that stays open is closed for a moment; what is taken away goes last."""
    return tuple(sorted(changes, key=lambda change: (Authorize, Modify, Revoke).index(type(change))))


def applied(wall: Wall, changes: Iterable[Change]) -> Wall:
    """The wall as it will be. A change of a rule that is not there as it says raises ValueError: the plan is for another wall."""
    groups = {group.id: list(group.rules) for group in wall.groups}
    for change in changes:
        rules = groups[change.group]
        match change:
            case Modify():
                rules[rules.index(change.before)] = change.after
            case Revoke():
                rules.remove(change.before)
            case Authorize():
                if not any(each.sense == change.after.sense for each in rules):  # the API takes an equal rule for the same one
                    rules.append(change.after)
    return replace(wall, groups=tuple(replace(group, rules=tuple(groups[group.id])) for group in wall.groups))


def can_modify(before: Rule, after: Rule) -> bool:
    """Whether ModifySecurityGroupRule can do it: the kind of source, the card, and ports or port list stay what they are."""
    blanked = bool(before.description and not after.description) or bool(before.near and not after.near)
    same = before.source.kind == after.source.kind and before.nic == after.nic and before.direction == after.direction
    return bool(before.id) and same and not blanked and bool(before.port_list) == bool(after.port_list)


def peak(wall: Wall, changes: Iterable[Change], groups: Iterable[str]) -> int:
    """How many rules of these groups count at the worst moment: when the new ones are there and the old ones not gone yet."""
    wanted = set(groups)
    new = sum(weight(wall, change.after) for change in changes if isinstance(change, Authorize) and change.group in wanted)
    return new + sum(weighed(wall, group) for group in wall.groups if group.id in wanted)


def weighed(wall: Wall, group: Group) -> int:
    """How many rules the group has, as the quota counts."""
    return sum(weight(wall, rule) for rule in group.rules) + len(group.unread)


def weight(wall: Wall, rule: Rule) -> int:
    """As how many rules it counts."""
    prefixes = wall.prefix_lists.get(rule.source.value) if rule.source.kind == "prefix list" else None
    ports = wall.port_lists.get(rule.port_list) if rule.port_list else None
    return max(1, prefixes.room if prefixes else 1) * max(1, (ports.room or len(ports.ranges)) if ports else 1)


def cidr_source(cidr: str) -> Source:
    """A source that is this CIDR."""
    what = addresses(cidr)
    return Source("ipv4" if what.v4 else "ipv6", cidr, what)
