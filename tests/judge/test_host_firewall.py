"""Whether a server's own firewall lets its tailnet in: read off what the look prints, and off real rules."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alibaba_side import TAILSCALES, Server, need

from tui.judge.cgnat_probe import FIREWALL
from tui.judge.evidence import End, Evidence
from tui.judge.host_firewall import Entrance, read_entrance

JUMP = "-P INPUT DROP\n-A INPUT -j ts-input\n"
UFW = "Status: active\n\nTo        Action  From\n--        ------  ----\n22/tcp    ALLOW   Anywhere\n"


def printed(*facts: str, **parts: str) -> Evidence:
    """What the look prints where it found these tools."""
    lines = [f"@fact {fact}" for fact in ("iptables v1.8.9", *facts)]
    for name, said in parts.items():
        text, _, code = said.partition("|")
        lines.append(f"@begin {name.replace('_', '.')}\n{text.rstrip()}\n@end {name.replace('_', '.')} {code or 0}")
    return Evidence(End.EXITED, 0, "\n".join([*lines, "@done"]))


@pytest.mark.parametrize(
    ("seen", "blocks", "warns"),
    [
        (printed(firewalld="running", firewalld_zone="no zone|2", firewalld_port="no|1"), "--zone=trusted", "its default zone"),
        (printed(firewalld="running", firewalld_zone="public", firewalld_port="no|1"), "--zone=trusted", "zone public"),
        (printed(firewalld="running", firewalld_zone="trusted", firewalld_port="no|1"), "", ""),
        (printed(ufw=UFW, iptables_after="-P INPUT DROP"), "sudo ufw allow in on tailscale0", ""),
        (printed(ufw=UFW, iptables_after=JUMP), "", ""),
        (printed(ufw=f"{UFW}Anywhere on tailscale0 ALLOW Anywhere\n", iptables_after="-P INPUT DROP"), "", ""),
        (printed(iptables_after="-P INPUT DROP"), "iptables -I INPUT -i tailscale0", ""),
        (printed(iptables_after=JUMP), "", ""),
        (printed(iptables_after="-P INPUT ACCEPT"), "", ""),
        (Evidence(End.EXITED, 0, "@begin firewalld\nrunning\n@end firewalld 0"), "", ""),
        (Evidence(End.TIMED_OUT), "", ""),
    ],
)
def test_what_is_told(seen: Evidence, blocks: str, warns: str) -> None:
    entrance = read_entrance(seen)
    for found, wanted in ((entrance.blocks, blocks), (entrance.warning, warns)):
        assert bool(found) == bool(wanted)
        assert not found or (wanted in found.en and found.zh != found.en)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    need()
    with Server(tmp_path) as one:
        yield one


def look(server: Server) -> Entrance:
    done: subprocess.CompletedProcess[str] = server.run(FIREWALL)
    return read_entrance(Evidence(End.EXITED, done.returncode, done.stdout, done.stderr))


def test_real_rules(server: Server) -> None:
    assert look(server).firewall.kind == "none"
    server.run("iptables -P INPUT DROP")
    assert (look(server).firewall.kind, look(server).blocks is not None) == ("iptables", True)
    server.run(TAILSCALES)
    assert look(server).blocks is None
    server.run(
        "nft add table ip own; nft add chain ip own in '{ type filter hook input priority 10; policy drop; }'; iptables -P INPUT ACCEPT"
    )
    entrance = look(server)
    assert (entrance.firewall.kind, entrance.ahead, entrance.blocks is not None) == ("nftables", True, True)
