"""The API's replies as the model of `firewall`: field by field, and strictly. A rule that can't be understood is kept as unread.

The shapes are those of the ECS API of 2014-05-26 as the official SDK's `to_map()` gives them (names in CamelCase, absent fields left out).
Each function takes the maps of one call; a reply that is no such reply raises `NotFirewall`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from tui.judge.addresses import addresses, union
from tui.judge.firewall import (
    ALL_PORTS,
    Group,
    Instance,
    Interface,
    Member,
    Policy,
    PortList,
    Ports,
    PrefixList,
    Rule,
    Source,
    SourceKind,
    Unread,
)

Map = Mapping[str, Any]
_NUMBERS: Final = {"1": "ICMP", "6": "TCP", "17": "UDP", "47": "GRE", "58": "ICMPV6"}
_PROTOCOLS: Final = frozenset({*_NUMBERS.values(), "ALL"})


class NotFirewall(ValueError):
    """A reply, or a saved file, that does not have the shape it must have."""


def groups_from_maps(pages: Sequence[Map], infos: Iterable[Map] = ()) -> tuple[Group, ...]:
    """Groups from all pages of DescribeSecurityGroupAttribute (bodies), in the order in which they first appear.

    `infos` are the `SecurityGroups.SecurityGroup` maps of DescribeSecurityGroups: they alone tell the kind and who manages a group.
    A group whose last page names a further one (NextToken) is not whole and raises.
    """
    told = {_text(each, "SecurityGroupId"): each for each in infos}
    by_id: dict[str, list[Map]] = {}
    for page in pages:
        by_id.setdefault(_required(page, "SecurityGroupId"), []).append(page)
    return tuple(_group(group, parts, told.get(group, {})) for group, parts in by_id.items())


def _group(group: str, pages: Sequence[Map], info: Map) -> Group:
    if _text(pages[-1], "NextToken"):
        raise NotFirewall(f"{group}: pages are missing")
    read = [rule_from_map(each) for page in pages for each in _listed(page, "Permissions", "Permission", needed=True)]
    managed = _text(info, "ServiceID") or "cloud product" if info.get("ServiceManaged") in (True, "true", "True") else ""
    return Group(
        group,
        _text(pages[0], "SecurityGroupName") or _text(info, "SecurityGroupName"),
        tuple(each for each in read if isinstance(each, Rule)),
        tuple(each for each in read if isinstance(each, Unread)),
        _text(info, "SecurityGroupType") or _text(pages[0], "SecurityGroupType"),
        (_text(pages[0], "InnerAccessPolicy") or "Accept").lower() != "drop",
        managed or _text(pages[0], "ManagedBy"),
        _text(pages[0], "VpcId"),
    )


def rule_from_map(told: Any) -> Rule | Unread:
    """A rule from a map of `Permissions.Permission`; whatever is not understood to the last field makes it unread."""
    if not isinstance(told, Mapping):
        return Unread({"told": told}, "not a map")
    try:
        return _rule(told)
    except ValueError as error:
        return Unread(dict(told), str(error))


def _rule(told: Map) -> Rule:
    direction: Literal["ingress", "egress"] = _one_of(told, "Direction", "ingress", "egress")  # type: ignore[assignment]
    far, near = ("Source", "Dest") if direction == "ingress" else ("Dest", "Source")
    source = _end(told, far)
    if source is None:
        raise NotFirewall(f"no {far.lower()}")
    protocol = _protocol(_required(told, "IpProtocol"))
    port_list = _text(told, "PortRangeListId")
    ports = None if port_list else _ports(_text(told, "PortRange"))
    if ports and protocol == "ALL":
        raise NotFirewall(f"IpProtocol ALL with PortRange {told.get('PortRange')}")
    if ports is None and not port_list and protocol in ("TCP", "UDP") and not _text(told, "PortRange"):
        raise NotFirewall("no PortRange")
    priority = _required(told, "Priority")
    if not re.fullmatch(r"\d{1,3}", priority) or not 1 <= int(priority) <= 100:
        raise NotFirewall(f"Priority {priority}")
    return Rule(
        _text(told, "SecurityGroupRuleId"),
        Policy.ACCEPT if _one_of(told, "Policy", "accept", "drop") == "accept" else Policy.DROP,
        int(priority),
        protocol,
        source,
        ports,
        direction,
        port_list,
        _text(told, "PortRangeListName"),
        _text(told, "NicType") or "intranet",
        _text(told, "Description", exact=True),
        _end(told, near),
        _ports(_text(told, "SourcePortRange")),
        _text(told, "CreateTime"),
    )


def _end(told: Map, end: str) -> Source | None:
    """One end of a rule: `Source` or `Dest`. None where it names none."""
    fields: tuple[tuple[SourceKind, str], ...] = (
        ("ipv4", f"{end}CidrIp"), ("ipv6", f"Ipv6{end}CidrIp"), ("group", f"{end}GroupId"), ("prefix list", f"{end}PrefixListId"),
    )  # fmt: skip
    named = [(kind, value) for kind, name in fields if (value := _text(told, name))]
    if len(named) > 1:
        raise NotFirewall(f"more than one {end.lower()}: {', '.join(value for _, value in named)}")
    if not named:
        return None
    kind, value = named[0]
    if kind == "group":
        return Source(kind, value, name=_text(told, f"{end}GroupName"), owner=_text(told, f"{end}GroupOwnerAccount"))
    if kind == "prefix list":
        return Source(kind, value, name=_text(told, f"{end}PrefixListName"))
    what = addresses(value)
    if bool(what.v4) != (kind == "ipv4"):
        raise NotFirewall(f"{value} is no {kind} range")
    return Source(kind, value, what)


def _protocol(word: str) -> str:
    known = _NUMBERS.get(word, word.upper())
    if known in _PROTOCOLS or (word.isdecimal() and int(word) <= 255):
        return known
    raise NotFirewall(f"IpProtocol {word}")


def _ports(told: str) -> Ports | None:
    """`22/22` as (22, 22); None for all: nothing, -1/-1, 1/65535 written for protocols without ports is the reader's business."""
    if told in ("", "-1/-1"):
        return None
    match = re.fullmatch(r"(\d{1,5})/(\d{1,5})", told)
    if not match:
        raise NotFirewall(f"PortRange {told}")
    first, last = int(match[1]), int(match[2])
    if not first <= last <= ALL_PORTS[1]:
        raise NotFirewall(f"PortRange {told}")
    return None if first <= 1 and last == ALL_PORTS[1] else (first, last)


