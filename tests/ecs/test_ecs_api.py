"""The product's adapter against the practice cloud: what it reads and changes, and every fault as one sentence without a secret."""

from __future__ import annotations

import asyncio
import base64
import logging
import threading
import traceback
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ecs_stage import GROUP, KEY, REGION, SERVER, Stage

from tui.cloud.ecs_errors import Busy, EcsRefused, KeyRejected, MayNot, Missing, OutcomeUnknown
from tui.cloud.ecs_retry import Patience
from tui.cloud.ecs_sdk import Timeouts, address
from tui.errors import ConfigError, Unreachable, UsageError, ZhinanError
from tui.practice.ecs.faults import Fault, Raw, html, refused, said, throttled
from tui.practice.ecs.signature import Key
from tui.practice.ecs.state import Eni, Instance, Listing, Rule

CLOSED = {"Policy": "accept", "Priority": "100", "IpProtocol": "TCP", "PortRange": "22/22", "SourceCidrIp": "127.0.0.1/32"}
CLOSED |= {"Description": "closed"}
QUICK = Timeouts(connect=1, read=0.3)


def closed(stage: Stage) -> bool:
    return stage.group.rules[0].cidr == "127.0.0.1/32"


async def test_rules_are_changed_added_and_revoked(stage: Stage) -> None:
    api = stage.api()
    request = await api.modify_rule(REGION, GROUP, "sgr-test0001", **CLOSED)
    assert request.startswith("473469C7-")
    assert stage.group.rules[0] == Rule("sgr-test0001", priority=100, cidr="127.0.0.1/32", description="closed")
    await api.authorize(REGION, GROUP, [CLOSED | {"SourceCidrIp": "198.51.100.0/24", "Priority": "1"}])
    assert stage.group.rules[3].cidr == "198.51.100.0/24"
    await api.revoke(REGION, GROUP, [stage.group.rules[3].id])
    await api.revoke_like(REGION, GROUP, [CLOSED])
    assert [each.id for each in stage.group.rules] == ["sgr-test0002", "sgr-test0003"]
    with pytest.raises(Missing):
        await api.revoke(REGION, GROUP, ["sgr-test0001"])
    tokens = [params["ClientToken"] for _, params in stage.service.faults.asked]
    assert len(set(tokens)) == 5


async def test_lists_are_read_to_their_last_page(stage: Stage) -> None:
    stage.cloud.pages = 2
    stage.group.rules = [Rule(f"sgr-{number}", ports=f"{number}/{number}", cidr="0.0.0.0/0") for number in range(1, 6)]
    for number in range(2, 6):
        stage.region.instances[f"i-{number}"] = Instance(f"i-{number}", enis=[Eni(f"eni-{number}", [GROUP], f"172.16.1.{number}")])
    api = stage.api()
    pages = await api.rules(REGION, GROUP)
    assert [len(page["Permissions"]["Permission"]) for page in pages] == [2, 2, 1]
    assert len(await api.instances(REGION)) == 5
    assert len(await api.interfaces(REGION, group=GROUP)) == 5
    assert [each["SecurityGroupId"] for each in await api.groups(REGION, [GROUP])] == [GROUP]


async def test_a_list_that_never_ends_is_no_answer(stage: Stage) -> None:
    body = b'{"RequestId":"x","NextToken":"again","Instances":{"Instance":[]}}'
    stage.service.faults.add(said("DescribeInstances", body, times=5))
    with pytest.raises(Unreachable):
        await stage.api().instances(REGION)


LOST = [
    Fault("lost"),
    Fault("silent"),
    html(),
    html(status=200),
    said("*", b""),
    said("*", b'{"RequestId":"x","Perm'),
    said("*", b'{"RequestId":"x"', promised=500),
    said("*", b"[1]"),
    said("*", b"[1]", status=400),
    said("*", b"{}"),
    said("*", b'{"RequestId":"x","Code":"InternalError","Message":"m"}'),
    refused("*", "InternalError"),
    refused("*", "ServiceUnavailable"),
]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("fault", LOST)
async def test_a_change_whose_answer_got_lost_is_made_once(stage: Stage, fault: Fault, after: bool) -> None:
    applied: list[Any] = []
    stage.cloud.on_rules = applied.append
    stage.service.faults.add(replace(fault, after=after, times=2))
    await stage.api(timeouts=QUICK).authorize(REGION, GROUP, [CLOSED])
    assert len(applied) == 1
    assert len(stage.group.rules) == 4
    asked = [params for action, params in stage.service.faults.asked if action == "AuthorizeSecurityGroup"]
    assert len(asked) == 3
    assert len({params["ClientToken"] for params in asked}) == 1
    assert len(stage.waits) == 2
    assert all(0 < wait <= 30 for wait in stage.waits)


