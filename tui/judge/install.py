"""Which way Tailscale gets onto a Linux machine: the official installer where it knows the system, else a way of our own, else why not.

The installer does not know several distributions that are common on Alibaba Cloud. What it would do with each was found by running it
with their os-release texts; for those it refuses there is the package repository of the CentOS release they descend from, or the static
binaries. Everything here is text in, plan out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tui.judge.install_scripts import INSTALLER, PKGS, UNDO_APT, UNDO_RPM, UNDO_TARBALL, WGET, apt_by_hand, rpm_by_hand, tarball
from tui.texts import Text


class Way(StrEnum):
    """How it gets there."""

    INSTALLER = "installer"
    REPO = "repository by hand"
    TARBALL = "static binaries"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class System:
    """What a machine is and has. `release` are the fields of /etc/os-release; `tools` the programs of `TOOLS` found on it.

    `kernel` and `machine` are what `uname -s` and `uname -m` say; `systemd` whether systemd runs it.
    """

    release: Mapping[str, str]
    tools: frozenset[str] = frozenset()
    systemd: bool = True
    kernel: str = "Linux"
    machine: str = "x86_64"

    @property
    def id(self) -> str:
        """The distribution's id, in lower case."""
        return self.release.get("ID", "").lower()

    @property
    def major(self) -> str:
        """The first part of its version."""
        return re.split(r"[.\s-]", self.release.get("VERSION_ID", "").lower().removeprefix("v"))[0]

    @property
    def name(self) -> str:
        """Its name for a person."""
        return self.release.get("PRETTY_NAME") or self.release.get("NAME") or self.id or self.kernel


@dataclass(frozen=True, slots=True)
class Plan:
    """The way, why it is this one, the script that goes it, and the script that takes it all away again ("" where unsupported).

    `cause` is the id of the failure page about what makes it unsupported, where there is one.
    """

    way: Way
    say: Text
    script: str = ""
    undo: str = ""
    cause: str = ""


TOOLS: Final = ("apt-get", "dnf", "yum", "zypper", "apk", "pacman", "curl", "wget", "tar", "rc-service", "sv")
_KEEPERS: Final = frozenset({"rc-service", "sv"})
"""What looks after services on the systems without systemd that the installer knows."""
_APT: Final = frozenset(
    {
        "ubuntu", "pop", "neon", "tuxedo", "debian", "linuxmint", "elementary", "zorin", "galliumos", "parrot", "mendel", "pureos",
        "kaisen", "kali", "osmc", "sparky", "pika", "deepin", "raspbian", "industrial-os",
    }
)  # fmt: skip
_RPM: Final = frozenset(
    {
        "centos", "ol", "rhel", "miraclelinux", "fedora", "rocky", "almalinux", "nobara", "openmandriva", "sangoma", "risios", "cloudlinux",
        "alinux", "fedora-asahi-remix", "ultramarine", "amzn", "xenenterprise",
    }
)  # fmt: skip
_OTHERS: Final = re.compile(r"opensuse.*|sles|sle-micro-rancher|arch.*|manjaro.*|alpine|postmarketos|void|gentoo|photon")
_BY_HAND: Final = frozenset({"nixos", "bazzite", "steamos", "kde-linux"})
_DESCENT: Final[Mapping[tuple[str, str], str]] = {
    ("alinux", "2"): "7", ("anolis", "7"): "7", ("anolis", "8"): "8", ("anolis", "23"): "9",
    ("openeuler", "20"): "8", ("openeuler", "22"): "9", ("openeuler", "24"): "9",
    ("opencloudos", "8"): "8", ("opencloudos", "9"): "9", ("tencentos", "2"): "7", ("tencentos", "3"): "8", ("tencentos", "4"): "9",
    ("kylin", "10"): "8", ("kylin", "11"): "9", ("uos", "20"): "8",
}  # fmt: skip
"""The CentOS release a distribution descends from, for those the installer does not know (or has no package manager for)."""
_ARCHES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

_KNOWN: Final = Text("{name}：官方安装脚本认识它", "{name}: the official installer knows it")
_REPO: Final = Text(
    "{name}：官方安装脚本不认识它，手工加上 CentOS {el} 的软件源再安装（同一套软件包）",
    "{name}: the official installer does not know it; the repository for CentOS {el} is added by hand (the same packages)",
)
_MIRROR: Final = Text(
    "{name}：从你给的镜像 {mirror} 安装，软件包仍按官方签名核对",
    "{name}: from your mirror {mirror}, packages still checked against the official signature",
)
_TARBALL: Final = Text(
    "{name}：没有合适的软件源，用官方的静态程序包安装，并登记成系统服务；以后升级要再做一次",
    "{name}: no repository fits; the official static binaries are installed and made a service; upgrading means doing it again",
)


_NO_SYSTEMD: Final = Text(
    "{name} 没有用 systemd 启动（多半是容器，或没开 systemd 的 WSL），装好也没有谁来启动 Tailscale，所以什么都没有改："
    "换一台用 systemd 启动的机器；WSL 在 /etc/wsl.conf 的 [boot] 里写 systemd=true 再重启",
    "{name} was not started by systemd (a container, or WSL without it), so nothing would start Tailscale, and nothing was changed: use a "
    "machine that systemd starts; in WSL write systemd=true under [boot] in /etc/wsl.conf and restart it",
)


