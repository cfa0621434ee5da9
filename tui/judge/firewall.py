"""What Alibaba Cloud knows about the way into one instance: its interfaces, their security groups, and the rules in them.

Values are typed and spelled one way; `firewall_read` makes them from the API's replies, `firewall_store` writes them back as they came.
A rule that could not be read stays in its group as `Unread`: with one of those, who gets in is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

from tui.judge.addresses import Addresses

Ports = tuple[int, int]
"""The first and the last port."""
ALL_PORTS: Final[Ports] = (1, 65535)


class Policy(StrEnum):
    """As the API's replies spell it; a request wants it in lower case."""

    ACCEPT = "Accept"
    DROP = "Drop"


SourceKind = Literal["ipv4", "ipv6", "group", "prefix list"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where traffic comes from (or, in an outbound rule, goes to).

    `value` is the CIDR as the API told it, or the id of the group or prefix list; `name` and `owner` (account) are those of a group or
    list. `addresses` is set for a CIDR only.
    """

    kind: SourceKind
    value: str
    addresses: Addresses = field(default_factory=Addresses)
    name: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `id` is "" for one that is only planned.

    `priority` 1 is asked first, 100 last. `protocol` is in upper case (`TCP`, `ALL`, …) or an IANA number. `ports` is None where the
    protocol has none, for all of them (-1/-1), and where `port_list` names a list. `source` is the far end: of an inbound rule the
    sender. `near` is this end, if the rule names one; `sender_ports` are the ports it was sent from, None for any.
    """

    id: str
    policy: Policy
    priority: int
    protocol: str
    source: Source
    ports: Ports | None = None
    direction: Literal["ingress", "egress"] = "ingress"
    port_list: str = ""
    port_list_name: str = ""
    nic: str = "intranet"
    description: str = ""
    near: Source | None = None
    sender_ports: Ports | None = None
    created: str = ""

    @property
    def sense(self) -> tuple[object, ...]:
        """What it does, however it is spelled: equal for two rules that the API takes for the same one. Neither id nor description."""
        near = None if self.near is None else (self.near.addresses or self.near.value)
        what = self.source.addresses or (self.source.kind, self.source.value)
        return (
            self.direction,
            self.policy,
            self.priority,
            self.protocol,
            self.ports,
            self.port_list,
            what,
            self.nic,
            near,
            self.sender_ports,
        )


@dataclass(frozen=True, slots=True)
class Unread:
    """A rule that could not be understood: as it was told, and why."""

    told: Mapping[str, Any]
    why: str

    @property
    def id(self) -> str:
        """Its id, as far as it told one."""
        return str(self.told.get("SecurityGroupRuleId") or "?")


@dataclass(frozen=True, slots=True)
class Group:
    """A security group. `kind` is `normal` (basic) or `enterprise` (advanced), "" where it was not read.

    `inner` says that members reach each other over the intranet whatever the rules say. `managed` is the id of the cloud product that owns
    it ("" for nobody): then its rules can't be changed.
    """

    id: str
    name: str = ""
    rules: tuple[Rule, ...] = ()
    unread: tuple[Unread, ...] = ()
    kind: str = ""
    inner: bool = False
    managed: str = ""
    vpc: str = ""


@dataclass(frozen=True, slots=True)
class PrefixList:
    """A list of CIDRs that rules refer to. It counts in the quota with `room`, the entries it may have."""

    id: str
    name: str
    addresses: Addresses
    cidrs: tuple[str, ...] = ()
    room: int = 0


@dataclass(frozen=True, slots=True)
class PortList:
    """A list of port ranges that rules refer to. `room` as with prefix lists; the API does not tell it with the entries, 0 then."""

    id: str
    ranges: tuple[Ports, ...]
    room: int = 0


@dataclass(frozen=True, slots=True)
class Interface:
    """A network card of the instance with the groups that guard it.

    `addresses` are its own private and IPv6 ones, `public` those that lead to it. `side` is "" in a VPC, where rules hold for both sides;
    in the classic network `internet` or `intranet`, and only rules of that card hold.
    """

    id: str
    groups: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    primary: bool = True
    side: Literal["", "internet", "intranet"] = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """The server. `whole` is False where its further network cards could not be asked for."""

    id: str
    name: str = ""
    region: str = ""
    interfaces: tuple[Interface, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Member:
    """An instance that has a card in a group: its id and name. An id can be another thing's that has a network card of its own."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Wall:
    """All that was read of the way into one instance, at one moment (`taken`, ISO 8601).

    `members` are those of each group that were asked for, the instance itself included; a group that is missing there was not asked for.
    """

    instance: Instance
    groups: tuple[Group, ...]
    prefix_lists: Mapping[str, PrefixList] = field(default_factory=dict)
    port_lists: Mapping[str, PortList] = field(default_factory=dict)
    members: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    taken: str = ""

    def group(self, group: str) -> Group | None:
        """The group of that id, None where it was not read."""
        return next((each for each in self.groups if each.id == group), None)
