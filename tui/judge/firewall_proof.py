"""That a plan does what it promises, shown by asking the rules before and after: the port, every other port, every other protocol.

The planner writes rules and could be wrong; this looks only at who gets in. A plan that can't be proven is not carried out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tui.judge.addresses import LOOPBACK, PRIVATE, SHARED, Addresses, Family, of, union
from tui.judge.firewall import ALL_PORTS, Wall
from tui.judge.firewall_reach import Reach, ports_of, public, reach, unsure
from tui.texts import Text

_OTHERS: Final[tuple[tuple[str, Family | None], ...]] = (("ICMP", 4), ("ICMPV6", 6), ("GRE", None))
_KNOWN: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
_UNNAMED: Final = "50"
"""Stands for all protocols that only a rule for ALL speaks of."""


def faults(before: Wall, after: Wall, port: int, allowed: Addresses) -> tuple[Text, ...]:
    """What is wrong with the change; nothing means it is proven. `allowed` are the public sources that may stay."""
    found: list[Text] = list(unsure(reach(after, port)))
    if left := public(reach(after, port)) - allowed:
        found.append(_LEFT.fill(port=port, sources=shown(left)))
    if gained := _gained(before, after, port):
        found.append(_GAINED.fill(port=port, sources=shown(gained)))
    found += [_OTHER.fill(what=what) for what in differing(before, after, port)]
    return tuple(found)


def lost_protocols(before: Wall, after: Wall) -> bool:
    """Whether protocols without a name of their own lose a way in: no rule but one for ALL can let them in."""
    return _who(reach(before, None, _UNNAMED)) != _who(reach(after, None, _UNNAMED))


def lost_inside(before: Wall, after: Wall, port: int) -> Addresses:
    """Senders from inside (private networks, Alibaba Cloud's own services) that reach the port before and not after."""
    pairs = zip(reach(before, port), reach(after, port), strict=True)
    return union((was.open - now.open) & (PRIVATE | SHARED) for was, now in pairs)


def shown(what: Addresses, most: int = 3) -> Text:
    """Addresses in a sentence: a few CIDRs, and how many more."""
    cidrs = what.cidrs()
    if len(cidrs) <= most:
        return Text("、".join(cidrs), ", ".join(cidrs))
    more = Text("{few} 等 {count} 段", "{few} and {rest} more")
    few = Text("、".join(cidrs[:most]), ", ".join(cidrs[:most]))
    return more.fill(few=few, count=len(cidrs), rest=len(cidrs) - most)


def shown_inside(what: Addresses) -> Text:
    """Inside addresses in a sentence: the networks a reader knows, whole or in part."""
    touched = [(cidr, of(cidr) <= what) for cidr in _KNOWN if of(cidr) & what]
    zh = "、".join(cidr if whole else f"{cidr} 的一部分" for cidr, whole in touched)
    return Text(zh, ", ".join(cidr if whole else f"part of {cidr}" for cidr, whole in touched))


def _gained(before: Wall, after: Wall, port: int) -> Addresses:
    pairs = zip(reach(before, port), reach(after, port), strict=True)
    return union(now.open - was.open for was, now in pairs) - LOOPBACK


def differing(before: Wall, after: Wall, port: int) -> Iterator[str]:
    """For which ports and protocols but TCP on `port` others get in afterwards than before."""
    for protocol in ("TCP", "UDP"):
        for each in _stretches(before, after, protocol, port):
            if (protocol, each) != ("TCP", port) and _who(reach(before, each, protocol)) != _who(reach(after, each, protocol)):
                yield f"{protocol} {each}"
    for protocol, family in _OTHERS:
        if _who(reach(before, None, protocol), family) != _who(reach(after, None, protocol), family):
            yield protocol


def _stretches(before: Wall, after: Wall, protocol: str, port: int) -> list[int]:
    """One port of each stretch in which all rules, old and new, treat ports alike."""
    told = [
        each
        for wall in (before, after)
        for group in wall.groups
        for rule in group.rules
        if rule.direction == "ingress" and rule.protocol == protocol
        for each in ports_of(rule, wall) or ()
    ]
    starts = {1, port, port + 1, *(first for first, _ in told), *(last + 1 for _, last in told)}
    return sorted(each for each in starts if 1 <= each <= ALL_PORTS[1])


def _who(found: tuple[Reach, ...], family: Family | None = None) -> list[object]:
    """For a protocol of one family the addresses of that family; else all, and the groups."""
    return [each.open.only(family) if family else (each.open, frozenset(each.members)) for each in found]


_LEFT: Final = Text("改完后公网仍能从 {sources} 连到端口 {port}", "{sources} on the internet would still reach port {port}")
_GAINED: Final = Text("改完后 {sources} 反而能连到端口 {port}", "{sources} would reach port {port}, which they can't now")
_OTHER: Final = Text("这个改动也会影响 {what}", "this change would touch {what} as well")
