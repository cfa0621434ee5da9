"""`tailscale.install` on a scripted server, and its package carried to a real place."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, Reply, Server, play

from tui.act import ACTIONS
from tui.act.package import carry
from tui.judge.install import SYSTEM
from tui.judge.install_scripts import INSTALLER
from tui.judge.tun import PRICE, USERSPACE
from tui.run.action import Stage
from tui.run.events import Outcome
from tui.target.local import LocalTarget

HERE = "uid=1000\nuser=admin\nsudo=/usr/bin/sudo\ntun=yes\n"
RUNS = f"{HERE}active=active\nenabled=enabled\n"
DEBIAN = "kernel=Linux\nmachine=x86_64\ntools=apt-get curl tar \nsystemd=yes\nID=debian\nVERSION_ID=12\nPRETTY_NAME='Debian 12'\n"
NONE, NEW, OLD = Reply("bash: tailscale: command not found\n", 127), Reply("1.102.3\n"), Reply("1.80.0\n")
CUT = Reply("curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL\n", 35)
LATE = Reply("curl: (28) Connection timed out\n", 28)


def server(versions: list[Reply], *installs: Reply, system: str = DEBIAN, hosts: tuple[str, ...] = (), host: str = RUNS) -> Server:
    replies = {"tailscale version": versions, SYSTEM: [Reply(system)], "systemctl enable": [Reply()]}
    if installs:
        replies["install"] = list(installs)
    return Server([{}], replies, host=host, hosts=list(hosts))


async def install(there: Server, home: Path, **options: Any) -> Played:
    return await play(there, "tailscale.install", ACTIONS["tailscale.install"], home, options=options)


def changes(there: Server) -> list[str]:
    return [script for script in there.changes if script not in ("tailscale version", SYSTEM) and not script.startswith("echo")]


async def test_a_bare_machine(tmp_path: Path) -> None:
    there = server([NONE, NEW], Reply("Installation complete!\n"), hosts=(f"{HERE}active=inactive\n",))
    played = await install(there, tmp_path)
    assert (played.outcome, changes(there), played.values["ts_version"]) == (Outcome.PASSED, [INSTALLER], "1.102.3")
    assert "Debian 12：官方安装脚本认识它" in played.log
    assert "sudo apt-get purge -y tailscale" in played.log


async def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    there = server([NEW])
    played = await install(there, tmp_path)
    assert (played.outcome, changes(there)) == (Outcome.PASSED, [])
    assert "已经装了 Tailscale 1.102.3" in played.log


async def test_an_old_version_is_said(tmp_path: Path) -> None:
    there = server([OLD])
    played = await install(there, tmp_path)
    assert (played.outcome, changes(there), INSTALLER in played.log) == (Outcome.PASSED, [], True)


async def test_one_that_runs_without_a_network_device_has_its_price_told(tmp_path: Path) -> None:
    there = server([NEW], host=f"{HERE}tun=no\nactive=active\nenabled=enabled\n")
    played = await install(there, tmp_path)
    assert (played.outcome, changes(there)) == (Outcome.PASSED, [])
    assert PRICE.zh in played.log


@pytest.mark.parametrize("state", ["active=inactive\nenabled=enabled\n", "active=active\nenabled=disabled\n"])
async def test_a_service_that_is_off_is_switched_on(tmp_path: Path, state: str) -> None:
    there = server([NEW], hosts=(HERE + state,))
    played = await install(there, tmp_path)
    assert (played.outcome, changes(there)) == (Outcome.PASSED, ["sudo systemctl enable --now tailscaled"])


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (f"{HERE}tun=no\nactive=failed\ncontainer=none\nmodule=yes\n", "run sudo modprobe tun"),
        (f"{HERE}tun=no\nactive=failed\ncontainer=none\nmodule=no\n", "the kernel has no tun module"),
        (f"{HERE}tun=no\nactive=failed\ncontainer=docker\n", "--device=/dev/net/tun"),
        (f"{HERE}active=failed\nenabled=enabled\n", "does not start (failed): see sudo journalctl"),
    ],
)
async def test_a_service_that_will_not_start(tmp_path: Path, after: str, says: str) -> None:
    there = server([NEW], hosts=(f"{HERE}active=failed\n",), host=after)
    played = await install(there, tmp_path)
    assert played.outcome is Outcome.FAILED
    assert says in played.why
    assert (USERSPACE in played.log) is ("tun=no" in after)
    assert changes(there) == ["sudo systemctl enable --now tailscaled"]  # advice is not done


@pytest.mark.parametrize(
    ("status", "outcome", "cause"),
    [("failed to connect to local tailscaled; it doesn't appear to be running", Outcome.FAILED, "no-systemd"), ({}, Outcome.PASSED, "")],
)
async def test_without_systemd_it_counts_whether_the_service_runs(tmp_path: Path, status: Any, outcome: Outcome, cause: str) -> None:
    there = server([NEW], host=HERE)
    there.statuses = [status]
    played = await install(there, tmp_path)
    assert (played.outcome, played.state.step("s").cause, changes(there)) == (outcome, cause, [])


async def test_blocked_downloads_are_tried_again(tmp_path: Path) -> None:
    there = server([NONE, NEW], CUT, LATE, Reply())
    played = await install(there, tmp_path)
    assert (played.outcome, changes(there)) == (Outcome.PASSED, [INSTALLER] * 3)
    assert "下载的加密连接被中途切断（国内常见）；0 秒后再试一次" in played.log


async def test_and_in_the_end_other_ways_are_said(tmp_path: Path) -> None:
    there = server([NONE], CUT)
    played = await install(there, tmp_path)
    assert (played.outcome, len(changes(there))) == (Outcome.FAILED, 4)
    assert "package: FILE" in played.why
    assert "mirror: ADDRESS" in played.why


@pytest.mark.parametrize(
    ("reply", "says", "cause"),
    [
        (Reply("dpkg: error: No space left on device\n", 100), "not installed: the disk is full", "disk-full"),
        (Reply("lee is not in the sudoers file.\n", 1), "not installed: this user may not use sudo", "sudo-not-permitted"),
        (Reply("E: nobody has seen this\n", 100), "not installed: E: nobody has seen this", ""),
    ],
)
async def test_what_does_not_pass_by_itself_is_tried_once(tmp_path: Path, reply: Reply, says: str, cause: str) -> None:
    there = server([NONE], reply)
    played = await install(there, tmp_path)
    assert (played.outcome, len(changes(there))) == (Outcome.FAILED, 1)
    assert says in played.why
    assert played.state.step("s").cause == cause


async def test_without_root_nothing_is_tried(tmp_path: Path) -> None:
    there = server([NONE], host="uid=1000\nuser=lee\nsudo=\n")
    played = await install(there, tmp_path)
    assert (played.outcome, changes(there)) == (Outcome.FAILED, [])
    assert "lee has no sudo" in played.why


async def test_root_without_sudo(tmp_path: Path) -> None:
    system = "kernel=Linux\nmachine=x86_64\ntools=dnf curl \nsystemd=yes\nID=anolis\nVERSION_ID=8.9\n"
    there = server([NONE, NEW], Reply(), system=system, host="uid=0\nuser=root\nsudo=\nactive=active\nenabled=enabled\n")
    played = await install(there, tmp_path)
    assert played.outcome is Outcome.PASSED
    assert "| tee /etc/yum.repos.d/tailscale.repo" in changes(there)[0]
    assert "sudo" not in changes(there)[0]


async def test_an_unsupported_machine(tmp_path: Path) -> None:
    there = server([NONE], system="kernel=Linux\nmachine=x86_64\ntools=curl\nsystemd=no\nID=nixos\nPRETTY_NAME=NixOS\n")
    played = await install(there, tmp_path)
    assert (played.outcome, changes(there)) == (Outcome.FAILED, [])
    assert "NixOS enables Tailscale in its own configuration" in played.why


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"miror": "x"}, "no option “miror”"),
        ({"mirror": "example.cn; id"}, "no address of a mirror"),
        ({"mirror": "http://x/'|sh"}, "no address"),
    ],
)
async def test_wrong_options(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    there = server([NONE])
    played = await install(there, tmp_path, **options)
    assert (played.outcome, changes(there), says in played.why) == (Outcome.FAILED, [], True)


def arrived(name: Path) -> bytes:
    return name.read_bytes()


def remove(name: Path) -> None:
    name.unlink(missing_ok=True)


class Here(Server):
    """This computer as the server, for jobs that carry a file; where the file goes is checked and removed by the test."""

    def __init__(self) -> None:
        super().__init__([{}])
        self.real = LocalTarget("ecs", "local")
        self.break_at: set[int] = set()

    async def stream(self, job: Any, offset: int = 0) -> Any:
        self.ran.append(job)
        if "base64 -d" in job.script and sum("base64 -d" in each.script for each in self.ran) in self.break_at:
            job = type(job)(job.id, job.script.replace("END\n", "END\n", 1) + "exit 7\n", merge=False)
        async for happening in self.real.stream(job, offset):
            yield happening


@pytest.mark.skipif(sys.platform != "linux", reason="the machine it goes to is Linux")
async def test_a_package_is_carried_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a piece arrived and nobody heard so; and a second time nothing is sent."""
    monkeypatch.setattr("tui.act.package.PIECE", 1000)
    data = bytes(range(256)) * 20
    package = tmp_path / "tailscale.deb"
    package.write_bytes(data)
    there, found = Here(), list[tuple[str, str]]()
    there.break_at = {2, 4}

    async def action(stage: Stage) -> None:
        found.append(await carry(stage, package))
        stage.learn(ts_ip="-")

    name = Path(f"/var/tmp/zhinan-{hashlib.sha256(data).hexdigest()[:16]}.deb")
    try:
        assert (await play(there, "x", action, tmp_path / "home")).outcome is Outcome.PASSED
        assert arrived(name) == data
        sent = sum("base64" in job.script for job in there.ran)
        assert sent == 6
        assert (await play(there, "x", action, tmp_path / "home2")).outcome is Outcome.PASSED
        assert sum("base64" in job.script for job in there.ran) == sent
        assert found == [(str(name), "deb")] * 2
    finally:
        remove(name)


@pytest.mark.parametrize(("name", "says"), [("x.exe", "no .deb, .rpm or .tgz"), ("missing.deb", "can't read")])
async def test_what_is_no_package(tmp_path: Path, name: str, says: str) -> None:
    there = server([NONE])
    played = await install(there, tmp_path, package=str(tmp_path / name))
    assert (played.outcome, says in played.why) == (Outcome.FAILED, True)
