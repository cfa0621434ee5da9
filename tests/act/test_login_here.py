"""`tailscale.login` on the reader's own computer, whose Tailscale is an app that no search path knows: recorded looks of each system."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, Reply, Server, play

from tui.act import ACTIONS
from tui.act.tailscale import HOST, HOST_WINDOWS, read_host
from tui.run.events import Outcome

URL = "https://login.tailscale.com/a/1"
OUT: dict[str, Any] = {"BackendState": "NeedsLogin", "AuthURL": ""}
LINK = {**OUT, "AuthURL": URL}
ME = {"ID": "n9", "HostName": "laptop", "DNSName": "laptop.tail1.ts.net.", "TailscaleIPs": ["100.96.0.9"], "UserID": 7}
RUNNING: dict[str, Any] = {
    "BackendState": "Running", "HaveNodeKey": True, "AuthURL": "", "TailscaleIPs": ["100.96.0.9"], "Self": ME,
    "CurrentTailnet": {"Name": "ann@example.com"}, "User": {"7": {"LoginName": "ann@example.com"}},
}  # fmt: skip
MAC = "uid=501\nuser=ann\nssh=\nsudo=/usr/bin/sudo\ntailscale=\nsystem=macos\n"
APP = "/Applications/Tailscale.app/Contents/MacOS/Tailscale"
PC = r"C:\Program Files\Tailscale\tailscale.exe"
LINUX = "uid=1000\nuser=ann\nssh=\nsudo=/usr/bin/sudo\ntailscale=/usr/bin/tailscale\ntun=yes\n"
NO_DAEMON = "failed to connect to local tailscaled process; is the Tailscale service running?"
LOOK_WINDOWS = f"system=windows\r\narch=AMD64\r\ncli={PC}\r\nservice=Stopped\r\n"
LOOK_MAC = "system=Darwin\narch=arm64\n"
MISSING = "bash: line 1: tailscale: command not found"


def computer(host: str, statuses: list[Any] | None = None, family: Any = "posix", **replies: list[Reply]) -> Server:
    told = statuses if statuses is not None else [OUT, LINK, RUNNING]
    return Server(told, {" up ": [Reply(f"\n\t{URL}\n", after=2)], **replies}, prefs={}, host=host, family=family, address="local")


async def log_in(server: Server, home: Path, **more: Any) -> Played:
    options = {"prefix": "local", "accept_dns": True, **more.pop("options", {})}
    return await play(server, "tailscale.login", ACTIONS["tailscale.login"], home, options=options, **more)


def called(server: Server) -> set[str]:
    """How tailscale was called, its own words left out."""
    scripts = [job.script for job in server.ran if job.script not in (HOST, HOST_WINDOWS) and "sudo -n" not in job.script]
    return {re.split(r" (?:status|debug|up|set) ", script)[0] for script in scripts if "echo" not in script}


@pytest.mark.parametrize(
    ("host", "family", "calls"),
    [
        (f"{MAC}cli={APP}\n", "posix", {APP}),
        (f"{MAC}cli=/opt/homebrew/bin/tailscale\n", "posix", {"/opt/homebrew/bin/tailscale", "sudo /opt/homebrew/bin/tailscale"}),
        (
            f"{MAC}tailscale=/Users/ann/my tools/tailscale\n",
            "posix",
            {"'/Users/ann/my tools/tailscale'", "sudo '/Users/ann/my tools/tailscale'"},
        ),
        (f"cli={PC}\r\n", "windows", {f"& '{PC}'"}),
        ("cli=D:\\it's here\\tailscale.exe\r\n", "windows", {"& 'D:\\it''s here\\tailscale.exe'"}),
        (LINUX, "posix", {"tailscale", "sudo tailscale"}),
    ],
    ids=["mac app", "mac homebrew", "mac with blanks", "windows", "windows with a quote", "linux"],
)
async def test_its_own_command_logs_it_in(tmp_path: Path, host: str, family: str, calls: set[str]) -> None:
    server = computer(host, family=family)
    played = await log_in(server, tmp_path)
    assert played.outcome is Outcome.PASSED, played.why
    assert called(server) == calls
    assert {job.language for job in server.ran if "echo" not in job.script} == {"powershell" if family == "windows" else "bash"}
    assert [url for _, url in played.waits()] == [URL]
    assert (played.values["local_ip"], played.values["local_account"]) == ("100.96.0.9", "ann@example.com")


async def test_what_an_earlier_step_found_is_used(tmp_path: Path) -> None:
    """`tailscale.local` has learned it; Windows needs no second look then."""
    server = computer("", family="windows")
    played = await log_in(server, tmp_path, inputs={"local_cli": r"E:\ts\tailscale.exe"})
    assert (played.outcome, called(server)) == (Outcome.PASSED, {r"& 'E:\ts\tailscale.exe'"})
    assert HOST_WINDOWS not in [job.script for job in server.ran]


async def test_settings_are_quoted_for_powershell(tmp_path: Path) -> None:
    """A comma outside quotes would make two words of one there."""
    server = computer(f"cli={PC}\r\n", family="windows")
    await log_in(server, tmp_path, options={"tags": ["tag:a", "tag:b"], "hostname": "mine"})
    (up,) = [script for script in server.changes if " up " in script]
    assert "up --timeout=600s --accept-dns=true '--advertise-tags=tag:a,tag:b' --hostname=mine" in up


async def test_a_stopped_service_says_how_to_start_it_on_windows(tmp_path: Path) -> None:
    server = computer(f"cli={PC}\r\n", [NO_DAEMON], "windows", **{"Get-Service": [Reply(LOOK_WINDOWS)]})
    played = await log_in(server, tmp_path)
    assert played.outcome is Outcome.FAILED
    assert played.why.endswith("Start-Service Tailscale")
    assert played.observed("local")[-1]["advice"]["command"] == "Start-Service Tailscale"


async def test_a_mac_without_it_says_where_to_get_it(tmp_path: Path) -> None:
    server = computer(MAC, [MISSING], dscacheutil=[Reply(LOOK_MAC)])
    played = await log_in(server, tmp_path)
    assert "https://tailscale.com/download/mac" in played.why
    assert "installing step" not in played.why


async def test_another_account_says_how_to_leave_it_there(tmp_path: Path) -> None:
    played = await log_in(computer(f"cli={PC}\r\n", [RUNNING], "windows"), tmp_path, options={"account": "bob@example.com"})
    assert f"run & '{PC}' logout" in played.why


@pytest.mark.parametrize(
    ("said", "path", "system"),
    [
        (f"{MAC}cli={APP}\n", APP, "macos"),
        (f"{MAC}tailscale=/usr/local/bin/tailscale\ncli={APP}\n", APP, "macos"),
        (LINUX, "/usr/bin/tailscale", "linux"),
    ],
)
def test_the_app_goes_before_a_command_of_the_search_path(said: str, path: str, system: str) -> None:
    host = read_host(said, datetime.now(UTC))
    assert (host.path, host.system) == (path, system)