def prefix_list_from_map(body: Map) -> PrefixList:
    """From the body of DescribePrefixListAttributes."""
    cidrs = tuple(_required(each, "Cidr") for each in _listed(body, "Entries", "Entry", needed=True))
    room = _text(body, "MaxEntries")
    return PrefixList(
        _required(body, "PrefixListId"),
        _text(body, "PrefixListName"),
        union(_range(each) for each in cidrs),
        cidrs,
        int(room) if room.isdecimal() else len(cidrs),
    )


def port_list_from_map(port_list: str, body: Map, room: int = 0) -> PortList:
    """From the body of DescribePortRangeListEntries, which does not repeat the id; `room` is MaxEntries of DescribePortRangeLists."""
    entries = body.get("Entries")
    if isinstance(entries, Mapping):
        entries = entries.get("Entry")
    if not isinstance(entries, list):
        raise NotFirewall(f"{port_list}: no Entries")
    return PortList(port_list, tuple(_ports(_required(each, "PortRange")) or ALL_PORTS for each in entries), room)


def instance_from_maps(instance: Map, interfaces: Sequence[Map] | None) -> Instance:
    """From an `Instances.Instance` map of DescribeInstances, and the `NetworkInterfaceSets.NetworkInterfaceSet` maps of
    DescribeNetworkInterfaces for that instance; None where those could not be asked for: then it is not whole.
    """
    own = _required(instance, "InstanceId")
    groups = _texts(instance, "SecurityGroupIds", "SecurityGroupId")
    eip = _text(instance.get("EipAddress") or {}, "IpAddress")
    public = tuple(filter(None, (*_texts(instance, "PublicIpAddress", "IpAddress"), eip)))
    private = _texts(instance.get("VpcAttributes") or {}, "PrivateIpAddress", "IpAddress")
    name, region = _text(instance, "InstanceName"), _text(instance, "RegionId")
    if _text(instance, "InstanceNetworkType") == "classic":
        inner = _texts(instance, "InnerIpAddress", "IpAddress")
        cards = (
            Interface("internet", groups, public, public, side="internet"),
            Interface("intranet", groups, inner, primary=False, side="intranet"),
        )
        return Instance(own, name, region, cards)
    if interfaces is None:
        return Instance(own, name, region, (Interface("primary", groups, private, public),), whole=False)
    found = tuple(interface_from_map(each, own) for each in interfaces)
    # A fixed public address is told with the server only; it leads to the first card.
    found = tuple(replace(each, public=tuple(dict.fromkeys((*each.public, *public)))) if each.primary else each for each in found)
    whole = set(groups) <= {group for each in found for group in each.groups} and bool(found)
    return Instance(own, name, region, found or (Interface("primary", groups, private, public),), whole)


