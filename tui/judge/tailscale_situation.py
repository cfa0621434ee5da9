"""Where a machine stands with Tailscale, in one word and one sentence: what login, verify and the panels all begin with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from tui.judge.evidence import End, Evidence
from tui.judge.tailscale_health import Reason, reasons
from tui.judge.tailscale_status import Backend, NotStatus, Tailnet, read_status
from tui.texts import Text


class Stand(StrEnum):
    """How far a machine is. `unknown`: could not look, or a state this program does not know."""

    NOT_INSTALLED = "not installed"
    DAEMON_STOPPED = "daemon stopped"
    NEEDS_LOGIN = "needs login"
    LOGIN_PENDING = "login pending"
    NEEDS_APPROVAL = "needs approval"
    EXPIRED = "expired"
    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    OTHER_USER = "other user"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Situation:
    """The stand, its sentence, why it is so (health), the link a person must open (if one is waiting), and the status it was read from."""

    stand: Stand
    say: Text
    reasons: tuple[Reason, ...] = ()
    url: str = ""
    tailnet: Tailnet | None = None

    @property
    def cause(self) -> str:
        """The id of the failure page about what is in the way; "" where nothing is, or it is not known."""
        blocking = next((each.cause for each in self.reasons if each.blocks), "")
        return _CAUSES.get(self.stand, "") or (blocking if self.stand is not Stand.RUNNING else "")


_SAY: Final = {
    Stand.NOT_INSTALLED: Text("这台机器还没有装 Tailscale", "Tailscale is not installed on this machine"),
    Stand.DAEMON_STOPPED: Text("Tailscale 装好了，但后台服务没有运行", "Tailscale is installed, but its service is not running"),
    Stand.NEEDS_LOGIN: Text("Tailscale 还没有登录", "Tailscale is not logged in"),
    Stand.LOGIN_PENDING: Text("Tailscale 正在等人打开登录链接", "Tailscale waits for somebody to open the login link"),
    Stand.NEEDS_APPROVAL: Text(
        "已登录，但这个 tailnet 要管理员批准新机器：{name} 还没有被批准",
        "logged in, but an admin of this tailnet must approve new machines: {name} is not approved yet",
    ),
    Stand.EXPIRED: Text("{name} 的登录密钥过期了（{when}），要重新登录", "the key of {name} has expired ({when}); log in again"),
    Stand.STOPPED: Text("Tailscale 已登录但被停用（tailscale down）", "Tailscale is logged in but switched off (tailscale down)"),
    Stand.STARTING: Text("Tailscale 正在启动", "Tailscale is starting"),
    Stand.RUNNING: Text(
        "Tailscale 已连上：{name}（{ip}），账号 {account}，tailnet {tailnet}",
        "Tailscale is connected: {name} ({ip}), account {account}, tailnet {tailnet}",
    ),
    Stand.OTHER_USER: Text(
        "这台电脑上的 Tailscale 正被另一个 Windows 用户使用：让他退出，或用他的账户",
        "another Windows user of this computer is using Tailscale: have them quit it, or use their account",
    ),
    Stand.UNKNOWN: Text("看不出 Tailscale 的状态：{why}", "can't tell what state Tailscale is in: {why}"),
}

_CAUSES: Final = {
    Stand.DAEMON_STOPPED: "tailscaled-not-running",
    Stand.NEEDS_APPROVAL: "machine-not-approved",
    Stand.EXPIRED: "node-key-expired",
    Stand.STOPPED: "tailscale-stopped",
}

_BY_BACKEND: Final = {
    Backend.IN_USE_OTHER_USER: Stand.OTHER_USER,
    Backend.NEEDS_LOGIN: Stand.NEEDS_LOGIN,
    Backend.NEEDS_MACHINE_AUTH: Stand.NEEDS_APPROVAL,
    Backend.STOPPED: Stand.STOPPED,
    Backend.STARTING: Stand.STARTING,
    Backend.NO_STATE: Stand.STARTING,
    Backend.RUNNING: Stand.RUNNING,
    Backend.UNKNOWN: Stand.UNKNOWN,
}

_NOT_INSTALLED: Final = re.compile(
    r"tailscale(\.exe)?[^\n]*(command not found|not found|No such file or directory|is not recognized|未找到命令|不是内部或外部命令)"
    r"|CommandNotFoundException",
    re.IGNORECASE,
)
_NO_DAEMON: Final = re.compile(
    r"failed to connect to local tailscale|doesn't appear to be running|is the Tailscale service running|is Tailscale running\?"
    r"|GUI failed to start|CLI failed to start|no backend",
    re.IGNORECASE,
)
"""Also the macOS texts of an app that is not running or not approved: it is installed all the same."""


def situation(tailnet: Tailnet, now: datetime) -> Situation:
    """Where the machine stands that told this status; `now` is aware, and best that machine's own time."""
    stand = _BY_BACKEND[tailnet.backend]
    url = tailnet.auth_url if stand is Stand.NEEDS_LOGIN else ""
    if url:
        stand = Stand.LOGIN_PENDING
    elif tailnet.have_node_key and tailnet.me.key_over(now) and stand is not Stand.OTHER_USER:
        stand = Stand.EXPIRED
    me = tailnet.me
    say = _SAY[stand].fill(
        name=me.hostname or "?",
        ip=tailnet.ip,
        account=tailnet.account or "?",
        tailnet=tailnet.name or "?",
        when=f"{me.key_expiry:%Y-%m-%d %H:%M} UTC" if me.key_expiry else "?",
        why=tailnet.backend_word or "BackendState?",
    )
    return Situation(stand, say, reasons(tailnet.health), url, tailnet)


def situation_of(seen: Evidence, now: datetime) -> Situation:
    """The same from the evidence of `tailscale status --json`, whatever it showed."""
    said = f"{seen.out}\n{seen.err}"
    if seen.end is End.EXITED:
        try:
            return situation(read_status(seen.out), now)
        except NotStatus:
            pass
        if _NO_DAEMON.search(said):
            return Situation(Stand.DAEMON_STOPPED, _SAY[Stand.DAEMON_STOPPED])
        if seen.code == 127 or _NOT_INSTALLED.search(said):
            return Situation(Stand.NOT_INSTALLED, _SAY[Stand.NOT_INSTALLED])
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), str(seen.end))
    return Situation(Stand.UNKNOWN, _SAY[Stand.UNKNOWN].fill(why=seen.why or last[:200]))
