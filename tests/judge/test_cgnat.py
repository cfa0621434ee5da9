"""Looks read and judged: real firewall outputs, odd ones, and what may never be called fine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cgnat_samples import DEAD, HEAD, JUMP, NODIVERT, OFF, OLD, RETURNS, ROUTES, printed, probe, rules
from hypothesis import given
from hypothesis import strategies as st

from tui.judge.cgnat import Conclusion, judge, read_probe, recall
from tui.judge.evidence import End, Evidence, Status
from tui.texts import Text

NFT = (Path(__file__).parent / "samples" / "nft_ruleset_nftables_mode.txt").read_text()
FINE, TRAP, UNKNOWN = Conclusion.FINE, Conclusion.TRAP, Conclusion.UNKNOWN
DENIED = "iptables v1.8.7 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)"


def nft_chain(text: str = NFT) -> str:
    """`nft list chain ip filter ts-input`, cut out of the ruleset."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.strip() == "chain ts-input {")
    return "\n".join(["table ip filter {", *lines[start : lines.index("\t}", start) + 1], "}"])


def nft(text: str = NFT) -> dict[str, tuple[str, int]]:
    return {"nft.before": (nft_chain(text), 0), "nft.after": (nft_chain(text), 0), "ruleset": (text, 0)}


CHAIN = "table inet fw {{\n\tchain in {{\n\t\ttype filter hook input priority 0; policy {};\n\t\t{}\n\t}}\n}}\n"
RISEN = NFT.replace("ip saddr 100.64.0.0/10 counter packets 0 bytes 0 drop\n\t}\n}\ntable ip nat", "ip saddr 100.64.0.0/10 counter packets 7 bytes 70 drop\n\t}\n}\ntable ip nat")  # fmt: skip # noqa: E501
ROWS: list[tuple[str, dict[str, Any], Conclusion]] = [
    ("on, dropping, dead", {"before": rules(0), "after": rules(9), "rows": DEAD}, TRAP),
    ("on, dropping, all answer", {"before": rules(5), "after": rules(6)}, TRAP),
    ("on, dead, no counter seen to rise", {"before": None, "after": rules(9), "rows": DEAD}, TRAP),
    ("old order", {"before": OLD, "after": OLD, "rows": DEAD}, TRAP),
    ("on, dead, public DNS dead too", {"before": rules(9), "after": rules(9), "rows": {**DEAD, "dns:223.5.5.5": "fail"}}, UNKNOWN),
    ("on, nothing dropped", {"before": rules(9), "after": rules(9)}, UNKNOWN),
    ("return", {"before": RETURNS, "after": RETURNS}, FINE),
    ("nodivert", {"before": NODIVERT, "after": NODIVERT}, FINE),
    ("off", {}, FINE),
    ("off, one internal DNS dead", {"rows": {"dns:100.100.2.138": "fail"}}, FINE),
    ("off, metadata silent", {"rows": {"metadata": "silent"}}, UNKNOWN),
    ("off, mirror not asked", {"rows": {"mirror": "unknown"}}, UNKNOWN),
    ("off, all dead", {"rows": DEAD}, UNKNOWN),
    ("return, all dead", {"before": RETURNS, "after": RETURNS, "rows": DEAD}, UNKNOWN),
    ("no iptables, no nft", {"before": None, "after": None, "facts": {"iptables": ""}}, UNKNOWN),
    ("no rights", {"before": DENIED, "after": DENIED, "code": 4}, UNKNOWN),
    ("no rights, dead", {"before": DENIED, "after": DENIED, "code": 4, "rows": DEAD}, UNKNOWN),
    ("iptables took too long", {"before": rules(0), "after": rules(9), "code": 124}, UNKNOWN),
    ("nft, nothing dropped", {"before": None, "after": None, "parts": nft()}, UNKNOWN),
    ("nft, dropping", {"before": None, "after": None, "parts": nft(RISEN), "rows": DEAD}, TRAP),
    ("nft, no chain", {"before": None, "after": None, "parts": {"nft.after": ("Error: No such file or directory\nlist chain", 1)}}, FINE),
    ("nft, no rights", {"before": None, "after": None, "parts": {"nft.after": ("Operation not permitted (you must be root)", 1)}}, UNKNOWN),
    (
        "iptables can't show what nft can",
        {
            "before": None,
            "after": "iptables v1.8.9 (nf_tables): table `filter' is incompatible, use 'nft' tool.",
            "code": 1,
            "parts": nft(),
        },
        UNKNOWN,
    ),
    ("legacy rules beside nf_tables", {"parts": {"legacy.before": (rules(0), 0), "legacy.after": (rules(9), 0)}, "rows": DEAD}, TRAP),
    ("legacy not readable", {"parts": {"legacy.after": ("iptables-legacy: Permission denied", 3)}}, UNKNOWN),
    ("another cloud", {"vendor": "Amazon EC2", "region": "", "nameservers": "10.0.0.2", "after": rules(9)}, Conclusion.NOT_ALIBABA),
    ("nobody knows where", {"vendor": "", "region": "", "nameservers": "10.0.0.2", "rows": DEAD}, UNKNOWN),
    ("the end is missing", {"end": ""}, UNKNOWN),
]


@pytest.mark.parametrize(("name", "given", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_one_look(name: str, given: dict[str, Any], expected: Conclusion) -> None:
    health = judge(None, probe(**given))
    assert health.conclusion is expected, health.say.en


@pytest.mark.parametrize(
    ("after", "action", "packets", "jump", "first"),
    [
        (rules(113_000), "DROP", 113_000, 1, False),
        (OLD, "DROP", 4, 1, True),
        (RETURNS, "RETURN", 7, 1, False),
        (NODIVERT, "DROP", 3, None, False),
        (HEAD + "-A INPUT -i lo -c 1 1 -j ACCEPT\n" + JUMP + rules(8).removeprefix(HEAD + JUMP), "DROP", 8, 2, False),
    ],
    ids=["on", "old", "return", "nodivert", "second"],
)
def test_the_rule_is_read(after: str, action: str, packets: int, jump: int | None, first: bool) -> None:
    seen = probe(after=after).filter
    assert seen.rule is not None
    assert (seen.rule.action, seen.rule.packets, seen.jump, seen.rule.first) == (action, packets, jump, first)
    assert " -c " not in seen.rule.line


def test_the_rule_is_read_from_nftables() -> None:
    seen = probe(before=None, after=None, parts=nft(RISEN)).filter
    assert seen.rule is not None
    assert (seen.rule.action, seen.rule.packets, seen.jump, seen.by) == ("DROP", 7, 1, "nft")
    translated = NFT.replace(
        'iifname != "tailscale0*" ip saddr 100.64.0.0/10 counter', 'ip saddr 100.64.0.0/10 iifname != "tailscale0" counter'
    )
    assert probe(before=None, after=None, parts=nft(translated)).filter.drops
    back = NFT.replace("ip saddr 100.64.0.0/10 counter packets 0 bytes 0 drop\n\t}\n}\ntable ip nat", "ip saddr 100.64.0.0/10 counter packets 0 bytes 0 return\n\t}\n}\ntable ip nat")  # fmt: skip # noqa: E501
    assert not probe(before=None, after=None, parts=nft(back)).filter.drops


def test_answers_before_the_login_and_none_after_are_the_trap_even_where_rules_cannot_be_read() -> None:
    before = probe()
    denied = {"before": DENIED, "after": DENIED, "code": 4}
    assert judge(before, probe(**denied, rows=DEAD)).conclusion is TRAP
    assert judge(probe(rows=DEAD), probe(**denied, rows=DEAD)).conclusion is UNKNOWN
    assert judge(before, probe(**denied, rows={**DEAD, "dns:223.5.5.5": "fail"})).conclusion is UNKNOWN


def test_the_later_look_decides() -> None:
    quiet, biting = probe(before=rules(2), after=rules(2)), probe(before=rules(5), after=rules(5))
    assert judge(None, quiet).conclusion is UNKNOWN
    health = judge(None, quiet, biting)
    assert (health.conclusion, health.risen, health.counter) == (TRAP, 3, 5)
    assert judge(None, biting, probe(before=RETURNS, after=RETURNS)).conclusion is FINE


def test_a_counter_set_to_zero_by_a_restart_counts_what_it_shows() -> None:
    assert judge(None, probe(before=rules(100), after=rules(100)), probe(before=rules(4), after=rules(4))).risen == 4


def test_a_dead_metadata_service_does_not_make_it_another_cloud() -> None:
    before = recall(probe(vendor="", nameservers="10.0.0.2").remember())
    now = probe(vendor="", region="", nameservers="127.0.0.53", before=rules(0), after=rules(8), rows=DEAD)
    assert now.alibaba is Status.UNKNOWN
    assert judge(before, now).conclusion is TRAP


def test_another_network_in_the_range() -> None:
    routes = (
        f"{ROUTES}eth1\t0000 0\t\n"
        "eth1\t00406564\t00000000\t0001\t0\t0\t0\t00C0FFFF\t0\t0\t0\n"
        "tailscale0\t00006464\t00000000\t1\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    )
    given: dict[str, Any] = {"vendor": "Dell Inc.", "region": "", "nameservers": "100.80.0.1 100.100.100.100", "routes": routes}
    seen = probe(**given, after=rules(9))
    assert seen.others == ("100.101.64.0/18 (eth1)", "nameserver 100.80.0.1")
    health = judge(None, seen)
    assert health.conclusion is Conclusion.OTHER_NETWORK
    assert "100.101.64.0/18" in health.say.en
    assert health.cause == "cgnat-drop-other-network"
    assert not {row.id for row in health.rows} & {"metadata", "mirror", "assistant"}
    assert judge(None, probe(**given, after=NODIVERT)).conclusion is Conclusion.NOT_ALIBABA
    assert judge(None, probe(**given, after=DENIED, code=4)).conclusion is UNKNOWN


@pytest.mark.parametrize(
    ("more", "kind", "denies", "card"),
    [
        ({}, "none", False, False),
        ({"after": "-P INPUT DROP -c 1 1\n"}, "iptables", True, False),
        ({"after": OFF + "-A INPUT -c 1 1 -j REJECT --reject-with icmp-host-prohibited\n"}, "iptables", True, False),
        ({"after": "-P INPUT DROP -c 1 1\n-A INPUT -i tailscale0 -c 0 0 -j ACCEPT\n"}, "iptables", True, True),
        ({"after": DENIED, "code": 4}, "unknown", True, False),
        ({"before": None, "after": None, "facts": {"iptables": ""}}, "none", False, False),
        ({"parts": {"ufw": ("Status: active\n\nTo  Action  From\n22/tcp  ALLOW  Anywhere\n", 0)}}, "ufw", True, False),
        ({"parts": {"ufw": ("Status: active\nAnywhere on tailscale0     ALLOW       Anywhere\n", 0)}}, "ufw", True, True),
        ({"parts": {"ufw": ("Status: inactive\n", 0)}}, "none", False, False),
        ({"parts": {"ufw": ("ERROR: You need to be root to run this script", 1)}}, "unknown", True, False),
        ({"parts": {"firewalld": ("running", 0), "firewalld.zone": ("no zone", 2)}}, "firewalld", True, False),
        ({"parts": {"firewalld": ("running", 0), "firewalld.zone": ("trusted", 0)}}, "firewalld", True, True),
        ({"parts": {"firewalld": ("not running", 252)}}, "none", False, False),
        ({"parts": {"ruleset": (CHAIN.format("drop", "iif lo accept"), 0)}}, "nftables", True, False),
        ({"parts": {"ruleset": (CHAIN.format("accept", "counter packets 1 bytes 2 drop"), 0)}}, "nftables", True, False),
        ({"parts": {"ruleset": (CHAIN.format("accept", "tcp dport 25 drop"), 0)}}, "none", False, False),
    ],
)
def test_the_hosts_own_firewall(more: dict[str, Any], kind: str, denies: bool, card: bool) -> None:
    firewall = probe(**more).host_firewall
    assert (firewall.kind, firewall.denies, firewall.card) == (kind, denies, card)


@pytest.mark.parametrize(
    ("connection", "through"),
    [("", False), ("1.2.3.4 5000 172.16.0.2 22", False), ("100.64.0.2 5000 100.64.0.1 22", True), ("100.104.1.2 9 172.16.0.2 22", False),
     ("fd7a:115c:a1e0::2 1 fd7a:115c:a1e0::1 22", True), ("garbage", False)],
)  # fmt: skip
def test_a_session_through_the_tailnet_is_seen(connection: str, through: bool) -> None:
    assert probe(facts={"ssh": connection}).over_tailscale is through


def test_what_is_remembered_comes_back() -> None:
    seen = probe(after=rules(7), rows={"mirror": "fail"})
    back = recall(seen.remember())
    assert back is not None
    assert ({row.id: row.status for row in back.rows}, back.region, back.alibaba) == (
        {row.id: row.status for row in seen.rows}, "cn-hangzhou", Status.PASS,
    )  # fmt: skip
    for broken in ("", "{}", "null", '{"rows": {"a": "maybe"}, "alibaba": "pass", "region": "", "counter": 1}', "[1]"):
        assert recall(broken) is None


@pytest.mark.parametrize("end", [End.LOST, End.TIMED_OUT, End.CANCELLED])
def test_a_look_that_did_not_end_says_nothing(end: End) -> None:
    seen = read_probe(Evidence(end, out=printed(), why=Text("断了", "cut")))
    assert not seen.read
    assert judge(probe(), seen).conclusion is UNKNOWN


@given(st.integers(0, 3000), st.text(max_size=40), st.integers(0, 4))
def test_no_output_breaks_the_reader_and_a_cut_one_is_never_fine(at: int, noise: str, kind: int) -> None:
    whole = printed(before=rules(0), after=rules(9), rows=DEAD, parts=nft()) if kind % 2 else printed()
    torn = [whole[:at] + noise, whole[:at] + noise + whole[at:], noise + whole, whole[at:], noise][kind]
    seen = read_probe(Evidence(End.EXITED, 0, torn))
    health = judge(None, seen)
    if "@done" not in torn:
        assert health.conclusion is UNKNOWN
