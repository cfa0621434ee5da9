"""What the cloud knows: regions, servers and their network interfaces, groups with rules, lists, and what its agents ran."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

SERVICE = "2014-05-26"


def stamp(at: datetime | None = None) -> str:
    """A time as the interface writes it."""
    return (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Exactly one source is set; `port_list` stands in the place of `ports`."""

    id: str = ""
    direction: Literal["ingress", "egress"] = "ingress"
    policy: str = "Accept"
    priority: int = 1
    protocol: str = "TCP"
    ports: str = "22/22"
    port_list: str = ""
    cidr: str = ""
    cidr6: str = ""
    group: str = ""
    prefix_list: str = ""
    source_ports: str = ""
    description: str = ""
    created: str = "2026-01-02T03:04:05Z"

    @property
    def tuple(self) -> Rule:
        """The rule without what does not make it another one: two with the same are duplicates."""
        return replace(self, id="", description="", created="", policy=self.policy.lower(), protocol=self.protocol.upper())


@dataclass
class Group:
    """A security group. `before` is what its rules were before the last write, for readers who are told late (`lag` more of them)."""

    id: str
    name: str = ""
    kind: Literal["normal", "enterprise"] = "normal"
    vpc: str = "vpc-test"
    inner: Literal["Accept", "Drop"] = "Accept"
    managed: bool = False
    rules: list[Rule] = field(default_factory=list)
    before: list[Rule] = field(default_factory=list)
    lag: int = 0


@dataclass
class Eni:
    """A network interface of a server."""

    id: str
    groups: list[str]
    private_ip: str
    ipv6: list[str] = field(default_factory=list)
    primary: bool = True
    public_ip: str = ""
    """An elastic address bound to this interface itself."""


@dataclass
class Instance:
    """A server. `agent` is whether Cloud Assistant hears from it; `files` is what was sent to it: path to (content, mode)."""

    id: str
    name: str = ""
    status: str = "Running"
    os: str = "linux"
    public_ip: str = ""
    eip: str = ""
    enis: list[Eni] = field(default_factory=list)
    agent: bool = True
    vpc: str = "vpc-test"
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def primary(self) -> Eni:
        """Its first interface."""
        return self.enis[0]


@dataclass
class Listing:
    """A prefix list (entries are networks) or a port range list (entries are `22/22`)."""

    id: str
    entries: list[str]
    name: str = ""
    family: str = "IPv4"


@dataclass
class Region:
    """One region and what is in it, by id."""

    id: str
    name: str = ""
    instances: dict[str, Instance] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    prefix_lists: dict[str, Listing] = field(default_factory=dict)
    port_lists: dict[str, Listing] = field(default_factory=dict)

    def members(self, group: str) -> list[Instance]:
        """The servers with an interface in a group."""
        return [each for each in self.instances.values() if any(group in eni.groups for eni in each.enis)]


@dataclass
class Cloud:
    """All of it. `lock` is held while it is looked at or changed.

    `on_rules` is called with each group whose rules have changed, before the answer leaves: a firewall can follow it. `lag` is how many
    readers after a write still see the rules of before. `pages` makes pages shorter than asked for; `priority_as` is the type of
    `Priority` in answers (both are seen).
    """

    regions: dict[str, Region] = field(default_factory=dict)
    on_rules: Callable[[Group], None] | None = None
    lag: int = 0
    pages: int | None = None
    priority_as: type[int] | type[str] = str
    most_rules: int = 1000
    lock: threading.RLock = field(default_factory=threading.RLock)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def new_id(self, kind: str) -> str:
        """An id nobody has had: `sgr-…`, `t-…`."""
        return f"{kind}-new{next(self._numbers):06d}"

    def region(self, region_id: str) -> Region:
        """A region, made where it is not there yet."""
        return self.regions.setdefault(region_id, Region(region_id, region_id))

    def write(self, group: Group, rules: list[Rule]) -> None:
        """Give a group its new rules and tell whoever follows."""
        if rules == group.rules:
            return
        if not group.lag:
            group.before = group.rules
        group.rules, group.lag = rules, self.lag
        if self.on_rules is not None:
            self.on_rules(group)

    def read(self, group: Group) -> list[Rule]:
        """The rules as a reader is told them now."""
        if group.lag:
            group.lag -= 1
            return group.before
        return group.rules


def example(region_id: str = "cn-hangzhou") -> Cloud:
    """A cloud with one server behind one group, as the console makes it: SSH open to everybody at priority 100."""
    cloud = Cloud()
    region = cloud.region(region_id)
    cloud.region("cn-beijing")
    system = "System created rule."
    region.groups["sg-test0001"] = Group(
        "sg-test0001",
        "sg-default",
        rules=[
            Rule("sgr-test0001", priority=100, cidr="0.0.0.0/0", description=system),
            Rule("sgr-test0002", priority=100, ports="3389/3389", cidr="0.0.0.0/0", description=system),
            Rule("sgr-test0003", priority=100, protocol="ICMP", ports="-1/-1", cidr="0.0.0.0/0", description=system),
        ],
    )
    eni = Eni("eni-test0001", ["sg-test0001"], "172.16.0.5")
    region.instances["i-test0001"] = Instance("i-test0001", "web-1", public_ip="203.0.113.10", enis=[eni])
    return cloud
