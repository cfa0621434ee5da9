"""The practice cloud as the official library finds it: signatures, reading in pages, writing, and what writing twice does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alibabacloud_ecs20140526 import models
from alibabacloud_tea_openapi.exceptions import ClientException
from ecs_stage import GROUP, KEY, SERVER, Stage

from tui.practice.ecs.signature import Key, Sent, sign, string_to_sign
from tui.practice.ecs.state import Eni, Group, Instance, Listing, Rule


def permission(**more: Any) -> models.AuthorizeSecurityGroupRequestPermissions:
    usual = {"ip_protocol": "tcp", "port_range": "22/22", "source_cidr_ip": "198.51.100.7/32", "policy": "accept", "priority": "1"}
    return models.AuthorizeSecurityGroupRequestPermissions(**usual | more)


def revoked(**more: Any) -> models.RevokeSecurityGroupRequestPermissions:
    usual = {"ip_protocol": "TCP", "port_range": "22/22", "source_cidr_ip": "0.0.0.0/0", "policy": "accept", "priority": "100"}
    return models.RevokeSecurityGroupRequestPermissions(**usual | more)


def code_of(stage: Stage, action: str, /, **params: Any) -> str:
    with pytest.raises(ClientException) as caught:
        stage.ask(action, **params)
    return str(caught.value.code)


def test_what_is_signed_rightly_is_answered(stage: Stage) -> None:
    told = stage.ask("DescribeRegions", accept_language="en-US")["Regions"]["Region"]
    assert [each["RegionId"] for each in told] == ["cn-hangzhou", "cn-beijing"]
    assert told[0]["RegionEndpoint"] == "ecs.cn-hangzhou.aliyuncs.com"


ODD = {"command_content": "echo ä &+=/?~*'() 指南", "type": "RunShellScript", "instance_id": [SERVER], "name": " a  b "}


def test_the_example_of_the_signature_s_documentation() -> None:
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com", "x-acs-action": "RunInstances", "x-acs-version": "2014-05-26",
        "x-acs-date": "2023-10-26T10:22:32Z", "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
    }  # fmt: skip
    query = "RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
    asked = string_to_sign(Sent("POST", "/", query, headers), list(headers))
    assert sign("YourAccessKeySecret", asked) == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


def signed(stage: Stage, query: str, body: bytes = b"") -> Sent:
    """A request by hand, as somebody between the two could have recorded it."""
    headers = {
        "host": "127.0.0.1", "x-acs-action": "DescribeInstances", "x-acs-version": "2014-05-26", "x-acs-signature-nonce": "n-1",
        "x-acs-date": stage.service.gate.now().strftime("%Y-%m-%dT%H:%M:%SZ"), "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
    }  # fmt: skip
    names = sorted(headers)
    signature = sign(KEY.secret, string_to_sign(Sent("POST", "/", query, headers, body), names))
    said = f"ACS3-HMAC-SHA256 Credential={KEY.id},SignedHeaders={';'.join(names)},Signature={signature}"
    return Sent("POST", "/", query, headers | {"authorization": said}, body)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "SignatureNonceUsed"),
        ({"query": "RegionId=cn-beijing"}, "SignatureDoesNotMatch"),
        ({"method": "GET"}, "SignatureDoesNotMatch"),
        ({"body": b"RegionId=cn-beijing"}, "IncompleteSignature"),
    ],
)
def test_a_recorded_request_is_good_once_and_as_it_was(stage: Stage, change: dict[str, Any], code: str) -> None:
    sent = signed(stage, "RegionId=cn-hangzhou")
    assert stage.service.answer(sent).status == 200
    again = json.loads(stage.service.answer(replace(sent, **change)).body)
    assert again["Code"] == code


def test_odd_letters_are_signed_alike(stage: Stage) -> None:
    stage.ask("RunCommand", **ODD)
    assert stage.service.faults.asked[-1][1]["CommandContent"] == ODD["command_content"]
    names = {f"InstanceId.{number}": "x" for number in range(1, 12)}
    assert code_of(stage, "RunCommand", **ODD | {"instance_id": list(names.values())}) == "InvalidInstance.NotFound"


@pytest.mark.parametrize(
    ("key", "known", "code"),
    [
        (replace(KEY, secret="wrong"), KEY, "SignatureDoesNotMatch"),
        (replace(KEY, id="LTAI-else"), KEY, "InvalidAccessKeyId.NotFound"),
        (KEY, replace(KEY, active=False), "InvalidAccessKeyId.Inactive"),
        (KEY, replace(KEY, token="sts"), "MissingSecurityToken"),
        (replace(KEY, token="other"), replace(KEY, token="sts"), "InvalidSecurityToken.Malformed"),
        (replace(KEY, token="sts"), replace(KEY, token="sts", expires=datetime(2020, 1, 1, tzinfo=UTC)), "InvalidSecurityToken.Expired"),
    ],
)
def test_who_is_not_known_is_refused(stage: Stage, key: Key, known: Key, code: str) -> None:
    stage.service.gate.add(known)
    with pytest.raises(ClientException) as caught:
        stage.ask("DescribeInstances", stage.client(key))
    assert caught.value.code == code
    assert not stage.service.faults.asked


def test_a_temporary_key_that_is_valid(stage: Stage) -> None:
    key = stage.service.gate.add(Key("STS.x", "s", token="tok+/=", expires=datetime.now(UTC) + timedelta(hours=1)))
    assert stage.ask("DescribeInstances", stage.client(key))["Instances"]["Instance"]


def test_a_clock_that_is_off(stage: Stage) -> None:
    stage.service.gate.skew = timedelta(minutes=16)
    assert code_of(stage, "DescribeInstances") == "InvalidTimeStamp.Expired"
    stage.service.gate.skew = timedelta(minutes=-14)
    assert stage.ask("DescribeInstances")


def test_a_server_is_found_by_its_addresses_id_and_name(stage: Stage) -> None:
    stage.region.instances["i-2"] = Instance("i-2", "db-1", "Stopped", eip="203.0.113.9", enis=[Eni("eni-2", ["sg-2"], "172.16.0.6")])
    for wish in (
        {"instance_ids": '["i-2"]'}, {"eip_addresses": '["203.0.113.9"]'}, {"private_ip_addresses": '["172.16.0.6"]'},
        {"instance_name": "db-*"}, {"status": "Stopped"}, {"security_group_id": "sg-2"},
    ):  # fmt: skip
        assert [each["InstanceId"] for each in stage.ask("DescribeInstances", **wish)["Instances"]["Instance"]] == ["i-2"]
    one = stage.ask("DescribeInstances", public_ip_addresses='["203.0.113.10"]')["Instances"]["Instance"][0]
    assert one["InstanceId"] == SERVER
    assert one["SecurityGroupIds"]["SecurityGroupId"] == [GROUP]
    assert one["VpcAttributes"]["PrivateIpAddress"]["IpAddress"] == ["172.16.0.5"]


def test_long_lists_come_in_pages(stage: Stage) -> None:
    stage.group.rules = [Rule(f"sgr-{number:03}", ports=f"{number}/{number}", cidr="0.0.0.0/0") for number in range(1, 26)]
    seen: list[str] = []
    token: str | None = None
    while token != "":
        told = stage.ask("DescribeSecurityGroupAttribute", security_group_id=GROUP, max_results=10, next_token=token)
        rules = told["Permissions"]["Permission"]
        assert len(rules) <= 10
        seen += [each["SecurityGroupRuleId"] for each in rules]
        token = told["NextToken"]
    assert seen == [f"sgr-{number:03}" for number in range(1, 26)]
    assert code_of(stage, "DescribeSecurityGroupAttribute", security_group_id=GROUP, next_token="x") == "InvalidParameter.NextToken"
    assert code_of(stage, "DescribeInstances", max_results=101) == "InvalidParameter.MaxResults"


def test_pages_by_number(stage: Stage) -> None:
    for number in range(2, 14):
        stage.region.instances[f"i-{number}"] = Instance(f"i-{number}", enis=[Eni(f"eni-{number}", [GROUP], f"172.16.1.{number}")])
    told = stage.ask("DescribeInstances", page_number=2, page_size=10)
    assert (told["TotalCount"], told["PageNumber"], len(told["Instances"]["Instance"])) == (13, 2, 3)


def test_interfaces_groups_and_lists(stage: Stage) -> None:
    second = Eni("eni-b", ["sg-2"], "172.16.0.9", ipv6=["2001:db8::9"], primary=False, public_ip="203.0.113.77")
    stage.region.instances[SERVER].enis.append(second)
    stage.region.groups["sg-2"] = Group("sg-2", managed=True, rules=[Rule("sgr-g", cidr="", group=GROUP)])
    stage.region.prefix_lists["pl-1"] = Listing("pl-1", ["198.51.100.0/24"])
    stage.region.port_lists["prl-1"] = Listing("prl-1", ["22/22", "2200/2299"])
    (eni,) = stage.ask("DescribeNetworkInterfaces", security_group_id="sg-2")["NetworkInterfaceSets"]["NetworkInterfaceSet"]
    assert (eni["InstanceId"], eni["Type"], eni["AssociatedPublicIp"]["PublicIpAddress"]) == (SERVER, "Secondary", "203.0.113.77")
    assert eni["Ipv6Sets"]["Ipv6Set"][0]["Ipv6Address"] == "2001:db8::9"
    groups = stage.ask("DescribeSecurityGroups", security_group_ids='["sg-2"]')["SecurityGroups"]["SecurityGroup"]
    assert [(each["ServiceManaged"], each["EcsCount"]) for each in groups] == [(True, 1)]
    (named,) = stage.ask("DescribeSecurityGroupReferences", security_group_id=[GROUP])["SecurityGroupReferences"]["SecurityGroupReference"]
    assert named["ReferencingSecurityGroups"]["ReferencingSecurityGroup"][0]["SecurityGroupId"] == "sg-2"
    assert stage.ask("DescribePrefixListAttributes", prefix_list_id="pl-1")["Entries"]["Entry"][0]["Cidr"] == "198.51.100.0/24"
    assert len(stage.ask("DescribePrefixLists")["PrefixLists"]["PrefixList"]) == 1
    assert [each["PortRange"] for each in stage.ask("DescribePortRangeListEntries", port_range_list_id="prl-1")["Entries"]] == [
        "22/22", "2200/2299",
    ]  # fmt: skip
    assert len(stage.ask("DescribePortRangeLists")["PortRangeLists"]) == 1


def test_a_change_keeps_the_id_and_what_was_not_sent(stage: Stage) -> None:
    changed: list[Group] = []
    stage.cloud.on_rules = changed.append
    stage.ask("ModifySecurityGroupRule", security_group_id=GROUP, security_group_rule_id="sgr-test0001", source_cidr_ip="127.0.0.1/32")
    assert stage.group.rules[0] == Rule("sgr-test0001", priority=100, cidr="127.0.0.1/32", description="System created rule.")
    assert changed == [stage.group]


MODIFY = {"security_group_id": GROUP, "security_group_rule_id": "sgr-test0001"}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (MODIFY | {"ipv_6source_cidr_ip": "::/0"}, "InvalidOperation.ModifySgRuleEntityType"),
        (MODIFY | {"port_range_list_id": "prl-1"}, "InvalidOperation.ModifyPortRangeType"),
        (MODIFY | {"port_range": "3389/3389"}, "InvalidOperation.RuleDuplicate"),
        (MODIFY | {"security_group_rule_id": "sgr-none"}, "SecurityGroupRule.NotFound"),
        (MODIFY | {"security_group_id": "sg-none"}, "InvalidSecurityGroupId.NotFound"),
        (MODIFY | {"source_cidr_ip": "1.2.3.4/99"}, "InvalidParam.SourceCidrIp"),
        (MODIFY | {"port_range": "-1/-1"}, "InvalidParam.ProtocolAndPortRangeMismatch"),
        (MODIFY | {"region_id": "mars-1"}, "InvalidRegionId.NotFound"),
    ],
)
def test_changes_that_are_refused(stage: Stage, params: dict[str, Any], code: str) -> None:
    before = list(stage.group.rules)
    assert code_of(stage, "ModifySecurityGroupRule", **params) == code
    assert stage.group.rules == before


def test_a_managed_group_refuses_all(stage: Stage) -> None:
    stage.group.managed = True
    code = "InvalidOperation.ResourceManagedByCloudProduct"
    assert code_of(stage, "ModifySecurityGroupRule", **MODIFY, source_cidr_ip="127.0.0.1/32") == code
    assert code_of(stage, "AuthorizeSecurityGroup", security_group_id=GROUP, permissions=[permission()]) == code
    assert code_of(stage, "RevokeSecurityGroup", security_group_id=GROUP, security_group_rule_id=["sgr-test0001"]) == code


def test_an_identical_rule_is_made_once(stage: Stage) -> None:
    for description in ("one", "two"):
        told = stage.ask("AuthorizeSecurityGroup", security_group_id=GROUP, permissions=[permission(description=description)])
        assert set(told) == {"RequestId"}
    made = stage.group.rules[3:]
    assert [(each.protocol, each.cidr, each.description) for each in made] == [("TCP", "198.51.100.7/32", "one")]
    assert made[0].id.startswith("sgr-")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"source_cidr_ip": ""}, "MissingParameter.Source"),
        ({"ip_protocol": "SCTP"}, "InvalidIpProtocol.ValueNotSupported"),
        ({"port_range": "22"}, "InvalidParam.PortRange"),
        ({"priority": "101"}, "InvalidPriority.ValueNotSupported"),
    ],
)
def test_rules_that_are_refused_leave_the_others_unmade(stage: Stage, wrong: dict[str, Any], code: str) -> None:
    several = [permission(), permission(**wrong)]
    assert code_of(stage, "AuthorizeSecurityGroup", security_group_id=GROUP, permissions=several) == code
    assert len(stage.group.rules) == 3


def test_the_quota(stage: Stage) -> None:
    stage.cloud.most_rules = 3
    assert code_of(stage, "AuthorizeSecurityGroup", security_group_id=GROUP, permissions=[permission()]) == "AuthorizationLimitExceed"


def test_revoking(stage: Stage) -> None:
    stage.ask("RevokeSecurityGroup", security_group_id=GROUP, security_group_rule_id=["sgr-test0002"])
    assert [each.id for each in stage.group.rules] == ["sgr-test0001", "sgr-test0003"]
    gone = code_of(stage, "RevokeSecurityGroup", security_group_id=GROUP, security_group_rule_id=["sgr-test0002"])
    assert gone == "InvalidParam.SecurityGroupRuleId"
    stage.ask("RevokeSecurityGroup", security_group_id=GROUP, permissions=[revoked(priority="1")])  # no such rule: success all the same
    assert len(stage.group.rules) == 2
    stage.ask("RevokeSecurityGroup", security_group_id=GROUP, permissions=[revoked()])
    assert [each.id for each in stage.group.rules] == ["sgr-test0003"]
    twice = code_of(stage, "RevokeSecurityGroup", security_group_id=GROUP, security_group_rule_id=["sgr-test0003"] * 2)
    assert twice == "InvalidParam.SecurityGroupRuleIdRepeated"


def test_the_same_token_acts_once(stage: Stage) -> None:
    asked = {"security_group_id": GROUP, "client_token": "tok-1", "permissions": [permission()]}
    stage.ask("AuthorizeSecurityGroup", **asked)
    stage.ask("RevokeSecurityGroup", security_group_id=GROUP, security_group_rule_id=[stage.group.rules[3].id])
    stage.ask("AuthorizeSecurityGroup", **asked)
    assert len(stage.group.rules) == 3
    other = code_of(stage, "AuthorizeSecurityGroup", **asked | {"permissions": [permission(port_range="80/80")]})
    assert other == "IdempotentParameterMismatch"
    run = {"command_content": "true", "type": "RunShellScript", "instance_id": [SERVER], "client_token": "tok-1"}
    first, second = stage.ask("RunCommand", **run), stage.ask("RunCommand", **run)
    assert first["InvokeId"] == second["InvokeId"]
    assert code_of(stage, "RunCommand", **run | {"client_token": "t" * 65}) == "InvalidClientToken.Malformed"


def test_who_may_not(stage: Stage) -> None:
    actions = frozenset({"DescribeInstances", "ModifySecurityGroupRule"})
    key = stage.service.gate.add(Key("LTAI-weak", "s", denied=actions))
    client = stage.client(key)
    assert stage.ask("DescribeInstances", client)["Instances"]["Instance"] == []
    with pytest.raises(ClientException) as caught:
        stage.ask("ModifySecurityGroupRule", client, **MODIFY, source_cidr_ip="127.0.0.1/32")
    assert (caught.value.code, caught.value.status_code) == ("Forbidden.RAM", 403)
    assert caught.value.access_denied_detail["AuthAction"] == "ecs:ModifySecurityGroupRule"
    assert stage.group.rules[0].cidr == "0.0.0.0/0"


@pytest.mark.parametrize("kind", [str, int])
def test_priority_comes_as_either(stage: Stage, kind: type[int] | type[str]) -> None:
    stage.cloud.priority_as = kind
    told = stage.ask("DescribeSecurityGroupAttribute", security_group_id=GROUP, direction="ingress")["Permissions"]["Permission"]
    assert told[0]["Priority"] == kind(100)


def test_regions_do_not_know_each_other(stage: Stage) -> None:
    assert stage.ask("DescribeInstances", region_id="cn-beijing")["Instances"]["Instance"] == []
    assert code_of(stage, "DescribeSecurityGroupAttribute", security_group_id=GROUP, region_id="cn-beijing") == (
        "InvalidSecurityGroupId.NotFound"
    )
