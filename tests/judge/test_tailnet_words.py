"""What `tailscale up`, `ping`, `version` and `debug prefs` said, recorded and odd."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.judge.tailnet import PingError, UpError, Version, Way, read_ping, read_prefs, read_up, read_version

SAMPLES = Path(__file__).parent / "samples"
ALL_FLAGS = """Error: changing settings via 'tailscale up' requires mentioning all
non-default flags. To proceed, either re-run your command with --reset or
use the command below to explicitly mention the current value of
all non-default settings:

\ttailscale up --accept-dns=false --hostname='my srv' --login-server=http://127.0.0.1:8080

"""
VISIT = "\nTo authenticate, visit:\n\n\thttps://login.tailscale.com/a/0123456789abcdef\n\n"
APPROVE = "\nTo approve your machine, visit (as admin):\n\n\thttps://login.tailscale.com/admin\n\n"


def test_links_from_text() -> None:
    told = read_up("", VISIT + APPROVE)
    assert (told.auth_url, told.approval_url) == ("https://login.tailscale.com/a/0123456789abcdef", "https://login.tailscale.com/admin")
    assert (told.success, told.error) == (False, None)
    assert read_up("", VISIT + "Success.\n").success


def test_links_from_objects_one_after_the_other() -> None:
    told = read_up((SAMPLES / "up_json.stdout").read_text())
    assert (told.auth_url, told.state, told.success) == ("http://127.0.0.1:8080/register/bfSfVmUgq-89easQJ-eDIuZ9", "Running", True)
    pending = read_up('{"AuthURL": "https://x/1", "BackendState": "NeedsLogin"}{"BackendState":"NeedsMachineAuth"}{"Ba')
    assert (pending.auth_url, pending.state, pending.success) == ("https://x/1", "NeedsMachineAuth", False)


def test_a_link_and_then_no_time_left() -> None:
    told = read_up("", (SAMPLES / "up_text_timeout.stderr").read_text())
    assert told.auth_url == "http://127.0.0.1:8080/register/xdaPJJXM4qvmRw6GrvCjm67_"
    assert told.error is UpError.TIMED_OUT


def test_the_suggested_command_is_taken_exactly() -> None:
    told = read_up("", ALL_FLAGS)
    assert told.error is UpError.NEEDS_ALL_FLAGS
    assert told.command == "tailscale up --accept-dns=false --hostname='my srv' --login-server=http://127.0.0.1:8080"
    assert told.flags == ("--accept-dns=false", "--hostname=my srv", "--login-server=http://127.0.0.1:8080")


@pytest.mark.parametrize("command", ["tailscale up --x=1; rm -rf /", "tailscale up $(id)", "tailscale up 'a", "tailscale up -- x"])
def test_a_suggestion_that_is_no_list_of_flags_gives_none(command: str) -> None:
    told = read_up("", ALL_FLAGS.replace("tailscale up --accept-dns=false", f"{command} --accept-dns=false"))
    assert (told.error, told.flags) == (UpError.NEEDS_ALL_FLAGS, ())


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Access denied: checkprefs access denied\n\nUse 'sudo tailscale up'.\nTo not require root, …", UpError.ACCESS_DENIED),
        ("failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)", UpError.DAEMON_DOWN),
        ("can't change --login-server without --force-reauth", UpError.LOGIN_SERVER),
        ("backend error: handling register with auth key: AuthKey not found", UpError.BAD_KEY),
        ("backend error: invalid key: API key does not exist", UpError.BAD_KEY),
        ("backend error: requested tags [tag:x] are invalid or not permitted", UpError.BACKEND),
        ("open /nonexistent: no such file or directory", UpError.KEY_FILE),
        ("aborted, no changes made", UpError.LOSE_SSH),
        ("flag provided but not defined: -bogus\nConnect to Tailscale, logging in if needed", UpError.BAD_FLAG),
        ('invalid value --netfilter-mode="bogus"', UpError.BAD_FLAG),
        ("sudo: a password is required", UpError.SUDO),
        ("lee is not in the sudoers file.  This incident will be reported.", UpError.SUDO),
        ("bash: line 1: tailscale: command not found", UpError.NOT_INSTALLED),
    ],
)
def test_refusals(said: str, kind: UpError) -> None:
    told = read_up("", said)
    assert told.error is kind
    assert told.say is not None
    assert told.line in " ".join(said.split())


def test_nothing_said_is_no_error() -> None:
    told = read_up("", "")
    assert (told.error, told.auth_url, told.success) == (None, "", False)


def test_relayed_is_an_answer_whatever_the_exit_code() -> None:
    told = read_ping((SAMPLES / "ping_derp.txt").read_text())
    assert {(pong.way, pong.where) for pong in told.pongs} == {(Way.DERP, "test")}
    assert told.error is None


def test_direct_after_a_lost_one() -> None:
    told = read_ping((SAMPLES / "ping_direct.txt").read_text())
    best = told.best
    assert best is not None
    assert (best.way, best.where, best.ip, best.ms) == (Way.DIRECT, "127.0.0.1:45705", "100.64.0.2", 1.0)
    assert (told.timed_out, told.error) == (1, None)


@pytest.mark.parametrize(
    ("via", "took", "way", "where", "ms"),
    [
        ("DERP(hkg)", "1.204s", Way.DERP, "hkg", 1204),
        ("[2001:db8::1]:41641", "12ms", Way.DIRECT, "[2001:db8::1]:41641", 12),
        ("peer-relay(203.0.113.9:40000:vni:1)", "1m0.5s", Way.PEER_RELAY, "203.0.113.9:40000:vni:1", 60500),
        ("TSMP", "800µs", Way.TUNNEL, "", 0.8),
    ],
)
def test_ways(via: str, took: str, way: Way, where: str, ms: float) -> None:
    (pong,) = read_ping(f"pong from my pc (100.64.0.2) via {via} in {took}\n").pongs
    assert (pong.name, pong.way, pong.where) == ("my pc", way, where)
    assert pong.ms == pytest.approx(ms)


def test_the_direct_answer_is_the_best() -> None:
    said = "pong from a (100.64.0.2) via 1.2.3.4:5 in 9ms\npong from a (100.64.0.2) via DERP(hkg) in 40ms\n"
    best = read_ping(said).best
    assert best is not None
    assert best.way is Way.DIRECT


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ('ping "100.64.0.2" timed out\nno reply', PingError.NO_REPLY),
        ("no matching peer", PingError.NO_PEER),
        ('error looking up IP of "x": no such host', PingError.NO_PEER),
        ("peer's node key has expired", PingError.EXPIRED),
        ("Tailscale is stopped.", PingError.STOPPED),
        ("Logged out.", PingError.LOGGED_OUT),
        ("failed to connect to local tailscaled; it doesn't appear to be running", PingError.DAEMON_DOWN),
        ("?", PingError.OTHER),
        ("", None),
    ],
)
def test_no_answers(said: str, error: PingError | None) -> None:
    assert read_ping("", said).error is error


def test_its_own_address() -> None:
    told = read_ping("100.64.0.1 is local Tailscale IP\n")
    assert (told.own, told.error) == (True, None)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.102.3\n  tailscale commit: 53a0d659af\n", Version(1, 102, 3, "1.102.3")),
        ("1.97.0-local", Version(1, 97, 0, "1.97.0-local")),
        ("Client: 1.98.1\nDaemon: 1.96.0", Version(1, 98, 1, "1.98.1")),
        ("1.98", Version(1, 98, 0, "1.98")),
        ("bash: tailscale: command not found", None),
        ("", None),
    ],
)
def test_versions(text: str, version: Version | None) -> None:
    assert read_version(text) == version


def test_versions_compare() -> None:
    old, new = read_version("1.96.5"), read_version("1.102.3")
    assert old is not None
    assert new is not None
    assert old < Version(1, 98, 2) <= new


def test_settings() -> None:
    raw = {
        "ControlURL": "http://127.0.0.1:8080",
        "CorpDNS": False,
        "Hostname": "srv1",
        "NetfilterMode": 1,
        "AdvertiseTags": ["tag:a", "tag:b"],
    }
    prefs = read_prefs(f"# words\n{json.dumps(raw)}")
    assert prefs is not None
    assert prefs.flags() == {
        "login-server": "http://127.0.0.1:8080", "accept-dns": "false", "hostname": "srv1", "netfilter-mode": "nodivert",
        "advertise-tags": "tag:a,tag:b",
    }  # fmt: skip


@pytest.mark.parametrize("url", ["https://controlplane.tailscale.com", "https://login.tailscale.com/", ""])
def test_default_settings_need_no_flags(url: str) -> None:
    prefs = read_prefs(json.dumps({"ControlURL": url, "CorpDNS": True, "NetfilterMode": 2, "AdvertiseTags": None}))
    assert prefs is not None
    assert prefs.flags() == {}


def test_an_unknown_mode_is_said_to_be_unknown() -> None:
    prefs = read_prefs('{"ControlURL": "", "NetfilterMode": 9}')
    assert prefs is not None
    assert prefs.netfilter is None
    assert read_prefs("nothing") is None
    assert read_prefs('{"BackendState": "Running"}') is None


words = st.sampled_from(
    ["pong from ", " (", ") via ", " in ", "DERP(", "1ms", "\n", "tailscale up ", "--x=", "{", "}", '"Error":', "'", "1.5.s"]
)


@given(st.lists(words | st.text(max_size=4)).map("".join))
def test_any_words_are_read(text: str) -> None:
    told, prefs = read_up(text, text), read_prefs(text)
    assert (told.error is None) == (told.say is None)
    assert all(flag.startswith("--") for flag in told.flags)
    assert all(pong.ms >= 0 for pong in read_ping(text).pongs)
    assert prefs is None or prefs.netfilter in (None, "on", "nodivert", "off")
    read_version(text)
