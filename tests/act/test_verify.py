"""`tailscale.verify` between a scripted server and a scripted computer: each proof, and each way it does not hold."""

from __future__ import annotations

import asyncio
import copy
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, Reply, Server, play

from tui.act import ACTIONS
from tui.judge import ssh_proof
from tui.judge.cgnat_probe import FIREWALL
from tui.run import events as ev
from tui.run.action import Stage
from tui.run.engine import Session
from tui.run.events import AnyEvent, Outcome

import network_host  # isort: skip  # noqa: F401  it puts the folder of the admin API's stand-in on the path
from fake_admin import Fake  # isort: skip

HOST = "uid=1000\nuser=admin\nssh=198.51.100.7 50000 172.16.0.10 22\nsudo=/usr/bin/sudo\ntailscale=/usr/bin/tailscale\ntun=yes\n"
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIGqyGpFl3bXlH0gDi8nWJbZzE0RzPXc1l2aVfR6BgJ3q"
KEYS = f"port=22\nboot=b00t\nkey=ssh-ed25519 {KEY} root@ecs\n"
LOOK = "system=Linux\narch=x86_64\ndistribution=debian\ncli=/usr/bin/tailscale\nservice=active\n"
DIRECT = "pong from ecs (100.96.12.34) via 203.0.113.7:41641 in 9ms\n"
RELAYED = "pong from ecs (100.96.12.34) via DERP(hkg) in 88ms\n"
SILENT = 'ping "100.96.12.34" timed out\nno reply\n'
SAME = Reply("zhinan-boot=b00t\n")
NET = {"CurrentTailnet": {"Name": "ann@example.com", "MagicDNSSuffix": "tail1.ts.net", "MagicDNSEnabled": True}}
USERS = {"User": {"7": {"LoginName": "ann@example.com"}, "8": {"LoginName": "bob@example.com"}}}
ECS: dict[str, Any] = {
    "ID": "n1CNTRL", "HostName": "ecs", "DNSName": "ecs.tail1.ts.net.", "OS": "linux", "TailscaleIPs": ["100.96.12.34"], "UserID": 7,
    "Online": True, "Relay": "hkg", "CurAddr": "",
}  # fmt: skip
LAPTOP: dict[str, Any] = {**ECS, "ID": "n9CNTRL", "HostName": "laptop", "DNSName": "laptop.tail1.ts.net.", "TailscaleIPs": ["100.96.0.9"]}
UP = {"BackendState": "Running", "HaveNodeKey": True, **NET, **USERS}


@dataclass
class World:
    """Server and computer as they tell themselves; changed by a test before it runs."""

    folder: Path
    ecs: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(ECS))
    seen: dict[str, Any] | None = field(default_factory=lambda: {**copy.deepcopy(ECS), "CurAddr": "203.0.113.7:41641"})
    there: dict[str, Any] = field(default_factory=dict)
    here: dict[str, Any] = field(default_factory=dict)
    host: str = HOST + "enabled=enabled\n"
    keys: str = KEYS
    pings: list[Reply] = field(default_factory=lambda: [Reply(DIRECT)])
    logins: list[Reply] = field(default_factory=lambda: [SAME])
    look: str = LOOK
    starting: int = 0

    async def run(self, **more: Any) -> Played:
        there = {**UP, "TailscaleIPs": self.ecs.get("TailscaleIPs"), "Self": self.ecs, **self.there}
        peers = {"nodekey:1": self.seen} if self.seen else None
        here = {**UP, "TailscaleIPs": ["100.96.0.9"], "Self": copy.deepcopy(LAPTOP), "Peer": peers, **self.here}
        self.server = Server(
            [*[{**there, "BackendState": "Starting"}] * self.starting, there], {"ssh_host_": [Reply(self.keys)]}, host=self.host
        )
        self.computer = Server(
            [], {
                "controlplane.tailscale.com": [Reply(self.look)], "status --json": [Reply(json.dumps(here))],
                "debug prefs": [Reply('{"ControlURL": ""}')], " ping ": self.pings, "UserKnownHostsFile": self.logins,
            }, name="local", address="local",
        )  # fmt: skip
        secrets = ("TAILSCALE_API_TOKEN",)
        return await play(
            self.server,
            "tailscale.verify",
            ACTIONS["tailscale.verify"],
            self.folder / "j",
            beside={"local": self.computer},
            secrets=secrets,
            **more,
        )


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the program's own client was sent; here it never gets anywhere, and `test_verify_login` has it meet a real server."""
    sent: list[str] = []

    async def nowhere(stage: Stage, known: ssh_proof.Server, address: str) -> None:
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


def ran(server: Server, word: str) -> list[str]:
    return [job.script for job in server.ran if word in job.script]


