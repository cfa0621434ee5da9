"""`tailscale.local` on a scripted computer of each system."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, Reply, Server, play

from tui.act import ACTIONS
from tui.run.events import Outcome

LINUX = "system=Linux\narch=x86_64\ndistribution=debian\ncli=/usr/bin/tailscale\nservice=active\n"
BARE = "system=Linux\narch=x86_64\ndistribution=debian\n"
MAC = "system=Darwin\narch=arm64\napp=/Applications/Tailscale.app\nbundle=io.tailscale.ipn.macsys\nservice=stopped\n"
PC = "system=windows\r\narch=AMD64\r\ncli=C:\\Program Files\\Tailscale\\tailscale.exe\r\nservice=Running\r\n"
MINE: dict[str, Any] = {
    "Version": "1.98.2-t1", "BackendState": "Running", "HaveNodeKey": True, "TailscaleIPs": ["100.96.0.9"],
    "Self": {"ID": "n9", "HostName": "laptop", "DNSName": "laptop.tail1.ts.net.", "TailscaleIPs": ["100.96.0.9"], "UserID": 7},
    "CurrentTailnet": {"Name": "ann@example.com", "MagicDNSSuffix": "tail1.ts.net", "MagicDNSEnabled": True},
    "User": {"7": {"LoginName": "ann@example.com"}},
}  # fmt: skip
OUT = {"BackendState": "NeedsLogin"}
NO_DAEMON = Reply("failed to connect to local Tailscale service; is Tailscale running?\n", 1)


def status(told: dict[str, Any]) -> Reply:
    return Reply(json.dumps(told))


def computer(looks: list[str], statuses: list[Reply] | None = None, **more: Any) -> Server:
    replies = {
        "controlplane.tailscale.com": [Reply(each) for each in looks],
        "status --json": statuses or [],
        "debug prefs": [Reply('{"ControlURL": "", "CorpDNS": true}')],
        "version": [Reply("1.98.2\n  tailscale commit: abc\n")],
    }
    return Server([], replies, address="local", **more)


async def at(server: Server, home: Path, **more: Any) -> Played:
    return await play(server, "tailscale.local", ACTIONS["tailscale.local"], home, **more)


async def test_one_that_is_connected(tmp_path: Path) -> None:
    server = computer([LINUX], [status(MINE)])
    played = await at(server, tmp_path, inputs={"ts_tailnet": "ann@example.com", "ts_account": "ann@example.com"})
    assert played.outcome is Outcome.PASSED
    (told,) = played.observed("local")
    assert (told["system"], told["kind"], told["state"], told["version"]) == ("linux", "linux", "running", "1.98.2-t1")
    assert (told["ip"], told["account"], told["node_id"], told["same"], told["troubles"]) == (
        "100.96.0.9",
        "ann@example.com",
        "n9",
        True,
        [],
    )
    assert {name: value for name, value in played.values.items() if name.startswith("local_")} == {
        "local_account": "ann@example.com", "local_tailnet": "ann@example.com", "local_ip": "100.96.0.9",
        "local_name": "laptop.tail1.ts.net", "local_node_id": "n9", "local_cli": "/usr/bin/tailscale",
    }  # fmt: skip
    assert "same tailnet and account" in played.log or "账号也相同" in played.log


async def test_another_tailnet_than_the_server_s(tmp_path: Path) -> None:
    played = await at(
        computer([LINUX], [status(MINE)]), tmp_path, inputs={"ts_tailnet": "bob@example.com", "ts_account": "bob@example.com"}
    )
    assert played.outcome is Outcome.FAILED
    assert "in tailnet ann@example.com (ann@example.com), the server in bob@example.com" in played.why
    assert played.observed("local")[0]["same"] is False


async def test_not_installed_says_the_exact_command(tmp_path: Path) -> None:
    played = await at(computer([BARE]), tmp_path)
    assert played.outcome is Outcome.FAILED
    assert "curl -fsSL https://tailscale.com/install.sh | sh" in played.why
    assert played.observed("local")[0]["advice"]["page"] == "https://tailscale.com/download/linux"


async def test_a_look_alone_never_fails(tmp_path: Path) -> None:
    played = await at(computer([BARE]), tmp_path, options={"need": "nothing"})
    assert (played.outcome, played.observed("local")[0]["state"]) == (Outcome.PASSED, "not installed")


async def test_installed_is_enough_before_the_login(tmp_path: Path) -> None:
    played = await at(computer([LINUX], [status(OUT)]), tmp_path, options={"need": "installed"})
    assert played.outcome is Outcome.PASSED
    assert played.values["local_cli"] == "/usr/bin/tailscale"
    assert "local_ip" not in played.values


async def test_not_logged_in_says_what_to_run(tmp_path: Path) -> None:
    played = await at(computer([LINUX], [status(OUT)]), tmp_path)
    assert played.why == "Tailscale is not logged in: run /usr/bin/tailscale up"


async def test_a_mac_app_that_was_not_approved_is_not_missing(tmp_path: Path) -> None:
    gui = Reply("The Tailscale GUI failed to start: The operation couldn’t be completed. (Tailscale.CLIError error 3.)\n", 1)
    server = computer([MAC], [gui])
    played = await at(server, tmp_path)
    assert (played.outcome, played.observed("local")[0]["state"]) == (Outcome.FAILED, "daemon stopped")
    assert played.why.endswith("in System Settings: open -a Tailscale")
    assert "/Applications/Tailscale.app/Contents/MacOS/Tailscale status --json" in [job.script for job in server.ran]


async def test_windows_is_asked_in_powershell(tmp_path: Path) -> None:
    server = computer([PC], [status(MINE)], family="windows")
    played = await at(server, tmp_path)
    assert (played.outcome, played.observed("local")[0]["kind"]) == (Outcome.PASSED, "windows")
    asked = {job.script: job.language for job in server.ran if "echo" not in job.script}
    assert asked[r"& 'C:\Program Files\Tailscale\tailscale.exe' status --json"] == "powershell"
    assert set(asked.values()) == {"powershell"}


async def test_a_person_gets_the_time_of_the_action(tmp_path: Path) -> None:
    server = computer([BARE, BARE, LINUX, LINUX], [NO_DAEMON, status(OUT), status(MINE)])
    played = await at(server, tmp_path, seconds=600.0)
    assert played.outcome is Outcome.PASSED
    ((what, url),) = played.waits()
    assert "install.sh | sh" in what
    assert url == "https://tailscale.com/download/linux"
    assert [each["state"] for each in played.observed("local")] == ["not installed", "daemon stopped", "needs login", "running"]


async def test_the_time_may_be_over(tmp_path: Path) -> None:
    played = await at(computer([BARE]), tmp_path, seconds=0.001)
    assert "not ready within" in played.why


async def test_troubles_are_told(tmp_path: Path) -> None:
    look = f"{LINUX}resolved=198.18.0.4\nroute=100.64.0.0/10 CloudflareWARP\nproxy=http://a:geheim@127.0.0.1:7890\n"
    played = await at(computer([look], [status(MINE)]), tmp_path)
    told = played.observed("local")[0]["troubles"]
    assert [each["id"] for each in told] == ["clash-tun-conflict", "other-vpn-conflict", "proxy-bad"]
    assert "198.18.0.4" in played.log
    assert "geheim" not in played.log + json.dumps(told)


@pytest.mark.parametrize(
    ("options", "says"), [({"need": "all"}, "must be one of running, installed, nothing"), ({"nead": "x"}, "has no option “nead”")]
)
async def test_wrong_options(tmp_path: Path, options: dict[str, str], says: str) -> None:
    played = await at(computer([LINUX], [status(MINE)]), tmp_path, options=options)
    assert says in played.why


async def test_a_computer_that_says_nothing(tmp_path: Path) -> None:
    played = await at(computer(["bash: no\n"]), tmp_path)
    assert "can't look at ecs" in played.why
