"""Action `tailscale.install`: Tailscale on the machine, its service running and enabled at boot, by whatever way fits it.

Looks first, and changes nothing that is there. Where downloads do not come through it tries again with growing pauses, then says the
other ways. Options: mirror (a base address instead of https://pkgs.tailscale.com), package (a .deb, .rpm or .tgz file on this computer,
sent over the step's connection). Learns ts_version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tui.act.network_look import check_names
from tui.act.package import carry
from tui.act.tailscale import LOOK, MASKED, Host, look, no_tun, survey
from tui.errors import Unfinished, Unreachable, Unusable, UsageError, ZhinanError
from tui.judge.evidence import End, Evidence
from tui.judge.install import SYSTEM, Plan, Way, plan, read_system
from tui.judge.install_failures import Failure, failure
from tui.judge.install_scripts import INSTALLER, UNDO_APT, UNDO_RPM, UNDO_TARBALL, from_package
from tui.judge.tailnet import Stand, Version, read_version
from tui.judge.tun import PRICE
from tui.run.action import Stage
from tui.run.values import expand
from tui.texts import Text

PAUSES: tuple[float, ...] = (5.0, 15.0, 45.0)
"""Seconds between attempts."""
VERSION: Final = "tailscale version"
_PATIENCE: Final = 1800.0
_ENABLE: Final = "sudo systemctl enable --now tailscaled"
_OLD: Final = Version(1, 98, 2)
"""From here on a node attribute can mend the collision with Alibaba Cloud's internal addresses."""
_UNDO: Final = {"deb": UNDO_APT, "rpm": UNDO_RPM, "tgz": UNDO_TARBALL}


async def install(stage: Stage) -> None:
    """Install what is missing. Raises a ZhinanError that says why it can't, and what else to do."""
    mirror, package = _options(stage)
    if stage.target().family == "windows":
        raise Unusable(
            Text("这台是 Windows：从 https://tailscale.com/download 安装", "this is Windows: install from https://tailscale.com/download")
        )
    host = await survey(stage)
    version = await _version(stage)
    if version is None:
        if host.uid != 0 and not host.sudo:
            raise Unusable(_NO_ROOT.fill(user=host.user or "?"), cause="not-root")
        undo = await (_from_file(stage, host, package) if package else _download(stage, host, mirror))
        host, version = await survey(stage), await _version(stage)
        if version is None:
            raise Unusable(Text("安装做完了，却找不到 tailscale 命令", "the installation ended, but there is no tailscale command"))
        if undo:
            await stage.note(Text("要撤销，运行：\n{undo}", "to undo this, run:\n{undo}").fill(undo=undo.rstrip()))
    else:
        await stage.note(Text("已经装了 Tailscale {v}", "Tailscale {v} is installed already").fill(v=version.text))
        if version < _OLD:
            await stage.note(_UPGRADE.fill(v=version.text))
    stage.learn(ts_version=version.text)
    await _serve(stage, host)


def _options(stage: Stage) -> tuple[str, Path | None]:
    check_names(stage.spec)
    given: Mapping[str, Any] = expand(dict(stage.spec.options), stage.values)
    words = {name: "" if str(value or "").startswith("$") else str(value or "") for name, value in given.items()}
    mirror = words.get("mirror", "").rstrip("/")
    if mirror and not re.fullmatch(r"https?://[\w.:\[\]-]+(/[\w./~-]*)?", mirror, re.ASCII):
        text = Text("第 {line} 行：“{mirror}”不是镜像地址", "line {line}: “{mirror}” is no address of a mirror")
        raise UsageError(text.fill(line=stage.spec.line, mirror=mirror))
    package = words.get("package", "")
    return mirror, Path(package).expanduser() if package else None


async def _version(stage: Stage) -> Version | None:
    seen = await stage.capture(VERSION, patience=LOOK)
    if seen.end is not End.EXITED:
        text = Text("看不了有没有装 Tailscale：{why}", "can't look whether Tailscale is installed: {why}")
        raise Unreachable(text.fill(why=seen.why or seen.end))
    return read_version(seen.out) if seen.code == 0 else None


async def _download(stage: Stage, host: Host, mirror: str) -> str:
    """Go the planned way, again where that can help. Gives the undo script."""
    way: Plan = plan(read_system((await stage.capture(SYSTEM, patience=LOOK)).out), mirror)
    if way.way is Way.UNSUPPORTED:
        raise Unusable(way.say, cause=way.cause)
    await stage.note(way.say)
    pauses = [*PAUSES]
    while True:
        seen = await stage.stream(_as_root(way.script, host), sudo=True, patience=_PATIENCE)
        if seen.end is End.EXITED and seen.code == 0:
            return _as_root(way.undo, host)
        why = failure(seen.out, seen.code) if seen.end is End.EXITED else None
        if why is None or not why.again or not pauses:
            raise _given_up(seen, why)
        pause = await stage.wait_of(pauses.pop(0))
        text = Text("{why}；{pause} 秒后再试一次", "{why}; trying again in {pause} s")
        await stage.note(text.fill(why=why.say).fill(pause=f"{pause:g}"))
        await stage.sleep(pause)


