"""`tailscale.verify` between a scripted server and a scripted computer: each proof, and each way it does not hold."""

from __future__ import annotations

import json

import pytest
from act_server import Reply
from verify_stage import DIRECT, ECS, HOST, KEY, KEYS, LAPTOP, RELAYED, SILENT, World, ran, refused

from tui.judge import ssh_proof
from tui.judge.cgnat_probe import FIREWALL
from tui.run.events import Outcome


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
