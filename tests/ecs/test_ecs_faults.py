"""Every fault on order, seen through the official library: what it raises, and whether the call had its effect."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException
from darabonba.exceptions import UnretryableException
from ecs_stage import GROUP, Stage

from tui.practice.ecs.errors import ApiError
from tui.practice.ecs.faults import Fault, html, refused, said, throttled

CLOSE = {"security_group_id": GROUP, "security_group_rule_id": "sgr-test0001", "source_cidr_ip": "127.0.0.1/32"}


def closed(stage: Stage) -> bool:
    return stage.group.rules[0].cidr == "127.0.0.1/32"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("what", ["lost", "silent"])
def test_no_answer_before_or_after_the_effect(stage: Stage, what: Any, after: bool) -> None:
    stage.service.faults.add(Fault(what, "ModifySecurityGroupRule", after=after))
    client = stage.client(read_timeout=200)
    with pytest.raises(UnretryableException):
        stage.ask("ModifySecurityGroupRule", client, **CLOSE)
    assert closed(stage) is after
    stage.ask("ModifySecurityGroupRule", **CLOSE)
    assert closed(stage)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "fault",
    [
        html("ModifySecurityGroupRule"),
        html("ModifySecurityGroupRule", status=200),
        said("ModifySecurityGroupRule", b""),
        said("ModifySecurityGroupRule", b'{"RequestId":"x","Perm'),
        said("ModifySecurityGroupRule", b'{"RequestId":"x"', promised=500),
        said("ModifySecurityGroupRule", b"[1]", status=400),
    ],
)
def test_answers_that_are_none(stage: Stage, fault: Fault, after: bool) -> None:
    stage.service.faults.add(Fault("say", fault.api, after=after, reply=fault.reply))
    with pytest.raises(UnretryableException):
        stage.ask("ModifySecurityGroupRule", **CLOSE)
    assert closed(stage) is after


def test_answers_that_look_like_a_success(stage: Stage) -> None:
    stage.service.faults.add(said("ModifySecurityGroupRule", b'{"Code":"InternalError","Message":"m"}'))
    assert "RequestId" not in stage.ask("ModifySecurityGroupRule", **CLOSE)
    stage.service.faults.add(said("DescribeSecurityGroupAttribute", b'{"RequestId":"x","Permissions":[1]}'))
    with pytest.raises(AssertionError, match="no body"):
        stage.ask("DescribeSecurityGroupAttribute", security_group_id=GROUP)
    assert not closed(stage)


@pytest.mark.parametrize(("code", "status"), [("Throttling", 400), ("Throttling.Api", 429), ("Rejected.Throttling", 400)])
def test_throttling(stage: Stage, code: str, status: int) -> None:
    stage.service.faults.add(throttled(code=code, status=status, times=2))
    for _ in range(2):
        with pytest.raises(ClientException) as caught:
            stage.ask("ModifySecurityGroupRule", **CLOSE)
        assert (caught.value.code, caught.value.status_code) == (code, status)
    stage.ask("ModifySecurityGroupRule", **CLOSE)


def test_throttling_that_says_how_long(stage: Stage) -> None:
    stage.service.faults.add(throttled(retry_after_ms=1500, status=429))
    with pytest.raises(Exception, match=r"Throttling\.User") as caught:
        stage.ask("DescribeInstances")
    assert caught.value.retry_after == 1500  # type: ignore[attr-defined]


def test_a_fault_meets_the_call_it_was_ordered_for(stage: Stage) -> None:
    where = {"RegionId": "cn-beijing"}
    stage.service.faults.add(
        Fault("say", "DescribeInstances", first=2, error=ApiError("InternalError")),
        refused("DescribeInstances", "UnauthorizedRegion", where=where),
    )
    stage.ask("DescribeSecurityGroups")
    stage.ask("DescribeInstances")
    with pytest.raises(Exception, match="InternalError"):
        stage.ask("DescribeInstances")
    stage.ask("DescribeInstances")
    with pytest.raises(ClientException, match="UnauthorizedRegion"):
        stage.ask("DescribeInstances", region_id="cn-beijing")
    assert stage.service.faults.calls["DescribeInstances"] == 4


def test_late(stage: Stage) -> None:
    gate = threading.Event()
    stage.service.faults.add(Fault("late", "DescribeRegions", gate=gate))
    asked = threading.Thread(target=stage.ask, args=("DescribeRegions",))
    asked.start()
    stage.ask("DescribeInstances")  # the others are not held up
    assert asked.is_alive()
    gate.set()
    asked.join()


def test_readers_see_the_rules_of_before_for_a_while(stage: Stage) -> None:
    stage.cloud.lag = 2
    stage.ask("ModifySecurityGroupRule", **CLOSE)
    seen = [
        stage.ask("DescribeSecurityGroupAttribute", security_group_id=GROUP)["Permissions"]["Permission"][0]["SourceCidrIp"]
        for _ in range(3)
    ]
    assert seen == ["0.0.0.0/0", "0.0.0.0/0", "127.0.0.1/32"]
