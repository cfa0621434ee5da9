"""Statuses as Tailscale tells them: recorded ones, odd ones, and anything at all."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.judge.evidence import End, Evidence
from tui.judge.tailnet import Backend, NotStatus, Stand, read_status, reason, reasons, situation, situation_of
from tui.texts import Text

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def sample(name: str) -> str:
    return (SAMPLES / name).read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "stand", "says"),
    [
        ("status_needslogin_prelogin.json", Stand.NEEDS_LOGIN, "not logged in"),
        ("status_needslogin_with_authurl.json", Stand.LOGIN_PENDING, "open the login link"),
        ("status_needsmachineauth.json", Stand.NEEDS_APPROVAL, "c1 is not approved yet"),
        ("status_running.json", Stand.RUNNING, "srv1 (100.64.0.1), account alice"),
        ("status_running_derp_active.json", Stand.RUNNING, "srv1 (100.64.0.1)"),
        ("status_key_expired_self.json", Stand.EXPIRED, "srv1 has expired (2026-11-23 04:17 UTC)"),
        ("status_peer_expired.json", Stand.RUNNING, "laptop1 (100.64.0.2)"),
    ],
)
def test_recorded_statuses(name: str, stand: Stand, says: str) -> None:
    found = situation(read_status(sample(name)), NOW)
    assert found.stand is stand
    assert says in found.say.en
    assert found.reasons == ()


def test_the_facts_of_a_running_machine() -> None:
    tailnet = read_status(sample("status_running_derp_active.json"))
    assert (tailnet.backend, tailnet.have_node_key, tailnet.tun, tailnet.version) == (Backend.RUNNING, True, False, "1.97.0-local")
    assert (tailnet.name, tailnet.suffix, tailnet.magic_dns, dict(tailnet.users)) == ("127.0.0.1", "tailnet.test", True, {"1": "alice"})
    me = tailnet.me
    assert (me.id, me.ip, me.dns_name, me.online, me.user, me.key_expiry) == ("1", "100.64.0.1", "srv1.tailnet.test", True, "alice", None)
    assert {"https://tailscale.com/cap/ssh", "https://tailscale.com/cap/is-admin"} <= me.caps
    assert set(tailnet.peers) == {"2"}
    peer = tailnet.peers["2"]
    assert (peer.hostname, peer.relay, peer.cur_addr, peer.active, peer.last_seen) == ("laptop1", "test", "", True, None)


def test_an_expired_peer_keeps_its_time() -> None:
    peer = read_status(sample("status_peer_expired.json")).peers["1"]
    assert peer.expired
    assert peer.key_expiry == datetime(2026, 11, 23, 4, 17, 47, tzinfo=UTC)
    assert peer.last_seen == datetime(2026, 11, 23, 4, 17, 33, 788107, tzinfo=UTC)


def running(**more: Any) -> dict[str, Any]:
    me = {"ID": "n1", "HostName": "srv1", "TailscaleIPs": ["fd7a::1", "100.64.0.1"], "UserID": 7, **more.pop("Self", {})}
    return {"BackendState": "Running", "HaveNodeKey": True, "Self": me, "User": {"7": {"LoginName": "ann@example.com"}}, **more}


def test_expiry_is_compared_by_ourselves() -> None:
    """The daemon may go on saying Running; the key's own time decides."""
    status = read_status(json.dumps(running(Self={"KeyExpiry": "2026-11-23T12:59:59+08:00"})))
    assert situation(status, NOW).stand is Stand.EXPIRED
    assert situation(status, datetime(2026, 11, 23, 4, 59, 58, tzinfo=UTC)).stand is Stand.RUNNING


@pytest.mark.parametrize("unread", ["soon", "2026-13-01T00:00:00Z", 7, ["x"]])
def test_an_expiry_nobody_can_read_is_not_never(unread: Any) -> None:
    me = read_status(json.dumps(running(Self={"KeyExpiry": unread}))).me
    assert me.key_expiry is None
    assert me.expiry_unread == str(unread)


@pytest.mark.parametrize("never", [{}, {"KeyExpiry": None}, {"KeyExpiry": "0001-01-01T00:00:00Z"}])
def test_no_expiry_is_never(never: dict[str, Any]) -> None:
    me = read_status(json.dumps(running(Self=never))).me
    assert (me.key_expiry, me.expiry_unread) == (None, "")


