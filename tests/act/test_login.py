"""`tailscale.login` on a scripted server: every way a login goes, and every way it does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, Reply, Server, play

from tui.act import ACTIONS
from tui.act.tailscale import STATUS
from tui.judge.evidence import End
from tui.run import events as ev
from tui.run.engine import Session
from tui.run.events import AnyEvent, Outcome

URL, OTHER = "https://login.tailscale.com/a/1", "https://login.tailscale.com/a/2"
VISIT = f"\nTo authenticate, visit:\n\n\t{URL}\n\n"
NO_DAEMON = "failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)"
TIMED_OUT = 'timeout waiting for Tailscale service to enter a Running state; check health with "tailscale status"\n'
LAST = "You are logged out. The last login error was: "
REFUSED = LAST + 'fetch control key: Get "http://127.0.0.1:1/key?v=138": dial tcp 127.0.0.1:1: connect: connection refused'

OUT: dict[str, Any] = {"BackendState": "NeedsLogin", "AuthURL": ""}
LINK: dict[str, Any] = {**OUT, "AuthURL": URL}
NEW_LINK: dict[str, Any] = {**OUT, "AuthURL": OTHER}
ME = {"ID": "n1CNTRL", "HostName": "ecs", "DNSName": "ecs.tail1.ts.net.", "TailscaleIPs": ["100.96.12.34"], "UserID": 7}
RUNNING: dict[str, Any] = {
    "BackendState": "Running", "HaveNodeKey": True, "AuthURL": "", "TailscaleIPs": ["100.96.12.34"], "Self": ME,
    "CurrentTailnet": {"Name": "ann@example.com"}, "User": {"7": {"LoginName": "ann@example.com"}},
}  # fmt: skip
APPROVAL = {**RUNNING, "BackendState": "NeedsMachineAuth"}
EXPIRED = {**RUNNING, "BackendState": "NeedsLogin", "Self": {**ME, "Expired": True, "KeyExpiry": "2020-01-01T00:00:00Z"}}
STOPPED = {**RUNNING, "BackendState": "Stopped"}
STARTING = {**RUNNING, "BackendState": "Starting"}


async def log_in(server: Server, home: Path, **more: Any) -> Played:
    return await play(server, "tailscale.login", ACTIONS["tailscale.login"], home, **more)


def ups(server: Server) -> list[str]:
    return [script for script in server.changes if " up " in script]


def without_timeout(script: str) -> str:
    return re.sub(r"--timeout=\d+s", "--timeout=N", script)


async def test_a_person_opens_the_link(tmp_path: Path) -> None:
    server = Server([OUT, OUT, LINK, LINK, RUNNING], {" up ": [Reply(VISIT + "Success.\n", after=4)]}, prefs={"CorpDNS": True})
    played = await log_in(server, tmp_path, options={"hostname": "ecs", "accept_dns": False}, seconds=600.0)
    assert played.outcome is Outcome.PASSED
    assert [without_timeout(each) for each in ups(server)] == ["sudo tailscale up --timeout=N --hostname=ecs --accept-dns=false"]
    assert int(re.findall(r"--timeout=(\d+)s", ups(server)[0])[0]) in range(590, 601)
    assert played.waits() == [("open this link in a browser, log in and confirm", URL)]
    assert f"\t{URL}\n" in played.log
    assert dict(played.values) == {
        "ts_account": "ann@example.com", "ts_tailnet": "ann@example.com", "ts_ip": "100.96.12.34", "ts_name": "ecs.tail1.ts.net",
        "ts_node_id": "n1CNTRL", **{name: played.values[name] for name in ("ZHINAN_RUN", "ZHINAN_STEP")},
    }  # fmt: skip


async def test_what_the_panel_is_told(tmp_path: Path) -> None:
    server = Server([OUT, LINK, LINK, APPROVAL, RUNNING], {" up ": [Reply(VISIT, after=3)]}, prefs={})
    told = (await log_in(server, tmp_path)).observed("login")
    assert [(each["state"], each["url"], each["account"]) for each in told] == [
        ("needs login", "", ""),
        ("login pending", URL, ""),
        ("needs approval", "https://login.tailscale.com/admin/machines", "ann@example.com"),
        ("running", "", "ann@example.com"),
    ]
    assert len({each["until"] for each in told}) == 1


@pytest.mark.parametrize(
    "death",
    [
        Reply(VISIT + TIMED_OUT, 1, after=1),
        Reply(VISIT, 137, after=1),
        Reply(VISIT, end=End.LOST, after=1),
        Reply(VISIT + "watching IPN bus: EOF\n", 1, after=1),
    ],
)
async def test_the_command_may_die_once_the_link_is_out(tmp_path: Path, death: Reply) -> None:
    """The daemon goes on waiting for that very link; another `up` would make it void."""
    server = Server([OUT, LINK, LINK, LINK, LINK, LINK, RUNNING], {" up ": [death]}, prefs={})
    played = await log_in(server, tmp_path)
    assert (played.outcome, played.waits()[-1][1]) == (Outcome.PASSED, URL)
    ids = {job.id for job in server.ran if " up " in job.script}
    assert len(ids) == 1  # the same job, followed again at most


async def test_the_connection_may_drop_while_a_person_is_at_it(tmp_path: Path) -> None:
    server = Server([OUT, LINK, LINK, "lost", "refuses", "lost", RUNNING], {" up ": [Reply(VISIT, after=None)]}, prefs={})
    played = await log_in(server, tmp_path)
    assert (played.outcome, len(ups(server)), len(played.waits())) == (Outcome.PASSED, 1, 1)
    assert ups(server)[0] in server.ended  # a command that would wait for ever is ended


async def test_a_second_person_may_ask_for_a_new_link(tmp_path: Path) -> None:
    server = Server([OUT, LINK, LINK, NEW_LINK, NEW_LINK, RUNNING], {" up ": [Reply(VISIT, after=4)]}, prefs={})
    played = await log_in(server, tmp_path)
    assert played.outcome is Outcome.PASSED
    assert [url for _, url in played.waits()] == [URL, OTHER]


async def test_a_waiting_link_is_used_again(tmp_path: Path) -> None:
    server = Server([LINK, LINK, LINK, RUNNING], prefs={"Hostname": "ecs"})
    played = await log_in(server, tmp_path, options={"hostname": "ecs"})
    assert (played.outcome, ups(server), [url for _, url in played.waits()]) == (Outcome.PASSED, [], [URL])


async def test_a_waiting_link_of_other_settings_is_not(tmp_path: Path) -> None:
    server = Server([LINK, NEW_LINK, NEW_LINK, RUNNING], {" up ": [Reply(after=2)]}, prefs={"Hostname": "old"})
    played = await log_in(server, tmp_path, options={"hostname": "ecs"})
    assert [without_timeout(each) for each in ups(server)] == ["sudo tailscale up --timeout=N --hostname=ecs"]
    assert [url for _, url in played.waits()] == [OTHER]


async def test_approval_is_said_and_waited_for(tmp_path: Path) -> None:
    said = VISIT + "\nTo approve your machine, visit (as admin):\n\n\thttp://127.0.0.1:9911/admin\n\n" + TIMED_OUT
    server = Server([OUT, LINK, APPROVAL, APPROVAL, APPROVAL, RUNNING], {" up ": [Reply(said, 1, after=1)]}, prefs={})
    played = await log_in(server, tmp_path, options={"login_server": "http://127.0.0.1:9911"})
    assert played.outcome is Outcome.PASSED
    assert played.waits()[-1] == ("an admin of the tailnet must approve ecs in the console", "http://127.0.0.1:9911/admin")


async def test_approval_needed_from_the_start(tmp_path: Path) -> None:
    server = Server([APPROVAL, APPROVAL, RUNNING], prefs={})
    played = await log_in(server, tmp_path)
    assert (played.outcome, ups(server)) == (Outcome.PASSED, [])
    assert played.waits() == [("an admin of the tailnet must approve ecs in the console", "https://login.tailscale.com/admin/machines")]


async def test_an_expired_key_takes_a_new_link_with_all_flags(tmp_path: Path) -> None:
    server = Server(
        [EXPIRED, {**EXPIRED, "AuthURL": URL}, RUNNING],
        {" up ": [Reply(VISIT, after=2)]},
        prefs={"Hostname": "ecs", "CorpDNS": False, "NetfilterMode": 1},
    )
    played = await log_in(server, tmp_path)
    assert played.outcome is Outcome.PASSED
    assert without_timeout(ups(server)[0]) == (
        "sudo tailscale up --timeout=N --hostname=ecs --accept-dns=false --netfilter-mode=nodivert"
    )  # fmt: skip


async def test_logged_in_already(tmp_path: Path) -> None:
    server = Server([RUNNING], prefs={"Hostname": "ecs", "ControlURL": "https://login.tailscale.com"})
    options = {"hostname": "ecs", "login_server": "https://controlplane.tailscale.com", "accept_dns": True}
    played = await log_in(server, tmp_path, options=options)
    assert (played.outcome, server.changes) == (Outcome.PASSED, ['echo "$ts_ip"'])
    assert "不用再做什么" in played.log
    assert "ecs（100.96.12.34），账号 ann@example.com" in played.log
    assert played.values["ts_ip"] == "100.96.12.34"


async def test_other_settings_are_set_without_a_login(tmp_path: Path) -> None:
    server = Server([RUNNING], {" set ": [Reply()]}, prefs={"Hostname": "old", "CorpDNS": True})
    played = await log_in(server, tmp_path, options={"hostname": "ecs", "accept_dns": True, "netfilter_mode": "nodivert"})
    assert played.outcome is Outcome.PASSED
    assert server.changes[0] == "sudo tailscale set --hostname=ecs --netfilter-mode=nodivert"
    assert ups(server) == []


async def test_a_refused_setting_is_the_end(tmp_path: Path) -> None:
    server = Server([RUNNING], {" set ": [Reply("Access denied: checkprefs access denied\n", 1)]}, prefs={"Hostname": "old"})
    played = await log_in(server, tmp_path, options={"hostname": "ecs"})
    assert (played.outcome, "it takes sudo" in played.why) == (Outcome.FAILED, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"login_server": "https://hs.example.com"}, "another control server, not https://hs.example.com: run sudo tailscale logout"),
        ({"tags": ["tag:server"]}, "give ecs the tags tag:server in the admin console"),
    ],
)
async def test_what_only_a_new_login_changes(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    server = Server([RUNNING], prefs={})
    played = await log_in(server, tmp_path, options=options)
    assert (played.outcome, server.changes) == (Outcome.FAILED, [])
    assert says in played.why


async def test_tags_that_came_with_the_key_are_enough(tmp_path: Path) -> None:
    server = Server([{**RUNNING, "Self": {**ME, "Tags": ["tag:b", "tag:a"]}}], prefs={})
    played = await log_in(server, tmp_path, options={"tags": ["tag:a", "tag:b"]})
    assert (played.outcome, played.values["ts_account"]) == (Outcome.PASSED, "tag:b,tag:a")


async def test_up_wants_all_flags(tmp_path: Path) -> None:
    """Where the settings could not be read, `up` itself says them."""
    said = (
        "Error: changing settings via 'tailscale up' requires mentioning all\nnon-default flags. To proceed, either re-run your command "
        "with --reset or\nuse the command below to explicitly mention the current value of\nall non-default settings:\n\n"
        "\ttailscale up --hostname=ecs --timeout=600s --accept-dns=false --ssh\n\n"
    )
    server = Server([OUT, OUT, LINK, RUNNING], {" up ": [Reply(said, 1), Reply(VISIT, after=2)]})
    played = await log_in(server, tmp_path, options={"hostname": "ecs"})
    assert played.outcome is Outcome.PASSED
    assert [without_timeout(each) for each in ups(server)] == [
        "sudo tailscale up --timeout=N --hostname=ecs",
        "sudo tailscale up --timeout=N --hostname=ecs --accept-dns=false --ssh=true",
    ]


async def test_up_that_still_wants_all_flags_is_the_end(tmp_path: Path) -> None:
    said = "requires mentioning all\nnon-default flags.\n\n\ttailscale up --ssh\n"
    server = Server([OUT], {" up ": [Reply(said, 1)]})
    played = await log_in(server, tmp_path)
    assert (played.outcome, len(ups(server))) == (Outcome.FAILED, 2)
    assert "sudo tailscale up --ssh" in played.why


async def test_an_unreachable_control_server_is_said_at_once(tmp_path: Path) -> None:
    server = Server([OUT, {**OUT, "Health": [REFUSED]}], {" up ": [Reply(after=None)]}, prefs={})
    played = await log_in(server, tmp_path, seconds=3600.0)
    assert played.outcome is Outcome.UNKNOWN
    assert "the control server can't be reached" in played.why
    assert "connection refused" in played.why
    assert ups(server)[0] in server.ended


async def test_one_failed_attempt_is_not_the_end(tmp_path: Path) -> None:
    trouble = {**OUT, "Health": [REFUSED]}
    server = Server([trouble, trouble, trouble, LINK, RUNNING], {" up ": [Reply(after=4)]}, prefs={})
    assert (await log_in(server, tmp_path)).outcome is Outcome.PASSED


async def test_nobody_comes(tmp_path: Path) -> None:
    server = Server([OUT, LINK], {" up ": [Reply(VISIT, after=None)]}, prefs={})
    played = await log_in(server, tmp_path, seconds=0.3)
    assert played.outcome is Outcome.UNKNOWN
    assert "not logged in within" in played.why
    assert ups(server)[0] in server.ended


async def test_stopping_ends_the_command_there(tmp_path: Path) -> None:
    server = Server([OUT, LINK], {" up ": [Reply(VISIT, after=None)]}, prefs={})
    played = await log_in(server, tmp_path, watch=lambda event, session: session.stop() if isinstance(event, ev.Waited) else None)
    assert played.outcome is Outcome.CANCELLED
    assert ups(server)[0] in server.ended


async def test_a_link_lost_with_its_daemon_is_asked_for_again(tmp_path: Path) -> None:
    server = Server([OUT, LINK, lambda server: OUT if len(ups(server)) == 1 else NEW_LINK], prefs={})
    server.replies = {" up ": [Reply(VISIT, 1, after=2), Reply(after=None)]}

    def done(event: AnyEvent, _: Session) -> None:
        if isinstance(event, ev.Waited) and event.url == OTHER:
            server.statuses = [RUNNING]

    played = await log_in(server, tmp_path, watch=done)
    assert (played.outcome, len(ups(server))) == (Outcome.PASSED, 2)
    assert [url for _, url in played.waits()] == [URL, OTHER]


async def test_an_up_that_gives_no_link_is_not_run_for_ever(tmp_path: Path) -> None:
    server = Server([OUT], {" up ": [Reply()]}, prefs={})
    played = await log_in(server, tmp_path)
    assert (played.outcome, len(ups(server))) == (Outcome.FAILED, 3)
    assert "ends without a login link" in played.why


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        ({"account": "bob@example.com"}, RUNNING, "logged in to account ann@example.com instead of bob@example.com"),
        ({"tailnet": "example.org"}, RUNNING, "logged in to tailnet ann@example.com instead of example.org"),
        ({"same_as": "pc"}, RUNNING, "instead of carl@example.com"),
    ],
)
@pytest.mark.parametrize("before", [[], [OUT, LINK]])
async def test_a_wrong_account_is_named(
    tmp_path: Path, options: dict[str, Any], status: dict[str, Any], says: str, before: list[Any]
) -> None:
    server = Server([*before, status], {" up ": [Reply(VISIT, after=1)]}, prefs={})
    played = await log_in(server, tmp_path, options=options, inputs={"pc_account": "carl@example.com"})
    assert played.outcome is Outcome.FAILED
    assert says in played.why


async def test_the_same_account_is_right_however_it_is_written(tmp_path: Path) -> None:
    server = Server([RUNNING], prefs={})
    played = await log_in(server, tmp_path, options={"account": "Ann@Example.com", "tailnet": "ann@example.com", "prefix": "pc"})
    assert (played.outcome, played.values["pc_ip"]) == (Outcome.PASSED, "100.96.12.34")


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
