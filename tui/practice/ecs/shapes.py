"""Things of the cloud in the shapes in which answers carry them."""

from __future__ import annotations

from typing import Any

from tui.practice.ecs.state import Cloud, Eni, Group, Instance, Listing, Region, Rule


def rule(cloud: Cloud, each: Rule) -> dict[str, Any]:
    """A rule as DescribeSecurityGroupAttribute lists it. What is not set is an empty text."""
    source = "Source" if each.direction == "ingress" else "Dest"
    empty = dict.fromkeys(
        (
            "SourceCidrIp", "Ipv6SourceCidrIp", "SourceGroupId", "SourceGroupName", "SourceGroupOwnerAccount", "SourcePrefixListId",
            "SourcePrefixListName", "DestCidrIp", "Ipv6DestCidrIp", "DestGroupId", "DestGroupName", "DestGroupOwnerAccount",
            "DestPrefixListId", "DestPrefixListName", "PortRangeListName",
        ),
        "",
    )  # fmt: skip
    return {
        **empty,
        "SecurityGroupRuleId": each.id,
        "Direction": each.direction,
        "Policy": each.policy,
        "Priority": cloud.priority_as(each.priority),
        "IpProtocol": each.protocol,
        "PortRange": each.ports,
        "PortRangeListId": each.port_list,
        f"{source}CidrIp": each.cidr,
        f"Ipv6{source}CidrIp": each.cidr6,
        f"{source}GroupId": each.group,
        f"{source}PrefixListId": each.prefix_list,
        "SourcePortRange": each.source_ports,
        "NicType": "intranet",
        "Description": each.description,
        "CreateTime": each.created,
    }


def group(region: Region, each: Group) -> dict[str, Any]:
    """A group as DescribeSecurityGroups lists it."""
    return {
        "SecurityGroupId": each.id,
        "SecurityGroupName": each.name,
        "SecurityGroupType": each.kind,
        "VpcId": each.vpc,
        "CreationTime": "2026-01-02T03:04Z",
        "Description": "",
        "EcsCount": len(region.members(each.id)),
        "RuleCount": len(each.rules),
        "GroupToGroupRuleCount": sum(bool(one.group) for one in each.rules),
        "ServiceManaged": each.managed,
        "ServiceID": 1 if each.managed else 0,
        "ResourceGroupId": "",
        "Tags": {"Tag": []},
    }


def instance(region: Region, each: Instance) -> dict[str, Any]:
    """A server as DescribeInstances lists it."""
    primary = each.primary
    return {
        "InstanceId": each.id,
        "InstanceName": each.name,
        "HostName": each.name,
        "Status": each.status,
        "RegionId": region.id,
        "ZoneId": f"{region.id}-b",
        "OSType": each.os,
        "OSName": "Ubuntu 24.04",
        "InstanceNetworkType": "vpc",
        "CreationTime": "2026-01-02T03:04Z",
        "PublicIpAddress": {"IpAddress": [each.public_ip] if each.public_ip else []},
        "EipAddress": {"IpAddress": each.eip, "AllocationId": "eip-test" if each.eip else ""},
        "InnerIpAddress": {"IpAddress": []},
        "VpcAttributes": {
            "VpcId": each.vpc,
            "VSwitchId": "vsw-test",
            "PrivateIpAddress": {"IpAddress": [primary.private_ip]},
            "NatIpAddress": "",
        },
        "SecurityGroupIds": {"SecurityGroupId": list(primary.groups)},
        "NetworkInterfaces": {"NetworkInterface": [_interface(eni) for eni in each.enis]},
        "Tags": {"Tag": []},
        "OperationLocks": {"LockReason": []},
        **each.more,
    }


def _interface(eni: Eni) -> dict[str, Any]:
    return {
        "NetworkInterfaceId": eni.id,
        "MacAddress": "00:16:3e:00:00:01",
        "PrimaryIpAddress": eni.private_ip,
        "Type": "Primary" if eni.primary else "Secondary",
        "PrivateIpSets": {"PrivateIpSet": [{"Primary": True, "PrivateIpAddress": eni.private_ip}]},
        "Ipv6Sets": {"Ipv6Set": [{"Ipv6Address": address} for address in eni.ipv6]},
    }


def eni(owner: Instance, each: Eni) -> dict[str, Any]:
    """An interface as DescribeNetworkInterfaces lists it."""
    elastic = {"PublicIpAddress": each.public_ip, "AllocationId": "eip-eni"} if each.public_ip else {}
    private = {"Primary": True, "PrivateIpAddress": each.private_ip, "AssociatedPublicIp": elastic}
    return {
        **_interface(each),
        "InstanceId": owner.id,
        "NetworkInterfaceName": "",
        "PrivateIpAddress": each.private_ip,
        "PrivateIpSets": {"PrivateIpSet": [private]},
        "AssociatedPublicIp": elastic,
        "SecurityGroupIds": {"SecurityGroupId": list(each.groups)},
        "Status": "InUse",
        "VpcId": owner.vpc,
        "VSwitchId": "vsw-test",
        "ServiceManaged": False,
        "Attachment": {"InstanceId": owner.id, "DeviceIndex": 0 if each.primary else 1},
        "Tags": {"Tag": []},
        "CreationTime": "2026-01-02T03:04:05Z",
    }


def prefix_list(each: Listing) -> dict[str, Any]:
    """A prefix list without its entries."""
    return {
        "PrefixListId": each.id,
        "PrefixListName": each.name,
        "AddressFamily": each.family,
        "MaxEntries": max(len(each.entries), 1),
        "Description": "",
        "CreationTime": "2026-01-02T03:04:05Z",
    }


def port_list(each: Listing) -> dict[str, Any]:
    """A port range list without its entries."""
    return {
        "PortRangeListId": each.id,
        "PortRangeListName": each.name,
        "MaxEntries": max(len(each.entries), 1),
        "AssociationCount": 0,
        "Description": "",
        "CreationTime": "2026-01-02T03:04:05Z",
        "ResourceGroupId": "",
        "Tags": [],
    }
