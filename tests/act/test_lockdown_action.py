"""`aliyun.lockdown` from first look to last proof: a scripted server and computer, the practice cloud, and a real port to knock at."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, Reply, Server, play
from network_host import RUNNING, Alibaba

from tui.act import ACTIONS
from tui.act.lockdown_record import RECORD, records
from tui.judge.gates_open import phrase
from tui.judge.lockdown import Next, Phase
from tui.practice.ecs.faults import Fault
from tui.practice.ecs.state import Eni, Instance, Rule
from tui.run.ask import ConfirmQuestion, Nobody
from tui.run.events import AnyEvent, Outcome

sys.path.append(str(Path(__file__).parents[1] / "ecs"))
from ecs_stage import GROUP, KEY, REGION, SERVER, Stage

BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIGqyGpFl3bXlH0gDi8nWJbZzE0RzPXc1l2aVfR6BgJ3q"
ME = {**RUNNING, "Self": {**RUNNING["Self"], "DNSName": "web-1.tail1.ts.net."}}
HOST = "uid=1000\nuser=admin\nssh=198.51.100.7 50000 172.16.0.10 22\nsudo=/usr/bin/sudo\ntailscale=/usr/bin/tailscale\ntun=yes\n"


@dataclass
class Person(Nobody):
    """Types what is asked for, as long as the question's first words are not among `no`."""

    unattended = False
    no: tuple[str, ...] = ()
    asked: list[ConfirmQuestion] = field(default_factory=list)

    async def confirm(self, question: ConfirmQuestion) -> bool:
        self.asked.append(question)
        return not question.title.en.startswith(self.no) if self.no else True


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
    who: str = f"instance={SERVER}\nregion={REGION}\n"
    watch: Any = lambda *_: None
    environ: dict[str, str] | None = None

    async def run(self, **options: Any) -> Played:
        keys = f"port={self.door.port}\nboot={self.boot}\nkey=ssh-ed25519 {BLOB} root@ecs\n"
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


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as one:
        yield one


@pytest.fixture
async def world(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv("ZHINAN_ECS_ENDPOINT", stage.endpoint)
    async with Door(stage) as door:
        stage.group.rules[0] = Rule("sgr-ssh", priority=100, ports=f"{door.port}/{door.port}", cidr="0.0.0.0/0", description="ssh")
        stage.region.instances[SERVER].public_ip = "127.0.0.1"
        yield World(stage, door, tmp_path)


async def test_closed_and_proven(world: World) -> None:
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    assert world.phase is Phase.CLOSED
    assert not world.door.open
    told = played.observed("firewall")[-1]
    assert (told["phase"], told["open"]) == ("closed", False)
    assert [proof["status"] for proof in told["proofs"]] == ["pass"] * 4
    assert {gate["status"] for gate in told["gates"]} == {"pass"}
    assert told["calls"][0]["state"] == "done"
    (question,) = world.person.asked
    assert (question.typed, question.danger) == ("web-1", True)
    assert played.state.values["lockdown_id"].text == records(world.home)[0].id


async def test_without_a_person_nothing_is_changed(world: World) -> None:
    world.person.no = ("close",)
    played = await world.run()
    assert played.outcome is Outcome.REFUSED
    assert world.door.open
    assert world.phase is Phase.DROPPED


async def test_a_dry_run_leaves_no_trace(world: World) -> None:
    played = await world.run(dry=True)
    assert played.outcome is Outcome.PASSED, played.why
    assert world.door.open
    assert records(world.home) == ()
    assert not world.person.asked
    assert "127.0.0.1/32" in played.log
    assert not [action for action, _ in world.stage.service.faults.asked if action.endswith(("SecurityGroup", "SecurityGroupRule"))]


async def test_a_tailnet_that_fails_after_the_change_brings_the_rules_back(world: World) -> None:
    good = Reply(f"zhinan-boot={world.boot}\n")
    world.logins = [good, good, good, Reply("ssh: connect to host: Connection timed out", 255)]
    played = await world.run()
    assert played.outcome is Outcome.FAILED
    assert world.phase is Phase.RESTORED
    assert world.door.open
    assert "old rules are back" in played.why
    assert played.observed("firewall")[-1]["calls"][0]["state"] == "undone"


async def test_a_door_that_stays_open_brings_the_rules_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load balancer, say: the rules are shut, and SSH greets all the same."""
    monkeypatch.setattr(Door, "open", True)
    played = await world.run()
    assert played.outcome is Outcome.FAILED
    assert world.phase is Phase.RESTORED
    assert "still gets in" in played.why


async def test_another_machine_behind_the_name_stops_it(world: World) -> None:
    world.boot = "0000"
    played = await world.run()
    assert played.outcome is Outcome.FAILED
    assert "boot ids differ" in played.why
    assert world.phase is Phase.DROPPED


async def test_a_gate_opens_by_its_words_only(world: World) -> None:
    world.enabled = "disabled"
    world.person.no = ("this gate is shut",)
    played = await world.run()
    assert (played.outcome, world.phase) == (Outcome.REFUSED, Phase.DROPPED)
    assert world.person.asked[0].typed == phrase("boot")
    world.person.no = ()
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    words = [question.typed for question in world.person.asked[1:]]
    assert words == [phrase("boot"), phrase("trap"), phrase("second-way"), "web-1"], "what hangs on the restart needs words, too"
    record = (records(world.home)[0].folder / RECORD).read_text("utf-8")
    assert phrase("boot") in record


async def test_other_servers_are_agreed_to_by_their_number(world: World) -> None:
    world.stage.region.instances["i-2"] = Instance("i-2", "db", enis=[Eni("eni-2", [GROUP], "172.16.0.6")])
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    assert [question.typed for question in world.person.asked] == ["1", "web-1"]


async def test_a_wide_rule_asks_for_a_choice(world: World) -> None:
    world.stage.group.rules.append(Rule("sgr-wide", priority=1, ports="1/65535", cidr="0.0.0.0/0"))
    played = await world.run()
    assert "option wide" in played.why
    assert records(world.home) == ()
    assert (await world.run(wide="split")).outcome is Outcome.PASSED


async def test_a_stop_in_the_middle_means_back(world: World) -> None:
    gate = Fault("lost", "ModifySecurityGroupRule", after=True)
    world.stage.service.faults.add(gate)

    def stop(event: AnyEvent, session: Any) -> None:
        if getattr(event, "topic", "") == "firewall" and event.facts["phase"] == "writing":  # type: ignore[union-attr]
            session.stop()

    world.watch = stop
    played = await world.run()
    assert played.outcome is Outcome.CANCELLED
    assert world.phase in (Phase.RESTORED, Phase.DROPPED)
    assert world.door.open


async def test_two_truths_about_the_instance_stop_it(world: World) -> None:
    played = await world.run(instance="cn-beijing/i-other")
    assert "says that it is" in played.why
    assert world.phase is None


async def test_a_rehearsal_never_uses_the_readers_own_keys(world: World) -> None:
    world.environ = {"ZHINAN_TAILSCALE_API": "http://127.0.0.1:9"}
    played = await world.run()
    assert "no cloud of its own" in played.why
    assert not world.stage.service.faults.asked
    assert world.phase is None
