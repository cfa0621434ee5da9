"""The way the guide installs Tailscale, byte for byte, with Debian's own curl, gpg and apt on the lab's web server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab import Host, Lab

INSTALL = "set -o pipefail; curl -fsSL https://tailscale.com/install.sh | sh"
REMOVE = "apt-get purge -y tailscale tailscale-archive-keyring; rm -f /etc/apt/sources.list.d/tailscale.list"


@pytest.fixture
def bare(server: Host) -> Iterator[Host]:
    """The server without Tailscale, before and after."""
    server.exec(REMOVE)
    yield server
    server.exec(REMOVE)


def test_the_guides_command_installs_enables_and_starts(bare: Host) -> None:
    done = bare.exec(INSTALL)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Installation complete! Log in to start using Tailscale by running:\n\ntailscale up\n")
    assert "+ apt-get install -y tailscale tailscale-archive-keyring" in done.stderr.splitlines()
    assert bare.exec("tailscale version | head -1").stdout == "1.102.3\n"
    assert bare.exec("systemctl is-active tailscaled; systemctl is-enabled tailscaled").stdout == "active\nenabled\n"
    again = bare.exec("tailscale ip -4")
    assert (again.returncode, again.stderr) == (1, "no current Tailscale IPs; state: NeedsLogin\n")


def test_a_second_installation_changes_nothing(bare: Host) -> None:
    bare.exec(INSTALL, check=True)
    assert "tailscale is already the newest version (1.102.3)" in bare.exec(INSTALL, check=True).stdout


def test_purging_leaves_no_service_behind(bare: Host) -> None:
    bare.exec(INSTALL, check=True)
    bare.exec(REMOVE, check=True)
    assert bare.exec("systemctl list-unit-files tailscaled.service --no-legend; ls /var/lib/tailscale /usr/bin/tailscale").stdout == ""


def test_apt_refuses_packages_that_the_repositorys_key_did_not_sign(bare: Host, lab: Lab) -> None:
    bare.exec(INSTALL, check=True)
    release = lab.web / "stable/debian/dists/bookworm/InRelease"
    signed = release.read_text()
    try:
        release.write_text(signed.replace("Label: Tailscale", "Label: Tailscalf"))
        refused = bare.exec("rm -rf /var/lib/apt/lists/*; apt-get update -o APT::Update::Error-Mode=any")
    finally:
        release.write_text(signed)
    assert refused.returncode != 0
    assert "signature" in refused.stderr


def test_without_the_link_the_installer_says_what_it_cannot_reach(bare: Host) -> None:
    bare.exec("curl -fsSL https://tailscale.com/install.sh -o /root/install.sh", check=True)
    with bare.cut_off():
        done = bare.exec("sed -i 's/curl -fsSL/curl -fsSL --connect-timeout 2/' /root/install.sh; sh /root/install.sh")
    assert done.returncode == 1
    assert done.stdout.startswith("The installer cannot reach https://pkgs.tailscale.com/\n")
