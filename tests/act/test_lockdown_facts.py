"""What panels are told of a lockdown: rules, calls and gates as JSON."""

from __future__ import annotations

import json

from test_lockdown_record import PLAN

from tui.act import lockdown_facts as facts
from tui.judge.gates import IDS, Seen, gates
from tui.judge.gates_open import decide


def test_the_preview_says_each_rule_and_each_call() -> None:
    told = facts.empty("web", "cn-hangzhou", "i-1", port=22, mode="loopback", dry=False) | facts.of_plan(PLAN)
    assert json.loads(json.dumps(told)) == told
    assert told["open"] is True
    rule = next(row for row in told["before"] if row["rule"])
    assert (rule["rule"], rule["scope"], rule["change"]) == ("sgr-1", "public", "modify")
    assert next(row for row in told["after"] if row["rule"])["scope"] == "loopback"
    (call,) = told["calls"]
    assert (call["n"], call["api"], call["rule"], call["state"]) == (1, "ModifySecurityGroupRule", "sgr-1", "waiting")
    assert call["params"]["SourceCidrIp"] == "127.0.0.1/32"
    assert any("0.0.0.0/0" in step["en"] for step in told["by_hand"])


def test_after_it_the_port_is_closed() -> None:
    assert facts.of_wall(PLAN.after, 22)["open"] is False


def test_gates_are_told_as_they_stand() -> None:
    from datetime import UTC, datetime

    found = gates(Seen(datetime(2026, 11, 28, tzinfo=UTC), plan=PLAN))
    told = facts.of_gates(found, decide(found), "boot")
    assert [gate["id"] for gate in told["gates"]] == list(IDS)
    assert told["decision"]["opens"] is False
    assert told["looking"] == "boot"
