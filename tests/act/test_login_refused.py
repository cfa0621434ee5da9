"""`tailscale.login` where it can't be, where it would cut its own line, and what its options may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from act_server import Reply, Server
from login_stage import (
    EXPIRED,
    LINK,
    NO_DAEMON,
    OUT,
    RUNNING,
    STARTING,
    STOPPED,
    VISIT,
    log_in,
    ups,
    without_timeout,
)

from tui.act.tailscale import STATUS
from tui.run.events import Outcome


@pytest.mark.parametrize(
    ("status", "host", "outcome", "says"),
    [
        ("bash: line 1: tailscale: command not found", "", Outcome.FAILED, "not installed on this machine: do the installing step first"),
        (NO_DAEMON, "active=inactive\n", Outcome.FAILED, "sudo systemctl enable --now tailscaled"),
        (NO_DAEMON, "active=failed\ntun=no\n", Outcome.FAILED, "no /dev/net/tun"),
        (NO_DAEMON, "", Outcome.FAILED, "start it first"),
        ({"BackendState": "InUseOtherUser"}, "", Outcome.FAILED, "another Windows user"),
        ({"BackendState": "Dreaming"}, "", Outcome.FAILED, "Dreaming"),
        ("lost", "", Outcome.UNKNOWN, "the link is gone"),
    ],
)
async def test_where_no_login_is_possible(tmp_path: Path, status: Any, host: str, outcome: Outcome, says: str) -> None:
    server = Server([status], prefs={})
    server.host += host
    played = await log_in(server, tmp_path)
    assert (played.outcome, server.changes) == (outcome, [])
    assert says in played.why


async def test_a_starting_daemon_is_waited_for(tmp_path: Path) -> None:
    server = Server([STARTING, STARTING, RUNNING], prefs={})
    assert (await log_in(server, tmp_path)).outcome is Outcome.PASSED


async def test_a_stopped_machine_comes_up_again(tmp_path: Path) -> None:
    server = Server([STOPPED, RUNNING], {" up ": [Reply()]}, prefs={"Hostname": "ecs"})
    played = await log_in(server, tmp_path, options={"auth_key": "KEY"}, inputs={"KEY": "tskey-auth-k1-s1"}, secrets=("KEY",))
    assert played.outcome is Outcome.PASSED
    assert "auth-key" not in ups(server)[0]  # it is a member already


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("backend error: invalid key: API key does not exist\n", "the auth key does not exist or has expired"),
        ("sudo: a password is required\n", "sudo did not let it run: sudo: a password is required"),
        ("can't change --login-server without --force-reauth\n", "logged in at another control server"),
        ("something nobody has seen yet\n", "something nobody has seen yet"),
    ],
)
async def test_refusals_are_one_sentence(tmp_path: Path, said: str, says: str) -> None:
    server = Server([OUT], {" up ": [Reply(said, 1)]}, prefs={})
    played = await log_in(server, tmp_path)
    assert (played.outcome, len(ups(server))) == (Outcome.FAILED, 1)
    assert says in played.why


async def test_an_auth_key_is_lent_and_never_written_down(tmp_path: Path) -> None:
    server = Server([OUT, OUT, RUNNING], {" up ": [Reply(after=1)]}, prefs={})
    played = await log_in(server, tmp_path, options={"auth_key": "KEY"}, inputs={"KEY": "tskey-auth-k1-s1"}, secrets=("KEY",))
    assert played.outcome is Outcome.PASSED
    (job,) = [job for job in server.ran if " up " in job.script]
    assert job.env["KEY"] == "tskey-auth-k1-s1"
    assert "tskey" not in job.script
    assert '--auth-key="file:$key"' in job.script
    assert played.waits() == []
    assert "tskey" not in played.log
    assert all("KEY" not in each.env for each in server.ran if each.script.endswith(STATUS))


async def test_an_auth_key_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TS_KEY", "tskey-auth-k2-s2")
    server = Server([OUT, OUT, RUNNING], {" up ": [Reply("it says secret-k2-s2 tskey-auth-k2-s2\n", after=1)]}, prefs={})
    played = await log_in(server, tmp_path, options={"auth_key": "TS_KEY"})
    (job,) = [job for job in server.ran if " up " in job.script]
    assert (played.outcome, job.env["TS_KEY"]) == (Outcome.PASSED, "tskey-auth-k2-s2")
    assert "tskey" not in played.log


async def test_a_key_that_is_not_there_means_a_link(tmp_path: Path) -> None:
    server = Server([OUT, LINK, RUNNING], {" up ": [Reply(VISIT, after=2)]}, prefs={})
    played = await log_in(server, tmp_path, options={"auth_key": "KEY"})
    assert (played.outcome, "auth-key" in ups(server)[0]) == (Outcome.PASSED, False)


@pytest.mark.parametrize("address", ["100.96.12.34", "fd7a:115c:a1e0::1", "10.9.8.7"])
@pytest.mark.parametrize("status", [STOPPED, RUNNING, EXPIRED])
async def test_never_cuts_its_own_connection(tmp_path: Path, address: str, status: dict[str, Any]) -> None:
    server = Server([{**status, "TailscaleIPs": ["100.96.12.34", "10.9.8.7"]}], prefs={"Hostname": "old"})
    server.host += f"ssh=100.88.1.2 50000 {address} 22\n"
    played = await log_in(server, tmp_path, options={"hostname": "ecs"})
    assert (played.outcome, server.changes) == (Outcome.REFUSED, [])
    assert f"Tailscale itself ({address})" in played.why


async def test_unless_told_to(tmp_path: Path) -> None:
    server = Server([STOPPED, RUNNING], {" up ": [Reply()]}, prefs={})
    server.host += "ssh=100.88.1.2 50000 100.96.12.34 22\n"
    played = await log_in(server, tmp_path, options={"over_tailscale": "allow"})
    assert played.outcome is Outcome.PASSED
    assert ups(server)[0].endswith("--accept-risk=lose-ssh")


async def test_nothing_to_change_is_no_danger(tmp_path: Path) -> None:
    server = Server([RUNNING], prefs={})
    server.host += "ssh=100.88.1.2 50000 100.96.12.34 22\n"
    assert (await log_in(server, tmp_path)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("host", "command"),
    [
        ("uid=0\n", "tailscale up"),
        ("sudo=\n", "tailscale up"),
        ("tailscale=/usr/local/bin/tailscale\n", "sudo /usr/local/bin/tailscale up"),
    ],
)
async def test_as_whom(tmp_path: Path, host: str, command: str) -> None:
    server = Server([OUT, RUNNING], {" up ": [Reply()]}, prefs={})
    server.host += host
    await log_in(server, tmp_path)
    assert ups(server)[0].startswith(f"{command} --timeout=")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hostnam": "x"}, "“hostnam”; the nearest one is “hostname”"),
        ({"hostname": "a b"}, "“a b” is no value for hostname"),
        ({"netfilter_mode": "none"}, "no value for netfilter_mode"),
        ({"tags": ["server"]}, "no value for tags"),
        ({"login_server": "hs.example.com"}, "no value for login_server"),
        ({"accept_dns": "maybe"}, "no value for accept_dns"),
    ],
)
async def test_wrong_options(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    server = Server([OUT])
    played = await log_in(server, tmp_path, options=options)
    assert (played.outcome, server.changes, server.seen) == (Outcome.FAILED, [], 0)
    assert says in played.why
    assert "line 3" in played.why


async def test_options_take_inputs(tmp_path: Path) -> None:
    server = Server([OUT, RUNNING], {" up ": [Reply()]}, prefs={})
    await log_in(
        server, tmp_path, options={"login_server": "$CONTROL", "hostname": "${NAME}"}, inputs={"CONTROL": "https://hs.example.com"}
    )
    assert without_timeout(ups(server)[0]) == "sudo tailscale up --timeout=N --login-server=https://hs.example.com"