async def _from_file(stage: Stage, host: Host, package: Path) -> str:
    there, kind = await carry(stage, package)
    script = _as_root(f"{from_package(there, kind)}rm -f {there}\n", host)
    seen = await stage.stream(script, sudo=True, patience=_PATIENCE)
    if seen.end is not End.EXITED or seen.code != 0:
        raise _given_up(seen, failure(seen.out, seen.code))
    return _as_root(_UNDO[kind], host)


def _given_up(seen: Evidence, why: Failure | None) -> ZhinanError:
    """The error of the last attempt."""
    if seen.end is not End.EXITED:
        text = Text("不知道有没有装完：{why}", "not known whether it was installed: {why}")
        return Unfinished(text.fill(why=seen.why or seen.end))
    last = next((line.strip() for line in reversed(seen.out.splitlines()) if line.strip()), "")
    say = why.say if why else Text(last or f"exit {seen.code}", last or f"exit {seen.code}")
    more = _OTHER_WAYS if why and why.download else Text("", "")
    return Unusable(Text(f"没有装上：{say.zh}{more.zh}", f"not installed: {say.en}{more.en}"), cause=why.id if why else "")


async def _serve(stage: Stage, host: Host) -> None:
    """The service runs now and will at boot, and has what it needs."""
    if not host.active:
        if (await look(stage, host)).stand is Stand.DAEMON_STOPPED:
            raise Unusable(_NOBODY_STARTS_IT, cause="no-systemd")
        await stage.note(
            Text(
                "这个系统没有 systemd，看不出 tailscaled 开机会不会启动",
                "no systemd here, so it can't be told whether tailscaled starts at boot",
            )
        )
        return
    if host.enabled == "masked":
        say = Text("Tailscale 装着，但它的服务不能启动{more}", "Tailscale is installed, but its service may not start{more}")
        raise Unusable(say.fill(more=MASKED), cause="tailscaled-masked")
    if host.active != "active" or host.enabled != "enabled":
        seen = await stage.stream(_as_root(_ENABLE, host), sudo=True, patience=120.0)
        again = await survey(stage)
        if not again.tun and again.active != "active":
            raise await no_tun(stage, again)
        if seen.code != 0 or again.active not in ("active", "activating"):
            text = Text(
                "Tailscale 装上了，但服务起不来（{state}）：看 sudo journalctl -u tailscaled -n 50",
                "Tailscale is installed, but its service does not start ({state}): see sudo journalctl -u tailscaled -n 50",
            )
            raise Unusable(text.fill(state=again.active), cause="tailscaled-not-running")
        host = again
    if not host.tun:
        await stage.note(_USERSPACE.fill(price=PRICE))
    await stage.note(Text("tailscaled 服务在运行，开机会自动启动", "the tailscaled service runs, and starts at boot"))


def _as_root(script: str, host: Host) -> str:
    """The script for root on a machine that has no sudo."""
    return re.sub(r"(?<![\w-])sudo ", "", script) if host.uid == 0 and not host.sudo else script


_NO_ROOT: Final = Text(
    "安装要 root 权限，而 {user} 没有 sudo：用 root 登录，或让管理员装上 sudo",
    "installing takes root, and {user} has no sudo: log in as root, or have an admin install sudo",
)
_NOBODY_STARTS_IT: Final = Text(
    "Tailscale 装着，但 tailscaled 没有运行，而这个系统没有用 systemd 启动，这里没法启动它："
    "按这个系统的办法启动 tailscaled，或换一台用 systemd 启动的机器（WSL 在 /etc/wsl.conf 的 [boot] 里写 systemd=true）",
    "Tailscale is installed but tailscaled does not run, and this system was not started by systemd, which would start it: start "
    "tailscaled in this system's own way, or use a machine that systemd starts (in WSL: systemd=true under [boot] in /etc/wsl.conf)",
)
_USERSPACE: Final = Text(
    "没有 /dev/net/tun，而 tailscaled 在运行，用的是用户态网络：{price}",
    "there is no /dev/net/tun and tailscaled runs, so by userspace networking: {price}",
)
_UPGRADE: Final = Text(
    "{v} 比较旧（1.98.2 起才有办法在后台解决和阿里云内网地址的冲突）：再运行一次官方安装脚本就会升级：{installer}",
    "{v} is rather old (from 1.98.2 on the collision with Alibaba Cloud's internal addresses can be mended in the console): the official "
    "installer, run once more, brings a newer one: {installer}",
).fill(installer=INSTALLER)
"""`tailscale update` is of no use where the package came as a file: it looks for the repository's entry and ends without it."""
_OTHER_WAYS: Final = Text(
    "。别的办法：在自己电脑上从 https://pkgs.tailscale.com/stable/ 下好软件包，在这一步写 package: 文件，会经这条连接传过去；"
    "或写 mirror: 地址，用你信得过的镜像",
    ". Other ways: download the package on your own computer from https://pkgs.tailscale.com/stable/ and write package: FILE in this step, "
    "it is then sent over this connection; or write mirror: ADDRESS for a mirror you trust",
)
