"""The smallest change that leaves no public source for a port, rule by rule, and nothing else different.

A rule is touched only if it would let somebody from the internet in were it the only one. One that speaks of more than this port is
never narrowed by changing its source, which would close other services: it is split around the port, or a Drop rule is put before it,
and the reader chooses which. What can't be changed is said, and then there is no plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tui.judge import firewall_plan_words as words
from tui.judge.addresses import PUBLIC, Addresses, addresses, of
from tui.judge.firewall import ALL_PORTS, Member, Policy, Ports, Rule, Wall
from tui.judge.firewall_change import (
    PER_GROUP,
    PER_INTERFACE,
    Authorize,
    Change,
    Modify,
    Revoke,
    applied,
    can_modify,
    cidr_source,
    in_order,
    peak,
    weighed,
)
from tui.judge.firewall_proof import faults, lost_inside, lost_protocols, shown_inside
from tui.judge.firewall_reach import ports_of, public, reach, sources_of, undropped, unsure
from tui.texts import Text


class Mode(StrEnum):
    """What becomes of a rule that speaks of this port only: its source becomes loopback, it goes, or some of its sources stay."""

    LOOPBACK = "loopback"
    REMOVE = "remove"
    NARROW = "narrow"


class Wide(StrEnum):
    """What becomes of a rule that speaks of more: it is split around the port, or a Drop rule for the port goes before it."""

    SPLIT = "split"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Choice:
    """A wide rule the reader has to decide about: what each way costs. `options` names the ways there are, the better one first."""

    group: str
    rule: Rule
    say: Text
    options: tuple[Wide, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done. `changes` are in the order in which they must be made, `after` is the wall as it will be then.

    Only a plan that is `ready` may be carried out: it is proven, nothing is left to choose, and nothing stands in the way (`blocked`).
    `notes` are what the reader should know of it. Without changes it is closed already.
    """

    port: int
    mode: Mode
    allowed: Addresses
    before: Wall
    after: Wall
    changes: tuple[Change, ...] = ()
    choices: tuple[Choice, ...] = ()
    blocked: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it may be carried out as far as the rules go."""
        return not self.choices and not self.blocked


def plan(
    wall: Wall, port: int = 22, mode: Mode = Mode.LOOPBACK, allowed: Sequence[str] = (), wide: Mapping[str, Wide] | Wide | None = None
) -> Plan:
    """Plan the change. `allowed` are CIDRs that may stay (`narrow` only; ValueError for one that is none).

    `wide` is what was chosen for wide rules: for all of them, or by rule id.
    """
    if doubts := unsure(reach(wall, port)):
        return Plan(port, mode, of(), wall, wall, blocked=doubts)
    work = _Work(wall, port, mode, of(*allowed) if mode is Mode.NARROW else of(), wide)
    work.run()
    changes = in_order(_least(work))
    after = applied(wall, changes)
    blocked = [*work.blocked]
    if not work.choices and not blocked:
        blocked += faults(wall, after, port, work.allowed)
    blocked += _too_many(wall, changes)
    made = Plan(port, mode, work.allowed, wall, after, changes, tuple(work.choices), tuple(dict.fromkeys(blocked)))
    return replace(made, notes=tuple(_notes(made)))


def sharing(plan: Plan) -> tuple[Member, ...] | None:
    """The other instances that a plan touches: members of the groups it changes. None where a group was not asked for them."""
    touched = {change.group for change in plan.changes}
    if any(group not in plan.before.members for group in touched):
        return None
    found = {each.id: each for group in sorted(touched) for each in plan.before.members[group]}
    return tuple(each for each in found.values() if each.id != plan.before.instance.id)


@dataclass
class _Work:
    """The plan while it is made: `now` is the wall with all changes so far."""

    before: Wall
    port: int
    mode: Mode
    allowed: Addresses
    wide: Mapping[str, Wide] | Wide | None

    def __post_init__(self) -> None:
        self.now = self.before
        self.changes: list[Change] = []
        self.choices: list[Choice] = []
        self.blocked: list[Text] = []

    def run(self) -> None:
        """One rule after another, wide ones first: a Drop rule for one of them may settle others."""
        left: set[tuple[str, Rule]] = set()
        while todo := [each for each in dict.fromkeys(self._needed()) if each not in left]:
            group, rule = next((each for each in todo if not self._exact(each[1])), todo[0])
            left.add((group, rule))
            managed = next(each.managed for each in self.now.groups if each.id == group)
            if managed or not rule.id:
                text = words.MANAGED.fill(group=group, by=managed, rule=rule.id) if managed else words.NO_ID.fill(group=group)
                self.blocked.append(text)
            elif self._exact(rule):
                self._replace(group, rule, self._narrowed(rule))
            else:
                self._part(group, rule)

    def _needed(self) -> Iterator[tuple[str, Rule]]:
        for interface, group, rule, what in undropped(self.now, self.port):
            if interface.side != "intranet" and (what & PUBLIC) - self.allowed:
                yield group, rule

    def _exact(self, rule: Rule) -> bool:
        listed = ports_of(rule, self.now) or ()
        return rule.protocol == "TCP" and all(each == (self.port, self.port) for each in listed)

    def _narrowed(self, rule: Rule) -> list[Rule]:
        """What replaces a rule, or a part of one, that speaks of this port only."""
        alone = replace(rule, id="", protocol="TCP", ports=(self.port, self.port), port_list="", port_list_name="")
        kept = (sources_of(rule.source, self.now) or of()) & self.allowed
        cidrs: tuple[str, ...] = kept.cidrs()
        if self.mode is Mode.LOOPBACK and rule.source.kind in ("ipv4", "ipv6") and self._exact(rule) and not rule.port_list:
            cidrs = ("127.0.0.1/32",) if rule.source.kind == "ipv4" else ("::1/128",)
        return [replace(alone, source=cidr_source(each)) for each in cidrs]

    def _part(self, group: str, rule: Rule) -> None:
        chosen = self.wide if isinstance(self.wide, Wide) or self.wide is None else self.wide.get(rule.id)
        options = (Wide.SPLIT,) if self.allowed else (Wide.DROP, Wide.SPLIT) if rule.protocol == "ALL" else (Wide.SPLIT, Wide.DROP)
        if chosen not in options:
            self.choices.append(Choice(group, rule, words.wide(rule, self.port, options), options))
        elif chosen is Wide.DROP:
            drop = replace(
                rule, id="", policy=Policy.DROP, protocol="TCP", ports=(self.port, self.port), port_list="", port_list_name="",
                sender_ports=None, description=words.DROP_DESCRIPTION,
            )  # fmt: skip
            self._do(Authorize(group, drop))
        else:
            self._replace(group, rule, [*self._around(rule), *self._narrowed(rule)])

    def _around(self, rule: Rule) -> list[Rule]:
        """The rule without this port, as rules."""
        base = replace(rule, id="", port_list="", port_list_name="")
        listed = ports_of(rule, self.now) or ()
        parts = [replace(base, protocol="TCP", ports=each) for stretch in listed for each in _without(stretch, self.port)]
        if rule.protocol != "ALL":
            return parts
        what = sources_of(rule.source, self.now) or of()
        pings = [name for name, family in (("ICMP", what.v4), ("ICMPV6", what.v6)) if family]
        return [*parts, *(replace(base, protocol=name, ports=None) for name in ("UDP", *pings, "GRE"))]

    def _replace(self, group: str, rule: Rule, parts: list[Rule]) -> None:
        """Put the parts in the place of the rule; it becomes one of them if the API can do that, so that its id stays."""
        there = {each.sense for each in self.now.group(group).rules if each != rule}  # type: ignore[union-attr]  # the rule is in it
        parts = [each for each in dict.fromkeys(parts) if each.sense not in there]
        heir = next((each for each in parts if can_modify(rule, each)), None)
        for each in parts:
            if each is not heir:
                self._do(Authorize(group, each))
        self._do(Modify(group, rule, replace(heir, id=rule.id, created=rule.created)) if heir else Revoke(group, rule))

    def _do(self, change: Change) -> None:
        self.changes.append(change)
        self.now = applied(self.now, [change])


def _least(work: _Work) -> list[Change]:
    """The changes but for Drop rules that a later one made needless, in another group of the same interface."""
    changes = list(work.changes)
    for change in work.changes:
        rest = [each for each in changes if each is not change]
        if isinstance(change, Authorize) and change.after.policy is Policy.DROP:
            left = public(reach(applied(work.before, rest), work.port)) - work.allowed
            changes = changes if left - public(reach(work.now, work.port)) else rest
    return changes


def _without(ports: Ports, port: int) -> list[Ports]:
    first, last = ports
    if not first <= port <= last:
        return [ports]
    parts = [(first, port - 1), (port + 1, last)]
    return [(low, high) for low, high in parts if max(low, 1) <= high <= ALL_PORTS[1]]


def _too_many(wall: Wall, changes: Sequence[Change]) -> Iterator[Text]:
    for interface in wall.instance.interfaces:
        most = peak(wall, changes, interface.groups)
        if changes and most > PER_INTERFACE:
            yield words.INTERFACE_FULL.fill(interface=interface.id, count=most, limit=PER_INTERFACE)


def _notes(made: Plan) -> Iterator[Text]:
    before, after = made.before, made.after
    if not made.changes:
        return
    for group in after.groups:
        if weighed(after, group) > PER_GROUP and weighed(after, group) > weighed(before, before.group(group.id) or group):
            yield words.GROUP_FULL.fill(group=group.id, count=weighed(after, group), limit=PER_GROUP)
    if lost := lost_inside(before, after, made.port):
        yield words.LOST_INSIDE.fill(sources=shown_inside(lost), port=made.port)
    if lost_protocols(before, after):
        yield words.LOST_PROTOCOLS
    for change in made.changes:
        if isinstance(change, Authorize):
            continue
        if change.before.source.kind == "prefix list":
            yield words.PREFIX_LIST.fill(rule=change.before.id, list=change.before.source.value)
        if change.before.description == words.WORKBENCH:
            yield words.WORKBENCH_AGAIN.fill(rule=change.before.id)
    if addresses("0.0.0.0/0") <= made.allowed or addresses("::/0") <= made.allowed:
        yield words.ALL_ALLOWED
