"""Which Tailscale is on the reader's computer, and which command gets it there: a table per system, read from what a look printed.

Tailscale comes in six shapes that differ in where the command is, who runs the service and what has to be clicked. An app that is not
running or not approved yet looks like a missing command and is none. Nothing here looks by itself.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from tui.texts import Text

System = Literal["windows", "macos", "linux", ""]


class Kind(StrEnum):
    """A shape of Tailscale. `other`: a command is there that nothing is known about."""

    NONE = "none"
    WINDOWS = "windows"
    MAC_STORE = "macos app store"
    MAC_STANDALONE = "macos standalone"
    MAC_OPEN = "macos open source"
    LINUX = "linux"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Look:
    """What the look printed. `clis` are the commands found, best first; `distribution` is os-release's ID.

    `service` is the word of the system for the daemon (`running`, `active`, `Stopped`, …; "" where there is none). `bundle` is the app's
    identifier, `receipt` whether it came from the App Store. `tools` are installers that are there. `resolved` are the addresses that the
    system gave for Tailscale's control server; `routes` are (destination, interface), `addresses` (address, interface), `proxies` as set,
    without what a login would be.
    """

    system: System = ""
    arch: str = ""
    distribution: str = ""
    clis: tuple[str, ...] = ()
    service: str = ""
    app: str = ""
    bundle: str = ""
    receipt: bool = False
    tools: frozenset[str] = frozenset()
    resolved: tuple[str, ...] = ()
    routes: tuple[tuple[str, str], ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    proxies: tuple[str, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The Tailscale that is there. `cli` is the full path of its command ("" where there is none); `running` is None where not told."""

    kind: Kind
    cli: str = ""
    running: bool | None = None

    def command(self, system: System) -> str:
        """The command as a shell of that system reads it."""
        if system == "windows":
            return "& '" + (self.cli or "tailscale").replace("'", "''") + "'"
        return shlex.quote(self.cli or "tailscale")


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next: a sentence, the exact command ("" where something must be clicked), the page to open instead ("" for none)."""

    say: Text
    command: str = ""
    page: str = ""


WINDOWS_CLIS: Final = (r"C:\Program Files\Tailscale\tailscale.exe", r"C:\Program Files (x86)\Tailscale IPN\tailscale.exe")
MAC_APP: Final = "/Applications/Tailscale.app"
MAC_CLIS: Final = (f"{MAC_APP}/Contents/MacOS/Tailscale", "/usr/local/bin/tailscale", "/opt/homebrew/bin/tailscale")
LINUX_CLIS: Final = ("/usr/bin/tailscale", "/usr/local/bin/tailscale", "/usr/sbin/tailscale", "/snap/bin/tailscale")
CONTROL: Final = "controlplane.tailscale.com"
_STORE: Final = "https://apps.apple.com/app/tailscale/id1475387142"
_PAGE: Final = "https://tailscale.com/download/{system}"
_UNKNOWN_LINUX: Final = frozenset({"anolis", "openeuler", "opencloudos", "kylin", "uos"})
"""Distributions that Tailscale's installer does not know."""


def read_look(said: str) -> Look:
    """The look from `name=value` lines; a name may come again. Lines that are none count as nothing."""
    lines = [(name, value.strip()) for name, value in re.findall(r"^(\w+)=(.*?)\r?$", said, re.MULTILINE)]
    one = {name: value for name, value in reversed(lines) if value}

    def every(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for each, value in lines if each == name and value))

    def pairs(name: str) -> tuple[tuple[str, str], ...]:
        words = (value.partition(" ") for value in every(name))
        return tuple((first, second.strip()) for first, _, second in words)

    systems: dict[str, System] = {"darwin": "macos", "linux": "linux", "windows": "windows"}
    return Look(
        system=systems.get(one.get("system", "").lower(), ""),
        arch=one.get("arch", ""),
        distribution=one.get("distribution", "").strip("\"'").lower(),
        clis=every("cli"),
        service=one.get("service", ""),
        app=one.get("app", ""),
        bundle=one.get("bundle", ""),
        receipt=one.get("receipt") == "yes",
        tools=frozenset(every("tool")),
        resolved=every("resolved"),
        routes=pairs("route"),
        addresses=pairs("address"),
        proxies=tuple(dict.fromkeys(re.sub(r"[^/@\s]*@", "", each) for each in every("proxy"))),
        facts=one,
    )


def found(look: Look) -> Found:
    """Which Tailscale this is. Of several, the app counts on macOS, as its service is the one that runs."""
    running = _running(look.service)
    match look.system:
        case "windows":
            return Found(Kind.WINDOWS, next(iter(look.clis), ""), running) if look.clis or look.service else Found(Kind.NONE)
        case "macos":
            return _on_mac(look, running)
        case "linux":
            return Found(Kind.LINUX, look.clis[0], running) if look.clis else Found(Kind.NONE)
        case _:
            return Found(Kind.OTHER, look.clis[0], running) if look.clis else Found(Kind.NONE)


def _on_mac(look: Look, running: bool | None) -> Found:
    if look.app:
        store = look.bundle == "io.tailscale.ipn.macos" or (not look.bundle and look.receipt)
        inside = next((cli for cli in look.clis if cli.startswith(look.app)), f"{look.app}/Contents/MacOS/Tailscale")
        return Found(Kind.MAC_STORE if store else Kind.MAC_STANDALONE, inside, running)
    return Found(Kind.MAC_OPEN, look.clis[0], running) if look.clis else Found(Kind.NONE)


