"""Dispatch: the name under which the program was called decides what it is."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tui.practice.tools.call import Call
from tui.practice.tools.ground import Ground

_BY_MODULE = {
    "bash": {"bash": "bash", "sh": "bash", "dash": "bash"},
    "shell": {
        "sudo": "sudo",
        "ls": "ls",
        "mknod": "mknod",
        "id": "identity",
        "whoami": "whoami",
        "hostname": "hostname",
        "uname": "uname",
        "df": "df",
        "du": "du",
        "fuser": "fuser",
        "lsof": "fuser",
        "cloud-init": "cloud_init",
        "modprobe": "modprobe",
    },
    "systemd": {"systemctl": "systemctl"},
    "journal": {"journalctl": "journalctl"},
    "apt": {"apt-get": "apt_get", "apt": "apt_get", "dpkg": "dpkg", "dpkg-query": "dpkg_query"},
    "web": {"curl": "curl", "wget": "wget"},
    "net": {
        "getent": "getent",
        "resolvectl": "resolvectl",
        "ping": "ping",
    },
    "ssh": {"ssh": "ssh", "ssh-keyscan": "keyscan", "ssh-keygen": "keygen", "ssh-copy-id": "copy_id"},
    "firewall": {"iptables": "iptables", "ufw": "ufw", "sysctl": "sysctl"},
    "tailscale": {"tailscale": "tailscale", "tailscaled": "tailscaled"},
}


def _names() -> dict[str, tuple[str, str]]:
    from tui.practice.tools.shell import INERT, READERS, WRITERS

    table = {name: (module, function) for module, names in _BY_MODULE.items() for name, function in names.items()}
    for names, function in ((READERS, "reader"), (WRITERS, "writer"), (INERT, "inert")):
        table.update(dict.fromkeys(names, ("shell", function)))
    return table


def stand_ins() -> list[str]:
    """All names that a fresh host has a stand-in for; `tailscale` and its daemon come with the package."""
    return sorted(set(_names()) - {"tailscale", "tailscaled"})


def main() -> None:
    """`main.py WORLD HOST NAME ARGS…`, as the shims call it."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    root, host, name, *args = sys.argv[1:]
    module, function = _names()[name]
    action: Callable[[Call], int] = getattr(import_module(f"tui.practice.tools.{module}"), function)
    code = action(Call(Ground(Path(root), host), name, args))
    sys.stdout.flush()
    sys.exit(code)