def interface_from_map(told: Map, instance: str) -> Interface:
    """From a `NetworkInterfaceSet` map; one that belongs to another instance raises."""
    own = _required(told, "NetworkInterfaceId")
    attached = _text(told, "InstanceId") or _text(told.get("Attachment") or {}, "InstanceId")
    if attached and attached != instance:
        raise NotFirewall(f"{own} belongs to {attached}, not to {instance}")
    sets = _listed(told, "PrivateIpSets", "PrivateIpSet")
    v4 = [_text(told, "PrivateIpAddress"), *(_text(each, "PrivateIpAddress") for each in sets)]
    v6 = [_text(each, "Ipv6Address") for each in _listed(told, "Ipv6Sets", "Ipv6Set")]
    public = [_text(each.get("AssociatedPublicIp") or {}, "PublicIpAddress") for each in (told, *sets)]
    return Interface(
        own,
        _texts(told, "SecurityGroupIds", "SecurityGroupId"),
        tuple(dict.fromkeys(filter(None, (*v4, *v6)))),
        tuple(dict.fromkeys(filter(None, public))),
        _text(told, "Type").lower() != "secondary",
    )


def members_from_maps(instances: Iterable[Map], interfaces: Iterable[Map] = ()) -> tuple[Member, ...]:
    """The members of a group: `Instance` maps (DescribeInstances by SecurityGroupId), and `NetworkInterfaceSet` maps for further cards.

    A card that hangs on no instance of the first list is a member by its instance's id, or by its own where it has none.
    """
    found = {_required(each, "InstanceId"): Member(_required(each, "InstanceId"), _text(each, "InstanceName")) for each in instances}
    for each in interfaces:
        own = _text(each, "InstanceId") or _required(each, "NetworkInterfaceId")
        found.setdefault(own, Member(own, _text(each, "NetworkInterfaceName")))
    return tuple(found.values())


def _listed(told: Map, outer: str, inner: str, *, needed: bool = False) -> list[Any]:
    """The list at `outer.inner`; without it an empty one, or an error where the reply must have it."""
    holder = told.get(outer)
    found = holder.get(inner) if isinstance(holder, Mapping) else None
    if isinstance(found, list):
        return found
    if needed or found is not None or (holder is not None and not isinstance(holder, Mapping)):
        raise NotFirewall(f"no {outer}.{inner}")
    return []


def _texts(told: Map, outer: str, inner: str) -> tuple[str, ...]:
    return tuple(str(each) for each in _listed(told, outer, inner) if each)


def _text(told: Any, name: str, *, exact: bool = False) -> str:
    """A field as text, "" where it is absent or empty; `exact` keeps the blanks around it."""
    if not isinstance(told, Mapping):
        raise NotFirewall(f"{name}: not in a map")
    value = told.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise NotFirewall(f"{name}: {value!r}")
    return str(value) if exact else str(value).strip()


def _required(told: Any, name: str) -> str:
    value = _text(told, name)
    if not value:
        raise NotFirewall(f"no {name}")
    return value


def _one_of(told: Map, name: str, *words: str) -> str:
    value = _required(told, name).lower()
    if value not in words:
        raise NotFirewall(f"{name} {value}")
    return value


def _range(cidr: str) -> Any:
    try:
        return addresses(cidr)
    except ValueError as error:
        raise NotFirewall(str(error)) from error
