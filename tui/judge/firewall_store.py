"""The wall on disk and in the journal: every field of every rule, so that weeks later the old rules can be put back exactly.

Groups, rules and lists are written in the API's own shapes and read by the same functions as its replies; a rule that nobody understood
is written as it was told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from tui.judge.firewall import Group, Instance, Interface, Member, Policy, Ports, Rule, Source, Wall
from tui.judge.firewall_change import Authorize, Change, Modify, Revoke
from tui.judge.firewall_read import NotFirewall, groups_from_maps, port_list_from_map, prefix_list_from_map, rule_from_map

FORMAT: Final = "zhinan.wall/1"


def wall_to_map(wall: Wall) -> dict[str, Any]:
    """The wall as JSON."""
    prefixes = [
        {
            "PrefixListId": each.id, "PrefixListName": each.name, "MaxEntries": each.room,
            "Entries": {"Entry": [{"Cidr": cidr} for cidr in each.cidrs]},
        }
        for each in wall.prefix_lists.values()
    ]  # fmt: skip
    ports = [
        {"PortRangeListId": each.id, "MaxEntries": each.room, "Entries": [{"PortRange": _range(every)} for every in each.ranges]}
        for each in wall.port_lists.values()
    ]
    return {
        "format": FORMAT, "taken": wall.taken, "instance": asdict(wall.instance), "groups": [group_to_map(each) for each in wall.groups],
        "prefix_lists": prefixes, "port_lists": ports,
        "members": {group: [asdict(each) for each in members] for group, members in wall.members.items()},
    }  # fmt: skip


def wall_from_map(told: Mapping[str, Any]) -> Wall:
    """The wall that `wall_to_map` wrote. NotFirewall where the file is another, or of a later format."""
    if told.get("format") != FORMAT:
        raise NotFirewall(f"format {told.get('format')!r}, not {FORMAT}")
    try:
        instance = dict(told["instance"])
        cards = tuple(Interface(**{name: _tuple(value) for name, value in each.items()}) for each in instance.pop("interfaces"))
        return Wall(
            Instance(**instance, interfaces=cards),
            groups_from_maps(told["groups"]),
            {each["PrefixListId"]: prefix_list_from_map(each) for each in told["prefix_lists"]},
            {each["PortRangeListId"]: port_list_from_map(each["PortRangeListId"], each, each["MaxEntries"]) for each in told["port_lists"]},
            {group: tuple(Member(**each) for each in members) for group, members in told["members"].items()},
            told["taken"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise NotFirewall(f"{type(error).__name__}: {error}") from error


def wall_to_json(wall: Wall) -> str:
    """As it is saved: readable, so that a person can put the rules back by hand."""
    return json.dumps(wall_to_map(wall), ensure_ascii=False, indent=1)


def wall_from_json(text: str) -> Wall:
    """The saved wall. NotFirewall where it is none."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise NotFirewall(str(error)) from error
    if not isinstance(told, dict):
        raise NotFirewall("not a map")
    return wall_from_map(told)


def change_to_map(change: Change) -> dict[str, Any]:
    """A change for the journal: {do, group, before?, after?}, rules as the API tells them."""
    told: dict[str, Any] = {"do": type(change).__name__.lower(), "group": change.group}
    if not isinstance(change, Authorize):
        told["before"] = rule_to_map(change.before)
    if not isinstance(change, Revoke):
        told["after"] = rule_to_map(change.after)
    return told


def change_from_map(told: Mapping[str, Any]) -> Change:
    """The change that `change_to_map` wrote. NotFirewall where it is none, or where a rule of it can't be understood."""
    group, rules = str(told.get("group", "")), {}
    for name in ("before", "after"):
        if name in told:
            rules[name] = rule_from_map(told[name])
    match told.get("do"), rules:
        case "modify", {"before": Rule() as before, "after": Rule() as after}:
            return Modify(group, before, after)
        case "revoke", {"before": Rule() as before}:
            return Revoke(group, before)
        case "authorize", {"after": Rule() as after}:
            return Authorize(group, after)
        case _:
            raise NotFirewall(f"no change: {told.get('do')!r}")


def group_to_map(group: Group) -> dict[str, Any]:
    """As DescribeSecurityGroupAttribute tells it, its kind and who manages it added."""
    rules = [*(rule_to_map(each) for each in group.rules), *(dict(each.told) for each in group.unread)]
    return {
        "SecurityGroupId": group.id, "SecurityGroupName": group.name, "SecurityGroupType": group.kind, "VpcId": group.vpc,
        "InnerAccessPolicy": "Accept" if group.inner else "Drop", "ManagedBy": group.managed, "Permissions": {"Permission": rules},
    }  # fmt: skip


def rule_to_map(rule: Rule) -> dict[str, Any]:
    """As the API tells a rule; what is empty is left out, but for what a rule always has."""
    far, near = ("Source", "Dest") if rule.direction == "ingress" else ("Dest", "Source")
    told = {
        "SecurityGroupRuleId": rule.id, "Direction": rule.direction, "Policy": str(rule.policy), "Priority": rule.priority,
        "IpProtocol": rule.protocol, "PortRange": "" if rule.port_list else port_range(rule), "PortRangeListId": rule.port_list,
        "PortRangeListName": rule.port_list_name, "NicType": rule.nic, "Description": rule.description, "CreateTime": rule.created,
        "SourcePortRange": _range(rule.sender_ports) if rule.sender_ports else "",
        **_end(rule.source, far), **(_end(rule.near, near) if rule.near else {}),
    }  # fmt: skip
    return {name: value for name, value in told.items() if value != ""}


def permission(rule: Rule) -> dict[str, Any]:
    """The fields with which AuthorizeSecurityGroup makes the rule, or ModifySecurityGroupRule brings it to this: all of them, always.

    Names as in a `Permissions.N` of the request; neither id nor names that the API looks up itself.
    """
    leave = ("SecurityGroupRuleId", "Direction", "CreateTime", "PortRangeListName", "SourceGroupName", "SourcePrefixListName")
    told = {name: str(value) for name, value in rule_to_map(rule).items() if name not in leave}
    return told | {"Policy": "accept" if rule.policy is Policy.ACCEPT else "drop"}


def port_range(rule: Rule) -> str:
    """As the API spells it: `22/22`, `1/65535` for all of TCP or UDP, `-1/-1` for protocols without ports."""
    if rule.ports:
        return _range(rule.ports)
    return "1/65535" if rule.protocol in ("TCP", "UDP") else "-1/-1"


def _end(source: Source, end: str) -> dict[str, str]:
    match source.kind:
        case "ipv4":
            return {f"{end}CidrIp": source.value}
        case "ipv6":
            return {f"Ipv6{end}CidrIp": source.value}
        case "group":
            return {f"{end}GroupId": source.value, f"{end}GroupName": source.name, f"{end}GroupOwnerAccount": source.owner}
        case "prefix list":
            return {f"{end}PrefixListId": source.value, f"{end}PrefixListName": source.name}


def _range(ports: Ports) -> str:
    return f"{ports[0]}/{ports[1]}"


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
