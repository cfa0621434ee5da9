"""Random walls as the API would tell them, and an oracle that knows nothing of sets: it asks rule after rule, for one packet at a time.

The oracle reads the raw maps with code of its own, so it checks the reading as well as the arithmetic.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

Map = dict[str, Any]

V4 = (
    "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "203.0.113.0/24", "203.0.113.7", "203.0.113.4/30", "203.0.112.0/22", "10.0.0.0/8",
    "10.159.6.18/12", "172.16.0.0/12", "100.64.0.0/10", "100.104.0.0/16", "127.0.0.1/32", "8.8.8.0/25", "8.8.8.128/25", "255.255.255.255",
)  # fmt: skip
V6 = ("::/0", "::1/128", "2408:4321:180::/48", "2408:4321:180:1701::/64", "2000::/3", "fd7a:115c:a1e0::/48", "fc00::/7", "2408:4321:180::7")
PREFIXES = {"pl-4": ("203.0.113.0/25", "10.1.0.0/16", "8.8.8.8"), "pl-6": ("2408:4321:180::/49", "fc00::/8"), "pl-0": ()}
PORT_LISTS = {"prl-a": ("22/22", "80/80"), "prl-b": ("20/21", "443/445"), "prl-0": ()}
RANGES = ("22/22", "22/22", "22/22", "1/65535", "20/30", "22/80", "1/21", "23/65535", "80/80", "-1/-1")
PORTS = (21, 22, 23, 80)
SENDER_PORTS = ("", "", "", "", "", "", "1000/2000", "1/1500", "1/65535")
SENDERS = (1, 999, 1000, 1500, 1501, 2000, 2001, 65535)
OWN = ("172.16.0.5", "172.16.0.6", "2408:4321:180:1701::5")
PUBLIC_NOT = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4",
    "240.0.0.0/4", "::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip


def _network(cidr: str) -> Any:
    return ipaddress.ip_network(cidr, strict=False)


def _boundaries(cidrs: Iterable[str]) -> Iterator[str]:
    """The first and last address of each network and their neighbours: where an answer can change."""
    for cidr in cidrs:
        network = _network(cidr)
        kind = type(network.network_address)
        for number in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1):
            if 0 <= number <= int(_network("::/0" if network.version == 6 else "0.0.0.0/0")[-1]):
                yield str(kind(number))


@cache
def inside(cidr: str, address: str) -> bool:
    """Whether the address is in the network."""
    return ipaddress.ip_address(address) in _network(cidr)


_ALL = (*V4, *V6, *(cidr for each in PREFIXES.values() for cidr in each), *PUBLIC_NOT)
POINTS = tuple(dict.fromkeys(_boundaries(_ALL)))
PUBLIC = {point for point in POINTS if not any(inside(cidr, point) for cidr in PUBLIC_NOT)}


@dataclass(frozen=True)
class Case:
    """Maps of the groups by id, and which groups guard which interface."""

    groups: dict[str, list[Map]]
    cards: tuple[tuple[str, ...], ...]

    def page(self, group: str) -> Map:
        """The group as DescribeSecurityGroupAttribute tells it."""
        return {"SecurityGroupId": group, "InnerAccessPolicy": "Drop", "Permissions": {"Permission": self.groups[group]}}


def case(dice: random.Random, *, odd: float = 0.1, most: int = 6) -> Case:
    """A wall of two groups and one or two interfaces. `odd` is how often a rule names its own end or the sender's ports."""
    names = ("sg-a", "sg-b")
    groups = {name: [rule(dice, f"sgr-{name[-1]}{n}", odd) for n in range(dice.randrange(most))] for name in names}
    cards = dice.choice(((names,), (("sg-a",),), (("sg-a",), ("sg-b",)), (names, ("sg-b",))))
    return Case(groups, cards)


