"""Action `aliyun.firewall`: which server is looked at, what is said of it, and what is said where nothing could be seen."""

from __future__ import annotations

import json
import re
import socket
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from ecs_stage import GROUP, KEY, REGION, SERVER, Stage

from tui.act import ACTIONS
from tui.guide.model import ActionSpec, Guide, Input, Step
from tui.practice.ecs.signature import Key
from tui.practice.ecs.state import Eni, Group, Instance, Rule
from tui.run import events as ev
from tui.run.ask import Nobody
from tui.run.engine import Session
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.plan import Given, Request

ADDRESS = "203.0.113.10"


@dataclass
class Looked:
    """What came of it; `told` are the facts of the panel, `found` the values learned."""

    outcome: Outcome | None = None
    why: str = ""
    log: str = ""
    told: list[Any] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "zhinan"


async def look(
    stage: Stage, home: Path, key: Key | None = KEY, *, inputs: dict[str, str] | None = None, **options: Any
) -> Looked:  # fmt: skip
    stage.service.gate.keys.clear()
    environ = {"ZHINAN_ECS_ENDPOINT": stage.endpoint, "ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"}
    if key is not None:
        stage.service.gate.add(key)
        environ |= {"ALIBABA_CLOUD_ACCESS_KEY_ID": key.id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret}
    given = {"PUBLIC_IP": ADDRESS} if inputs is None else inputs
    step = Step("s", "S", 1, 9, on="local", items=(ActionSpec("aliyun.firewall", 3, options),), inputs=tuple(given))
    guide = Guide(
        path=Path("g.md"), id="g", title="G", source="", tokens=(), digest="d", steps=(step,), inputs=tuple(map(Input, given))
    )  # fmt: skip
    journal = Journal(home)
    session = Session(
        guide, Nobody(), journal=journal, given=Given({}, dict(given), approved=True, environ=environ), actions=ACTIONS
    )  # fmt: skip
    done = Looked()
    async with aclosing(session.run(Request(("s",)))) as events:
        async for event in events:
            match event:
                case ev.Observed():
                    done.told.append(event.facts)
                case ev.Printed():
                    done.log += event.text
                case ev.StepEnded():
                    done.why = event.why.en if event.why else ""
                case ev.RunEnded():
                    done.outcome = event.verdict
                case _:
                    pass
    done.found = dict(session.found)
    await session.close()
    journal.close()
    return done


async def test_who_gets_in_what_stays_open_and_who_shares_the_group(stage: Stage, home: Path) -> None:
    stage.region.instances["i-2"] = Instance("i-2", "db", enis=[Eni("eni-2", [GROUP], "172.16.0.6")])
    done = await look(stage, home)
    assert done.outcome is Outcome.PASSED, done.why
    first, last = done.told
    assert (first["phase"], last["phase"], last["dry"], last["open"]) == ("looking", "shown", True, True)
    assert last["server"] == {"name": "web-1", "id": SERVER, "region": REGION}
    assert (last["others"], [each["rule"] for each in last["calls"]]) == ([{"id": "i-2", "name": "db"}], ["sgr-test0001"])
    assert done.found == {"ecs_region": REGION, "ecs_instance": SERVER}
    for words in ("✗ 公网上能连端口 22 的：任何人（IPv4）", "sgr-test0001", "3389", "db", "负载均衡", "什么都没有改"):
        assert words in done.log
    assert KEY.secret not in done.log
    assert stage.group.rules[0].cidr == "0.0.0.0/0"


async def test_closed_it_says_who_shares_the_groups_and_that_rules_may_come_back(stage: Stage, home: Path) -> None:
    stage.region.instances["i-2"] = Instance("i-2", "db", enis=[Eni("eni-2", [GROUP], "172.16.0.6")])
    stage.group.rules[0] = replace(stage.group.rules[0], cidr="127.0.0.1/32")
    done = await look(stage, home)
    facts = done.told[-1]
    assert (facts["open"], facts["calls"], facts["others"]) == (False, [], [])
    notes = " ".join(each["en"] for each in facts["notes"])
    assert "db (i-2)" in notes
    assert "look again" in notes
    assert "✓ 公网上谁也连不上端口 22" in done.log


async def test_what_could_not_be_understood_is_neither_open_nor_closed(stage: Stage, home: Path) -> None:
    stage.group.rules[0] = Rule("sgr-odd", protocol="QUIC", cidr="0.0.0.0/0")
    done = await look(stage, home)
    assert done.outcome is Outcome.PASSED
    assert done.told[-1]["open"] is None
    assert "? 不能断定谁能连端口 22" in done.log


