"""Every system's Tailscale, from what the look prints there; and what gets in its way."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tui.judge.local_install import MAC_APP, MAC_CLIS, WINDOWS_CLIS, Advice, Found, Kind, Look, advice, found, read_look
from tui.judge.local_probe import POSIX, STATUS_POSIX, STATUS_WINDOWS, WINDOWS
from tui.judge.local_troubles import troubles
from tui.judge.tailnet import Backend, Node, Prefs, Tailnet

WINDOWS_LOOK = (
    "system=windows\r\narch=AMD64\r\ncli=C:\\Program Files\\Tailscale\\tailscale.exe\r\nservice=Running\r\ntool=winget\r\ntool=ssh\r\n"
    "resolved=192.200.0.101\r\nroute=0.0.0.0/0 WLAN\r\nroute=100.96.12.34/32 Tailscale\r\nroute=100.100.100.100/32 Tailscale\r\n"
    "address=192.168.1.5 WLAN\r\naddress=100.96.12.34 Tailscale\r\n"
)
STORE = (
    f"system=Darwin\narch=arm64\ncli=\ncli={MAC_APP}/Contents/MacOS/Tailscale\ntool=brew\ntool=ssh\napp={MAC_APP}\n"
    "bundle=io.tailscale.ipn.macos\nreceipt=yes\nservice=running\nresolved=192.200.0.101\n"
    "route=100.64/10 utun4\nroute=100.96.12.34 utun4\nroute=192.168.1 en0\naddress=192.168.1.7 en0\naddress=100.96.12.34 utun4\n"
)
STANDALONE = STORE.replace("ipn.macos", "ipn.macsys").replace("receipt=yes\n", "").replace("cli=\n", "cli=/usr/local/bin/tailscale\n", 1)
OPEN = "system=Darwin\narch=x86_64\ncli=/opt/homebrew/bin/tailscale\ntool=brew\nservice=stopped\n"
LINUX = (
    "system=Linux\narch=x86_64\ndistribution=ubuntu\ncli=/usr/bin/tailscale\ncli=/usr/bin/tailscale\ntool=ssh\nservice=active\n"
    "route=default wlp2s0\nroute=100.96.0.9 tailscale0\nroute=100.100.100.100 tailscale0\n"
    "address=127.0.0.1 lo\naddress=100.96.12.34 tailscale0\n"
)
MINE = Tailnet(
    Backend.RUNNING, addresses=("100.96.12.34",), me=Node("n1", addresses=("100.96.12.34",)), name="ann@example.com", magic_dns=True
)


@pytest.mark.parametrize(
    ("said", "there"),
    [
        (WINDOWS_LOOK, Found(Kind.WINDOWS, r"C:\Program Files\Tailscale\tailscale.exe", running=True)),
        (STORE, Found(Kind.MAC_STORE, f"{MAC_APP}/Contents/MacOS/Tailscale", running=True)),
        (STANDALONE, Found(Kind.MAC_STANDALONE, f"{MAC_APP}/Contents/MacOS/Tailscale", running=True)),
        (OPEN, Found(Kind.MAC_OPEN, "/opt/homebrew/bin/tailscale", running=False)),
        (LINUX, Found(Kind.LINUX, "/usr/bin/tailscale", running=True)),
        ("system=Linux\nservice=\n", Found(Kind.NONE)),
        ("system=Darwin\ncli=\nservice=stopped\n", Found(Kind.NONE)),
        ("system=windows\r\n", Found(Kind.NONE)),
        ("", Found(Kind.NONE)),
    ],
)
def test_which_tailscale_it_is(said: str, there: Found) -> None:
    assert found(read_look(said)) == there


def test_a_service_whose_command_is_not_found_is_installed_all_the_same() -> None:
    there = found(read_look("system=windows\r\nservice=Stopped\r\n"))
    assert (there.kind, there.cli, there.running) == (Kind.WINDOWS, "", False)
    assert there.command("windows") == "& 'tailscale'"


def test_the_command_as_each_shell_reads_it() -> None:
    assert found(read_look(WINDOWS_LOOK)).command("windows") == r"& 'C:\Program Files\Tailscale\tailscale.exe'"
    assert Found(Kind.LINUX, "/opt/my programs/tailscale").command("linux") == "'/opt/my programs/tailscale'"


def missing(said: str) -> Advice:
    look = read_look(said)
    return advice(found(look), look)


@pytest.mark.parametrize(
    ("said", "command", "page"),
    [
        ("system=windows\narch=AMD64\ntool=winget\n", "winget install --id Tailscale.Tailscale -e", "setup-latest-amd64.msi"),
        ("system=windows\narch=ARM64\n", "", "setup-latest-arm64.msi"),
        ("system=Darwin\ntool=brew\n", "brew install --cask tailscale-app", "/download/mac"),
        ("system=Darwin\n", "", "/download/mac"),
        ("system=Linux\ndistribution=debian\n", "curl -fsSL https://tailscale.com/install.sh | sh", "/download/linux"),
        ('system=Linux\ndistribution="openEuler"\n', "", "#static"),
        ("system=Linux\ndistribution=arch\n", "sudo pacman -S tailscale && sudo systemctl enable --now tailscaled", "/download/linux"),
        ("system=Linux\ndistribution=nixos\n", "", "/download/linux"),
        ("system=FreeBSD\n", "", "https://tailscale.com/download"),
    ],
)
def test_the_way_to_it_on_each_system(said: str, command: str, page: str) -> None:
    way = missing(said)
    assert (way.command, way.page.endswith(page)) == (command, True)
    assert "{" not in way.say.zh + way.say.en


@pytest.mark.parametrize(
    ("said", "command"),
    [
        (WINDOWS_LOOK.replace("Running", "Stopped"), "Start-Service Tailscale"),
        (STORE.replace("service=running", "service=stopped"), "open -a Tailscale"),
        (OPEN, "sudo brew services start tailscale"),
        (OPEN.replace("/opt/homebrew", "/usr/local"), "sudo tailscaled install-system-daemon"),
        (LINUX.replace("service=active", "service=inactive"), "sudo systemctl enable --now tailscaled"),
    ],
)
def test_installed_but_not_running(said: str, command: str) -> None:
    assert missing(said).command == command


def test_one_that_runs_needs_nothing() -> None:
    assert missing(LINUX).command == ""


@pytest.mark.parametrize("said", [WINDOWS_LOOK, STORE, STANDALONE, LINUX])
def test_a_healthy_computer_has_no_troubles(said: str) -> None:
    assert troubles(read_look(said), MINE, Prefs()) == ()


def ids(look: Look, tailnet: Tailnet | None = MINE, prefs: Prefs | None = None) -> list[str]:
    return [each.id for each in troubles(look, tailnet, prefs)]


def test_fake_answers_of_a_proxy() -> None:
    look = read_look(LINUX + "resolved=198.18.0.23\n")
    (trouble,) = troubles(look, MINE)
    assert (trouble.id, trouble.blocks, trouble.line) == ("clash-tun-conflict", True, "controlplane.tailscale.com -> 198.18.0.23")
    assert ids(read_look(LINUX + "resolved=198.20.0.1\n")) == []


def test_the_card_of_a_proxy_alone_does_not_block() -> None:
    (trouble,) = troubles(read_look(LINUX + "address=198.18.0.1 Meta\n"), MINE)
    assert (trouble.id, trouble.blocks, trouble.line) == ("clash-tun-conflict", False, "Meta 198.18.0.1")


@pytest.mark.parametrize(
    "route",
    ["100.64.0.0/10 CloudflareWARP", "100.64/10 utun7", "100.96.0.0/12 tun0", "100.0.0.0/8 ppp0", "100.100.2 utun9", "100.72.3.4 wwan0"],
)
def test_another_network_in_the_range(route: str) -> None:
    for base in (LINUX, STORE):
        (trouble,) = troubles(read_look(f"{base}route={route}\n"), MINE)
        assert (trouble.id, trouble.line) == ("other-vpn-conflict", route)


@pytest.mark.parametrize(
    "route", ["default tun0", "0.0.0.0/0 WLAN", "64.0.0.0/2 tun0", "101.0.0.0/8 ppp0", "100.128/10 utun7", "fe80::/10 x", "rubbish"]
)
def test_routes_to_elsewhere_are_nobodys_business(route: str) -> None:
    assert ids(read_look(f"{LINUX}route={route}\n")) == []


def test_names_switched_off() -> None:
    assert ids(read_look(LINUX), replace(MINE, magic_dns=False)) == ["magicdns-name-not-resolved"]
    assert ids(read_look(LINUX), MINE, Prefs(accept_dns=False)) == ["magicdns-name-not-resolved"]
    assert ids(read_look(LINUX), None) == []


def test_a_proxy_is_told_without_its_password() -> None:
    (trouble,) = troubles(read_look(LINUX + "proxy=http://ann:geheim@127.0.0.1:7890\n"), MINE)
    assert trouble.line == "http://127.0.0.1:7890"
    assert "geheim" not in str(trouble)


def run_look(folder: Path, **programs: str) -> Look:
    """The POSIX look, run here with stand-ins for the system's own programs."""
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    env = {**kept, "PATH": f"{folder}:{os.environ['PATH']}", "https_proxy": "http://127.0.0.1:7890"}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", POSIX], capture_output=True, text=True, check=True, env=env)
    return read_look(done.stdout)