def test_words_around_the_json_do_not_matter() -> None:
    text = f'Warning: client version "1.98" {{not JSON}} != "1.97"\n{json.dumps(running())}\n# {{}} more'
    status = read_status(text)
    assert (status.backend, status.me.ip, status.account) == (Backend.RUNNING, "100.64.0.1", "ann@example.com")


def test_a_tagged_machine_belongs_to_its_tags() -> None:
    assert read_status(json.dumps(running(Self={"Tags": ["tag:server"]}))).account == "tag:server"


@pytest.mark.parametrize("text", ["", "null", "[1]", "Logged out.", "{", '{"a": ' * 100_000, "7"])
def test_what_is_no_status_is_refused(text: str) -> None:
    with pytest.raises(NotStatus):
        read_status(text)


@pytest.mark.parametrize(
    ("backend", "more", "stand"),
    [
        ("InUseOtherUser", {}, Stand.OTHER_USER),
        ("Stopped", {"HaveNodeKey": True}, Stand.STOPPED),
        ("Stopped", {"HaveNodeKey": True, "Self": {"Expired": True}}, Stand.EXPIRED),
        ("NoState", {}, Stand.STARTING),
        ("Starting", {}, Stand.STARTING),
        ("Hibernating", {}, Stand.UNKNOWN),
        ("NeedsLogin", {"HaveNodeKey": True, "Self": {"Expired": True}, "AuthURL": "https://x/a/1"}, Stand.LOGIN_PENDING),
        (None, {}, Stand.UNKNOWN),
        (7, {"Peer": None, "User": [], "Self": "x", "Health": "x"}, Stand.UNKNOWN),
    ],
)
def test_states(backend: Any, more: dict[str, Any], stand: Stand) -> None:
    assert situation(read_status(json.dumps({"BackendState": backend, **more})), NOW).stand is stand


def test_a_future_state_is_named() -> None:
    assert "Hibernating" in situation(read_status('{"BackendState": "Hibernating"}'), NOW).say.zh


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_TIMES = st.sampled_from(["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-23T04:16:02.2Z"])
node = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("ID", "TailscaleIPs", "KeyExpiry", "Tags", "CapMap", "UserID", "LastSeen", "DNSName"), anything | _TIMES)
)
statuses = st.fixed_dictionaries(
    {"BackendState": anything | st.sampled_from([each.value for each in Backend])},
    optional={
        "Self": node | anything,
        "Peer": st.dictionaries(st.text(max_size=3), node | anything, max_size=3) | anything,
        **dict.fromkeys(("TUN", "HaveNodeKey", "AuthURL", "TailscaleIPs", "Health", "CurrentTailnet", "User", "Version"), anything),
    },
)


@given(statuses)
def test_any_object_is_a_status(raw: Any) -> None:
    """Whatever the fields hold, there is a stand with a sentence; and peers are never lost by having no id."""
    status = read_status(json.dumps(raw))
    assert situation(status, NOW).say.zh
    peers = raw.get("Peer")
    told = peers.items() if isinstance(peers, dict) else ()
    ids = ((key, each.get("ID") if isinstance(each, dict) else None) for key, each in told)
    assert set(status.peers) == {identity if identity and isinstance(identity, str) else key for key, identity in ids}


@given(anything, st.text(max_size=20))
def test_any_text_is_a_status_or_refused(raw: Any, before: str) -> None:
    try:
        situation(read_status(before + json.dumps(raw)), NOW)
    except NotStatus:
        assert not (isinstance(raw, dict) and not before)


def exited(out: str = "", err: str = "", code: int = 1) -> Evidence:
    return Evidence(End.EXITED, code, out, err)