@pytest.mark.parametrize(
    ("inputs", "options"),
    [
        ({"PUBLIC_IP": ""}, {"instance": SERVER}),
        ({"PUBLIC_IP": ""}, {"instance": "web-1", "region": REGION}),
        ({"PUBLIC_IP": ""}, {"instance": f"{REGION}/{SERVER}"}),
        ({"PUBLIC_IP": ADDRESS}, {"instance": "$PUBLIC_IP"}),
        ({"PUBLIC_IP": "", "ecs_instance": SERVER, "ecs_region": REGION}, {}),
        ({"PUBLIC_IP": ADDRESS, "network_region": "cn-beijing"}, {}),
        ({"PUBLIC_IP": "ecs.example.com"}, {}),
    ],
    ids=["id", "name", "region and id", "input", "found before", "other region first", "host name"],
)
async def test_the_server_is_found(
    stage: Stage, home: Path, monkeypatch: pytest.MonkeyPatch, inputs: dict[str, str], options: dict[str, str]
) -> None:  # fmt: skip
    real = socket.getaddrinfo

    def resolve(name: Any, *more: Any, **others: Any) -> Any:
        made_up = [(0, 0, 0, "", (each, 0)) for each in ("198.18.0.4", ADDRESS)]  # a proxy's, then the true one
        return made_up if name == "ecs.example.com" else real(name, *more, **others)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    done = await look(stage, home, inputs=inputs, **options)
    assert done.outcome is Outcome.PASSED, done.why
    assert done.found["ecs_instance"] == SERVER


@pytest.mark.parametrize(
    ("inputs", "options", "why"),
    [
        ({"PUBLIC_IP": ""}, {}, "it is not known which server is meant"),
        ({"PUBLIC_IP": ""}, {"instance": "$NOWHERE"}, "it is not known which server is meant"),
        ({"PUBLIC_IP": "203.0.113.99"}, {}, "203.0.113.99 was not found in 2 regions"),
        ({"PUBLIC_IP": ""}, {"instance": "twin"}, f"2 servers fit twin: {REGION}/i-3, {REGION}/i-4"),
        ({"PUBLIC_IP": "100.101.7.4"}, {}, "is an address of the tailnet"),
        ({"PUBLIC_IP": ADDRESS}, {"port": 0}, "option port of aliyun.firewall is a number"),
    ],
    ids=["nothing said", "an input without value", "none", "several", "tailnet", "port"],
)
async def test_it_says_why_no_server_was_looked_at(
    stage: Stage, home: Path, inputs: dict[str, str], options: dict[str, Any], why: str
) -> None:  # fmt: skip
    for name in ("i-3", "i-4"):
        stage.region.instances[name] = Instance(name, "twin", enis=[Eni(f"eni-{name}", [GROUP], "172.16.0.9")])
    done = await look(stage, home, inputs=inputs, **options)
    assert done.outcome in (Outcome.FAILED, Outcome.REFUSED), done.outcome
    assert why in done.why
    assert done.told == []


@pytest.mark.parametrize("denied", ["DescribeSecurityGroupAttribute", "DescribeInstances"])
async def test_a_missing_permission_is_named_and_its_policy_can_be_pasted(stage: Stage, home: Path, denied: str) -> None:
    done = await look(stage, home, replace(KEY, denied=frozenset({denied})))
    assert done.outcome in (Outcome.FAILED, Outcome.REFUSED)
    assert f"ecs:{denied}" in done.why
    policy = json.loads(done.log[done.log.index("{") : done.log.rindex("}") + 1])
    assert f"ecs:{denied}" in policy["Statement"][0]["Action"]
    assert not any("Modify" in each or "Run" in each for each in policy["Statement"][0]["Action"])
    assert [each["open"] for each in done.told if each["phase"] == "shown"] == []


async def test_without_a_key_it_says_how_to_give_one(stage: Stage, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.cloud.ecs_keyring.stored", lambda: None)
    done = await look(stage, home, None)
    assert re.search(r"no Alibaba Cloud AccessKey found.*aliyun configure", done.why)
    assert done.told == []


async def test_hundreds_of_rules_are_all_in_the_log(stage: Stage, home: Path) -> None:
    stage.region.groups["sg-2"] = Group("sg-2", "many", rules=[Rule(f"sgr-{n:03}", cidr=f"8.8.{n}.0/24") for n in range(200)])
    stage.region.instances[SERVER].enis[0].groups.append("sg-2")
    done = await look(stage, home)
    assert done.outcome is Outcome.PASSED
    assert len(done.told[-1]["before"]) >= 201
    assert "sgr-199" in done.log