async def test_a_server_that_is_just_starting_is_waited_for(world: World) -> None:
    world.starting = 2
    played = await world.run()
    assert (played.outcome, len(ran(world.server, "status --json"))) == (Outcome.PASSED, 3), played.why


async def test_all_is_proven_and_told(world: World) -> None:
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    told = played.observed("tailnet")[-1]
    assert (told["self"]["id"], told["server"]["id"], told["server"]["ip"]) == ("n9CNTRL", "n1CNTRL", "100.96.12.34")
    assert [each["name"] for each in told["machines"]] == ["laptop", "ecs"]
    assert (told["server"]["direct"], told["server"]["relay"], told["server"]["expiry"]["state"]) == ("203.0.113.7:41641", "hkg", "never")
    assert (told["path"]["kind"], told["path"]["via"], told["path"]["ms"]) == ("direct", "203.0.113.7:41641", 9.0)
    assert (told["ssh"]["ok"], told["ssh"]["login"], told["ssh"]["proof"], told["boot"]) == (True, True, "same", "enabled")
    assert told["ssh"]["keys"][0].startswith("SHA256:")
    assert json.loads(json.dumps(told)) == told
    values = {name: value for name, value in played.values.items() if name.startswith(("ts_", "server_"))}
    assert values == {
        "ts_ip": "100.96.12.34", "ts_name": "ecs.tail1.ts.net", "ts_node_id": "n1CNTRL", "ts_tailnet": "ann@example.com",
        "ts_account": "ann@example.com", "server_tailnet": "ssh://admin@100.96.12.34",
    }  # fmt: skip


async def test_the_commands_are_the_right_ones(world: World) -> None:
    """A path that works by relay must not count as a failure, and the new login must know this server's keys only."""
    await world.run()
    assert ran(world.computer, " ping ") == ["/usr/bin/tailscale ping --until-direct=false -c 3 100.96.12.34"]
    (login,) = ran(world.computer, "UserKnownHostsFile")
    assert f"zhinan-verify ssh-ed25519 {KEY}" in login
    assert "-l admin -- 100.96.12.34" in login
    assert [script for script in world.server.changes if not script.startswith("echo")] == [
        ssh_proof.KEYS,
        FIREWALL,
    ]  # no more than read there


async def test_a_relayed_way_passes_and_says_what_to_open(world: World) -> None:
    world.pings = [Reply(RELAYED * 3)]
    played = await world.run()
    assert played.outcome is Outcome.PASSED
    assert (played.observed("tailnet")[-1]["path"]["kind"], played.observed("tailnet")[-1]["path"]["via"]) == ("relay", "DERP hkg")
    assert "UDP 41641" in played.log


async def test_the_first_pings_may_be_lost(world: World) -> None:
    world.pings = [Reply(SILENT, 1), Reply(DIRECT)]
    assert (await world.run()).outcome is Outcome.PASSED


async def refused(world: World, says: str, **more: Any) -> Played:
    played = await world.run(**more)
    assert played.outcome is Outcome.FAILED
    assert says in played.why
    return played


async def test_no_ping_reply(world: World) -> None:
    world.pings = [Reply(SILENT, 1)]
    played = await refused(world, "tailscale ping 100.96.12.34 gets no reply")
    told = played.observed("tailnet")[-1]
    assert (told["peer"]["ok"], told["path"]["kind"], told["ssh"]) == (True, "none", None)
    assert "gets no reply" in told["path"]["en"]
    assert not ran(world.computer, "UserKnownHostsFile")


async def test_another_tailnet(world: World) -> None:
    world.here = {"CurrentTailnet": {"Name": "bob@example.com"}}
    await refused(world, "not in the same tailnet: the server is in ann@example.com")
    assert not ran(world.computer, " ping ")


async def test_another_account_in_one_tailnet_is_only_told(world: World) -> None:
    world.here = {"Self": {**LAPTOP, "UserID": 8}}
    played = await world.run()
    assert played.outcome is Outcome.PASSED
    assert "bob@example.com / ann@example.com" in played.log


async def test_a_server_of_the_same_name_is_not_taken(world: World) -> None:
    world.seen = {**ECS, "ID": "nOLD", "TailscaleIPs": ["100.96.99.99"]}
    await refused(world, "is another machine (100.96.99.99, not 100.96.12.34)")


async def test_an_offline_server(world: World) -> None:
    assert world.seen
    world.seen["Online"] = False
    played = await refused(world, "is offline in the tailnet")
    told = played.observed("tailnet")[-1]
    assert (told["peer"]["ok"], told["path"]) == (False, None)
    assert "is offline" in told["peer"]["en"]


