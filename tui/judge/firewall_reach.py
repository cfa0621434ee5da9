"""Who may reach a port of an instance, exactly: the rules of all groups of an interface in the order in which Alibaba Cloud asks them.

The rules are merged, sorted by priority (1 first) and, where that is equal, Drop before Accept; the first that matches decides, and what
none matches is denied. Members of a basic group with inner access come in before any rule. Behind a group's id stand private addresses
only, and who is in it changes: such senders are named by their group, never counted as addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final

from tui.judge.addresses import EVERYWHERE, PUBLIC, Addresses, Family, Painted, addresses, spans, union
from tui.judge.firewall import ALL_PORTS, Group, Interface, Policy, Ports, Rule, Source, Wall
from tui.texts import Text

_NOTHING: Final = Addresses()


@dataclass(frozen=True, slots=True)
class Opening:
    """What one rule lets in that no rule before it had decided: `addresses`, or the members of `members`. No `rule`: inner access."""

    group: str
    rule: Rule | None
    addresses: Addresses = _NOTHING
    members: str = ""


@dataclass(frozen=True)
class Reach:
    """Who may reach the port through one interface. With anything in `unsure`, more may be open than is said here."""

    interface: Interface
    openings: tuple[Opening, ...]
    unsure: tuple[Text, ...] = ()

    @cached_property
    def open(self) -> Addresses:
        """All addresses that get in, from whichever network."""
        return union(each.addresses for each in self.openings)

    @cached_property
    def public(self) -> Addresses:
        """Those of them on the internet. The intranet card of a classic instance has no way to there."""
        return _NOTHING if self.interface.side == "intranet" else self.open & PUBLIC

    @property
    def members(self) -> tuple[str, ...]:
        """The groups whose members get in over the intranet."""
        return tuple(dict.fromkeys(each.members for each in self.openings if each.members))


def reach(wall: Wall, port: int | None = 22, protocol: str = "TCP") -> tuple[Reach, ...]:
    """Who may reach that port, by interface. For a protocol without ports, `port` is None."""
    interfaces = wall.instance.interfaces or (Interface("?", ()),)  # one without a card was read wrongly: unsure, not closed
    return tuple(_through(wall, interface, port, protocol) for interface in interfaces)


def public(found: Iterable[Reach]) -> Addresses:
    """The addresses on the internet that get in through any of the interfaces."""
    return union(each.public for each in found)


def unsure(found: Iterable[Reach]) -> tuple[Text, ...]:
    """What could not be read, each said once. Only without any of it is an empty set of public addresses a proof."""
    return tuple(dict.fromkeys(text for each in found for text in each.unsure))


def undropped(wall: Wall, port: int, protocol: str = "TCP") -> Iterator[tuple[Interface, str, Rule, Addresses]]:
    """Each Accept rule with what it would let in if it were the only one: (interface, group, rule, addresses). Drop rules count."""
    for interface in wall.instance.interfaces:
        placed = ranked(wall, interface, port, protocol)
        for opening in _openings(wall, interface, placed, hide=False):
            if opening.rule and opening.addresses:
                yield interface, opening.group, opening.rule, opening.addresses


Placed = tuple[Group, Rule]


def ranked(wall: Wall, interface: Interface, port: int | None, protocol: str) -> list[Placed]:
    """The inbound rules of an interface that speak of that port, in the order in which they are asked."""
    groups = [group for each in interface.groups if (group := wall.group(each))]
    found = [(group, rule) for group in groups for rule in group.rules if _speaks(wall, rule, interface, port, protocol)]
    return sorted(found, key=lambda placed: (placed[1].priority, placed[1].policy is Policy.ACCEPT))


def ports_of(rule: Rule, wall: Wall) -> tuple[Ports, ...] | None:
    """The ports a rule speaks of, None where its port list was not read."""
    if not rule.port_list:
        return (rule.ports or ALL_PORTS,)
    listed = wall.port_lists.get(rule.port_list)
    return listed.ranges if listed else None


def sources_of(source: Source, wall: Wall) -> Addresses | None:
    """The addresses of a source; None for a group, and for a prefix list that was not read."""
    if source.kind == "prefix list":
        listed = wall.prefix_lists.get(source.value)
        return listed.addresses if listed else None
    return None if source.kind == "group" else source.addresses


def _speaks(wall: Wall, rule: Rule, interface: Interface, port: int | None, protocol: str) -> bool:
    if rule.direction != "ingress" or rule.protocol not in (protocol, "ALL") or (interface.side and rule.nic != interface.side):
        return False
    if port is None or rule.protocol == "ALL":
        return True
    if not rule.port_list:
        return rule.ports is None or rule.ports[0] <= port <= rule.ports[1]
    return any(first <= port <= last for first, last in ports_of(rule, wall) or ())


def _through(wall: Wall, interface: Interface, port: int | None, protocol: str) -> Reach:
    placed = ranked(wall, interface, port, protocol)
    groups = [group for each in interface.groups if (group := wall.group(each))]
    inner = tuple(Opening(group.id, None, members=group.id) for group in groups if group.inner and group.kind != "enterprise")
    return Reach(interface, (*inner, *_openings(wall, interface, placed)), tuple(_doubts(wall, interface, placed, protocol)))


def _openings(wall: Wall, interface: Interface, placed: Sequence[Placed], *, hide: bool = True) -> Iterator[Opening]:
    """What each rule adds. A packet's own port and its destination are asked for only where a rule makes a difference by them."""
    cases = list(product(_sender_ports(placed), _destinations(placed, interface)))
    if len(cases) == 1:
        yield from _decided(wall, placed, hide=hide)
        return
    found: dict[tuple[str, Rule, str], Addresses] = {}
    for sender_port, (destination, families) in cases:
        valid = [each for each in placed if _meant(wall, each[1], sender_port, destination, families)]
        for opening in _decided(wall, valid, hide=hide):
            if opening.rule:
                key = (opening.group, opening.rule, opening.members)
                found[key] = found.get(key, _NOTHING) | union(opening.addresses.only(family) for family in families)
    for (group, rule, members), what in found.items():
        if members or what:
            yield Opening(group, rule, what, members)


