"""The disk of a host: one pristine Debian, made once and kept, and under each host a layer of its own over it.

Making a Debian takes a minute, laying a layer over it none, and a layer is thrown away with the host: so every session
starts with hosts that nobody has touched.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Collection
from pathlib import Path

from lab.tools import LabFailed, cache, run

SUITE = "bookworm"
PACKAGES = "systemd,systemd-sysv,dbus,openssh-server,curl,ca-certificates,sudo,iproute2,iptables,gnupg,procps"

# Run once inside the new Debian. The accounts are the ones a reader may have: root, a user whose sudo asks for a password,
# one whose sudo asks nothing, and one who may nothing. No mirror is named: a host gets its packages from the lab alone.
_FURNISH = r"""
set -e
for name in ops dev guest; do useradd --create-home --shell /bin/bash "$name"; done
usermod --append --groups sudo ops
echo 'dev ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/dev
chmod 0440 /etc/sudoers.d/dev
printf '%s\n' 'PermitRootLogin yes' 'PasswordAuthentication yes' 'UseDNS no' 'MaxStartups 100' >/etc/ssh/sshd_config.d/lab.conf
rm -f /etc/ssh/ssh_host_* /etc/apt/sources.list /etc/machine-id
touch /etc/machine-id
systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer
systemctl --quiet enable ssh.service
apt-get clean
"""


def pristine() -> Path:
    """The kept Debian, made now if it is not there; several sessions may ask at once. Raises `LabFailed`."""
    key = hashlib.sha256(f"{SUITE}\n{PACKAGES}\n{_FURNISH}".encode()).hexdigest()[:16]
    root = cache() / f"{SUITE}-{key}"
    with (cache() / "making.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            _make(root)
    return root


def _make(root: Path) -> None:
    """Make it beside its place and move it there only when whole; mounts made on the way live in a namespace that ends."""
    part = root.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    script = 'debootstrap --variant=minbase --include="$1" "$2" "$3" $4 >&2 && chroot "$3" /bin/sh -c "$5" >&2'
    run("unshare", "--mount", "sh", "-c", script, "sh", PACKAGES, SUITE, str(part), mirror(), _FURNISH, timeout=900)
    part.rename(root)


def mirror() -> str:
    """Where this machine itself gets Debian from; empty for debootstrap's own choice."""
    sources = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Identifier: Packages", f"Codename: {SUITE}", quiet=True)
    return next((line.strip() for line in sources.splitlines() if line.startswith("http")), "")


def lay(root: Path, folder: Path, room: str = "") -> Path:
    """A writable copy of `root` in `folder`: a layer over it, or a real copy where the file system can carry no layer.

    `room`, as `64M`, is all that can ever be written on it; then it must be a layer.
    """
    layer, merged = folder / "layer", folder / "root"
    layer.mkdir(parents=True)
    merged.mkdir()
    if room:
        run("mount", "-t", "tmpfs", "-o", f"size={room},mode=755", "room", str(layer))
    upper, work = layer / "upper", layer / "work"
    upper.mkdir()
    work.mkdir()
    try:
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={root},upperdir={upper},workdir={work}", str(merged))
    except LabFailed:
        if room:
            raise
        run("cp", "-a", "--reflink=auto", f"{root}/.", str(merged), timeout=300)
    return merged


def install(root: Path, packages: Collection[str]) -> None:
    """Debian's own packages on one host's disk, from where this machine gets them; nothing of them is started."""
    sources, refuse, names = root / "etc/apt/sources.list", root / "usr/sbin/policy-rc.d", root / "etc/resolv.conf"
    sources.write_text(f"deb {mirror() or 'http://deb.debian.org/debian'} {SUITE} main\n")
    refuse.write_text("#!/bin/sh\nexit 101\n")
    refuse.chmod(0o755)
    names.write_bytes(Path("/etc/resolv.conf").read_bytes())
    script = "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $1 && apt-get clean"
    run("chroot", str(root), "sh", "-c", script, "sh", " ".join(packages), timeout=300)
    for path in (sources, refuse):
        path.unlink()
    run("chroot", str(root), "sh", "-c", "rm -rf /var/lib/apt/lists/*")


def lift(folder: Path) -> None:
    """Undo every mount below `folder`, innermost first, and remove it. Never crosses into a mount that stayed."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in sorted((p for p in points if p.startswith(f"{folder}/")), reverse=True):
        run("umount", "--lazy", point)
    shutil.rmtree(folder, ignore_errors=True)