@pytest.mark.parametrize(
    ("seen", "stand"),
    [
        (exited(err="bash: line 1: tailscale: command not found", code=127), Stand.NOT_INSTALLED),
        (exited(err="sudo: tailscale：未找到命令"), Stand.NOT_INSTALLED),
        (exited(err="bash: /usr/bin/tailscale: No such file or directory", code=127), Stand.NOT_INSTALLED),
        (exited(err="'tailscale' is not recognized as an internal or external command"), Stand.NOT_INSTALLED),
        (
            exited(err="failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)"),
            Stand.DAEMON_STOPPED,
        ),
        (exited(err="failed to connect to local tailscaled process; is the Tailscale service running?"), Stand.DAEMON_STOPPED),
        (
            exited(err="The Tailscale GUI failed to start: The operation couldn’t be completed. (Tailscale.CLIError error 3.)"),
            Stand.DAEMON_STOPPED,
        ),
        (exited(err="something new"), Stand.UNKNOWN),
        (exited(), Stand.UNKNOWN),
        (Evidence(End.LOST, why=Text("断了", "gone")), Stand.UNKNOWN),
        (Evidence(End.TIMED_OUT, out=json.dumps(running())), Stand.UNKNOWN),
        (exited(out=json.dumps(running()), code=0), Stand.RUNNING),
    ],
)
def test_the_evidence_of_a_look(seen: Evidence, stand: Stand) -> None:
    assert situation_of(seen, NOW).stand is stand


def test_an_unknown_stand_says_what_was_seen() -> None:
    assert "something new" in situation_of(exited(err="\nsomething new\n"), NOW).say.en
    assert situation_of(Evidence(End.LOST, why=Text("断了", "gone")), NOW).say.zh.endswith("断了")


LAST = "You are logged out. The last login error was: "


@pytest.mark.parametrize(
    ("line", "cause", "blocks"),
    [
        (LAST + 'fetch control key: Get "http://127.0.0.1:1/key?v=138": dial tcp 127.0.0.1:1: connect: connection refused',
         "control-unreachable", True),
        (LAST + 'fetch control key: Get "https://controlplane.tailscale.com/key": context deadline exceeded', "control-unreachable", True),
        (LAST + "fetch control key: lookup x on 100.100.2.136:53: read udp: i/o timeout", "control-dns-fail", True),
        (LAST + 'Get "https://x/key": dial tcp: lookup x: no such host', "control-dns-fail", True),
        (LAST + "x509: certificate signed by unknown authority", "tls-intercepted", True),
        (LAST + "x509: certificate has expired or is not yet valid: current time 1970 is before 2026", "clock-wrong", True),
        (LAST + "invalid key: API key does not exist", "authkey-expired", True),
        (LAST + "handling register with auth key: AuthKey not found", "authkey-expired", True),
        (LAST + "invalid key: unable to validate API key", "authkey-invalid", True),
        (LAST + "requested tags [tag:x] are invalid or not permitted", "tag-not-permitted", True),
        (LAST + "a new kind of trouble", "login-error", True),
        ("Unable to connect to the Tailscale coordination server to synchronize the state of your tailnet.", "control-unreachable", True),
        ("Tailscale could not connect to any relay server. Check your Internet connection.", "derp-unreachable", False),
        ("Tailscale could not connect to the 'Hong Kong' relay server.", "custom-derp-unreachable", False),
        ("Tailscale couldn't listen for incoming UDP connections.", "udp-blocked", False),
        ("adding [-i tailscale0 -j MARK] in v4/filter/ts-forward: exit status 1: iptables: No chain/target/match by that name.",
         "netfilter-chain-missing", False),
        ("Some peers are advertising routes but --accept-routes is false", "routes-not-accepted", False),
        ("Tailscale can't reach the configured DNS servers.", "magicdns-upstream-unreachable", False),
        ("A line of a later version.", "other", False),
    ],
)  # fmt: skip
def test_reasons(line: str, cause: str, blocks: bool) -> None:
    found = reason(line)
    assert found is not None
    assert (found.id, found.blocks) == (cause, blocks)
    assert found.line in line


@pytest.mark.parametrize(
    "line",
    ["", "Tailscale is stopped.", "Tailscale is starting. Please wait.", "You are logged out.",
     "This is an unstable version of Tailscale meant for testing and development purposes. Please report any issues to Tailscale.",
     "An update from version 1.98.0 to 1.102.3 is available. Run `tailscale update` to update now."],
)  # fmt: skip
def test_lines_that_say_nothing_new(line: str) -> None:
    assert reason(line) is None


def test_what_blocks_comes_first() -> None:
    lines = ["Tailscale couldn't listen for incoming UDP connections.", "Tailscale is stopped.", LAST + "x"]
    assert [each.id for each in reasons(lines)] == ["login-error", "udp-blocked"]
