"""The fixtures of the target tests: a server, its user, a link that can be cut, and every kind of place opened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aliyun_target import AliyunStage
from helpers_target import Answers, Link
from sshd_target import Sshd, start_sshd, stop

from tui.target.base import Target
from tui.target.local import LocalTarget


@pytest.fixture(scope="session")
def sshd_everyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    server = start_sshd(tmp_path_factory.mktemp("sshd"))
    yield server
    stop(server.process)


@pytest.fixture
def sshd(sshd_everyone: Sshd, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sshd]:
    """The server, trusted by a user whose HOME is a fresh one."""
    server = sshd_everyone
    monkeypatch.setenv("HOME", str(server.user_home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    known = server.user_home / ".ssh" / "known_hosts"
    known.write_text("")
    config = server.user_home / ".ssh" / "config"
    config.unlink(missing_ok=True)
    server.trust()
    yield server
    known.unlink(missing_ok=True)
    config.unlink(missing_ok=True)


@pytest.fixture
async def link(sshd: Sshd) -> AsyncIterator[Link]:
    """A proxy in front of the server, trusted under its own port."""
    proxy = Link(sshd.port)
    sshd.trust(proxy.port)
    yield proxy
    proxy.close()


@pytest.fixture
def asker() -> Answers:
    return Answers()


@pytest.fixture
def aliyun(tmp_path: Path) -> Iterator[AliyunStage]:
    """A server behind Cloud Assistant: the practice cloud, whose agent runs scripts on this computer."""
    with AliyunStage(tmp_path) as one:
        yield one


@pytest.fixture(params=["local", "ssh", "aliyun"])
async def place(request: pytest.FixtureRequest, asker: Answers) -> AsyncIterator[Target]:
    """Every kind of place that runs bash, opened."""
    target: Target
    if request.param == "local":
        target = LocalTarget(grace=1.0)
    elif request.param == "aliyun":
        target = request.getfixturevalue("aliyun").target()
    else:
        from tui.target.ssh import SshTarget

        target = SshTarget("ecs", request.getfixturevalue("sshd").address, grace=1.0)
    await target.open(asker)
    yield target
    await target.close()
