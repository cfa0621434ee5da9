"""A host without systemd: one shell as first process and sshd beside it, as in a small container somebody gave an address."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lab.host import Host, clean
from lab.processes import identity

# The first process of a world inherits the orphans, and a shell that waits takes note of their end. sshd goes to the background before
# it listens, and writes down its process id afterwards.
_BOOT = """
set -e
mount --make-rprivate /
mount -t proc proc "$1/proc"
mount -t sysfs -o ro sysfs "$1/sys"
mount -t tmpfs -o mode=755 tmpfs "$1/run"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
mkdir "$1/run/sshd" "$1/dev/pts" "$1/dev/shm"
for node in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
    mknod -m 666 "$1/dev/${node%% *}" c ${node#* }
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$1/dev/pts"
ln -s pts/ptmx "$1/dev/ptmx"
ln -s /proc/self/fd "$1/dev/fd"
ln -s fd/0 "$1/dev/stdin"; ln -s fd/1 "$1/dev/stdout"; ln -s fd/2 "$1/dev/stderr"
if [ "$2" = tun ]; then mkdir "$1/dev/net"; mknod -m 666 "$1/dev/net/tun" c 10 200; fi
hostname "$(cat "$1/etc/hostname")"
exec chroot "$1" /bin/bash -c '
    /usr/sbin/sshd -e
    until [ -s /run/sshd.pid ]; do sleep 0.05; done
    echo ready
    while :; do sleep 1000 & wait; done'
"""


class PlainHost(Host):
    """Started and used like any other; `systemctl` is not even there."""

    def start(self) -> None:
        """Start it; the thread that calls must live as long as the lab."""
        command = [
            *("setpriv", "--pdeathsig", "KILL", "--", "nsenter", f"--net={self._netns}", "--"),
            *("unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL", "--"),
            *("sh", "-c", _BOOT, "sh", str(self.root), "tun" if self.tun else "no-tun"),
        ]
        with self._log().open("wb") as log:
            self._process = subprocess.Popen(command, env=clean(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        (self._folder / "container.pid").write_text(identity(self._process.pid))

    def ready(self) -> None:
        """Wait until sshd greets. Raises `LabFailed` with the end of what was said."""
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as said:
            if said.readline() != b"ready\n":
                raise self._failed("it did not start")
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        self._leader = int(children[0])
        (self._folder / "leader.pid").write_text(identity(self._leader))
        self._greets()