def test_the_look_on_linux(tmp_path: Path) -> None:
    look = run_look(
        tmp_path,
        tailscale="exit 0",
        uname="case $1 in -s) echo Linux;; *) echo x86_64;; esac",
        systemctl="echo active",
        getent="printf '198.18.0.5      STREAM controlplane.tailscale.com\\n198.18.0.5      DGRAM\\n'",
        ip='case "$*" in *route*) printf "default via 192.0.2.1 dev eth0 proto dhcp\\n100.64.0.0/10 dev tun7 table 52\\n'
        'local 127.0.0.1 dev lo\\n";;'
        ' *) printf "1: lo    inet 127.0.0.1/8 scope host lo\\n2: eth0    inet 192.0.2.5/24 brd 192.0.2.255\\n";; esac',
    )
    assert (look.system, look.service, look.resolved) == ("linux", "active", ("198.18.0.5",))
    assert look.clis[0] == str(tmp_path / "tailscale")
    assert look.routes == (("default", "eth0"), ("100.64.0.0/10", "tun7"))
    assert look.addresses == (("127.0.0.1", "lo"), ("192.0.2.5", "eth0"))
    assert look.proxies == ("http://127.0.0.1:7890",)


def test_the_look_on_a_mac(tmp_path: Path) -> None:
    look = run_look(
        tmp_path,
        uname="case $1 in -s) echo Darwin;; *) echo arm64;; esac",
        pgrep="exit 1",
        dscacheutil="printf 'name: controlplane.tailscale.com\\nip_address: 192.200.0.101\\nip_address: 192.200.0.102\\n'",
        netstat="printf 'Routing tables\\n\\nInternet:\\nDestination Gateway Flags Netif Expire\\ndefault 192.168.1.1 UGScg en0\\n"
        "100.64/10 link#22 UCS utun4\\n'",
        ifconfig="printf 'en0: flags=8863<UP> mtu 1500\\n\\tinet 192.168.1.7 netmask 0xffffff00\\n"
        "utun4: flags=8051<UP>\\n\\tinet 100.96.12.34 --> 100.96.12.34\\n'",
        scutil="printf '<dictionary> {\\n  HTTPSEnable : 1\\n  HTTPSPort : 7890\\n  HTTPSProxy : 127.0.0.1\\n}\\n'",
    )
    assert (look.system, look.arch, look.service) == ("macos", "arm64", "stopped")
    assert look.resolved == ("192.200.0.101", "192.200.0.102")
    assert look.routes == (("100.64/10", "utun4"),)
    assert look.addresses == (("192.168.1.7", "en0"), ("100.96.12.34", "utun4"))
    assert look.proxies == ("http://127.0.0.1:7890", "127.0.0.1:7890")


