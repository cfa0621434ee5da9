"""That an SSH connection to a tailnet address reaches the very machine we know already: proven by its host key, not by its name.

The server's own public keys are read over the connection that exists. A fresh connection, from the reader's computer, then accepts these
keys and no others, and the machine's boot id must be the same at both ends. What OpenSSH's client says about it is read here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tui.judge.evidence import End, Evidence
from tui.texts import Text

ALIAS: Final = "zhinan-verify"
KEYS: Final = """printf 'port=%s\\n' "${SSH_CONNECTION##* }"
printf 'boot=%s\\n' "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || true)"
for file in /etc/ssh/ssh_host_*_key.pub; do
  [ -r "$file" ] && printf 'key=%s\\n' "$(head -n 1 "$file")"
done
exit 0
"""
"""Run on the server: the port of its SSH server, its boot id, and its public host keys."""

BOOT: Final = "echo zhinan-boot=$(cat /proc/sys/kernel/random/boot_id)"
_KIND: Final = r"(?:ssh|ecdsa|sk)-[\w@.-]+"


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public host key as OpenSSH writes it: `kind` and base64 `blob`; `fingerprint` is `SHA256:…`."""

    kind: str
    blob: str

    @property
    def fingerprint(self) -> str:
        """As OpenSSH prints it."""
        digest = hashlib.sha256(base64.b64decode(self.blob)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Server:
    """What the server says of itself. `port` is where its SSH server listens; `boot` is "" where there is no such id."""

    keys: tuple[HostKey, ...] = ()
    port: int = 22
    boot: str = ""


class Reached(StrEnum):
    """How a fresh connection ended. `key only`: the machine proved who it is, but did not let this client log in by itself."""

    SAME = "same"
    KEY_ONLY = "key only"
    OTHER_KEY = "other key"
    OTHER_MACHINE = "other machine"
    REFUSED = "refused"
    SILENT = "silent"
    NO_CLIENT = "no client"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a fresh connection proved, in a sentence. `received` is the fingerprint that was shown instead, where OpenSSH tells it."""

    reached: Reached
    say: Text
    received: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is the same machine, by its key."""
        return self.reached in (Reached.SAME, Reached.KEY_ONLY)


def read_server(said: str) -> Server:
    """The server from what `KEYS` printed; lines that hold no key count as nothing."""
    facts = dict(re.findall(r"^(port|boot)=(.*)$", said, re.MULTILINE))
    keys = [HostKey(kind, blob) for kind, blob in re.findall(rf"^key=({_KIND}) ([A-Za-z0-9+/=]+)", said, re.MULTILINE) if _whole(blob)]
    port = facts.get("port", "").strip()
    number = int(port) if re.fullmatch(r"\d{1,5}", port) and 0 < int(port) < 65536 else 22
    return Server(tuple(dict.fromkeys(keys)), number, facts.get("boot", "").strip())


def script(server: Server, user: str, ip: str, *, windows: bool) -> str:
    """What the reader's computer runs: one new login that knows the server's keys only, shares no connection, and asks nothing."""
    lines = [f"{ALIAS} {key.kind} {key.blob}" for key in server.keys]
    options = (
        "BatchMode=yes", "ControlMaster=no", "ControlPath=none", f"HostKeyAlias={ALIAS}", "StrictHostKeyChecking=yes", "CheckHostIP=no",
        "UpdateHostKeys=no", "ConnectTimeout=15", "ClearAllForwardings=yes", "ProxyJump=none", "ProxyCommand=none",
        "RemoteCommand=none", "RequestTTY=no",
    )  # fmt: skip
    if windows:
        return _powershell(lines, options, server.port, user, ip)
    words = " ".join(f"-o {option}" for option in options)
    return (
        "command -v ssh >/dev/null || { echo 'zhinan: no ssh client' >&2; exit 127; }\n"
        "known=$(mktemp)\ntrap 'rm -f \"$known\"' EXIT\n"
        f"printf '%s\\n' {' '.join(shlex.quote(line) for line in lines)} >\"$known\"\n"
        f'LC_ALL=C ssh {words} -o UserKnownHostsFile="$known" -o GlobalKnownHostsFile=/dev/null -p {server.port} '
        f"-l {shlex.quote(user)} -- {shlex.quote(ip)} {shlex.quote(BOOT)}\n"
    )


def _powershell(lines: list[str], options: tuple[str, ...], port: int, user: str, ip: str) -> str:
    # A name without its folder: older PowerShells hand on no argument whole that has a blank and quotes in it.
    quoted = ", ".join(_single(line) for line in lines)
    words = " ".join(f"-o {option}" for option in options)
    return (
        "if (-not (Get-Command ssh -ErrorAction SilentlyContinue)) { [Console]::Error.WriteLine('zhinan: no ssh client'); exit 127 }\n"
        "$known = New-TemporaryFile\n"
        "try {\n"
        f"  Set-Content -Encoding ascii -Path $known -Value @({quoted})\n"
        "  Push-Location $known.DirectoryName\n"
        f'  ssh {words} -o "UserKnownHostsFile=$($known.Name)" -o GlobalKnownHostsFile=NUL -p {port} -l {_single(user)} {_single(ip)} '
        f"{_single(BOOT)}\n"
        "  exit $LASTEXITCODE\n"
        "} finally { Remove-Item -Force -LiteralPath $known.FullName }\n"
    )


def judge(server: Server, seen: Evidence, address: str) -> Proof:
    """What the evidence of `script` proves. `address` is the user's and the host's, for the sentence."""
    said = f"{seen.out}\n{seen.err}"
    reached = _reached(server, seen, said)
    shown = re.findall(r"SHA256:[A-Za-z0-9+/]{43}", said) if reached is Reached.OTHER_KEY else []
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "")
    own = "、".join(f"{key.kind} {key.fingerprint}" for key in server.keys)
    kinds = ", ".join(dict.fromkeys(key.kind for key in server.keys))
    text = _SAY[reached].fill(
        address=address, own=own, kinds=kinds, received=shown[0] if shown else "?", why=seen.why or last[:200] or seen.end, port=server.port
    )
    return Proof(reached, text, shown[0] if shown else "")


