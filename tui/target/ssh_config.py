"""What OpenSSH's own settings say about a host, so that a name that works with `ssh` works here in the same way.

The library reads `Host` and `Match`; what it leaves out is added here: `Include`, the system's file, OpenSSH's defaults, and the forms
`+`, `-` and `^` of a list of algorithms.
"""

from __future__ import annotations

import fnmatch
import glob
import io
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tui.errors import UsageError
from tui.target.ssh_address import Address, parse
from tui.texts import Text, same

SYSTEM = Path("/etc/ssh")
N = TypeVar("N", int, float)
_DEPTH = 16
_IDENTITIES = ("id_ed25519", "id_ecdsa", "id_rsa")


@dataclass(frozen=True, slots=True)
class Host:
    """How to reach one host. `jumps` are the addresses to go through, nearest first; times are in seconds."""

    alias: str
    name: str
    port: int
    user: str
    identities: tuple[Path, ...]
    identities_only: bool = False
    jumps: tuple[str, ...] = ()
    proxy_command: str | None = None
    known_hosts: tuple[Path, ...] = ()
    key_alias: str | None = None
    key_algorithms: str | None = None
    strict: bool = False
    hash_names: bool = False
    alive_interval: float | None = None
    alive_count: int | None = None
    connect_timeout: float | None = None
    agent: str | None = None

    @property
    def key_name(self) -> str:
        """The name under which known_hosts has this host's key."""
        if self.key_alias:
            return self.key_alias
        return self.name if self.port == 22 else f"[{self.name}]:{self.port}"

    def __str__(self) -> str:
        shown = f"[{self.name}]" if ":" in self.name else self.name
        return f"{self.user}@{shown}" + ("" if self.port == 22 else f":{self.port}")


def resolve(address: Address, home: Path | None = None, system: Path = SYSTEM) -> Host:
    """The settings for an address. Raises `UsageError` when a settings file can't be understood."""
    home = home or Path.home()
    found = _lookup(address, home, system)
    jumps, command = _proxies(found)
    folder = home / ".ssh"
    named = [Path(name) for name in found.get("identityfile", []) if name.lower() != "none"]
    return Host(
        alias=address.host,
        name=found.get("hostname", address.host),
        port=address.port or _number(found, "port", int) or 22,
        user=address.user or found.get("user") or _login_name(),
        identities=tuple(_expand(path, home) for path in named) or tuple(folder / name for name in _IDENTITIES),
        identities_only=_yes(found, "identitiesonly"),
        jumps=jumps,
        proxy_command=command,
        known_hosts=_known_hosts(found, home, system),
        key_alias=found.get("hostkeyalias"),
        key_algorithms=found.get("hostkeyalgorithms"),
        strict=_yes(found, "stricthostkeychecking"),
        hash_names=_yes(found, "hashknownhosts"),
        alive_interval=_number(found, "serveraliveinterval", float) or None,
        alive_count=_number(found, "serveralivecountmax", int) or None,
        connect_timeout=_number(found, "connecttimeout", float) or None,
        agent=None if found.get("identityagent", "").upper() == "SSH_AUTH_SOCK" else found.get("identityagent"),
    )


def choose(spelled: str | None, default: Sequence[str]) -> list[str]:
    """OpenSSH's way to write a list of algorithms: a list replaces, `+` appends, `-` removes (wildcards), `^` puts first."""
    if not spelled:
        return list(default)
    sign, names = (spelled[0], spelled[1:]) if spelled[0] in "+-^" else ("", spelled)
    words = [word.strip() for word in names.split(",") if word.strip()]
    if sign == "-":
        return [name for name in default if not any(fnmatch.fnmatchcase(name, word) for word in words)]
    if sign == "+":
        return [*default, *(word for word in words if word not in default)]
    if sign == "^":
        return [*words, *(name for name in default if name not in words)]
    return words


def _lookup(address: Address, home: Path, system: Path) -> dict[str, Any]:
    from paramiko import SSHConfig
    from paramiko.ssh_exception import ConfigParseError, CouldNotCanonicalize

    text = "\n".join((*_lines(home / ".ssh" / "config", home / ".ssh", 0), "Host *", *_lines(system / "ssh_config", system, 0)))
    # What was said counts first, in `Match user` and in the `%r` and `%p` of a proxy command too
    said = [f"User {address.user}"] if address.user else []
    said += [f"Port {address.port}"] if address.port else []
    text = "\n".join(("Host *", *said, text))
    config = SSHConfig()
    try:
        config.parse(io.StringIO(text))
        return dict(config.lookup(address.host))
    except (ConfigParseError, CouldNotCanonicalize, ImportError, ValueError) as error:
        raise UsageError(
            Text(
                "~/.ssh/config 里有看不懂的内容：{why}。请先用 ssh -G {host} 检查。",
                "~/.ssh/config can't be understood: {why}. Check it with ssh -G {host}.",
            ).fill(why=same(str(error)), host=address.host)
        ) from error


def _lines(file: Path, folder: Path, depth: int) -> Iterator[str]:
    """The lines of a settings file with the included files in their places; the block an include stands in goes on behind it."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    block = "Host *"
    for line in lines:
        match = re.fullmatch(r"\s*(host|match|include)\s*[=\s]\s*(.*?)\s*", line, re.IGNORECASE)
        if match and match[1].lower() == "include":
            if depth < _DEPTH:
                for included in _included(match[2], folder):
                    yield from _lines(included, folder, depth + 1)
                yield block
        else:
            if match:
                block = line
            yield line


def _included(words: str, folder: Path) -> Iterator[Path]:
    for word in shlex.split(words):
        pattern = os.path.expanduser(word)  # noqa: PTH111  a pattern, not a path
        if not os.path.isabs(pattern):  # noqa: PTH117
            pattern = str(folder / pattern)
        yield from (Path(name) for name in sorted(glob.glob(pattern)))  # noqa: PTH207


def _proxies(found: dict[str, Any]) -> tuple[tuple[str, ...], str | None]:
    command = found.get("proxycommand")
    if command and command.lower() != "none":
        return (), command
    jump = found.get("proxyjump")
    if not jump or jump.lower() == "none":
        return (), None
    return tuple(word.strip() for word in jump.split(",") if word.strip()), None


def _known_hosts(found: dict[str, Any], home: Path, system: Path) -> tuple[Path, ...]:
    user = found.get("userknownhostsfile")
    first = [home / ".ssh" / "known_hosts", home / ".ssh" / "known_hosts2"]
    if user and user.lower() != "none":
        first = [_expand(Path(word), home) for word in shlex.split(user)]
    everyone = found.get("globalknownhostsfile")
    second = [system / "ssh_known_hosts", system / "ssh_known_hosts2"]
    if everyone:
        second = [Path(word) for word in shlex.split(everyone) if word.lower() != "none"]
    return (*first, *second)


def first_hop(host: Host) -> str:
    """The host name that this computer itself talks to."""
    return parse(host.jumps[0]).host if host.jumps else host.name


def _expand(path: Path, home: Path) -> Path:
    text = str(path).replace("%d", str(home))
    if text.startswith("~/"):
        return home / text[2:]
    return Path(text)


def _yes(found: dict[str, Any], key: str) -> bool:
    return str(found.get(key, "")).lower() in {"yes", "true"}


def _number(found: dict[str, Any], key: str, kind: type[N]) -> N | None:
    value = found.get(key)
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError as error:
        raise UsageError(
            Text("~/.ssh/config 里 {key} 的值 {value} 不是数字。", "In ~/.ssh/config, {key} is {value}, which is no number.").fill(
                key=key, value=repr(value)
            )
        ) from error


def _login_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "root"