async def test_an_expired_server_as_it_says_itself(world: World) -> None:
    world.ecs |= {"Expired": True, "KeyExpiry": "2020-01-01T00:00:00Z"}
    world.there = {"BackendState": "NeedsLogin"}
    await refused(world, "the server (ecs): the key of ecs has expired")


async def test_a_server_without_its_control_server(world: World) -> None:
    world.ecs["Online"] = False
    await refused(world, "logged in but not connected to the control server")


async def test_a_computer_without_tailscale(world: World) -> None:
    world.look = "system=Linux\ndistribution=debian\n"
    played = await refused(world, "install.sh | sh")
    assert played.observed("local")[-1]["state"] == "not installed"


async def test_a_computer_that_is_not_logged_in(world: World) -> None:
    world.here = {"BackendState": "NeedsLogin", "HaveNodeKey": False}
    await refused(world, "this computer: Tailscale is not logged in")


@pytest.mark.parametrize(
    ("login", "says"),
    [
        (Reply("Host key verification failed.\n", 255), "stop: the host key that admin@100.96.12.34 shows"),
        (Reply("zhinan-boot=another\n"), "its boot id does not"),
        (Reply("ssh: connect to host 100.96.12.34 port 22: Connection refused\n", 255), "refused the connection on port 22"),
        (Reply("ssh: connect to host 100.96.12.34 port 22: Connection timed out\n", 255), "though pings come back"),
        (Reply("zhinan: no ssh client\n", 127), "no ssh command"),
    ],
)
async def test_what_ssh_did_not_prove(world: World, login: Reply, says: str) -> None:
    world.logins = [login]
    played = await refused(world, says)
    assert played.observed("tailnet")[-1]["ssh"]["ok"] is False
    assert "server_tailnet" not in played.values


async def test_a_password_is_not_needed_to_prove_the_machine(world: World, own: list[str]) -> None:
    world.logins = [Reply("admin@100.96.12.34: Permission denied (publickey,password).\n", 255)]
    played = await world.run()
    assert played.outcome is Outcome.PASSED
    ssh = played.observed("tailnet")[-1]["ssh"]
    assert (ssh["ok"], ssh["login"], ssh["proof"]) == (True, False, "key only")
    assert own == ["ssh://admin@100.96.12.34"]


async def test_a_stop_is_final(world: World, own: list[str]) -> None:
    """A client that would ask the reader for a password is not sent where another key was shown."""
    world.logins = [Reply("Host key verification failed.\n", 255)]
    await refused(world, "stop: the host key")
    assert own == []


async def test_without_the_server_s_keys_nothing_is_proven(world: World) -> None:
    world.keys = "port=22\nboot=b00t\n"
    played = await refused(world, "nothing to compare with")
    assert (played.observed("tailnet")[-1]["ssh"]["ok"], played.observed("tailnet")[-1]["ssh"]["login"]) == (None, False)
    assert not ran(world.computer, "UserKnownHostsFile")


async def test_another_port_and_user(world: World) -> None:
    world.keys = KEYS.replace("port=22", "port=2222")
    played = await world.run(options={"user": "ops"})
    assert played.values["server_tailnet"] == "ssh://ops@100.96.12.34:2222"
    assert "-p 2222 -l ops -- 100.96.12.34" in ran(world.computer, "UserKnownHostsFile")[0]


@pytest.mark.parametrize(("word", "mend"), [("disabled", "sudo systemctl enable tailscaled"), ("masked", "unmask tailscaled && ")])
async def test_not_enabled_at_boot(world: World, word: str, mend: str) -> None:
    world.host = f"{HOST}enabled={word}\n"
    played = await refused(world, mend)
    assert played.observed("tailnet")[-1]["boot"] == word


async def test_a_key_that_ends_is_said_and_does_not_fail(world: World) -> None:
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    played = await world.run()
    assert played.outcome is Outcome.PASSED
    assert "Disable key expiry" in played.log
    assert played.observed("tailnet")[-1]["server"]["expiry"]["days"] > 300000