def rule(dice: random.Random, rule_id: str, odd: float) -> Map:
    """One rule; what it leaves empty is sometimes absent, sometimes told as empty."""
    protocol = dice.choice(("TCP", "tcp", "TCP", "ALL", "UDP", "6", "ICMP"))
    told: Map = {
        "SecurityGroupRuleId": rule_id, "Direction": "ingress" if dice.random() < 0.95 else "egress",
        "Policy": dice.choice(("Accept", "accept", "Accept", "Drop")), "Priority": dice.choice((1, "1", 2, "50", 100)),
        "IpProtocol": protocol, "PortRange": dice.choice(RANGES) if protocol.upper() in ("TCP", "UDP", "6") else "-1/-1",
        "NicType": "intranet", "Description": dice.choice(("", "System created rule.", "office")), "CreateTime": "2026-01-02T03:04:05Z",
    }  # fmt: skip
    if told["PortRange"] == "80/80" and protocol != "6":
        told |= {"PortRange": "", "PortRangeListId": dice.choice(tuple(PORT_LISTS))}
    end = "Source" if told["Direction"] == "ingress" else "Dest"
    told |= _end(dice, end)
    if dice.random() < odd:
        told["SourcePortRange"] = dice.choice(SENDER_PORTS)
        told |= {"DestCidrIp": dice.choice(("172.16.0.5", "172.16.0.0/12", ""))} if end == "Source" else {}
    if dice.random() < 0.5:
        told |= {"Ipv6SourceCidrIp": told.get("Ipv6SourceCidrIp", ""), "SourceGroupId": told.get("SourceGroupId", "")}
    return told


def _end(dice: random.Random, end: str) -> Map:
    match dice.randrange(10):
        case 0 | 1 | 2 | 3 | 4:
            return {f"{end}CidrIp": dice.choice(V4)}
        case 5 | 6 | 7:
            return {f"Ipv6{end}CidrIp": dice.choice(V6)}
        case 8:
            return {f"{end}PrefixListId": dice.choice(tuple(PREFIXES))}
        case _:
            return {f"{end}GroupId": "sg-other", f"{end}GroupName": "other"}


def speaking(rules: list[Map], port: int | None, protocol: str) -> list[Map]:
    """The inbound rules that speak of that port."""
    return [rule for rule in rules if _speaks(rule, port, protocol)]


def lets_in(rules: list[Map], point: str, port: int | None, protocol: str, member: bool = False) -> str:
    """The id of the rule that lets some packet from `point` in, "" where every such packet is denied.

    Tried with each port it may be sent from and each of the interface's addresses. `member`: the sender also is one of sg-other.
    """
    asked = speaking(rules, port, protocol)
    senders = SENDERS if any(rule.get("SourcePortRange") for rule in asked) else SENDERS[:1]
    owns = OWN if any(rule.get("DestCidrIp") for rule in asked) else OWN[1:]
    for own in (each for each in owns if (":" in each) == (":" in point)):
        for sender in senders:
            hits = [rule for rule in asked if _hits(rule, point, sender, own, member)]
            if hits:
                first = min(hits, key=lambda rule: (int(rule["Priority"]), rule["Policy"].lower() != "drop"))
                if first["Policy"].lower() == "accept":
                    return str(first.get("SecurityGroupRuleId", "planned"))
    return ""


def _speaks(rule: Map, port: int | None, protocol: str) -> bool:
    if rule["Direction"] != "ingress":
        return False
    asked = {"6": "TCP"}.get(rule["IpProtocol"], rule["IpProtocol"].upper())
    if asked == "ALL" or (asked == protocol and port is None):
        return True
    listed = rule.get("PortRangeListId")
    ranges = PORT_LISTS[listed] if listed else (rule["PortRange"],)
    return asked == protocol and port is not None and any(_within(port, each) for each in ranges)


def _hits(rule: Map, point: str, sender: int, own: str, member: bool) -> bool:
    if rule.get("SourcePortRange") and not _within(sender, rule["SourcePortRange"]):
        return False
    if rule.get("DestCidrIp") and not inside(rule["DestCidrIp"], own):
        return False
    if rule.get("SourceGroupId"):
        return member
    if rule.get("SourcePrefixListId"):
        return any(inside(cidr, point) for cidr in PREFIXES[rule["SourcePrefixListId"]])
    return inside(rule.get("SourceCidrIp") or rule["Ipv6SourceCidrIp"], point)


@cache
def _within(port: int, told: str) -> bool:
    first, last = (int(each) for each in told.split("/"))
    return first == -1 or first <= port <= last
