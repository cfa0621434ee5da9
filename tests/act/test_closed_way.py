"""A server that does not answer where this program closed it: the sentence says so, and how to get in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tui.act.closed_way import closed_way
from tui.act.lockdown_record import begin
from tui.errors import Unreachable
from tui.judge.addresses import addresses
from tui.judge.firewall import Group, Instance, Interface, Policy, Rule, Source, Wall
from tui.judge.firewall_plan import plan
from tui.judge.firewall_store import change_to_map, wall_to_map
from tui.judge.lockdown import OPENING, Phase
from tui.run.ask import Nobody
from tui.run.places import Places
from tui.run.plan import Plan
from tui.run.redact import Redactor
from tui.target.replay import ReplayTarget
from tui.texts import same

SSH = Rule("sgr-1", Policy.ACCEPT, 100, "TCP", Source("ipv4", "0.0.0.0/0", addresses("0.0.0.0/0")), (22, 22))
CARD = Interface("eni-1", ("sg-1",), addresses=("172.16.0.5", "2408:4005::5"), public=("203.0.113.9",))
MADE = plan(Wall(Instance("i-1", "web", "cn-hangzhou", (CARD,)), (Group("sg-1", rules=(SSH,)),)))
PUBLIC = "root@203.0.113.9"


def recorded(home: Path, *phases: Phase, **more: Any) -> str:
    facts: dict[str, Any] = {"server": "web", "port": 22, "tailnet": "100.64.0.9", **more}
    with begin(home, region="cn-hangzhou", instance="i-1", **facts) as record:
        record.add(Phase.SAVED, before=wall_to_map(MADE.before), plan=[change_to_map(each) for each in MADE.changes])
        for phase in phases:
            record.add(phase)
        return record.id


async def test_it_names_the_record_and_the_way_in(tmp_path: Path) -> None:
    ident = recorded(tmp_path, Phase.CLOSED)
    for address in (PUBLIC, "203.0.113.9", "root@203.0.113.9:22", "ssh://root@[2408:4005::5]"):
        told = await closed_way(tmp_path, address)
        assert told is not None, address
        for said in (told.zh, told.en):
            assert "web" in said
            assert "100.64.0.9" in said
            assert f"zhinan undo {ident}" in said


async def test_by_an_alias_it_is_the_same_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(tmp_path, Phase.CLOSED)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host box\n  HostName 203.0.113.9\nHost far\n  HostName 203.0.113.9\n  ProxyJump mid\n")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert await closed_way(tmp_path, "root@box") is not None
    assert await closed_way(tmp_path, "root@far") is None  # what does not answer may be the machine in between


@pytest.mark.parametrize("address", ["root@203.0.113.10", "root@203.0.113.9:2222", "root@172.16.0.5", "aliyun://cn-hangzhou/i-1", "no way"])
async def test_another_place_is_not_this_one(tmp_path: Path, address: str) -> None:
    recorded(tmp_path, Phase.CLOSED)
    assert await closed_way(tmp_path, address) is None


async def test_the_last_word_of_the_records_counts(tmp_path: Path) -> None:
    assert await closed_way(tmp_path, PUBLIC) is None
    recorded(tmp_path, Phase.CLOSED, Phase.ROLLING_BACK, Phase.RESTORED)
    assert await closed_way(tmp_path, PUBLIC) is None


async def test_neither_an_opening_nor_a_lockdown_that_came_to_nothing_is_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day, (phase, more) in enumerate([(Phase.CLOSED, {}), (Phase.DROPPED, {}), (Phase.RESTORED, {"kind": OPENING})]):
        monkeypatch.setattr("tui.act.lockdown_record.time.strftime", lambda form, at=day: f"2026010{at + 1}-120000")
        recorded(tmp_path, phase, **more)
    monkeypatch.undo()
    assert await closed_way(tmp_path, PUBLIC) is not None


class Away(ReplayTarget):
    async def open(self, asker: Any) -> None:
        raise Unreachable(same("no answer."), cause="ssh-timeout")


@pytest.mark.parametrize(("more", "said"), [(same("closed."), "no answer. closed."), (None, "no answer.")])
async def test_whoever_opens_places_hears_it_with_the_error(more: Any, said: str) -> None:
    asked: list[str] = []

    async def remark(address: str) -> Any:
        asked.append(address)
        return more

    places = Places(Nobody(), {"ecs": Away("ecs", PUBLIC, ())}, remark=remark)
    await places.open(Plan(places={"ecs": PUBLIC}), Redactor(()))
    with pytest.raises(Unreachable) as met:
        places.target("ecs")
    assert (asked, met.value.text.en, met.value.cause) == ([PUBLIC], said, "ssh-timeout")
