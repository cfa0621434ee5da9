"""The ways out: which are offered, in which order, and what exactly they would do to each kind of host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alibaba_side import Server, need
from cgnat_samples import DEAD, PREFS, ROUTES, probe, rules

from tui.judge.cgnat import judge
from tui.judge.cgnat_accept import SCRIPT, accept
from tui.judge.cgnat_mends import SYSCTL, UNDO, Mend, mends
from tui.judge.cgnat_rules import HostFirewall

BITES: dict[str, Any] = {"before": rules(0), "after": rules(9), "rows": DEAD}


def offered(*, has_token: bool = False, **more: Any) -> dict[str, Mend]:
    seen = probe(**{**BITES, **more})
    return {mend.id: mend for mend in mends(judge(None, seen), seen, has_token=has_token)}


@pytest.mark.parametrize(
    ("has_token", "version", "expected"),
    [
        (True, "1.102.3", ["attribute", "nodivert", "off"]),
        (False, "1.102.3", ["nodivert", "off", "attribute"]),
        (True, "1.98.2", ["attribute", "nodivert", "off"]),
        (True, "1.98.1", ["nodivert", "off"]),
        (True, "1.96.5", ["nodivert", "off"]),
        (True, "?", ["nodivert", "off"]),
    ],
)
def test_the_order(has_token: bool, version: str, expected: list[str]) -> None:
    assert list(offered(has_token=has_token, version=version)) == expected


def test_a_healthy_server_is_offered_nothing_and_an_armed_one_is() -> None:
    healthy = probe()
    assert mends(judge(None, healthy), healthy, has_token=True) == ()
    armed = probe(before=rules(9), after=rules(9))
    assert len(mends(judge(None, armed), armed, has_token=True)) == 3


def test_every_sentence_is_there_in_both_languages() -> None:
    for mend in offered(has_token=True).values():
        for text in (mend.title, mend.does, mend.price):
            assert text.zh
            assert text.en
            assert "{" not in text.zh + text.en


def test_off_on_a_host_that_lets_everything_in() -> None:
    off = offered()["off"]
    assert off.blocked is None
    assert off.apply == (
        f"mkdir -p -m 700 /var/lib/zhinan\ntee {UNDO} >/dev/null <<'END'\n# off\nset -e\ntailscale set --netfilter-mode=on\nEND\n"
        "tailscale set --netfilter-mode=off"
    )
    assert off.undo == f"bash {UNDO}\nrm {UNDO}"


def test_an_ordinary_user_uses_sudo_but_the_undo_file_does_not() -> None:
    apply = offered(facts={"uid": "1000"})["nodivert"].apply
    assert apply.splitlines()[-1] == "sudo tailscale set --netfilter-mode=nodivert"
    assert "\ntailscale set --netfilter-mode=on\nEND\n" in apply


def test_the_undo_knows_the_mode_there_was() -> None:
    prefs = PREFS.replace('"NetfilterMode": 2', '"NetfilterMode": 1')
    assert "\ntailscale set --netfilter-mode=nodivert\nEND" in offered(parts={"prefs": (prefs, 0)})["off"].apply


@pytest.mark.parametrize(
    ("firewall", "apply", "undo"),
    [
        (HostFirewall("none"), [], []),
        (
            HostFirewall("ufw"),
            ["ufw allow in on tailscale0", "ufw allow 41641/udp"],
            ["ufw delete allow in on tailscale0", "ufw delete allow 41641/udp"],
        ),
        (HostFirewall("ufw", card=True), ["ufw allow 41641/udp"], ["ufw delete allow 41641/udp"]),
        (HostFirewall("ufw", card=True, port=True), [], []),
        (
            HostFirewall("firewalld", port=True, zone="public"),
            [f"firewall-cmd {scope}--zone=trusted --change-interface=tailscale0" for scope in ("--permanent ", "")],
            [f"firewall-cmd {scope}--zone=public --change-interface=tailscale0" for scope in ("--permanent ", "")],
        ),
        (
            HostFirewall("firewalld", card=True),
            ["firewall-cmd --permanent --add-port=41641/udp", "firewall-cmd --add-port=41641/udp"],
            ["firewall-cmd --permanent --remove-port=41641/udp", "firewall-cmd --remove-port=41641/udp"],
        ),
    ],
)  # fmt: skip
def test_what_must_be_allowed(firewall: HostFirewall, apply: list[str], undo: list[str]) -> None:
    found = accept(firewall, systemd=True)
    assert (list(found.apply), list(found.undo), found.blocked) == (apply, undo, None)


def test_accepting_comes_before_taking_away_and_the_other_way_round_when_undoing() -> None:
    mend = offered(after=rules(9).replace("-P INPUT ACCEPT", "-P INPUT DROP"))["nodivert"]
    lines = mend.apply.splitlines()
    unit = next(n for n, line in enumerate(lines) if line.startswith("systemctl restart zhinan"))
    assert unit < lines.index("tailscale set --netfilter-mode=nodivert") == len(lines) - 1
    undo = mend.apply.split("# nodivert\n")[1].split("\nEND")[0].splitlines()
    assert undo.index("tailscale set --netfilter-mode=on") < next(n for n, line in enumerate(undo) if line.startswith("systemctl disable"))


@pytest.mark.parametrize(("kind", "systemd"), [("unknown", True), ("iptables", False), ("nftables", False)])
def test_what_cannot_be_done_safely_is_blocked(kind: Any, systemd: bool) -> None:
    found = accept(HostFirewall(kind, "inet f in"), systemd=systemd)
    assert found.blocked
    assert found.apply == ()


def test_an_advertised_route_is_part_of_the_price() -> None:
    prefs = PREFS.replace("null", '["10.0.0.0/8"]')
    assert "10.0.0.0/8" in offered(parts={"prefs": (prefs, 0)})["off"].price.en


@pytest.mark.parametrize(("routes", "value"), [(ROUTES, 1), (ROUTES + ROUTES.splitlines()[1].replace("eth0", "eth1") + "\n", 2)])
def test_reverse_path_filtering_fits_the_ways_out(routes: str, value: int) -> None:
    mend = offered(has_token=True, routes=routes)["attribute"]
    assert f"tee {SYSCTL} >/dev/null <<'END'\nnet.ipv4.conf.all.rp_filter = {value}\nEND" in mend.apply
    assert f"rm -f {SYSCTL}\nsysctl -qw net.ipv4.conf.all.rp_filter=0 || true" in mend.apply
    assert SYSCTL.rsplit("/", 1)[1] > "99-apsara-sysctl.conf"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    need()
    with Server(tmp_path) as one:
        yield one


def script_of(firewall: HostFirewall) -> str:
    """The text that `accept` would write to its script file."""
    return accept(firewall, systemd=True).apply[0].removeprefix(f"tee {SCRIPT} >/dev/null <<'END'\n").removesuffix("\nEND")


def rules_now(server: Server) -> list[str]:
    return server.run("iptables -S INPUT; ip6tables -S INPUT").stdout.splitlines()


def test_the_accept_script_really_accepts_once_and_takes_back_only_its_own(server: Server, tmp_path: Path) -> None:
    script = tmp_path / "accept"
    script.write_text(script_of(HostFirewall("iptables")))
    assert server.run("iptables -P INPUT DROP; iptables -A INPUT -i tailscale0 -j ACCEPT").returncode == 0
    before = rules_now(server)
    for _ in range(2):
        assert server.run(f"sh {script} start").returncode == 0
        ours = [line for line in rules_now(server) if "--comment zhinan -j ACCEPT" in line]
        assert sorted(line.split(" -m ")[0] for line in ours) == sorted(2 * ["-A INPUT -i tailscale0", "-A INPUT -p udp"])
    assert server.run(f"sh {script} stop").returncode == 0
    assert rules_now(server) == before


def test_the_same_for_nftables(server: Server, tmp_path: Path) -> None:
    script = tmp_path / "accept"
    script.write_text(script_of(HostFirewall("nftables", "inet fw in")))
    made = server.run("nft add table inet fw; nft 'add chain inet fw in { type filter hook input priority 0; policy drop; }'; nft add rule inet fw in iif lo accept")  # fmt: skip # noqa: E501
    assert made.returncode == 0, made.stderr
    before = server.run("nft list chain inet fw in").stdout
    for _ in range(2):
        assert server.run(f"sh {script} start").returncode == 0
        now = server.run("nft list chain inet fw in").stdout
        assert now.count('comment "zhinan"') == 2
    assert now.index("tailscale0") < now.index('iif "lo"')
    assert server.run(f"sh {script} stop").returncode == 0
    assert server.run("nft list chain inet fw in").stdout == before
