"""The SSH files of a world: a key, known hosts, and a configuration that leads to its hosts under every address they go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tui.practice.tools.net import magic_name


def write(root: Path, hosts: Sequence[Mapping[str, Any]], ports: Mapping[str, int], private_key: str, local_home: Path) -> None:
    """Write `id_ed25519`, `known_hosts` and `config` into `.ssh` below `root/client`, and the local computer's own record of the server.

    `ports` holds `ecs`, `local` and `tailnet`, the server's port behind its tailnet address.
    """
    folder = root / "client" / ".ssh"
    folder.mkdir(mode=0o700, parents=True)
    _private(folder / "id_ed25519", private_key)
    known, blocks = [], []
    ecs, local = hosts
    places = [
        (f"practice-ecs {ecs['public_ip']}", ecs, ports["ecs"]),
        ("practice-local", local, ports["local"]),
        (f"{ecs['ip4']} {ecs['hostname']} {magic_name(dict(ecs))}", ecs, ports["tailnet"]),
    ]
    for names, host, port in places:
        known.append(f"[127.0.0.1]:{port},{','.join(names.split())} {host['host_key']}")
        blocks.append(f"Host {names}\n    HostName 127.0.0.1\n    Port {port}\n    User {host['user']}\n")
    blocks.append(
        f'Host *\n    IdentityFile "{folder / "id_ed25519"}"\n    IdentitiesOnly yes\n    IdentityAgent none\n'
        f'    UserKnownHostsFile "{folder / "known_hosts"}"\n    GlobalKnownHostsFile /dev/null\n    StrictHostKeyChecking yes\n'
    )
    _private(folder / "known_hosts", "\n".join(known) + "\n")
    _private(folder / "config", "\n".join(blocks))
    _private(local_home / ".ssh/known_hosts", f"{ecs['public_ip']},127.0.0.1,[127.0.0.1]:{ports['ecs']} {ecs['host_key']}\n")


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")