def _reached(server: Server, seen: Evidence, said: str) -> Reached:
    if seen.end is End.TIMED_OUT:
        return Reached.SILENT
    if seen.end is not End.EXITED:
        return Reached.UNKNOWN
    booted = re.search(r"^zhinan-boot=(\S*)", seen.out, re.MULTILINE)
    if seen.code == 0 and booted:
        return Reached.SAME if not server.boot or booted[1] == server.boot else Reached.OTHER_MACHINE
    return next((found for pattern, found in _TOLD if pattern.search(said)), Reached.UNKNOWN)


def _whole(blob: str) -> bool:
    try:
        return bool(base64.b64decode(blob, validate=True))
    except binascii.Error:
        return False


def _single(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


_TOLD: Final = (
    (re.compile(r"no ssh client"), Reached.NO_CLIENT),
    (re.compile(r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key is known for"), Reached.OTHER_KEY),
    (re.compile(r"Permission denied \(|Too many authentication failures|No supported authentication|account is"), Reached.KEY_ONLY),
    (re.compile(r"Connection refused"), Reached.REFUSED),
    (re.compile(r"timed out|No route to host|Network is unreachable|Connection (?:closed|reset)", re.IGNORECASE), Reached.SILENT),
)
"""In the order in which they count. The client checks the host key before it offers a login, so a denied one has proven the machine."""

_SAY: Final = {
    Reached.SAME: Text(
        "新开的 SSH 连接登录到了 {address}，主机密钥与服务器上读到的一致（{kinds}），启动标识也相同：就是同一台机器",
        "a fresh SSH connection logged in to {address}; its host key is one of those read on the server ({kinds}), and its boot id "
        "is the same: it is the same machine",
    ),
    Reached.KEY_ONLY: Text(
        "{address} 的主机密钥与服务器上读到的一致（{kinds}），证明是同一台机器；登录没有做完：它要密码或别的密钥，这里不能代答",
        "the host key of {address} is one of those read on the server ({kinds}), which proves the machine; the login was not finished: it "
        "wants a password or another key, which can't be given here",
    ),
    Reached.OTHER_KEY: Text(
        "停下：{address} 出示的主机密钥（{received}）不是这台服务器的（{own}），那是另一台机器，或有人冒充；不要登录",
        "stop: the host key that {address} shows ({received}) is none of this server's ({own}); that is another machine, or somebody "
        "posing as it; do not log in",
    ),
    Reached.OTHER_MACHINE: Text(
        "停下：{address} 的主机密钥对得上，但启动标识不同：那是另一台有同样密钥的机器（比如从同一镜像克隆的）",
        "stop: the host key of {address} fits but its boot id does not: that is another machine with the same key, such as a clone",
    ),
    Reached.REFUSED: Text(
        "{address} 拒绝了端口 {port} 的连接：sshd 没有在这个地址上监听（看 sshd_config 的 ListenAddress），或防火墙拒绝了",
        "{address} refused the connection on port {port}: sshd does not listen there (see its ListenAddress), or a firewall says no",
    ),
    Reached.SILENT: Text(
        "连不上 {address} 的 SSH 端口 {port}（ping 是通的）：服务器防火墙没有放行 tailscale0，或 tailnet 的访问规则（ACL）不允许；{why}",
        "no answer from SSH port {port} of {address}, though pings come back: the server's firewall does not let tailscale0 in, or the "
        "tailnet's access rules do not allow it; {why}",
    ),
    Reached.NO_CLIENT: Text("这台电脑上没有 ssh 命令，做不了 SSH 验证", "this computer has no ssh command, so the SSH proof can't be made"),
    Reached.UNKNOWN: Text("看不出 {address} 的 SSH 是否可用：{why}", "can't tell whether SSH to {address} works: {why}"),
}
