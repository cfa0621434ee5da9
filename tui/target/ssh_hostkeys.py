"""Which servers are known: OpenSSH's known_hosts files, read with places and never trusted beyond what they say.

The library's reader forgets line numbers and `@revoked`, and a changed key is only actionable when the reader learns which line of which
file to look at. A host known by any key must show one of its known keys: another kind of key is not a new host.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
import os
import secrets
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.errors import HostKeyRejected
from tui.target.ssh_config import Host
from tui.texts import Text

RSA = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a known_hosts file. `marker` is empty or `@revoked`; `blob` the key itself."""

    marker: str
    names: str
    kind: str
    blob: bytes
    file: Path
    line: int


def fingerprint(blob: bytes) -> str:
    """The key's fingerprint as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def entries(host: Host) -> list[Entry]:
    """All lines about this host, in the order of the files. Unreadable files and lines that are none count as nothing."""
    return [entry for file in host.known_hosts for entry in _read(file) if _about(entry.names, host.key_name)]


def order(known: Sequence[Entry], algorithms: Sequence[str]) -> list[str]:
    """The algorithms with those of known keys first, so that a known host shows a key that can be compared."""
    kinds = {entry.kind for entry in known if not entry.marker}
    first = [name for name in algorithms if name in kinds or (name in RSA and "ssh-rsa" in kinds)]
    return [*first, *(name for name in algorithms if name not in first)]


def judge(host: Host, known: Sequence[Entry], kind: str, blob: bytes) -> bool:
    """True: the key is known; False: the host is. Raises `HostKeyRejected` for a revoked or another key."""
    for entry in known:
        if entry.marker and entry.blob == blob:
            raise HostKeyRejected(
                Text(
                    "{host} 的主机密钥 {print} 已被标记为作废（{file} 第 {line} 行），已停止连接。",
                    "The host key {print} of {host} is marked as revoked ({file}, line {line}). The connection was stopped.",
                ).fill(host=host, print=fingerprint(blob), file=entry.file, line=entry.line)
            )
    good = [entry for entry in known if not entry.marker]
    if any(entry.blob == blob for entry in good):
        return True
    if not good:
        return False
    old = next((entry for entry in good if entry.kind == kind), good[0])
    raise HostKeyRejected(
        Text(
            "{host} 的主机密钥变了，已停止连接：可能有人冒充这台服务器。记录（{file} 第 {line} 行）是 {old_kind} {old}，"
            "现在收到 {kind} {new}。如果确实重装过系统，请先核对新指纹，再执行 ssh-keygen -R {name} -f {quoted} 后重试。",
            "The host key of {host} has changed and the connection was stopped: somebody may be posing as this server. On record ({file}, "
            "line {line}) is {old_kind} {old}, received was {kind} {new}. If the system was really reinstalled, verify the new "
            "fingerprint, then run ssh-keygen -R {name} -f {quoted} and try again.",
        ).fill(
            host=host,
            file=old.file,
            line=old.line,
            old_kind=old.kind,
            old=fingerprint(old.blob),
            kind=kind,
            new=fingerprint(blob),
            name=shlex.quote(host.key_name),
            quoted=shlex.quote(str(old.file)),
        )
    )


def remember(host: Host, kind: str, blob: bytes) -> None:
    """Append the key to the user's first known_hosts file. Raises `OSError` if it can't be written."""
    file = host.known_hosts[0]
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = _hashed(host.key_name.lower()) if host.hash_names else host.key_name.lower()
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "rb+") as known:
        size = known.seek(0, os.SEEK_END)
        joint = b""
        if size:
            known.seek(size - 1)
            joint = b"" if known.read(1) == b"\n" else b"\n"
        known.write(joint + f"{name} {kind} {base64.b64encode(blob).decode()}\n".encode())


def _read(file: Path) -> Iterator[Entry]:
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        if len(words) < 3 or marker not in {"", "@revoked"}:
            continue
        try:
            blob = base64.b64decode(words[2], validate=True)
        except (binascii.Error, ValueError):
            continue
        yield Entry(marker, words[0], words[1], blob, file, number)


def _about(names: str, name: str) -> bool:
    name = name.lower()
    if names.startswith("|1|"):
        return _same_hash(names, name)
    found = False
    for pattern in names.lower().split(","):
        refused = pattern.startswith("!")
        # `[` stands for itself here, as it does in `[host]:port`
        if fnmatch.fnmatchcase(name, pattern.removeprefix("!").replace("[", "[[]")):
            if refused:
                return False
            found = True
    return found


def _same_hash(names: str, name: str) -> bool:
    try:
        _, _, salt, digest = names.split("|")
        mine = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(mine, base64.b64decode(digest))
    except (binascii.Error, ValueError):
        return False


def _hashed(name: str) -> str:
    salt = secrets.token_bytes(20)
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
