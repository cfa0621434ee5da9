"""The reader's computer: a place on the lab's internet of its own where this machine's programs run, the guide's program too.

It is this machine's disk seen from another network, under another name, with its own `/run`, its own `/etc` and a home of its
own, and a tailscaled with a tunnel in the kernel. So whatever is run here is local to that computer and to no other.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.host import clean
from lab.services import Service
from lab.tools import run

if TYPE_CHECKING:
    from lab.house import Lab

NAME = "laptop"
_REPOSITORY = Path(__file__).resolve().parents[3]

# Arguments: the computer's folder, the lab's, the name. A layer is laid over /etc, or a copy where the file system carries none.
# OpenSSH asks no environment where its user is at home, so the list of users must say it.
_MOUNTS = """
set -e
mount --make-rprivate /
hostname "$3"
mount -t sysfs -o ro sysfs /sys
mkdir -p "$1/upper" "$1/work" "$1/run"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" /etc || {
    cp -a /etc "$1/etc"
    mount --bind "$1/etc" /etc
}
rm -f /etc/resolv.conf
awk -F: -v OFS=: -v home="$1/home" '$3 == 0 { $6 = home } 1' /etc/passwd >"$1/files/passwd"
cp "$1/files/passwd" "$1/files/resolv.conf" "$1/files/hosts" /etc/
mkdir -p /etc/ssl/certs
cat "$1/files/authority.pem" >>/etc/ssl/certs/ca-certificates.crt
mount -t tmpfs -o mode=755 tmpfs "$1/run"
mkdir -p "$1/run$(echo "$2" | sed 's:^/run::')"
mount --bind "$2" "$1/run$(echo "$2" | sed 's:^/run::')"
mount --rbind "$1/run" /run
echo ready
exec sleep infinity
"""


class Laptop:
    """`home` is its `$HOME`, the same path inside and outside; `ip` its public address.

    `tailscale` and `ssh` are on its PATH, and the servers of the lab know its key. `daemon` is its tailscaled, `space` its network.
    """

    def __init__(self, lab: Lab, place: int, programs: Path, resolver: str) -> None:
        self.folder = lab.folder / NAME
        self.home = self.folder / "home"
        (self.folder / "bin").mkdir(parents=True)
        self.home.mkdir()
        self._lab = lab
        for program in ("tailscale", "tailscaled"):
            (self.folder / "bin" / program).symlink_to(programs / program)
        self.ip, namespace = lab.internet.plug(NAME, place)
        lab.internet.plugged(namespace, "route", "add", "unreachable", "100.64.0.0/10")  # a cloud's inside is nobody else's
        files = self.folder / "files"
        files.mkdir()
        (files / "resolv.conf").write_text(f"nameserver {resolver}\n")
        (files / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {NAME}\n")
        (files / "authority.pem").write_bytes(lab.authority.certificate)
        self.space = Path(namespace).name
        holder = ("unshare", "--mount", "--uts", "--", "sh", "-c", _MOUNTS, "sh", str(self.folder), str(lab.folder), NAME)
        self._holder = Service("laptop-world", self.space, self.folder, holder)
        self._holder.start()
        state = self.folder / "state"
        words = (f"--statedir={state}", "--socket=/run/tailscale/tailscaled.sock", "--tun=tailscale0", "--port=41641")
        environment = ("env", "-i", *(f"{name}={value}" for name, value in clean().items()))
        command = (*self._enter(), *environment, str(self.folder / "bin/tailscaled"), *words)
        self.daemon = Service("laptop-tailscaled", self.space, self.folder, command, self._answers)

    def start(self) -> None:
        """Start its tailscaled."""
        self.daemon.start()

    def close(self) -> None:
        """End it all; programs that a test started there are the test's."""
        self.daemon.stop()
        self._holder.stop()

    def popen(self, *command: str, env: Mapping[str, str] | None = None, **more: Any) -> subprocess.Popen[str]:
        """Start a program there; its id is the program's own, so that signals reach it. It dies with the thread that started it."""
        pipe = subprocess.PIPE
        more = {"stdin": subprocess.DEVNULL, "stdout": pipe, "stderr": pipe, "encoding": "utf-8", **more}
        return subprocess.Popen(self.words(*command), env={**self.environment(), **(env or {})}, **more)

    def words(self, *command: str) -> list[str]:
        """The words by which a program is started there, for whoever starts it otherwise: on a terminal, say. See `environment`, too."""
        return ["setpriv", "--pdeathsig", "KILL", "--", *self._enter(), "env", "-C", str(_REPOSITORY), "--", *command]

    def exec(self, command: str, *, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a shell command there as its user, to its end."""
        process = self.popen("bash", "-c", command)
        try:
            out, said = process.communicate(timeout=timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(command, process.returncode, out, said)

    def zhinan(self, *args: str, env: Mapping[str, str] | None = None, **more: Any) -> subprocess.Popen[str]:
        """Start the guide's program there, headless or not, as its user."""
        return self.popen(sys.executable, "-m", "tui", *args, env=env, **more)

    def environment(self) -> dict[str, str]:
        """Its user's environment: this one's, with the computer's home and programs, and nobody's agent or proxies."""
        dropped = ("SSH_AUTH_SOCK", "SSH_CONNECTION", "SSH_CLIENT", "XDG_", "DBUS_", "ZHINAN_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(dropped)}
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return {**kept, "HOME": str(self.home), "ZHINAN_HOME": str(self.home / ".zhinan"), "PATH": path}

    def write_client(self) -> None:
        """What its user's SSH client needs: the key all servers accept, and their host keys."""
        folder = self.home / ".ssh"
        folder.mkdir(mode=0o700, exist_ok=True)
        key = folder / "id_ed25519"
        key.touch(mode=0o600)
        key.write_bytes(self._lab.key.read_bytes())
        (folder / "known_hosts").write_text("".join(host.known_hosts for host in self._lab.hosts.values()))
        hosts = [line for name, host in self._lab.hosts.items() for line in (f"Host {name}", f"  HostName {host.ip}", "  User root")]
        common = ["Host *", f"  IdentityFile {key}", "  IdentitiesOnly yes", f"  UserKnownHostsFile {folder / 'known_hosts'}"]
        (folder / "config").write_text("\n".join([*hosts, *common]) + "\n")

    def cut(self) -> None:
        """Cut its line."""
        self._lab.internet.cut(NAME)

    def mend(self) -> None:
        """Mend it."""
        self._lab.internet.mend(NAME)

    def _enter(self) -> tuple[str, ...]:
        holder = f"/proc/{self._holder.pid}/ns"
        return ("nsenter", f"--net={holder}/net", f"--uts={holder}/uts", f"--mount={holder}/mnt", "--")

    def _answers(self) -> bool:
        return bool(run(*self._enter(), str(self.folder / "bin/tailscale"), "status", "--json", quiet=True).strip())
