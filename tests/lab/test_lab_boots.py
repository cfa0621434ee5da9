"""The lab itself: if these fail, no other test of the lab says anything."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
from lab import Host, Lab
from lab.network import PART


@pytest.mark.parametrize("name", ["server", "jump"])
def test_systemd_runs_and_nothing_failed(lab: Lab, name: str) -> None:
    host = lab.hosts[name]
    assert host.exec("systemctl is-system-running --wait").stdout == "running\n"
    assert host.exec("hostname").stdout == f"{name}\n"
    assert host.exec("cat /proc/1/comm").stdout == "systemd\n"


@pytest.mark.parametrize("alias", ["server", "jump", "behind"])
def test_openssh_logs_in_and_knows_the_host(lab: Lab, alias: str) -> None:
    done = subprocess.run(
        [
            "ssh",
            "-F",
            str(lab.ssh_config),
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=yes",
            alias,
            "hostname; echo $SSH_CONNECTION",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    name, connection = done.stdout.splitlines()
    assert name == ("jump" if alias == "jump" else "server")
    came_from = lab.hosts["jump"].ip if alias == "behind" else lab.internet.machine
    assert connection.split()[0] == came_from


def test_a_cut_link_carries_nothing_and_a_mended_one_does(server: Host) -> None:
    with server.cut_off(), pytest.raises(TimeoutError):
        socket.create_connection((server.ip, 22), timeout=1).close()
    with socket.create_connection((server.ip, 22), timeout=30) as line:
        assert line.recv(8) == b"SSH-2.0-"


def test_the_readers_line_is_another_than_the_hosts(lab: Lab, server: Host) -> None:
    lab.cut()
    try:
        with pytest.raises(TimeoutError):
            socket.create_connection((server.ip, 22), timeout=1).close()
        assert server.exec("curl -fsS -o /dev/null https://tailscale.com/").returncode == 0
    finally:
        lab.mend()
    socket.create_connection((server.ip, 22), timeout=30).close()


@pytest.mark.parametrize(
    ("user", "words", "exit_code"),
    [("root", "id -u", 0), ("dev", "sudo -n id -u", 0), ("ops", "sudo -n id -u", 1), ("guest", "sudo -n id -u", 1)],
)
def test_accounts_may_what_they_are_meant_to(lab: Lab, server: Host, user: str, words: str, exit_code: int) -> None:
    command = ["ssh", "-F", str(lab.ssh_config), "-o", "BatchMode=yes", "-l", user, "server", words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (exit_code, "0\n" if exit_code == 0 else ""), done.stderr


def test_sudo_takes_the_password_of_ops_and_not_of_guest(lab: Lab, server: Host) -> None:
    ask = "runuser -u {} -- sudo -S -p '' id -u"
    assert server.exec(ask.format("ops"), text=lab.password + "\n").stdout == "0\n"
    assert "not in the sudoers file" in server.exec(ask.format("guest"), text=lab.password + "\n").stderr


def test_a_host_has_one_link_and_it_leads_into_the_lab(server: Host) -> None:
    links = server.exec("ip -brief -4 addr | sed 's/@[^ ]*//' | awk '{print $1, $3}'").stdout.split()
    assert links == ["lo", "127.0.0.1/8", "eth0", f"{server.ip}/{PART}"]
    assert server.exec("timeout 2 bash -c '</dev/tcp/192.0.2.1/80'").returncode != 0


def test_the_disks_are_thrown_away_layers(lab: Lab, server: Host) -> None:
    server.exec("touch /etc/only-here", check=True)
    assert (server.root / "etc/only-here").exists()
    assert not Path(lab.hosts["jump"].root, "etc/only-here").exists()
    server.exec("rm /etc/only-here")


def test_names_of_tailscale_lead_to_the_lab_and_are_trusted(server: Host) -> None:
    got = server.exec("curl -fsS https://pkgs.tailscale.com/stable/debian/bookworm/installer-supported")
    assert (got.stdout, got.stderr) == ("OK\n", "")
