"""Whether the doctor sees that a server is open to the internet again, and says why where it could not look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ecs_stage import KEY, REGION, SERVER, Stage

from tui.headless.entrance import Server, look, servers
from tui.judge.evidence import Status
from tui.run import events as ev
from tui.run.journal import Journal


def told(home: Path, *facts: dict[str, Any]) -> None:
    """A run in which an action told these facts."""
    journal = Journal(home)
    for n, each in enumerate(facts):
        known = {"server": {"name": "web-1", "id": SERVER, "region": REGION}, "port": 22, **each}
        journal.record(ev.Observed(run="r", at=float(n), step="s", item=0, topic="firewall", facts=known))
    journal.record(ev.Observed(run="r", at=99.0, step="s", item=0, topic="network", facts={"firewall": True}))
    journal.close()


def environ(stage: Stage) -> dict[str, str]:
    stage.service.gate.add(KEY)
    return {
        "ZHINAN_ECS_ENDPOINT": stage.endpoint, "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY.id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY.secret,
    }  # fmt: skip


def test_the_journal_knows_the_server_and_how_it_was_seen_last(tmp_path: Path) -> None:
    assert servers(tmp_path) == ()
    told(tmp_path, {"open": None}, {"open": True}, {"open": False}, {"open": None}, {"server": "odd"})
    assert servers(tmp_path) == (Server(REGION, SERVER, "web-1", 22, closed=True),)


@pytest.mark.parametrize(
    ("seen", "cidr", "status", "words"),
    [
        (False, "0.0.0.0/0", Status.FAIL, "it was seen closed, and is open again: who can reach port 22"),
        (True, "0.0.0.0/0", Status.UNKNOWN, "who can reach port 22 from the internet: anybody"),
        (False, "127.0.0.1/32", Status.PASS, "nobody on the internet can reach port 22"),
    ],
)
def test_open_again_is_a_failure(stage: Stage, tmp_path: Path, seen: bool, cidr: str, status: Status, words: str) -> None:
    told(tmp_path, {"open": seen})
    stage.group.rules[0] = replace(stage.group.rules[0], cidr=cidr)
    ((name, found, say),) = look(tmp_path, environ(stage))
    assert (name.en, found) == ("public way in to web-1", status)
    assert words in say.en


def test_why_it_could_not_look(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.cloud.ecs_keyring.stored", lambda: None)
    assert list(look(tmp_path, {})) == []
    told(tmp_path, {"open": False})
    ((_, found, say),) = look(tmp_path, {"HOME": str(tmp_path)})
    assert (found, say.en) == (Status.UNKNOWN, "not looked at: there is no AccessKey")
    stage.service.gate.add(replace(KEY, denied=frozenset({"DescribeSecurityGroupAttribute"})))
    keys = environ(stage)
    stage.service.gate.add(replace(KEY, denied=frozenset({"DescribeSecurityGroupAttribute"})))
    ((_, found, say),) = look(tmp_path, keys)
    assert found is Status.UNKNOWN
    assert "ecs:DescribeSecurityGroupAttribute" in say.en


def test_a_journal_that_is_none_knows_no_server(tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_bytes(b"not a database" * 100)
    assert servers(tmp_path) == ()