@pytest.mark.parametrize("fault", LOST)
async def test_a_change_that_nobody_answers_for_is_unknown(stage: Stage, fault: Fault) -> None:
    stage.service.faults.add(replace(fault, after=True, times=99))
    api = stage.api(timeouts=QUICK, patience=Patience(tries=2))
    with pytest.raises(OutcomeUnknown) as caught:
        await api.modify_rule(REGION, GROUP, "sgr-test0001", **CLOSED)
    assert closed(stage)
    assert "不知道是否生效" in caught.value.text.zh
    stage.service.faults.clear()
    stage.service.faults.add(replace(fault, times=99))
    with pytest.raises(Unreachable) as asked:
        await api.rules(REGION, GROUP)
    assert not isinstance(asked.value, OutcomeUnknown)


async def test_a_change_that_never_left_is_not_unknown(stage: Stage) -> None:
    api = stage.api(environ={"ZHINAN_ECS_ENDPOINT": "http://127.0.0.1:9"}, patience=Patience(tries=2))
    with pytest.raises(Unreachable) as caught:
        await api.modify_rule(REGION, GROUP, "sgr-test0001", **CLOSED)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert "连不到" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "status"),
    [("Throttling", 400), ("Throttling.User", 400), ("Throttling.Api", 429), ("Rejected.Throttling", 400), ("Whatever", 429)],
)
async def test_throttling_is_waited_for(stage: Stage, code: str, status: int) -> None:
    stage.service.faults.add(throttled(code=code, status=status, times=3))
    await stage.api().modify_rule(REGION, GROUP, "sgr-test0001", **CLOSED)
    assert closed(stage)
    assert len(stage.waits) == 3
    stage.service.faults.add(throttled(code=code, status=status, times=99))
    with pytest.raises(Busy, match="请求太多"):
        await stage.api().modify_rule(REGION, GROUP, "sgr-test0001", **CLOSED)


async def test_a_wait_that_is_told_is_kept(stage: Stage) -> None:
    stage.service.faults.add(throttled(retry_after_ms=1500, status=429))
    await stage.api().instances(REGION)
    assert stage.waits == [1.5]


async def test_what_the_cloud_refuses_is_not_asked_again(stage: Stage) -> None:
    with pytest.raises(Missing, match="安全组"):
        await stage.api().rules(REGION, "sg-none")
    with pytest.raises(EcsRefused, match="一模一样"):
        await stage.api().modify_rule(REGION, GROUP, "sgr-test0001", PortRange="3389/3389")
    assert [action for action, _ in stage.service.faults.asked] == ["DescribeSecurityGroupAttribute", "ModifySecurityGroupRule"]


async def test_a_missing_permission_names_itself_and_its_policy(stage: Stage) -> None:
    stage.service.gate.add(replace(KEY, denied=frozenset({"ModifySecurityGroupRule"})))
    with pytest.raises(MayNot) as caught:
        await stage.api().modify_rule(REGION, GROUP, "sgr-test0001", **CLOSED)
    assert caught.value.action == "ecs:ModifySecurityGroupRule"
    assert '"Action": ["ecs:ModifySecurityGroupRule", "ecs:AuthorizeSecurityGroup", "ecs:RevokeSecurityGroup"]' in caught.value.text.en
    assert caught.value.policy in caught.value.text.zh


async def test_a_policy_that_denies_is_not_answered_with_one_that_allows(stage: Stage) -> None:
    detail = {"AuthAction": "ecs:RunCommand", "NoPermissionType": "ExplicitDeny"}
    fault = refused("DescribeInstances", "Forbidden.RAM")
    assert fault.error is not None
    fault.error.more["AccessDeniedDetail"] = detail
    stage.service.faults.add(fault)
    with pytest.raises(MayNot, match="明确禁止了 ecs:RunCommand"):
        await stage.api().instances(REGION)


@pytest.mark.parametrize(
    ("sent", "known", "words"),
    [
        (replace(KEY, secret="wrong-secret"), KEY, "secret"),
        (replace(KEY, id="LTAI-else"), KEY, "没有这个 AccessKey"),
        (KEY, replace(KEY, active=False), "停用"),
        (KEY, replace(KEY, token="sts"), "缺少 security token"),
        (replace(KEY, token="other"), replace(KEY, token="sts"), "不对"),
    ],
)
async def test_a_wrong_key_is_said_at_once(stage: Stage, sent: Key, known: Key, words: str) -> None:
    stage.service.gate.add(known)
    with pytest.raises(KeyRejected, match=words) as caught:
        await stage.api(sent).instances(REGION)
    assert sent.secret not in caught.value.text.zh + caught.value.text.en
    assert stage.waits == []


async def test_a_wrong_clock(stage: Stage) -> None:
    stage.service.gate.skew = timedelta(hours=1)
    with pytest.raises(KeyRejected, match="时钟"):
        await stage.api().instances(REGION)


@pytest.mark.parametrize(
    "body",
    [
        {"RequestId": "x"},
        {"RequestId": "x", "Instances": []},
        {"RequestId": "x", "Instances": {"Instance": {}}},
        {"RequestId": "x", "Instances": {"Instance": ["i-1"]}},
        {"RequestId": "x", "Instances": {"Instance": []}, "NextToken": 7},
    ],
)
async def test_an_answer_that_lacks_its_parts_is_not_an_empty_list(stage: Stage, body: dict[str, Any]) -> None:
    import json

    stage.service.faults.add(said("DescribeInstances", json.dumps(body).encode()))
    with pytest.raises(Unreachable, match="DescribeInstances"):
        await stage.api().instances(REGION)


