"""A second way in, tried by a person: what to run over there, and the code that proves that somebody did.

The code comes from a number made up for this one question and the machine's own boot id, so it can be neither guessed nor remembered,
and it tells the machine, too. A shell that came by SSH (Workbench is one) gives another code: it is no second way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from tui.texts import Text

LINK: Final = "https://ecs.console.aliyun.com/server/{instance}/detail?regionId={region}"
"""The instance's page in the console, where its ways in are."""
WAY: Final = Text("控制台的会话管理或 VNC", "the console's Session Manager or VNC")
_COMMAND: Final = "echo {nonce}${{SSH_CONNECTION:+x}}$(cat /proc/sys/kernel/random/boot_id)|sha256sum|cut -c1-6"


@dataclass(frozen=True, slots=True)
class Challenge:
    """`command` prints `code`, six letters and digits; run in a shell that came by SSH, it prints `by_ssh`."""

    command: str
    code: str
    by_ssh: str


def challenge(nonce: str, boot: str) -> Challenge:
    """For a fresh `nonce` (digits) and the boot id of the machine that is meant."""
    return Challenge(_COMMAND.format(nonce=nonce), _code(f"{nonce}{boot}"), _code(f"{nonce}x{boot}"))


def _code(words: str) -> str:
    return hashlib.sha256(f"{words}\n".encode()).hexdigest()[:6]


TITLE: Final = Text("另一条路要你亲自走一次", "Try the other way in yourself")
WHY: Final = Text(
    "云助手没能在服务器上执行命令（{why}）。关上公网 SSH 之前，必须证明除了 SSH 还进得去",
    "Cloud Assistant could not run a command on the server ({why}). Before public SSH closes, a way in that is not SSH must be proven",
)
GO: Final = Text("1  打开这台实例的页面：{link}", "1  Open the instance's page: {link}")
CONNECT: Final = Text(
    "2  点“远程连接”，展开“其他登录方式”，选“通过会话管理远程连接”（关着就打开它）；连不上，就选 VNC，用系统的用户名和密码登录",
    "2  Choose “Connect”, unfold the other methods and take “Session Manager” (switch it on if it is off); if that does not connect, "
    "take VNC and log in with the system's user and password",
)
RUN: Final = Text(
    "3  在那里执行这条命令，它只显示一个代码，什么都不改：", "3  Run this command there; it only prints a code and changes nothing:"
)
BY_SSH: Final = Text(
    "这是在 SSH 登录里得到的代码（Workbench 也算）：请在会话管理或 VNC 里执行",
    "that code comes from an SSH login (Workbench is one, too): run it in Session Manager or VNC",
)