def _running(service: str) -> bool | None:
    word = service.lower()
    return word in ("running", "active") if word else None


def advice(there: Found, look: Look) -> Advice:
    """What to do so that this Tailscale runs, or is there at all. For one that runs: nothing but to log in."""
    if there.kind is Kind.NONE:
        return _INSTALL.get(look.system, _elsewhere)(look)
    if there.running is not False:
        return Advice(Text("Tailscale 装好了（{cli}）", "Tailscale is installed ({cli})").fill(cli=there.cli or there.kind))
    match there.kind:
        case Kind.WINDOWS:
            text = Text(
                "Tailscale 装好了，但服务没有运行：用管理员 PowerShell 启动它，再从开始菜单打开 Tailscale",
                "Tailscale is installed but its service does not run: start it in PowerShell as administrator, then open Tailscale from "
                "the start menu",
            )
            return Advice(text, "Start-Service Tailscale")
        case Kind.MAC_STORE | Kind.MAC_STANDALONE:
            text = Text(
                "Tailscale 应用装好了，但没有运行或还没有获准：打开它，在系统设置里允许它的扩展和 VPN 配置",
                "the Tailscale app is installed but does not run or is not approved yet: open it, and allow its extension and VPN "
                "configuration in System Settings",
            )
            return Advice(text, "open -a Tailscale")
        case Kind.MAC_OPEN:
            text = Text(
                "tailscaled 装好了但没有运行：把它装成系统服务", "tailscaled is installed but does not run: make it a system service"
            )
            brew = any(cli.startswith("/opt/homebrew") for cli in look.clis) and "brew" in look.tools
            return Advice(text, "sudo brew services start tailscale" if brew else "sudo tailscaled install-system-daemon")
        case _:
            text = Text("Tailscale 装好了，但服务没有运行：启动它", "Tailscale is installed but its service does not run: start it")
            return Advice(text, "sudo systemctl enable --now tailscaled" if look.service else "sudo tailscaled")


def _on_windows(look: Look) -> Advice:
    arch = {"arm64": "arm64", "x86": "x86"}.get(look.arch.lower(), "amd64")
    page = f"https://pkgs.tailscale.com/stable/tailscale-setup-latest-{arch}.msi"
    if "winget" in look.tools:
        text = Text(
            "这台电脑还没有装 Tailscale：运行下面的命令（会弹出管理员确认），或下载安装包",
            "Tailscale is not installed on this computer: run this command (Windows asks for an administrator), or download the installer",
        )
        return Advice(text, "winget install --id Tailscale.Tailscale -e", page)
    text = Text(
        "这台电脑还没有装 Tailscale，也没有 winget：下载安装包（{arch}）双击安装",
        "Tailscale is not installed on this computer, and there is no winget: download the installer ({arch}) and open it",
    )
    return Advice(text.fill(arch=arch), "", page)


def _on_macos(look: Look) -> Advice:
    text = Text(
        "这台 Mac 还没有装 Tailscale：下载独立版（.pkg）双击安装，或从 App Store 安装；中国区 App Store 里没有它，用独立版",
        "Tailscale is not installed on this Mac: download the standalone version (.pkg) and open it, or see the App Store ({store})",
    )
    if "brew" in look.tools:
        text = Text(
            "这台 Mac 还没有装 Tailscale：运行下面的命令，或下载独立版（.pkg）双击安装",
            "Tailscale is not installed on this Mac: run this command, or download the standalone version (.pkg) and open it",
        )
    return Advice(text.fill(store=_STORE), "brew install --cask tailscale-app" if "brew" in look.tools else "", _PAGE.format(system="mac"))


def _on_linux(look: Look) -> Advice:
    page = _PAGE.format(system="linux")
    if look.distribution in _UNKNOWN_LINUX:
        text = Text(
            "这台电脑还没有装 Tailscale，官方安装脚本不认识 {name}：下载静态包解开使用",
            "Tailscale is not installed on this computer, and its installer does not know {name}: download and unpack the static binaries",
        )
        return Advice(text.fill(name=look.distribution), "", "https://pkgs.tailscale.com/stable/#static")
    commands = {
        "arch": "sudo pacman -S tailscale && sudo systemctl enable --now tailscaled",
        "manjaro": "sudo pacman -S tailscale && sudo systemctl enable --now tailscaled",
        "nixos": "",
    }
    text = Text("这台电脑还没有装 Tailscale：运行下面的命令", "Tailscale is not installed on this computer: run this command")
    if look.distribution == "nixos":
        text = Text(
            "这台电脑还没有装 Tailscale：在 configuration.nix 里写 services.tailscale.enable = true; 再 nixos-rebuild switch",
            "Tailscale is not installed on this computer: set services.tailscale.enable = true; in configuration.nix, then rebuild",
        )
    return Advice(text, commands.get(look.distribution, "curl -fsSL https://tailscale.com/install.sh | sh"), page)


def _elsewhere(_: Look) -> Advice:
    text = Text("不认识这台电脑的系统：到下载页选一个", "this computer's system is not known: choose one on the download page")
    return Advice(text, "", "https://tailscale.com/download")


_INSTALL: Final = {"windows": _on_windows, "macos": _on_macos, "linux": _on_linux}