def read_os_release(text: str) -> dict[str, str]:
    """The fields of an os-release file; lines that are none are left out."""
    found = {}
    for name, value in re.findall(r"^[ \t]*([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE):
        try:
            found[name] = "".join(shlex.split(value.rstrip("\r")))
        except ValueError:
            found[name] = value.strip("\"' \r")
    return found


SYSTEM: Final = f"""printf 'kernel=%s\\nmachine=%s\\n' "$(uname -s)" "$(uname -m)"
printf 'tools='; for each in {" ".join(TOOLS)}; do command -v "$each" >/dev/null && printf '%s ' "$each" || true; done; echo
[ -d /run/systemd/system ] && echo systemd=yes || echo systemd=no
cat /etc/os-release 2>/dev/null || true
"""
"""The look that `read_system` reads."""


def read_system(said: str) -> System:
    """What `SYSTEM` printed."""
    facts = dict(re.findall(r"^(kernel|machine|tools|systemd)=(.*)$", said, re.MULTILINE))
    return System(
        read_os_release(said),
        frozenset(facts.get("tools", "").split()),
        facts.get("systemd") == "yes",
        facts.get("kernel", "").strip() or "Linux",
        facts.get("machine", "").strip(),
    )


def plan(system: System, mirror: str = "") -> Plan:
    """The way for this machine. `mirror` is a base address to use instead of Tailscale's own package server."""
    if system.kernel != "Linux":
        text = Text(
            "这是 {name}，不是 Linux：从 https://tailscale.com/download 安装",
            "this is {name}, not Linux: install from https://tailscale.com/download",
        )
        return Plan(Way.UNSUPPORTED, text.fill(name=system.kernel))
    if system.id in _BY_HAND:
        text = Text(
            "{name} 要在系统自己的配置里启用 Tailscale，不能用脚本装", "{name} enables Tailscale in its own configuration, not by a script"
        )
        return Plan(Way.UNSUPPORTED, text.fill(name=system.name))
    if not system.systemd and not _KEEPERS & system.tools:
        return Plan(Way.UNSUPPORTED, _NO_SYSTEMD.fill(name=system.name), cause="no-systemd")
    if not {"curl", "wget"} & system.tools:
        return _without_curl(system)
    if system.id == "alinux" and "dnf" not in system.tools:
        return _by_repository(system, mirror)
    if system.id in _APT:
        return _with_installer(system, UNDO_APT) if not mirror else _apt_mirror(system, mirror)
    if system.id in _RPM:
        return _with_installer(system, UNDO_RPM) if not mirror else _by_repository(system, mirror)
    if _OTHERS.fullmatch(system.id) and not mirror:
        return _with_installer(system, "")
    return _by_repository(system, mirror)


def _with_installer(system: System, undo: str) -> Plan:
    script = INSTALLER if "curl" in system.tools else WGET
    return Plan(Way.INSTALLER, _KNOWN.fill(name=system.name), script, undo)


def _apt_mirror(system: System, mirror: str) -> Plan:
    base = "debian" if system.id in ("debian", "raspbian") else "ubuntu"
    codename = system.release.get("UBUNTU_CODENAME") or system.release.get("VERSION_CODENAME", "")
    if not re.fullmatch(r"[a-z]+", codename) or system.id not in ("debian", "ubuntu", "raspbian"):
        return _by_tarball(system, mirror)
    return Plan(Way.REPO, _MIRROR.fill(name=system.name, mirror=mirror), apt_by_hand(mirror, base, codename, _fetch(system)), UNDO_APT)


def _by_repository(system: System, mirror: str) -> Plan:
    manager = next((each for each in ("dnf", "yum") if each in system.tools), None)
    if manager is None:
        return _by_tarball(system, mirror)
    known = _DESCENT.get((system.id, system.major))
    old = "7" if manager == "yum" else "8" if system.major == "8" else "9"
    el = known or old
    say = _MIRROR.fill(name=system.name, mirror=mirror) if mirror else _REPO.fill(name=system.name, el=el)
    return Plan(Way.REPO, say, rpm_by_hand(mirror or PKGS, el, manager, _fetch(system)), UNDO_RPM)


def _by_tarball(system: System, mirror: str) -> Plan:
    arch = _ARCHES.get(system.machine)
    if arch is None:
        text = Text("{name}（{machine}）没有现成的安装方法：看 https://pkgs.tailscale.com/stable/#static",
                    "there is no ready way for {name} ({machine}): see https://pkgs.tailscale.com/stable/#static")  # fmt: skip
        return Plan(Way.UNSUPPORTED, text.fill(name=system.name, machine=system.machine))
    if not system.systemd:
        return Plan(Way.UNSUPPORTED, _NO_SYSTEMD.fill(name=system.name), cause="no-systemd")
    return Plan(Way.TARBALL, _TARBALL.fill(name=system.name), tarball(mirror or PKGS, arch, _fetch(system)), UNDO_TARBALL)


_GET_CURL: Final = {
    "apt-get": "sudo apt-get update\nsudo apt-get install -y curl",  # a fresh image has no lists of packages yet
    "apk": "sudo apk add curl",
}


def _without_curl(system: System) -> Plan:
    manager = next((each for each in ("apt-get", "dnf", "yum", "zypper", "apk") if each in system.tools), None)
    if manager is None:
        text = Text(
            "{name} 上 curl 和 wget 都没有，也没有认识的包管理器来装它们",
            "{name} has neither curl nor wget, nor a package manager known here to get one",
        )
        return Plan(Way.UNSUPPORTED, text.fill(name=system.name), cause="curl-missing")
    get = _GET_CURL.get(manager, f"sudo {manager} install -y curl")
    with_curl = System(system.release, system.tools | {"curl"}, system.systemd, system.kernel, system.machine)
    then = plan(with_curl)
    text = Text("{say}；没有 curl，先装上它", "{say}; curl is missing and is installed first").fill(say=then.say)
    return Plan(then.way, text, f"{get}\n{then.script}", then.undo) if then.script else then


def _fetch(system: System) -> str:
    return "curl -fsSL" if "curl" in system.tools else "wget -qO-"
