"""The actions that look: regions, servers, interfaces, groups and their rules, lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tui.practice.ecs import shapes
from tui.practice.ecs.errors import HOST, ApiError
from tui.practice.ecs.params import Paging, Params, page
from tui.practice.ecs.state import Cloud, Group, Instance, Region

Answer = dict[str, Any]
Action = Callable[[Cloud, Params], Answer]

_HUNDRED = Paging(10, 100, least=10)
_RULES = Paging(500, 1000, least=10)


def regions(cloud: Cloud, params: Params) -> Answer:
    """DescribeRegions: not paged, asked of any endpoint."""
    english = params.text("AcceptLanguage").startswith("en")
    told = [
        {"RegionId": each.id, "LocalName": each.id if english else each.name, "RegionEndpoint": HOST.replace("ecs.", f"ecs.{each.id}.")}
        for each in cloud.regions.values()
    ]
    return {"Regions": {"Region": told}}


def instances(cloud: Cloud, params: Params) -> Answer:
    """DescribeInstances: the filters are joined by "and"."""
    region = region_of(cloud, params)
    asked, told = page(
        [each for each in region.instances.values() if _fits(each, params)], params, Paging(10, 100, least=10), cloud.pages
    )  # fmt: skip
    return {"PageSize": len(asked), **told, "Instances": {"Instance": [shapes.instance(region, each) for each in asked]}}


def _fits(each: Instance, params: Params) -> bool:
    lists: Mapping[str, list[str]] = {
        "InstanceIds": [each.id],
        "PublicIpAddresses": [each.public_ip],
        "EipAddresses": [each.eip],
        "PrivateIpAddresses": [each.primary.private_ip],
    }
    for name, own in lists.items():
        wanted = params.json_list(name)
        if wanted is not None and not set(wanted) & set(own):
            return False
    name = params.text("InstanceName")
    group, status = params.text("SecurityGroupId"), params.text("Status")
    return (
        (not name or fnmatchcase(each.name, name))
        and (not group or group in each.primary.groups)
        and (not status or status == each.status)
        and params.text("VpcId", each.vpc) == each.vpc
    )


def interfaces(cloud: Cloud, params: Params) -> Answer:
    """DescribeNetworkInterfaces: of one server, of one group, or by id."""
    region = region_of(cloud, params)
    ids, group, owner_id = params.listed("NetworkInterfaceId"), params.text("SecurityGroupId"), params.text("InstanceId")
    private = params.listed("PrivateIpAddress")
    found = [
        (owner, eni)
        for owner in region.instances.values()
        for eni in owner.enis
        if (not ids or eni.id in ids) and (not group or group in eni.groups) and (not owner_id or owner.id == owner_id)
        if not private or eni.private_ip in private
    ]
    some, told = page(found, params, _HUNDRED, cloud.pages)
    return {**told, "NetworkInterfaceSets": {"NetworkInterfaceSet": [shapes.eni(owner, eni) for owner, eni in some]}}


def groups(cloud: Cloud, params: Params) -> Answer:
    """DescribeSecurityGroups."""
    region = region_of(cloud, params)
    ids = params.json_list("SecurityGroupIds")
    one = params.text("SecurityGroupId")
    found = [each for each in region.groups.values() if (ids is None or each.id in ids) and (not one or each.id == one)]
    some, told = page(found, params, _HUNDRED, cloud.pages)
    return {"RegionId": region.id, **told, "SecurityGroups": {"SecurityGroup": [shapes.group(region, each) for each in some]}}


def attribute(cloud: Cloud, params: Params) -> Answer:
    """DescribeSecurityGroupAttribute: the rules of a group, in pages. Behind a write each page may be an old one."""
    region, group = group_of(cloud, params)
    direction = params.text("Direction", "all").lower()
    if direction not in ("all", "ingress", "egress"):
        raise ApiError("InvalidParameter.Direction")
    rules = [each for each in cloud.read(group) if direction in ("all", each.direction)]
    some, told = page(rules, params, _RULES, cloud.pages)
    return {
        "RegionId": region.id,
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "Description": "",
        "VpcId": group.vpc,
        "InnerAccessPolicy": group.inner,
        **told,
        "Permissions": {"Permission": [shapes.rule(cloud, each) for each in some]},
    }


def references(cloud: Cloud, params: Params) -> Answer:
    """DescribeSecurityGroupReferences: groups whose rules name the given ones as a source."""
    region = region_of(cloud, params)
    told = []
    for wanted in params.listed("SecurityGroupId"):
        naming = [each.id for each in region.groups.values() if any(rule.group == wanted for rule in each.rules)]
        if naming:
            entries = [{"SecurityGroupId": one, "AliUid": "1234567890123456"} for one in naming]
            told.append({"SecurityGroupId": wanted, "ReferencingSecurityGroups": {"ReferencingSecurityGroup": entries}})
    return {"SecurityGroupReferences": {"SecurityGroupReference": told}}


def prefix_lists(cloud: Cloud, params: Params) -> Answer:
    """DescribePrefixLists."""
    ids = params.listed("PrefixListId")
    found = [each for each in region_of(cloud, params).prefix_lists.values() if not ids or each.id in ids]
    some, told = page(found, params, Paging(10, 100), cloud.pages)
    return {**told, "PrefixLists": {"PrefixList": [shapes.prefix_list(each) for each in some]}}


def prefix_list(cloud: Cloud, params: Params) -> Answer:
    """DescribePrefixListAttributes: all entries at once."""
    found = region_of(cloud, params).prefix_lists.get(params.needed("PrefixListId"))
    if found is None:
        raise ApiError("InvalidPrefixListId.NotFound")
    return {**shapes.prefix_list(found), "Entries": {"Entry": [{"Cidr": each, "Description": ""} for each in found.entries]}}


def port_lists(cloud: Cloud, params: Params) -> Answer:
    """DescribePortRangeLists: its list stands bare, not under a second name as elsewhere."""
    ids = params.listed("PortRangeListId")
    found = [each for each in region_of(cloud, params).port_lists.values() if not ids or each.id in ids]
    some, told = page(found, params, Paging(10, 100), cloud.pages)
    return {**told, "PortRangeLists": [shapes.port_list(each) for each in some]}


def port_list(cloud: Cloud, params: Params) -> Answer:
    """DescribePortRangeListEntries."""
    found = region_of(cloud, params).port_lists.get(params.needed("PortRangeListId"))
    if found is None:
        raise ApiError("InvalidPortRangeListId.NotFound")
    return {"Entries": [{"PortRange": each, "Description": ""} for each in found.entries]}


def region_of(cloud: Cloud, params: Params) -> Region:
    """The region a call is about."""
    found = cloud.regions.get(params.needed("RegionId"))
    if found is None:
        raise ApiError("InvalidRegionId.NotFound")
    return found


def group_of(cloud: Cloud, params: Params) -> tuple[Region, Group]:
    """The group a call is about."""
    region = region_of(cloud, params)
    found = region.groups.get(params.needed("SecurityGroupId"))
    if found is None:
        raise ApiError("InvalidSecurityGroupId.NotFound")
    return region, found


ACTIONS: Mapping[str, Action] = {
    "DescribeRegions": regions,
    "DescribeInstances": instances,
    "DescribeNetworkInterfaces": interfaces,
    "DescribeSecurityGroups": groups,
    "DescribeSecurityGroupAttribute": attribute,
    "DescribeSecurityGroupReferences": references,
    "DescribePrefixLists": prefix_lists,
    "DescribePrefixListAttributes": prefix_list,
    "DescribePortRangeLists": port_lists,
    "DescribePortRangeListEntries": port_list,
}
