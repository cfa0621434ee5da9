"""Two views of one tailnet: on the real statuses of a server and of the machine beside it, and on every way they do not fit."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.judge.peers import Path as Way
from tui.judge.peers import expiry, machine, match, path_of
from tui.judge.tailnet import Node, Tailnet, read_ping, read_status
from tui.texts import Text

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
SERVER: dict[str, Any] = json.loads((SAMPLES / "status_running_derp_active.json").read_text("utf-8"))


def seen_from_the_laptop() -> dict[str, Any]:
    """The same tailnet as the other machine tells it: what was the peer is `Self`, and the other way round."""
    status = copy.deepcopy(SERVER)
    (peer,) = status["Peer"].values()
    status["Self"], me = peer, status["Self"]
    status["Peer"] = {me["PublicKey"]: me}
    status["TailscaleIPs"] = peer["TailscaleIPs"]
    return status


def tailnet(status: dict[str, Any]) -> Tailnet:
    return read_status(json.dumps(status))


def views() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Server, laptop, and the laptop's row for the server, to be changed."""
    laptop = seen_from_the_laptop()
    (row,) = laptop["Peer"].values()
    return copy.deepcopy(SERVER), laptop, row


def wrong(server: dict[str, Any], laptop: dict[str, Any]) -> str:
    found = match(tailnet(server), tailnet(laptop), NOW)
    assert found.peer is None
    assert found.wrong is not None
    assert found.wrong.zh
    assert "{" not in found.wrong.zh + found.wrong.en
    return found.wrong.en


def test_the_server_is_found_by_its_stable_id() -> None:
    server, laptop, row = views()
    row["HostName"] = row["DNSName"] = "renamed"
    found = match(tailnet(server), tailnet(laptop), NOW)
    assert (found.wrong, found.same_account) == (None, True)
    assert found.peer is not None
    assert (found.peer.id, found.peer.ip) == ("1", "100.64.0.1")


def test_a_machine_of_the_same_name_is_not_the_server() -> None:
    server, laptop, row = views()
    row |= {"ID": "77", "TailscaleIPs": ["100.64.0.9"]}
    assert "srv1.tailnet.test this computer sees is another machine (100.64.0.9, not 100.64.0.1)" in wrong(server, laptop)


def test_a_server_nobody_sees() -> None:
    server, laptop, _ = views()
    laptop["Peer"] = None
    assert "does not see the server srv1.tailnet.test (100.64.0.1)" in wrong(server, laptop)


def test_two_tailnets() -> None:
    server, laptop, _ = views()
    laptop["CurrentTailnet"]["Name"] = "other.example.com"
    said = wrong(server, laptop)
    assert "the server is in 127.0.0.1 (alice), this computer in other.example.com (alice)" in said


def test_the_server_is_this_computer() -> None:
    assert "one and the same machine" in wrong(SERVER, SERVER)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"Online": False}, "is offline in the tailnet"),
        ({"Expired": True}, "has expired and no machine can reach it"),
        ({"KeyExpiry": "2026-11-23T04:59:00Z"}, "has expired and no machine can reach it"),
        ({"TailscaleIPs": ["100.64.0.5"]}, "the server says it is 100.64.0.1, but this computer sees 100.64.0.5"),
    ],
)
def test_what_is_wrong_with_the_row(change: dict[str, Any], says: str) -> None:
    server, laptop, row = views()
    row |= change
    assert says in wrong(server, laptop)


def test_two_accounts_of_one_tailnet_are_told_not_refused() -> None:
    server, laptop, _ = views()
    laptop["User"]["2"] = {"LoginName": "bob"}
    laptop["Self"]["UserID"] = 2
    found = match(tailnet(server), tailnet(laptop), NOW)
    assert (found.wrong, found.same_account) == (None, False)
    server["Self"]["Tags"] = ["tag:server"]
    assert match(tailnet(server), tailnet(laptop), NOW).same_account is None


def test_a_real_direct_ping_and_a_real_relayed_one() -> None:
    direct = path_of(read_ping((SAMPLES / "ping_direct.txt").read_text("utf-8")), "100.64.0.2")
    assert isinstance(direct, Way)
    assert (direct.kind, direct.via, direct.ms) == ("direct", "127.0.0.1:45705", 1.0)
    relayed = path_of(read_ping((SAMPLES / "ping_derp.txt").read_text("utf-8")), "100.64.0.2")
    assert isinstance(relayed, Way)
    assert (relayed.kind, relayed.via) == ("relay", "DERP test")
    assert "UDP 41641" in relayed.say.zh
    assert "UDP 41641" in relayed.say.en


def test_a_relaying_peer_is_no_direct_way() -> None:
    came = path_of(read_ping("pong from srv1 (100.64.0.1) via peer-relay(203.0.113.9:7777:vni:1) in 30ms\n"), "100.64.0.1")
    assert isinstance(came, Way)
    assert (came.kind, came.via) == ("relay", "peer 203.0.113.9:7777:vni:1")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ('ping "100.64.0.1" timed out\nno reply\n', "gets no reply"),
        ("peer's node key has expired\n", "its key has expired"),
        ("no matching peer\n", "does not know 100.64.0.1"),
        ("Tailscale is stopped.\n", "not connected"),
        ("100.64.0.1 is local Tailscale IP\n", "own address"),
        ("", "gets no reply"),
    ],
)
def test_no_ping_reply_says_why(said: str, says: str) -> None:
    came = path_of(read_ping("", said), "100.64.0.1")
    assert isinstance(came, Text)
    assert says in came.en


def test_when_a_key_ends() -> None:
    assert expiry(Node("1"), NOW).state == "never"
    ended = expiry(Node("1", hostname="srv1", key_expiry=NOW - timedelta(seconds=1)), NOW)
    assert (ended.state, ended.days) == ("expired", None)
    unread = expiry(Node("1", expiry_unread="soon"), NOW)
    assert (unread.state, "soon" in unread.say.en) == ("unread", True)
    valid = expiry(Node("1", hostname="srv1", key_expiry=NOW + timedelta(days=9, hours=3)), NOW)
    assert (valid.state, valid.days) == ("valid", 9)
    assert "srv1" in valid.say.en
    assert "Disable key expiry" in valid.say.zh


@given(st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=4000)))
def test_days_left_are_whole_days(left: timedelta) -> None:
    found = expiry(Node("1", key_expiry=NOW + left), NOW)
    assert found.days == left.days


def test_a_row_of_the_machine_list_is_json() -> None:
    row = machine(tailnet(SERVER).peers["2"], NOW)
    assert json.loads(json.dumps(row)) == row
    assert {name: row[name] for name in ("id", "name", "ip", "os", "user", "online", "direct", "relay")} == {
        "id": "2", "name": "laptop1", "ip": "100.64.0.2", "os": "linux", "user": "alice", "online": True, "direct": "", "relay": "test",
    }  # fmt: skip
