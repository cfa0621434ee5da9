"""`tailscale.login` on a scripted server: every way a login goes, and every way it does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from act_server import Reply, Server
from login_stage import (
    APPROVAL,
    EXPIRED,
    LINK,
    ME,
    NEW_LINK,
    OTHER,
    OUT,
    REFUSED,
    RUNNING,
    TIMED_OUT,
    URL,
    VISIT,
    log_in,
    ups,
    without_timeout,
)

from tui.judge.evidence import End
from tui.run import events as ev
from tui.run.engine import Session
from tui.run.events import AnyEvent, Outcome


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
