"""The probe script on a real link with real firewall rules, judged: the trap bites where it bites, and only there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alibaba_side import TAILSCALES, Server, need

from tui.judge.cgnat import PROBE, Conclusion, Health, Probe, judge, read_probe
from tui.judge.evidence import End, Evidence, Status

ATTRIBUTE = TAILSCALES.replace("iptables -A ts-input -s 100.115.92.0/23 ! -i tailscale0 -j RETURN\n", "").replace("-j DROP", "-j RETURN")
NODIVERT = TAILSCALES.replace("iptables -I INPUT 1 -j ts-input\n", "")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    need()
    with Server(tmp_path) as one:
        yield one


def look(server: Server, **env: str) -> Probe:
    return evidence(server.run(PROBE, **env))


def evidence(done: subprocess.CompletedProcess[str]) -> Probe:
    return read_probe(Evidence(End.EXITED, done.returncode, done.stdout, done.stderr))


def statuses(health: Health) -> dict[str, Status]:
    return {row.id: row.status for row in health.rows}


def test_a_whole_server_before_the_login(server: Server) -> None:
    probe = look(server)
    health = judge(None, probe)
    assert health.conclusion is Conclusion.FINE, health.say.en
    assert set(statuses(health).values()) == {Status.PASS}
    assert set(statuses(health)) == {
        "dns:100.100.2.136",
        "dns:100.100.2.138",
        "dns:223.5.5.5",
        "metadata",
        "mirror",
        "assistant",
        "resolver",
    }
    assert (probe.region, probe.alibaba, probe.host_firewall.kind, probe.ways_out) == ("cn-hangzhou", Status.PASS, "none", 1)
    assert [row.proof for row in health.rows if row.id == "dns:100.100.2.136"] == ["3/3"]


def test_the_trap(server: Server) -> None:
    before = look(server)
    assert server.run(TAILSCALES).returncode == 0
    probe = look(server, ZHINAN_REGION="cn-hangzhou")
    health = judge(before, probe)
    assert health.conclusion is Conclusion.TRAP
    assert health.rule is not None
    assert (health.rule.action, probe.filter.jump) == ("DROP", 1)
    assert health.risen >= 6
    assert statuses(health) == {
        "dns:100.100.2.136": Status.FAIL, "dns:100.100.2.138": Status.FAIL, "dns:223.5.5.5": Status.PASS, "metadata": Status.FAIL,
        "mirror": Status.FAIL, "assistant": Status.FAIL, "resolver": Status.FAIL,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "action", "jump"),
    [(ATTRIBUTE, "RETURN", 1), (NODIVERT, "DROP", None), ("", None, None)],
    ids=["attribute", "nodivert", "off"],
)
def test_each_way_out_of_it(server: Server, rules: str, action: str | None, jump: int | None) -> None:
    assert server.run(f":\n{rules}").returncode == 0
    probe = look(server)
    assert judge(None, probe).conclusion is Conclusion.FINE
    assert (probe.filter.rule.action if probe.filter.rule else None, probe.filter.jump, probe.filter.read) == (action, jump, True)


def test_an_accept_of_ones_own_only_hides_it(server: Server) -> None:
    assert server.run(f"{TAILSCALES}\niptables -I INPUT 1 -s 100.100.0.0/16 ! -i tailscale0 -j ACCEPT").returncode == 0
    probe = look(server)
    health = judge(None, probe)
    assert (health.conclusion, probe.filter.jump) == (Conclusion.UNKNOWN, 2)
    assert "重启" in health.say.zh
    assert len(probe.filter.before) == 1


def test_without_rights_nothing_is_fine(server: Server) -> None:
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "bash", "-c", PROBE]
    done = subprocess.run(
        [*server.inside, *as_nobody], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, capture_output=True, text=True, timeout=60, check=False
    )
    health = judge(None, evidence(done))
    assert health.conclusion is Conclusion.UNKNOWN
    assert set(statuses(health).values()) == {Status.PASS}


def test_a_dead_network_is_not_the_trap(server: Server) -> None:
    before = look(server)
    assert server.run(f"{TAILSCALES}\nip link set eth0 down").returncode == 0
    assert judge(before, look(server)).conclusion is Conclusion.UNKNOWN


def test_a_host_that_denies_by_default(server: Server) -> None:
    script = f"{TAILSCALES}\niptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\niptables -P INPUT DROP"
    assert server.run(script).returncode == 0
    firewall = look(server).host_firewall
    assert (firewall.kind, firewall.card, firewall.port, firewall.denies) == ("iptables", False, False, True)
    assert server.run("iptables -I INPUT 1 -i tailscale0 -j ACCEPT; iptables -I INPUT 2 -p udp --dport 41641 -j ACCEPT").returncode == 0
    firewall = look(server).host_firewall
    assert (firewall.kind, firewall.card, firewall.port) == ("iptables", True, True)
