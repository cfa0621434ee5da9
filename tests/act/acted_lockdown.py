"""The world of a lockdown under test: a scripted server and computer, the practice cloud, a real port to knock at, and a person."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, Reply, Server, play
from network_host import RUNNING, Alibaba

from tui.act import ACTIONS
from tui.act.lockdown_record import records
from tui.cloud.ecs_retry import Patience
from tui.judge.lockdown import Next, Phase
from tui.practice.ecs.state import Rule
from tui.run.ask import ConfirmQuestion, Nobody, ProofQuestion
from tui.secret import Secret
from tui.target.base import SecretQuestion

sys.path.append(str(Path(__file__).parents[1] / "ecs"))
from ecs_stage import KEY, REGION, SERVER, Stage

BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIGqyGpFl3bXlH0gDi8nWJbZzE0RzPXc1l2aVfR6BgJ3q"
ME = {**RUNNING, "Self": {**RUNNING["Self"], "DNSName": "web-1.tail1.ts.net."}}
HOST = "uid=1000\nuser=admin\nssh=198.51.100.7 50000 172.16.0.10 22\nsudo=/usr/bin/sudo\ntailscale=/usr/bin/tailscale\ntun=yes\n"


@dataclass
class Person(Nobody):
    """Types what is asked for, as long as the question's first words are not among `no`."""

    unattended = False
    no: tuple[str, ...] = ()
    asked: list[ConfirmQuestion] = field(default_factory=list)

    over_ssh: bool = False
    passwords: list[SecretQuestion] = field(default_factory=list)

    async def secret(self, question: SecretQuestion) -> Secret | None:
        self.passwords.append(question)
        return Secret("right")

    async def confirm(self, question: ConfirmQuestion) -> bool:
        self.asked.append(question)
        if isinstance(question, ProofQuestion) and not self.no:
            return question.agrees(self.walk(question))
        return not question.title.en.startswith(self.no) if self.no else True

    def walk(self, question: ProofQuestion) -> str:
        """Run the command as somebody would who got in."""
        environ = {"PATH": os.environ["PATH"], **({"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"} if self.over_ssh else {})}
        return subprocess.run(["/bin/sh", "-c", question.command], env=environ, capture_output=True, text=True, check=True).stdout


class Door:
    """The public SSH port: it greets as long as the cloud's rules let anybody in."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self.port = stage, 0

    async def __aenter__(self) -> Door:
        self._server = await asyncio.start_server(self._greet, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        self._stage.cloud.on_rules = lambda _: None if self.open else loop.call_soon_threadsafe(self._server.close) and None
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def open(self) -> bool:
        return any(rule.cidr == "0.0.0.0/0" and rule.ports == f"{self.port}/{self.port}" for rule in self._stage.group.rules)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.open:
            writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        writer.close()


@dataclass
class World:
    """All of it; changed by a test before it runs."""

    stage: Stage
    door: Door
    home: Path
    person: Person = field(default_factory=Person)
    enabled: str = "enabled"
    boot: str = field(default_factory=lambda: Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    logins: list[Reply] = field(default_factory=list)
    blob: str = BLOB
    who: str = f"instance={SERVER}\nregion={REGION}\n"
    watch: Any = lambda *_: None
    environ: dict[str, str] | None = None

    async def run(self, **options: Any) -> Played:
        keys = f"port={self.door.port}\nboot={self.boot}\nkey=ssh-ed25519 {self.blob} root@ecs\n"
        replies = {"ssh_host_": [Reply(keys)], "latest\nget()": [Reply(self.who)]}
        host = Alibaba([ME], replies, host=f"{HOST}enabled={self.enabled}\n", mode="nodivert")
        logins = self.logins or [Reply(f"zhinan-boot={self.boot}\n")]
        computer = Server([], {"UserKnownHostsFile": logins}, name="local", address="local")
        return await play(
            host, "aliyun.lockdown", ACTIONS["aliyun.lockdown"], self.home / "j", options=options, beside={"local": computer},
            asker=self.person, haste=1e5, watch=self.watch, environ=self.environ,
        )  # fmt: skip

    @property
    def phase(self) -> Phase | None:
        found = records(self.home)
        story = found[0].story if found else None
        assert story is None or story.next is Next.NOTHING
        return story.phase if story else None


@pytest.fixture
def own_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("ALIBABA_CLOUD_", "ZHINAN_")):
            monkeypatch.delenv(name)
    for name, value in {
        "HOME": tmp_path, "ZHINAN_HOME": tmp_path, "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY.id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY.secret,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    for name, waits in {"close.LOOKS": (0.0,) * 4, "close.KNOCKS": (0.0,) * 3, "close.TRIES": (0.0,) * 2, "back.SETTLE": 0.0}.items():
        monkeypatch.setattr(f"tui.act.lockdown_{name}", waits)
    monkeypatch.setattr("tui.act.lockdown_back.PAUSES", (0.01,))
    monkeypatch.setattr("tui.act.lockdown_gates._EVERY", 0.0)
    monkeypatch.setattr("tui.cloud.ecs_api.Patience", partial(Patience, first=0.01))


@pytest.fixture
def account() -> Iterator[Stage]:
    with Stage() as one:
        yield one


@pytest.fixture
async def lockdown(own_account: None, account: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv("ZHINAN_ECS_ENDPOINT", account.endpoint)
    async with Door(account) as door:
        account.group.rules[0] = Rule("sgr-ssh", priority=100, ports=f"{door.port}/{door.port}", cidr="0.0.0.0/0", description="ssh")
        account.region.instances[SERVER].public_ip = "127.0.0.1"
        yield World(account, door, tmp_path)
