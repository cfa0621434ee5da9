"""The whole lab: claims a number no other lab on this machine has, clears what a killed one left, builds up, and takes down.

Everything a lab makes carries its number: namespaces, links, control groups, the folder with mounts and keys. The number is
held by a lock on a file, which the system lets go when its holder dies, however it died; so whoever can take a lock knows that
what it finds under that number is rubbish, and removes it before building.
"""

from __future__ import annotations

import fcntl
import io
import os
import secrets
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from lab import apt_repo, identities, rootfs
from lab.host import Host
from lab.network import Internet
from lab.processes import end, identity, remove_cgroups
from lab.tools import LabFailed, run

_RUN = Path("/run/zhinan-lab")
_NAMES = ("tailscale.com", "pkgs.tailscale.com")
_HOSTS = {"server": 10, "jump": 11}
_NUMBERS = range(16)


class Lab:
    """`hosts` by name, `home` a folder to be `$HOME` for an SSH client (`.ssh/config`, keys, known_hosts), `password` of all accounts.

    A context manager; `LabFailed` says why it did not come up, and then nothing is left of it.
    """

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self.password = secrets.token_urlsafe(12)
        self.number = -1
        self._lock: io.TextIOWrapper | None = None
        self._web: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        pristine = rootfs.pristine()
        self._claim()
        try:
            self._build(pristine)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def home(self) -> Path:
        """The SSH client's home."""
        return self._folder / "home"

    @property
    def ssh_config(self) -> Path:
        """Its configuration: `server`, `jump`, `behind` (the server, reached through jump), `watched` (it, with short patience)."""
        return self.home / ".ssh/config"

    @property
    def known_hosts(self) -> Path:
        """The file in which both hosts are known."""
        return self.home / ".ssh/known_hosts"

    @property
    def key(self) -> Path:
        """The private key that every account of every host accepts."""
        return self.home / ".ssh/id_ed25519"

    @property
    def web(self) -> Path:
        """The files that the web server shows."""
        return self._folder / "web"

    def requests(self) -> str:
        """What the web server was asked for so far, one line a request."""
        return (self._folder / "requests").read_text("utf-8", "replace")

    def cut(self) -> None:
        """Cut the line of this machine, which is the reader's: the hosts keep theirs, and go on reaching each other and the web server."""
        self.internet.cut("machine")

    def mend(self) -> None:
        """Mend this machine's line."""
        self.internet.mend("machine")

    def close(self) -> None:
        """End everything and remove all that was made; never raises for something already gone."""
        for host in self.hosts.values():
            host.stop()
        if self._web:
            self._web.kill()
            self._web.wait()
        if self._lock:
            clear(self.number)
            self._lock.close()
            self._lock = None

    def _claim(self) -> None:
        """Take the first free number; sweep behind every dead lab on the way."""
        _RUN.mkdir(mode=0o700, exist_ok=True)
        for number in _NUMBERS:
            lock = (_RUN / f"{number}.lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            clear(number)
            if self._lock is None:
                self._lock, self.number, self._folder = lock, number, _RUN / str(number)
            else:
                lock.close()
        if self._lock is None:
            raise LabFailed(f"{len(_NUMBERS)} labs are running on this machine already")

    def _build(self, pristine: Path) -> None:
        self._folder.mkdir(mode=0o700)
        # All that could escape a clearing stands in the folder: it holds the mounts and the ids of the processes.
        self.internet = Internet(self.number)
        self.internet.make()
        authority = identities.Authority()
        self._serve(authority)
        public = identities.write_key(self.key)
        for name, place in _HOSTS.items():
            self.hosts[name] = self._prepare(name, place, pristine, public, authority)
        self._client()
        for host in self.hosts.values():
            host.start()
        with ThreadPoolExecutor() as pool:
            list(pool.map(Host.ready, self.hosts.values()))

    def _serve(self, authority: identities.Authority) -> None:
        """Build the packages and open the web server for their names."""
        workshop = self._folder / "workshop"
        self.web.mkdir()
        workshop.mkdir()
        apt_repo.build(self.web, workshop)
        certificate = self._folder / "certificate.pem"
        certificate.write_bytes(authority.certify(_NAMES))
        command = [
            *("setpriv", "--pdeathsig", "KILL", "--", "nsenter", f"--net=/run/netns/{self.internet.namespace}", "--"),
            *(sys.executable, str(Path(__file__).with_name("serve.py")), self.internet.services, str(self.web), str(certificate)),
        ]
        with (self._folder / "requests").open("w") as log:
            self._web = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, encoding="utf-8")
        (self._folder / "web.pid").write_text(identity(self._web.pid))
        assert self._web.stdout is not None
        with self._web.stdout as said:
            if said.readline() != "ready\n":
                raise LabFailed(f"the web server did not start: {self.requests()}")

    def _prepare(self, name: str, place: int, pristine: Path, public: str, authority: identities.Authority) -> Host:
        """Lay the disk of a host and write on it what makes it this one."""
        folder = self._folder / name
        folder.mkdir()
        root = rootfs.lay(pristine, folder)
        ip, netns = self.internet.plug(name, place)
        host = Host(name, ip, netns, root, folder, self.internet)
        host.host_key = identities.write_key(root / "etc/ssh/ssh_host_ed25519_key")
        (root / "etc/hostname").write_text(f"{name}\n")
        (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {name}\n{self.internet.services} {' '.join(_NAMES)}\n")
        (root / "etc/resolv.conf").write_text("")  # no resolver: an unknown name is refused at once, no packet goes looking for it
        with (root / "etc/ssl/certs/ca-certificates.crt").open("ab") as trusted:
            trusted.write(authority.certificate)
        for home in ("root", "home/ops", "home/dev", "home/guest"):
            (root / home / ".ssh").mkdir(mode=0o700, exist_ok=True)
            (root / home / ".ssh/authorized_keys").write_text(public + "\n")
            owner = (root / home).stat()
            for path in (root / home / ".ssh", root / home / ".ssh/authorized_keys"):
                os.chown(path, owner.st_uid, owner.st_gid)
        accounts = "".join(f"{user}:{self.password}\n" for user in ("root", "ops", "dev", "guest"))
        run("chroot", str(root), "chpasswd", text=accounts)
        return host

    def _client(self) -> None:
        """What an SSH client needs to reach the hosts, as a reader's own configuration would have it."""
        lines = []
        server = self.hosts["server"]
        for alias, host in {**self.hosts, "behind": server, "watched": server}.items():
            lines += [f"Host {alias}", f"  HostName {host.ip}", "  User root"]
            lines += ["  ProxyJump jump"] if alias == "behind" else []
            lines += ["  ServerAliveInterval 1", "  ServerAliveCountMax 2", "  ConnectTimeout 3"] if alias == "watched" else []
        common = ["Host *", f"  IdentityFile {self.key}", "  IdentitiesOnly yes", f"  UserKnownHostsFile {self.known_hosts}"]
        self.ssh_config.write_text("\n".join([*lines, *common]) + "\n")
        self.known_hosts.write_text("".join(host.known_hosts for host in self.hosts.values()))


def clear(number: int) -> None:
    """Remove all that carries the number. Its lock must be held."""
    folder = _RUN / str(number)
    for record in sorted(folder.glob("**/*.pid")):
        end(record.read_text())
    internet = Internet(number)
    internet.remove()
    rootfs.lift(folder)
    shutil.rmtree(folder, ignore_errors=True)
    remove_cgroups(f"{internet.prefix}-")