def ask_status(path: str, script: str = STATUS_POSIX) -> subprocess.CompletedProcess[str]:
    words = ["/bin/bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(words, capture_output=True, text=True, check=False, env={"PATH": path})


def test_the_status_of_a_mac_whose_search_path_lacks_the_command(tmp_path: Path) -> None:
    app = tmp_path / "Tailscale"
    app.write_text('#!/bin/bash\necho "app $*"\n')
    app.chmod(0o755)
    there = STATUS_POSIX.replace(MAC_CLIS[0], str(app))
    assert there != STATUS_POSIX
    assert ask_status("/usr/bin:/bin", there).stdout == "app status --json\n"


def test_a_status_from_the_search_path_and_from_nowhere(tmp_path: Path) -> None:
    """Without the system's own folders on the path, as in a rehearsal, theirs are not asked."""
    nothing = ask_status(str(tmp_path))
    assert (nothing.returncode, nothing.stderr) == (127, "tailscale: command not found\n")
    command = tmp_path / "tailscale"
    command.write_text('#!/bin/bash\necho "found $*"; exit 1\n')
    command.chmod(0o755)
    found = ask_status(str(tmp_path))
    assert (found.returncode, found.stdout) == (1, "found status --json\n")


def test_the_status_on_windows_is_asked_of_the_same_files() -> None:
    for cli in WINDOWS_CLIS:
        assert f"'{cli}'" in STATUS_WINDOWS


def test_the_look_on_windows_asks_for_the_same_names() -> None:
    """It can't be run here; what can be held is that each word it prints is one the reader knows."""
    for name in ("system", "arch", "cli", "service", "tool", "proxy", "resolved", "route", "address"):
        assert f'"{name}=' in WINDOWS
    assert r"'C:\Program Files\Tailscale\tailscale.exe'" in WINDOWS
