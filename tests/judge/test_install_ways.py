"""Which way Tailscale goes onto which system; scripts are checked by bash itself."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.judge.install import SYSTEM, System, Way, plan, read_os_release, read_system
from tui.judge.install_failures import failure
from tui.judge.install_scripts import INSTALLER, PKGS, from_package

DNF, YUM, APT, NONE = "dnf yum curl tar", "yum curl tar", "apt-get curl tar", "curl tar"


def system(identity: str, version: str = "", tools: str = APT, **more: object) -> System:
    release = {"ID": identity, "VERSION_ID": version, "PRETTY_NAME": f"{identity} {version}".strip()}
    facts: dict[str, object] = {"release": release, "tools": frozenset(tools.split()), **more}
    return System(**facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("machine", "way", "holds"),
    [
        (system("debian", "12"), Way.INSTALLER, INSTALLER),
        (system("ubuntu", "24.04"), Way.INSTALLER, INSTALLER),
        (system("Deepin", "23"), Way.INSTALLER, INSTALLER),
        (system("centos", "7", YUM), Way.INSTALLER, INSTALLER),
        (system("rocky", "9.4", DNF), Way.INSTALLER, INSTALLER),
        (system("alinux", "3", DNF), Way.INSTALLER, INSTALLER),
        (system("alpine", "3.20", "apk curl"), Way.INSTALLER, INSTALLER),
        (system("opensuse-leap", "15.6", "zypper curl"), Way.INSTALLER, INSTALLER),
        (system("alinux", "2.1903", YUM), Way.REPO, "centos/7/tailscale.repo"),
        (system("anolis", "8.9", DNF), Way.REPO, "centos/8/tailscale.repo"),
        (system("anolis", "23", DNF), Way.REPO, "centos/9/tailscale.repo"),
        (system("openEuler", "22.03", DNF), Way.REPO, "centos/9/tailscale.repo"),
        (system("openEuler", "20.03", DNF), Way.REPO, "centos/8/tailscale.repo"),
        (system("opencloudos", "9.2", DNF), Way.REPO, "centos/9/tailscale.repo"),
        (system("tencentos", "2.4", YUM), Way.REPO, "centos/7/tailscale.repo"),
        (system("kylin", "V10", DNF), Way.REPO, "centos/8/tailscale.repo"),
        (system("uos", "20", YUM), Way.REPO, "centos/8/tailscale.repo"),
        (system("newos", "1", DNF), Way.REPO, "centos/9/tailscale.repo"),
        (system("newos", "1", YUM), Way.REPO, "centos/7/tailscale.repo"),
        (system("kylin", "V10", APT), Way.TARBALL, "_amd64[.]tgz"),
        (system("uos", "20", APT, machine="aarch64"), Way.TARBALL, "_arm64[.]tgz"),
        (system("", "", NONE), Way.TARBALL, "tailscale_"),
        (system("alinux", "2", NONE), Way.TARBALL, "tailscale_"),
        (system("uos", "20", APT, machine="loongarch64"), Way.UNSUPPORTED, ""),
        (system("newos", "1", NONE, systemd=False), Way.UNSUPPORTED, ""),
        (system("nixos", "24.05", NONE), Way.UNSUPPORTED, ""),
        (system("", "", "", kernel="Darwin"), Way.UNSUPPORTED, ""),
        (system("debian", "12", ""), Way.UNSUPPORTED, ""),
    ],
)
def test_ways(machine: System, way: Way, holds: str) -> None:
    found = plan(machine)
    assert found.way is way
    assert holds in found.script
    assert bool(found.script) == (way is not Way.UNSUPPORTED)
    assert found.say.zh != found.say.en


def test_the_official_command_is_not_touched() -> None:
    assert plan(system("debian", "12")).script == "curl -fsSL https://tailscale.com/install.sh | sh"


@pytest.mark.parametrize(
    ("tools", "first"),
    [
        ("apt-get", "sudo apt-get update\nsudo apt-get install -y curl"), ("dnf yum", "sudo dnf install -y curl"),
        ("apk", "sudo apk add curl"),
    ],
)  # fmt: skip
def test_curl_is_brought_first(tools: str, first: str) -> None:
    found = plan(system("debian", "12", tools))
    assert found.script == f"{first}\n{INSTALLER}"


@pytest.mark.parametrize(
    ("tools", "systemd", "cause"),
    [(APT, False, "no-systemd"), (f"{APT} rc-service", False, ""), ("tar", True, "curl-missing"), (APT, True, "")],
)
def test_what_makes_a_machine_unsupported_is_named(tools: str, systemd: bool, cause: str) -> None:
    found = plan(system("debian", "12", tools, systemd=systemd))
    assert (found.cause, found.way is Way.UNSUPPORTED) == (cause, cause != "")


def test_wget_will_do() -> None:
    assert plan(system("debian", "12", "apt-get wget")).script == "wget -qO- https://tailscale.com/install.sh | sh"
    assert "wget -qO- https://pkgs" in plan(system("openEuler", "22.03", "dnf wget")).script


@pytest.mark.parametrize(
    "machine",
    [
        System({"ID": "debian", "VERSION_CODENAME": "bookworm"}, frozenset(APT.split())),
        System({"ID": "ubuntu", "VERSION_CODENAME": "noble"}, frozenset(APT.split())),
        system("centos", "9", DNF), system("kylin", "V10", APT), system("debian", "", APT),
    ],
)  # fmt: skip
def test_a_mirror_takes_the_place_of_the_official_server(machine: System) -> None:
    """Only as what is replaced may the official address still stand there."""
    script = plan(machine, "https://mirror.example.cn/tailscale").script
    assert "https://mirror.example.cn/tailscale/stable/" in script
    assert script.count(PKGS) == script.count(f"s|{PKGS}|https://mirror.example.cn/tailscale|g")


machines = st.builds(
    System,
    st.fixed_dictionaries(
        {"ID": st.sampled_from(["debian", "alinux", "anolis", "openEuler", "kylin", "uos", "nixos", "alpine", ""]) | st.text(max_size=4)},
        optional={"VERSION_ID": st.text(max_size=5), "VERSION_CODENAME": st.text(max_size=5), "PRETTY_NAME": st.text(max_size=5)},
    ),
    st.frozensets(st.sampled_from(["apt-get", "dnf", "yum", "apk", "curl", "wget", "tar"])),
    st.booleans(),
    st.sampled_from(["Linux", "Darwin"]),
    st.sampled_from(["x86_64", "aarch64", "riscv64"]),
)


@given(machines, st.sampled_from(["", "https://mirror.example.cn"]))
def test_every_machine_has_a_way_or_a_reason(machine: System, mirror: str) -> None:
    found = plan(machine, mirror)
    assert bool(found.script) == (found.way is not Way.UNSUPPORTED)
    for text in (found.say.zh, found.say.en):
        assert "{" not in text.replace(machine.name, "")
    if found.script:
        assert machine.systemd
        assert {"curl", "wget"} & machine.tools or "install -y curl" in found.script or "apk add curl" in found.script


def scripts() -> list[str]:
    found = [plan(system(*each)) for each in (("debian", "12"), ("anolis", "8", DNF), ("kylin", "V10", APT))]
    found.append(plan(System({"ID": "debian", "VERSION_CODENAME": "bookworm"}, frozenset(APT.split())), "https://m.example.cn"))
    texts = [text for each in found for text in (each.script, each.undo)]
    return [*texts, SYSTEM, *(from_package(f"/var/tmp/x.{kind}", kind) for kind in ("deb", "rpm", "tgz"))]


@pytest.mark.parametrize("script", scripts())
def test_bash_reads_every_script(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_this_machine_can_be_looked_at() -> None:
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", SYSTEM], text=True, capture_output=True, check=True)
    found = read_system(done.stdout)
    assert found.kernel in ("Linux", "Darwin")
    assert "tar" in found.tools
    assert found.machine


@pytest.mark.parametrize(
    ("line", "value"),
    [('NAME="Alibaba Cloud Linux"', "Alibaba Cloud Linux"), ("NAME='a b'", "a b"), ("NAME=x\r", "x"), ('NAME="a', "a"), ("NAME=", "")],
)
def test_os_release_lines(line: str, value: str) -> None:
    assert read_os_release(f"# words\n{line}\nnot a field\n") == {"NAME": value}


@pytest.mark.parametrize(
    ("said", "code", "cause", "again", "download"),
    [
        (
            "curl: (28) Failed to connect to pkgs.tailscale.com port 443 after 130000 ms: Connection timed out",
            28,
            "network-timeout",
            True,
            True,
        ),
        ("curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL", 35, "tls-connection-cut", True, True),
        ("curl: (6) Could not resolve host: tailscale.com", 6, "dns-resolve-failure", True, True),
        ("Temporary failure resolving 'deb.debian.org'", 100, "dns-resolve-failure", True, True),
        ("curl: (18) transfer closed with 100 bytes remaining to read", 18, "download-interrupted", True, True),
        ("", 28, "network-timeout", True, True),
        ("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1417", 100, "apt-lock-held", True, False),
        ("dpkg: error: cannot copy: No space left on device", 100, "disk-full", False, False),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", 100, "disk-full", False, False),
        ("curl: (23) Failed writing body\nNo space left on device", 23, "disk-full", False, False),
        ("sudo: a password is required", 1, "sudo-needs-password", False, False),
        ("lee is not in the sudoers file.", 1, "sudo-not-permitted", False, False),
        ("Couldn't determine what kind of Linux is running.", 1, "installer-unknown-linux", False, False),
        ("debian bookworm isn't supported by this script yet.", 1, "installer-support-check-failed", True, True),
        ("curl: (60) SSL certificate problem: certificate is not yet valid", 60, "tls-cert-not-trusted", False, False),
        ("sh: 1: Syntax error: newline unexpected\n<!DOCTYPE html>", 2, "script-is-html", False, True),
        ("bash: line 1: curl: command not found", 127, "curl-missing", False, False),
        (
            "E: Conflicting values set for option Signed-By regarding source https://a/ bookworm: a != \nE: The list could not be read.",
            100, "apt-signed-by-conflict", False, False,
        ),
        ("E: Unable to locate package curl", 100, "apt-package-not-found", False, False),
        ("E: 软件包 curl 没有可安装候选", 100, "apt-package-not-found", False, False),
    ],
)  # fmt: skip
def test_failures(said: str, code: int, cause: str, again: bool, download: bool) -> None:
    found = failure(said, code)
    assert found is not None
    assert (found.id, found.again, found.download) == (cause, again, download)


def test_a_missing_program_is_named() -> None:
    found = failure("sh: 1: wget: not found", 127)
    assert found is not None
    assert found.say.en == "the program wget is missing"


def test_an_unknown_failure_is_none() -> None:
    assert failure("something else", 3) is None