def _decided(wall: Wall, placed: Sequence[Placed], *, hide: bool) -> Iterator[Opening]:
    v4, v6 = Painted(), Painted()
    settled: set[str] = set()
    for group, rule in placed:
        accepts = rule.policy is Policy.ACCEPT
        if rule.source.kind == "group":
            if rule.source.value not in settled and accepts and not (v4.full(4) and v6.full(6)):
                yield Opening(group.id, rule, members=rule.source.value)
            settled.add(rule.source.value)
            continue
        what = sources_of(rule.source, wall) or _NOTHING
        look4, look6 = (v4.paint, v6.paint) if hide or not accepts else (v4.fresh, v6.fresh)
        fresh4 = [part for span in what.v4 for part in look4(span)]
        fresh6 = [part for span in what.v6 for part in look6(span)]
        if accepts and (fresh4 or fresh6):
            yield Opening(group.id, rule, spans(fresh4, fresh6))


def _sender_ports(placed: Sequence[Placed]) -> list[int]:
    """One port of each stretch in which all rules treat senders alike."""
    told = [rule.sender_ports for _, rule in placed if rule.sender_ports]
    return sorted({1, *(first for first, _ in told), *(last + 1 for _, last in told if last < 65535)})


def _destinations(placed: Sequence[Placed], interface: Interface) -> list[tuple[str, tuple[Family, ...]]]:
    """Each of the interface's addresses with the family that can be sent to it, if a rule names a destination; "" stands for any."""
    if not any(rule.near for _, rule in placed):
        return [("", (4, 6))]
    own: list[tuple[str, tuple[Family, ...]]] = [(each, (6,) if ":" in each else (4,)) for each in interface.addresses]
    missing: list[Family] = [family for family in (4, 6) if not any(family in families for _, families in own)]
    return [*own, *(("?", (family,)) for family in missing)]


def _meant(wall: Wall, rule: Rule, sender_port: int, destination: str, families: tuple[Family, ...]) -> bool:
    """Whether the rule speaks of such a packet. Of an address nobody knows, an Accept counts; a Drop only if it is for all there are."""
    if rule.sender_ports and not rule.sender_ports[0] <= sender_port <= rule.sender_ports[1]:
        return False
    if rule.near is None or not destination:
        return True
    near = sources_of(rule.near, wall)
    if near is None:
        return rule.policy is Policy.ACCEPT
    if destination == "?":
        return rule.policy is Policy.ACCEPT or all(EVERYWHERE.only(family) <= near for family in families)
    return addresses(destination) <= near


def _doubts(wall: Wall, interface: Interface, placed: Sequence[Placed], protocol: str) -> Iterator[Text]:
    if not wall.instance.whole:
        yield _INTERFACES
    if not interface.groups:
        yield _NO_GROUP.fill(interface=interface.id)
    for group in interface.groups:
        read = wall.group(group)
        if read is None:
            yield _GROUP.fill(group=group)
            continue
        for each in read.unread:
            if each.told.get("Direction") != "egress":
                yield _RULE.fill(group=group, rule=each.id, why=each.why)
        for rule in read.rules:
            if rule.port_list and rule.direction == "ingress" and rule.protocol in (protocol, "ALL") and ports_of(rule, wall) is None:
                yield _LIST.fill(list=rule.port_list, rule=rule.id)
    for _, rule in placed:
        if rule.source.kind == "prefix list" and rule.source.value not in wall.prefix_lists:
            yield _LIST.fill(list=rule.source.value, rule=rule.id)


_INTERFACES: Final = Text(
    "没能查到这台实例的其它网卡：它们的安全组不在内", "its further network cards could not be asked for: their groups are not counted"
)
_NO_GROUP: Final = Text("没能读到网卡 {interface} 的安全组", "the groups of the network card {interface} could not be read")
_GROUP: Final = Text("没能读到安全组 {group} 的规则", "the rules of the security group {group} could not be read")
_RULE: Final = Text("读不懂安全组 {group} 的规则 {rule}：{why}", "the rule {rule} of the security group {group} can't be understood: {why}")
_LIST: Final = Text("没能读到规则 {rule} 引用的列表 {list}", "the list {list} that the rule {rule} refers to could not be read")