async def test_rules_of_another_group_are_not_taken(stage: Stage) -> None:
    body = b'{"RequestId":"x","SecurityGroupId":"sg-other","Permissions":{"Permission":[]}}'
    stage.service.faults.add(said("DescribeSecurityGroupAttribute", body))
    with pytest.raises(Unreachable):
        await stage.api().rules(REGION, GROUP)


async def test_a_redirection_is_not_followed(stage: Stage) -> None:
    elsewhere = Stage()
    with elsewhere:
        moved = Raw(302, headers={"Location": f"{elsewhere.endpoint}/?stolen"})
        stage.service.faults.add(Fault("say", "DescribeInstances", reply=moved))
        key = stage.service.gate.add(Key("STS.x", "s", token="token-not-for-others"))
        with pytest.raises(Unreachable, match="没有跟过去"):
            await stage.api(key).instances(REGION)
    assert not elsewhere.service.faults.asked
    assert stage.waits == []


async def test_this_computer_is_not_reached_through_a_proxy(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert len(await stage.api().instances(REGION)) == 1


async def test_a_stopped_question_ends_at_once(stage: Stage) -> None:
    class Gate(threading.Event):
        """Tells when somebody waits at it."""

        def wait(self, timeout: float | None = None) -> bool:
            loop.call_soon_threadsafe(arrived.set)
            return super().wait(timeout)

    loop, arrived, gate = asyncio.get_running_loop(), asyncio.Event(), Gate()
    stage.service.faults.add(Fault("late", "DescribeInstances", gate=gate))
    task = asyncio.create_task(stage.api().instances(REGION))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.set()


async def test_nothing_of_a_request_is_told(stage: Stage, caplog: pytest.LogCaptureFixture, capfd: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("DEBUG", "sdk")
    caplog.set_level(logging.DEBUG)
    word = "tell-nobody"
    content = base64.b64encode(word.encode()).decode()
    api = stage.api(patience=Patience(tries=1), timeouts=QUICK)
    for fault in LOST:
        stage.service.faults.clear()
        stage.service.faults.add(replace(fault, times=99))
        with pytest.raises(ZhinanError) as caught:
            await api.change("RunCommand", REGION, Type="RunShellScript", CommandContent=content, InstanceId=[SERVER])
        seen: BaseException | None = caught.value
        while seen is not None:
            told = "".join(traceback.format_exception_only(seen)) + repr(vars(seen))
            assert content not in told
            assert KEY.id not in told
            seen = seen.__cause__ or seen.__context__
    out = capfd.readouterr()
    assert content not in caplog.text + out.out + out.err
    assert "Signature" not in caplog.text + out.out + out.err


async def test_a_parameter_that_does_not_exist_is_a_mistake_here(stage: Stage) -> None:
    with pytest.raises(TypeError, match="ModifySecurityGroupRule"):
        await stage.api().modify_rule(REGION, GROUP, "sgr-test0001", SourceCidr="127.0.0.1/32")
    with pytest.raises(TypeError, match="AuthorizeSecurityGroup"):
        await stage.api().authorize(REGION, GROUP, [{"Cidr": "127.0.0.1/32"}])
    assert not stage.service.faults.asked


def test_where_it_asks() -> None:
    assert address("cn-hangzhou", {}).host == "ecs.cn-hangzhou.aliyuncs.com"
    assert address("cn-hangzhou-finance", {}).host == "ecs.aliyuncs.com"
    here = address("eu-central-1", {"ZHINAN_ECS_ENDPOINT": "http://127.0.0.1:81"})
    assert (here.host, here.protocol) == ("127.0.0.1:81", "http")
    for base in ("http://ecs.aliyuncs.com", "ftp://x", "nonsense", "https://", "http://[::1", "https://h:port"):
        with pytest.raises(ConfigError):
            address("cn-hangzhou", {"ZHINAN_ECS_ENDPOINT": base})
    for region in ("", "evil.example/x", "CN-HANGZHOU", "cn"):
        with pytest.raises(UsageError):
            address(region, {})


def test_lists_have_entries(stage: Stage) -> None:
    stage.region.prefix_lists["pl-1"] = Listing("pl-1", ["198.51.100.0/24"])
    stage.region.port_lists["prl-1"] = Listing("prl-1", ["22/22"])

    async def both() -> None:
        api = stage.api()
        assert (await api.prefix_list(REGION, "pl-1"))["Entries"]["Entry"][0]["Cidr"] == "198.51.100.0/24"
        assert (await api.port_list(REGION, "prl-1"))["Entries"][0]["PortRange"] == "22/22"
        assert await api.references(REGION, GROUP) == []

    asyncio.run(both())