async def test_expiry_is_switched_off_with_a_token(world: World, fake: Fake) -> None:
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    played = await world.run(options={"disable_expiry": True}, inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    assert played.outcome is Outcome.PASSED, played.why
    assert fake.admin.devices["n1CNTRL"]["keyExpiryDisabled"] is True
    assert fake.admin.devices["n9CNTRL"]["keyExpiryDisabled"] is False
    console = played.observed("tailnet")[-1]["console"]
    assert [(each["id"], each["user"], each["expiry"]) for each in console] == [
        ("n1CNTRL", "tag:server", ""),
        ("n9CNTRL", "amelie@example.com", "2027-05-01T00:00:00Z"),
    ]
    assert played.observed("tailnet")[-1]["server"]["expiry"]["state"] == "never"  # the console knows before the server does
    assert "tskey-api-good" not in played.log


async def test_a_token_alone_changes_nothing(world: World, fake: Fake) -> None:
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    assert played.outcome is Outcome.PASSED
    assert fake.admin.asked == ["GET /api/v2/tailnet/-/devices"]


TOKENS = [
    ("tskey-api-wrong", "does not know this token (API token invalid)"),
    ("tskey-api-old", "has expired; make a new one at https://login.tailscale.com/admin/settings/keys"),
    ("tskey-api-weak", "may not do this"),
    ("no token at all", "holds blanks"),
]


@pytest.mark.parametrize(("token", "says"), TOKENS)
async def test_a_token_that_may_not(world: World, fake: Fake, token: str, says: str) -> None:
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    played = await refused(world, says, options={"disable_expiry": True}, inputs={"TAILSCALE_API_TOKEN": token})
    assert fake.admin.devices["n1CNTRL"]["keyExpiryDisabled"] is False
    assert token not in played.log + played.why
    assert says in played.observed("tailnet")[-1]["console_error"]["en"]


@pytest.mark.parametrize(("token", "says"), [TOKENS[0], TOKENS[1], TOKENS[3]])
async def test_a_console_that_can_not_be_asked_takes_nothing_from_the_proof(world: World, fake: Fake, token: str, says: str) -> None:
    played = await world.run(inputs={"TAILSCALE_API_TOKEN": token})
    told = played.observed("tailnet")[-1]
    assert (played.outcome, told["console"], told["ssh"]["ok"]) == (Outcome.PASSED, None, True)
    assert says in told["console_error"]["en"]
    assert "没有看到管理后台" in played.log


async def test_a_token_of_another_tailnet(world: World, fake: Fake) -> None:
    del fake.admin.devices["n1CNTRL"]
    played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    assert "of another tailnet" in played.observed("tailnet")[-1]["console_error"]["en"]


async def test_a_busy_api_is_asked_again_and_the_reader_told(world: World, fake: Fake) -> None:
    fake.admin.busy, fake.admin.retry_after = 2, "0"
    played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    assert len(played.observed("tailnet")[-1]["console"]) == 2
    assert played.log.count("请求太多，0 秒后再问") == 2


@pytest.mark.parametrize("after", ["3600", "Wed, 21 Oct 2999 07:28:00 GMT"])
async def test_an_api_that_wants_to_be_left_alone_for_long_is_left_alone(world: World, fake: Fake, after: str) -> None:
    fake.admin.busy, fake.admin.retry_after = 1, after
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    played = await refused(
        world, "too many requests; try again in", options={"disable_expiry": True}, inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"}
    )
    assert fake.admin.asked == ["POST /api/v2/device/n1CNTRL/key"]
    assert "in 1 seconds" not in played.why


async def test_a_stop_does_not_wait_for_a_busy_api(world: World, fake: Fake) -> None:
    fake.admin.busy, fake.admin.retry_after = 1, "29"

    def stop(event: AnyEvent, session: Session) -> None:
        if isinstance(event, ev.Printed) and "请求太多" in event.text:
            session.stop()

    played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"}, watch=stop)
    assert played.outcome is Outcome.CANCELLED


async def test_a_stop_does_not_wait_for_an_api_that_is_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[Session] = []

    async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running[0].stop()
        await reader.read()  # until the asker has gone
        writer.close()

    async with await asyncio.start_server(asked, "127.0.0.1", 0) as silent:
        monkeypatch.setenv("ZHINAN_TAILSCALE_API", f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}")
        played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"}, watch=lambda _, session: running.append(session))
    assert played.outcome is Outcome.CANCELLED


async def test_no_network_to_the_api(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("ZHINAN_TAILSCALE_API", base)
        played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    said = played.observed("tailnet")[-1]["console_error"]["en"]
    assert f"can't reach {base}" in said
    assert "check the network or the proxy" in said


async def test_expiry_off_without_a_token(world: World) -> None:
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    await refused(world, "takes an admin token", options={"disable_expiry": True})


async def test_the_file_of_others_is_only_spoken_of(world: World) -> None:
    played = await world.run()
    assert "ssh.entry" in played.log
    assert not any(".ssh/config" in job.script for job in world.computer.ran)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"disable_expiry": "maybe"}, "must be one of true, false"),
        ({"usr": "x"}, "has no option “usr”"),
        ({"server": "nowhere"}, "not connected"),
    ],
)
async def test_wrong_options(world: World, options: dict[str, Any], says: str) -> None:
    await refused(world, says, options=options)
