"""Actions under test do not wait between looks; the scripted server counts looks, not seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from acted_lockdown import account, lockdown, own_account
from verify_stage import World

from tui.judge import ssh_proof
from tui.run.action import Stage

import network_host  # isort: skip  # noqa: F401  it puts the folder of the admin API's stand-in on the path
from fake_admin import Fake  # isort: skip

__all__ = ["account", "lockdown", "own_account"]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.act.login.EVERY", 0.0)
    monkeypatch.setattr("tui.act.verify.EVERY", 0.0)
    monkeypatch.setattr("tui.act.local.EVERY", 0.0)
    monkeypatch.setattr("tui.act.install.PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the program's own client was sent; here it never gets anywhere, and `test_verify_login` has it meet a real server."""
    sent: list[str] = []

    async def nowhere(stage: Stage, known: ssh_proof.Server, address: str, memory: object = None) -> None:
        sent.append(address)

    monkeypatch.setattr("tui.act.verify_ssh.own_login", nowhere)
    return sent


@pytest.fixture
def world(tmp_path: Path, own: list[str]) -> World:
    return World(tmp_path)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with Fake() as one:
        one.admin.add("n1CNTRL", tags=["tag:server"])
        one.admin.add("n9CNTRL")
        monkeypatch.setenv("ZHINAN_TAILSCALE_API", one.base)
        yield one
