"""The actions that change rules: authorize, revoke, modify, with the limits and habits of each."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.practice.ecs.errors import ApiError
from tui.practice.ecs.params import Params
from tui.practice.ecs.reads import Action, Answer, group_of
from tui.practice.ecs.state import Cloud, Group, Rule, stamp

_PROTOCOLS = ("TCP", "UDP", "ICMP", "ICMPV6", "GRE", "ALL")
_GONE_IDS = 100


def authorize(cloud: Cloud, params: Params) -> Answer:
    """AuthorizeSecurityGroup: all of the rules or none. One that is there already counts as made, and is not made again."""
    _, group = group_of(cloud, params)
    _changeable(group)
    rules = list(group.rules)
    for wanted in _permissions(params):
        rule = _rule(group, wanted)
        if all(rule.tuple != each.tuple for each in rules):
            rules.append(replace(rule, id=cloud.new_id("sgr"), created=stamp()))
    if len(rules) > cloud.most_rules:
        raise ApiError("AuthorizationLimitExceed")
    cloud.write(group, rules)
    return {}


def revoke(cloud: Cloud, params: Params) -> Answer:
    """RevokeSecurityGroup: by ids (an unknown one is refused) or by what the rules say (no match is a success)."""
    _, group = group_of(cloud, params)
    _changeable(group)
    ids, tuples = params.listed("SecurityGroupRuleId"), params.maps("Permissions")
    if ids and tuples:
        raise ApiError("InvalidParameter.Conflict")
    if not ids:
        gone = [_rule(group, each).tuple for each in _permissions(params)]
        cloud.write(group, [each for each in group.rules if each.direction != "ingress" or each.tuple not in gone])
        return {}
    if len(set(ids)) != len(ids):
        raise ApiError("InvalidParam.SecurityGroupRuleIdRepeated")
    if len(ids) > _GONE_IDS or not set(ids) <= {each.id for each in group.rules if each.direction == "ingress"}:
        raise ApiError("InvalidParam.SecurityGroupRuleId")
    cloud.write(group, [each for each in group.rules if each.id not in ids])
    return {}


def modify(cloud: Cloud, params: Params) -> Answer:
    """ModifySecurityGroupRule: what is sent replaces what was there; the id stays. The kind of source can't be changed."""
    _, group = group_of(cloud, params)
    _changeable(group)
    rule_id = params.needed("SecurityGroupRuleId")
    old = next((each for each in group.rules if each.id == rule_id and each.direction == "ingress"), None)
    if old is None:
        raise ApiError("SecurityGroupRule.NotFound")
    if "PortRangeListId" in params.flat and not old.port_list and "PortRange" not in params.flat:
        raise ApiError("InvalidOperation.ModifyPortRangeType")
    if old.port_list and "PortRange" in params.flat:
        raise ApiError("InvalidOperation.ModifyPortRangeType")
    _same_kind_of_source(old, params)
    new = _checked(group, replace(old, **_fields(params)))
    if any(new.tuple == each.tuple for each in group.rules if each.id != rule_id):
        raise ApiError("InvalidOperation.RuleDuplicate")
    cloud.write(group, [new if each.id == rule_id else each for each in group.rules])
    return {}


def _changeable(group: Group) -> None:
    if group.managed:
        raise ApiError("InvalidOperation.ResourceManagedByCloudProduct")


def _permissions(params: Params) -> list[Params]:
    """`Permissions.N`, or one rule in the older names without a number."""
    found = params.maps("Permissions")
    if len(found) > _GONE_IDS:
        raise ApiError("InvalidParameter.Permissions")
    return found or [params]


_SOURCES = {"SourceCidrIp": "cidr", "Ipv6SourceCidrIp": "cidr6", "SourceGroupId": "group", "SourcePrefixListId": "prefix_list"}
_NAMES = {**_SOURCES, "PortRange": "ports", "PortRangeListId": "port_list", "SourcePortRange": "source_ports", "Description": "description"}


def _fields(params: Params) -> dict[str, Any]:
    """What was sent, by the names of `Rule`; an empty text counts as not sent."""
    given: dict[str, Any] = {own: params.text(name) for name, own in _NAMES.items() if params.text(name)}
    if params.text("Policy"):
        given["policy"] = params.text("Policy").capitalize()
    if params.text("IpProtocol"):
        given["protocol"] = params.text("IpProtocol").upper()
    if params.text("Priority"):
        given["priority"] = params.number("Priority", 1)
    return given


def _rule(group: Group, params: Params) -> Rule:
    given = _fields(params)
    if "protocol" not in given:
        raise ApiError("InvalidIpProtocol.ValueNotSupported")
    for name in ("cidr", "cidr6", "group", "prefix_list"):  # the first of them counts
        if name in given:
            given = {key: value for key, value in given.items() if key == name or key not in _SOURCES.values()}
            break
    else:
        raise ApiError("MissingParameter.Source")
    if "ports" in given:
        given.pop("port_list", None)
    elif "port_list" in given:
        given["ports"] = ""
    else:
        raise ApiError("InvalidParam.PortRange")
    return _checked(group, Rule(**given))


def _checked(group: Group, rule: Rule) -> Rule:
    if rule.policy not in ("Accept", "Drop"):
        raise ApiError("InvalidPolicy.ValueNotSupported")
    if rule.protocol not in _PROTOCOLS:
        raise ApiError("InvalidIpProtocol.ValueNotSupported")
    if not 1 <= rule.priority <= 100:
        raise ApiError("InvalidPriority.ValueNotSupported")
    if rule.group and group.kind == "enterprise":
        raise ApiError("InvalidGroupParameter.OperationDenied")
    if not rule.port_list:
        _check_ports(rule)
    _check_network(rule.cidr, 4, "InvalidParam.SourceCidrIp")
    _check_network(rule.cidr6, 6, "InvalidParam.Ipv6SourceCidrIp")
    return replace(rule, cidr6=str(ipaddress.ip_network(rule.cidr6, strict=False)) if rule.cidr6 else "")


def _check_ports(rule: Rule) -> None:
    found = re.fullmatch(r"(-?\d+)/(-?\d+)", rule.ports)
    if found is None:
        raise ApiError("InvalidParam.PortRange")
    low, high = int(found[1]), int(found[2])
    whole = (low, high) == (-1, -1)
    if whole != (rule.protocol not in ("TCP", "UDP")):
        raise ApiError("InvalidParam.ProtocolAndPortRangeMismatch")
    if not whole and not 1 <= low <= high <= 65535:
        raise ApiError("InvalidParam.PortRange")


def _check_network(words: str, version: int, code: str) -> None:
    try:
        right = not words or ipaddress.ip_network(words, strict=False).version == version
    except ValueError:
        right = False
    if not right:
        raise ApiError(code)


def _same_kind_of_source(old: Rule, params: Params) -> None:
    own = next((name for name, field in _SOURCES.items() if getattr(old, field)), "")
    if any(params.text(name) for name in _SOURCES if name != own):
        raise ApiError("InvalidOperation.ModifySgRuleEntityType")


ACTIONS: Mapping[str, Action] = {
    "AuthorizeSecurityGroup": authorize,
    "RevokeSecurityGroup": revoke,
    "ModifySecurityGroupRule": modify,
}
