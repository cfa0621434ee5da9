"""What `tailscale up` (or `set`) said: links for a person, and which of its known refusals it was.

Text goes to stderr; `--json` prints several JSON objects one after the other on stdout. Both are read alike, in one stream or two.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tui.judge.tailscale_health import reason
from tui.judge.tailscale_status import find_objects
from tui.texts import Text, same


class UpError(StrEnum):
    """The refusals of `tailscale up` that are told apart."""

    NEEDS_ALL_FLAGS = "needs all flags"
    ACCESS_DENIED = "access denied"
    DAEMON_DOWN = "daemon down"
    TIMED_OUT = "timed out"
    BAD_KEY = "bad key"
    KEY_FILE = "key file"
    LOGIN_SERVER = "login server"
    LOSE_SSH = "lose ssh"
    BAD_FLAG = "bad flag"
    NOT_INSTALLED = "not installed"
    SUDO = "sudo"
    BACKEND = "backend"


@dataclass(frozen=True, slots=True)
class Up:
    """What was said. `command` is the one `up` itself suggests where all flags must be mentioned; `flags` are that command's.

    `state` is the last `BackendState` of `--json`. `line` are Tailscale's words for the error, `cause` is the id of the failure page
    about it ("" where there is none).
    """

    auth_url: str = ""
    approval_url: str = ""
    success: bool = False
    state: str = ""
    error: UpError | None = None
    say: Text | None = None
    line: str = ""
    command: str = ""
    flags: tuple[str, ...] = ()
    cause: str = ""


_AUTH: Final = re.compile(r"To authenticate, visit:\s+(\S+)")
_APPROVE: Final = re.compile(r"To approve your machine, visit \(as admin\):\s+(\S+)")
_SUGGESTED: Final = re.compile(r"^[ \t]*(tailscale up(?: .*)?)$", re.MULTILINE)
_ERRORS: Final = (
    (
        UpError.NEEDS_ALL_FLAGS,
        re.compile(r"requires mentioning all\s+non-default flags"),
        Text("这台机器已有别的设置，`tailscale up` 要求一次写全", "this machine has other settings; `tailscale up` wants all of them"),
    ),
    (
        UpError.ACCESS_DENIED,
        re.compile(r"Access denied[^\n]*|permission denied \(are you root\?\)[^\n]*"),
        Text("当前用户没有权限改 Tailscale 的设置：要用 sudo", "this user may not change Tailscale's settings: it takes sudo"),
    ),
    (
        UpError.DAEMON_DOWN,
        re.compile(r"failed to connect to local [Tt]ailscale[^\n]*"),
        Text("Tailscale 的后台服务没有运行：sudo systemctl enable --now tailscaled",
             "Tailscale's service is not running: sudo systemctl enable --now tailscaled"),
    ),
    (
        UpError.LOGIN_SERVER,
        re.compile(r"can't change --login-server without --force-reauth"),
        Text("这台机器登录在另一个控制服务器上：先退出登录（sudo tailscale logout），再用新的地址登录",
             "this machine is logged in at another control server: log out first (sudo tailscale logout), then log in at the new one"),
    ),
    (
        UpError.LOSE_SSH,
        re.compile(r"aborted, no changes made|You are connected over Tailscale[^\n]*|--accept-risk=lose-ssh"),
        Text("Tailscale 拒绝了：这可能切断你正在用的连接", "Tailscale refused: it could cut the very connection you use"),
    ),
    (
        UpError.KEY_FILE,
        re.compile(r"^open \S+: (no such file or directory|permission denied)", re.MULTILINE),
        Text("读不到放认证密钥的文件", "the file with the auth key can't be read"),
    ),
    (
        UpError.TIMED_OUT,
        re.compile(r"timeout waiting for Tailscale service to enter a Running state[^\n]*"),
        Text("在规定时间内没有登录完", "the login was not finished in time"),
    ),
    (
        UpError.BAD_FLAG,
        re.compile(r"flag provided but not defined: \S+|invalid value[^\n]*|flag needs an argument[^\n]*|too many non-flag[^\n]*"
                   r"|tag: [^\n]*tags must start[^\n]*"),
        Text("Tailscale 不认识这个选项：{line}", "Tailscale does not accept this option: {line}"),
    ),
    (
        UpError.SUDO,
        re.compile(r"^sudo: [^\n]*|[^\n]*is not in the sudoers file[^\n]*|[^\n]*不在 sudoers 文件中[^\n]*", re.MULTILINE),
        Text("sudo 没有让它运行：{line}", "sudo did not let it run: {line}"),
    ),
    (
        UpError.NOT_INSTALLED,
        re.compile(r"[^\n]*tailscale: (command )?not found"),
        Text("这台机器还没有装 Tailscale", "Tailscale is not installed on this machine"),
    ),
)  # fmt: skip
_CAUSES: Final = {
    UpError.NEEDS_ALL_FLAGS: "up-needs-all-flags",
    UpError.ACCESS_DENIED: "not-operator",
    UpError.DAEMON_DOWN: "tailscaled-not-running",
}
_BACKEND: Final = re.compile(r"backend error: ([^\n]+)")
_KEY_WORDS: Final = re.compile(r"auth ?key|invalid key|API key", re.IGNORECASE)


def read_up(stdout: str, stderr: str = "") -> Up:
    """What `tailscale up` said, text or `--json`, ended or not."""
    said = f"{stdout}\n{stderr}"
    objects = [each for each in find_objects(stdout) if "BackendState" in each or "AuthURL" in each or "Error" in each]
    states = [each["BackendState"] for each in objects if isinstance(each.get("BackendState"), str)]
    urls = [each["AuthURL"] for each in objects if isinstance(each.get("AuthURL"), str)] + _AUTH.findall(said)
    approvals = _APPROVE.findall(said)
    state = states[-1] if states else ""
    error, say, line = _error(said, [each["Error"] for each in objects if isinstance(each.get("Error"), str)])
    suggested = _SUGGESTED.search(said) if error is UpError.NEEDS_ALL_FLAGS else None
    command = suggested[1].strip() if suggested else ""
    return Up(
        auth_url=urls[-1] if urls else "",
        approval_url=approvals[-1] if approvals else "",
        success=state == "Running" or bool(re.search(r"^Success\.", said, re.MULTILINE)),
        state=state,
        error=error,
        say=say,
        line=line,
        command=command,
        flags=_flags(command),
        cause=_cause(error, line),
    )


def _error(said: str, told: list[str]) -> tuple[UpError | None, Text | None, str]:
    backend = _BACKEND.search(said)
    words = backend[1].strip() if backend else (told[-1].strip() if told else "")
    if words:
        why = reason(words)
        kind = UpError.BAD_KEY if _KEY_WORDS.search(words) else UpError.BACKEND
        return kind, why.say if why else same(words), words
    for kind, pattern, say in _ERRORS:
        match = pattern.search(said)
        if match:
            line = " ".join(match[0].split())
            return kind, say.fill(line=line), line
    return None, None, ""


def _cause(error: UpError | None, line: str) -> str:
    if error in (UpError.BAD_KEY, UpError.BACKEND):
        found = reason(line)
        return found.cause if found else ""
    return _CAUSES.get(error, "") if error else ""


def _flags(command: str) -> tuple[str, ...]:
    """The flags of a suggested command; none where a word of it is no flag, since then it is not what it seems."""
    try:
        words = shlex.split(command)[2:]
    except ValueError:
        return ()
    return tuple(words) if all(re.fullmatch(r"--[a-z][a-z-]*(=.*)?", word) for word in words) else ()
