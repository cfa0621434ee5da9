"""What makes a Debian this host and no other: its name, its keys, whom it trusts, where it asks for names, what it lacks."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab import identities
from lab.tools import LabFailed, run

_USERS = {"root": "root", "ops": "home/ops", "dev": "home/dev", "guest": "home/guest"}
_PURGED = ("sudo", "curl")  # these a host may want to bring back, so its package manager must know that they are gone
_PROGRAMS = {
    "gpg": ("usr/bin/gpg",),
    "iptables": ("usr/sbin/iptables", "usr/sbin/ip6tables"),
    "systemd": ("usr/bin/systemctl", "usr/bin/deb-systemd-invoke", "usr/bin/deb-systemd-helper", "usr/bin/journalctl"),
}
LACKS = frozenset(_PROGRAMS) | {*_PURGED, "tun"}


@dataclass(frozen=True)
class Wish:
    """What a host shall be. `names` are addresses known without a resolver; no `resolvers`: an unknown name is refused at once.

    `packages` are Debian's own, installed beforehand; `room`, as `64M`, is all that can be written on the disk.
    """

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    resolvers: Sequence[str] = ()
    without: Collection[str] = ()
    packages: Collection[str] = ()
    room: str = ""

    def __post_init__(self) -> None:
        if unknown := set(self.without) - LACKS:
            raise LabFailed(f"a host can be without {', '.join(sorted(LACKS))}, not without {', '.join(sorted(unknown))}")


def furnish(root: Path, name: str, wish: Wish, *, certificate: bytes, public: str, password: str) -> str:
    """Write all that on the disk at `root`; gives the host's public key. `public` may log in as every user, `password` is theirs."""
    host_key = identities.write_key(root / "etc/ssh/ssh_host_ed25519_key")
    (root / "etc/hostname").write_text(f"{name}\n")
    lines = ["127.0.0.1 localhost", f"127.0.1.1 {name}", *(f"{address} {' '.join(names)}" for address, names in wish.names.items())]
    (root / "etc/hosts").write_text("\n".join(lines) + "\n")
    (root / "etc/resolv.conf").write_text("".join(f"nameserver {address}\n" for address in wish.resolvers))
    with (root / "etc/ssl/certs/ca-certificates.crt").open("ab") as trusted:
        trusted.write(certificate)
    for home in _USERS.values():
        keys = root / home / ".ssh/authorized_keys"
        keys.parent.mkdir(mode=0o700, exist_ok=True)
        keys.write_text(public + "\n")
        owner = (root / home).stat()
        for path in (keys.parent, keys):
            os.chown(path, owner.st_uid, owner.st_gid)
    run("chroot", str(root), "chpasswd", text="".join(f"{user}:{password}\n" for user in _USERS))
    if gone := [package for package in _PURGED if package in wish.without]:
        run("chroot", str(root), "env", "SUDO_FORCE_REMOVE=yes", "dpkg", "--purge", "--force-depends", *gone)
    for lack in wish.without:
        for program in _PROGRAMS.get(lack, ()):
            (root / program).unlink(missing_ok=True)
    return host_key
