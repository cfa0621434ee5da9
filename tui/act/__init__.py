"""The actions of guides, by the name a guide uses. Each is imported when it is first run, so that starting the program costs nothing.

What reader, `lint` and engine must know of an action without running it stands here: its words, its options, whether it asks for root.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from tui.texts import Text

if TYPE_CHECKING:
    from tui.run.action import Action, Stage


@dataclass(frozen=True, slots=True)
class Known:
    """`module` and `function` do it; `title` says to the reader what it does; `options` are those it reads.

    `root`: in a step that changes something it may ask for the sudo password.
    """

    module: str
    function: str
    title: Text
    options: tuple[str, ...] = ()
    root: bool = True

    async def __call__(self, stage: Stage) -> None:
        """Do it."""
        action: Action = getattr(import_module(f"tui.act.{self.module}"), self.function)
        await action(stage)


_LOGIN: Final = (
    "login_server", "hostname", "accept_dns", "accept_routes", "ssh", "netfilter_mode", "operator", "tags", "auth_key", "account",
    "tailnet", "same_as", "over_tailscale", "prefix",
)  # fmt: skip

ACTIONS: Final[Mapping[str, Known]] = {
    "aliyun.firewall": Known(
        "firewall", "firewall",
        Text("看安全组现在放谁进来；只看不改", "See whom the security groups let in now; a look, no change"),
        ("port", "instance", "region"), root=False,
    ),
    "aliyun.lockdown": Known(
        "lockdown", "lockdown",
        Text("关闭公网 SSH：先过每一道关，不成就自己恢复", "Close public SSH: past every gate, and back by itself if anything fails"),
        ("server", "local", "instance", "port", "mode", "allowed", "wide", "user", "dry"),
    ),
    "aliyun.mend": Known(
        "network_mend", "mend",
        Text("处理和阿里云内网的地址冲突", "Settle the collision with Alibaba Cloud's internal addresses"),
        ("how", "prove_restart", "over_tailscale", "token"),
    ),
    "aliyun.network": Known(
        "network", "network",
        Text("看服务器还能不能连到阿里云的内网服务", "See whether the server reaches Alibaba Cloud's internal services"),
        ("phase", "again_after", "token"),
    ),
    "aliyun.open": Known(
        "opening", "open_for_me",
        Text("出门在外：只为现在的公网地址打开几小时，到时自动关上", "Travelling: let your present public address in for some hours"),
        ("instance", "region", "port", "hours", "address", "server", "local"), root=False,
    ),
    "aliyun.restore": Known(
        "restore", "restore_rules",
        Text("把关闭前的安全组规则原样恢复", "Put the security group's rules back as they were before the lockdown"),
        ("lockdown",), root=False,
    ),
    "aliyun.shut": Known(
        "opening_shut", "shut_again",
        Text("把临时打开的端口现在就关上", "Shut now what was opened for some hours"),
        ("opening",), root=False,
    ),
    "ssh.entry": Known(
        "ssh_entry", "ssh_entry",
        Text("把服务器写进 ~/.ssh/config，先给你看改了什么", "Put the server into ~/.ssh/config, after showing what changes"),
        ("server", "local", "alias", "prefix"), root=False,
    ),
    "tailscale.install": Known(
        "install", "install",
        Text("安装 Tailscale；已经装了就不动", "Install Tailscale, or leave it as it is where it is there already"),
        ("mirror", "package"),
    ),
    "tailscale.local": Known(
        "local", "local",
        Text("看这台电脑的 Tailscale 装好、登录了没有", "See whether this computer has Tailscale and is logged in"),
        ("same_as", "prefix", "need"), root=False,
    ),
    "tailscale.login": Known(
        "login", "login",
        Text("把这台机器登录进你的 tailnet", "Log this machine in to your tailnet"),
        _LOGIN,
    ),
    "tailscale.verify": Known(
        "verify", "verify",
        Text("证明能经隧道登录服务器", "Prove that the server is reached through the tunnel"),
        ("server", "local", "user", "token", "disable_expiry", "prefix"), root=False,
    ),
}  # fmt: skip
"""Every action there is. The engine gets it from a front door and knows none by name."""

OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {name: known.options for name, known in ACTIONS.items()}
"""What `lint` is handed."""
