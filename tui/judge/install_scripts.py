"""The scripts that put Tailscale onto a machine and take it away again. The first is the official command, byte for byte."""

from __future__ import annotations

import shlex
from typing import Final

INSTALLER: Final = "curl -fsSL https://tailscale.com/install.sh | sh"
WGET: Final = "wget -qO- https://tailscale.com/install.sh | sh"
PKGS: Final = "https://pkgs.tailscale.com"

_ENABLE: Final = "sudo systemctl enable --now tailscaled\n"
_STATE: Final = "sudo rm -rf /var/lib/tailscale /var/cache/tailscale\n"
UNDO_APT: Final = (
    "sudo apt-get purge -y tailscale tailscale-archive-keyring || sudo apt-get purge -y tailscale\n"
    "sudo rm -f /etc/apt/sources.list.d/tailscale.list /usr/share/keyrings/tailscale-archive-keyring.gpg\n"
    f"{_STATE}"
)
UNDO_RPM: Final = (
    "if command -v dnf >/dev/null; then sudo dnf remove -y tailscale; else sudo yum remove -y tailscale; fi\n"
    "sudo rm -f /etc/yum.repos.d/tailscale.repo /etc/default/tailscaled\n"
    f"{_STATE}"
)
UNDO_TARBALL: Final = (
    "sudo systemctl disable --now tailscaled\n"
    "sudo rm -f /usr/bin/tailscale /usr/sbin/tailscaled /etc/systemd/system/tailscaled.service /etc/default/tailscaled\n"
    "sudo systemctl daemon-reload\n"
    f"{_STATE}"
)


def rpm_by_hand(base: str, el: str, manager: str, fetch: str) -> str:
    """The repository of a CentOS release, with dnf or yum. The repository file names the official server; a mirror is put in its place."""
    address = shlex.quote(f"{base}/stable/centos/{el}/tailscale.repo")
    swap = f" | sed 's|{PKGS}|{base}|g'" if base != PKGS else ""
    return (
        f"{fetch} {address}{swap} | sudo tee /etc/yum.repos.d/tailscale.repo >/dev/null\n"
        f"sudo {manager} install -y tailscale\n"
        f"{_ENABLE}"
    )  # fmt: skip


def apt_by_hand(base: str, system: str, codename: str, fetch: str) -> str:
    """The installer's own commands for apt, from a mirror. The package starts and enables its service itself."""
    stem = f"{base}/stable/{system}/{codename}"
    return (
        "sudo mkdir -p --mode=0755 /usr/share/keyrings\n"
        f"{fetch} {shlex.quote(stem + '.noarmor.gpg')} | sudo tee /usr/share/keyrings/tailscale-archive-keyring.gpg >/dev/null\n"
        f"{fetch} {shlex.quote(stem + '.tailscale-keyring.list')} | sed 's|{PKGS}|{base}|g' "
        "| sudo tee /etc/apt/sources.list.d/tailscale.list >/dev/null\n"
        "sudo chmod 0644 /usr/share/keyrings/tailscale-archive-keyring.gpg /etc/apt/sources.list.d/tailscale.list\n"
        "sudo apt-get update\n"
        "sudo DEBIAN_FRONTEND=noninteractive apt-get install -y tailscale\n"
    )


def tarball(base: str, arch: str, fetch: str) -> str:
    """The newest static binaries, made a service."""
    index = shlex.quote(f"{base}/stable/?mode=json&os=linux")
    return (
        f"file=$({fetch} {index} | grep -o 'tailscale_[0-9.]*_{arch}[.]tgz' | sed -n 1p)\n"
        '[ -n "$file" ] || { echo "no static binaries in the index" >&2; exit 1; }\n'
        "work=$(mktemp -d)\n"
        "trap 'rm -rf \"$work\"' EXIT\n"
        f'{fetch} {shlex.quote(base + "/stable/")}"$file" >"$work/tailscale.tgz"\n'
        f"{unpack('$work/tailscale.tgz')}"
    )


def unpack(archive: str) -> str:
    """Install the static binaries from an archive on the machine (a word for the inside of double quotes); `$work` is a folder to use."""
    return (
        f'tar -xzf "{archive}" -C "$work" --strip-components=1\n'
        'sudo install -m 0755 "$work/tailscale" /usr/bin/tailscale\n'
        'sudo install -m 0755 "$work/tailscaled" /usr/sbin/tailscaled\n'
        'sudo install -m 0644 "$work/systemd/tailscaled.service" /etc/systemd/system/tailscaled.service\n'
        '[ -e /etc/default/tailscaled ] || sudo install -m 0644 "$work/systemd/tailscaled.defaults" /etc/default/tailscaled\n'
        "sudo systemctl daemon-reload\n"
        f"{_ENABLE}"
    )


def from_package(path: str, kind: str) -> str:
    """Install a package file that lies on the machine at `path` (a safe word); `kind` is deb, rpm or tgz."""
    if kind == "deb":
        return f"sudo DEBIAN_FRONTEND=noninteractive apt-get install -y {path} || sudo dpkg -i {path}\n"
    if kind == "rpm":
        managers = f"if command -v dnf >/dev/null; then sudo dnf install -y {path}; else sudo yum install -y {path}; fi\n"
        return f"{managers}{_ENABLE}"
    return f"work=$(mktemp -d)\ntrap 'rm -rf \"$work\"' EXIT\n{unpack(path)}"
