"""The whole lab: claims a number no other lab on this machine has, clears what a killed one left, builds up, and takes down.

Everything a lab makes carries its number: namespaces, links, control groups, the folder with mounts and keys. The number is
held by a lock on a file, which the system lets go when its holder dies, however it died; so whoever can take a lock knows that
what it finds under that number is rubbish, and removes it before building.
"""

from __future__ import annotations

import fcntl
import io
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from lab import apt_repo, golang, identities, rootfs
from lab.furnish import Wish, furnish
from lab.host import Host
from lab.network import Internet
from lab.plain_host import PlainHost
from lab.processes import end, remove_cgroups
from lab.services import Service
from lab.tailnet import Tailnet
from lab.tools import LabFailed

_RUN = Path("/run/zhinan-lab")
_NAMES = ("tailscale.com", "pkgs.tailscale.com")
_HOSTS = {"server": 10, "jump": 11}
_MORE = range(16, 30)
_NUMBERS = range(8)


class Lab:
    """`hosts` by name, `home` a folder to be `$HOME` for an SSH client (`.ssh/config`, keys, known_hosts), `password` of all accounts,
    `pristine` the disk that every host begins with.

    A context manager; `LabFailed` says why it did not come up, and then nothing is left of it. What takes long to make is made
    when it is first asked for: `tailnet` (real Tailscale), which `tailnet_wanted` begins to build beside everything else.
    """

    def __init__(self, *, tailnet_wanted: bool = False) -> None:
        self.hosts: dict[str, Host] = {}
        self.password = secrets.token_urlsafe(12)
        self.number = -1
        self._lock: io.TextIOWrapper | None = None
        self._services: list[Service] = []
        self._pool = ThreadPoolExecutor()
        self._programs: Future[Path] | None = None
        self._tailnet: Tailnet | None = None
        self._free = list(_MORE)
        if tailnet_wanted:
            self._begin()

    def __enter__(self) -> Self:
        self.pristine = rootfs.pristine()
        self._claim()
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def home(self) -> Path:
        """The SSH client's home."""
        return self.folder / "home"

    @property
    def ssh_config(self) -> Path:
        """Its configuration: each host by its name, and by `watched-NAME` with short patience; `behind` is the server through jump."""
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
        return self.folder / "web"

    def requests(self) -> str:
        """What the web server was asked for so far, one line a request."""
        return self._web.said()

    def cut(self) -> None:
        """Cut the line of this machine, which is the reader's: the hosts keep theirs, and go on reaching each other and the web server."""
        self.internet.cut("machine")

    def mend(self) -> None:
        """Mend this machine's line."""
        self.internet.mend("machine")

    @property
    def tailnet(self) -> Tailnet:
        """Real Tailscale: its control server, its packages, a cloud around a server, a reader's computer. Made when first asked for."""
        if self._tailnet is None:
            programs = self._begin().result()
            tailnet = Tailnet(self, programs)
            try:
                tailnet.start()
            except BaseException:
                tailnet.close()
                raise
            self._tailnet = tailnet
        return self._tailnet

    @contextmanager
    def bare(self, name: str, wish: Wish | None = None) -> Iterator[Host]:
        """One more host, booted for the block alone: `wish` says what it lacks. Known to the SSH client like the others."""
        host = self.add(name, wish or Wish())
        try:
            yield host
        finally:
            self.drop(host)

    def add(self, name: str, wish: Wish) -> Host:
        """One more host, booted, until `drop`. Call it from the thread that lives as long as the lab. Raises `LabFailed`."""
        if not self._free:
            raise LabFailed("the lab has no address left for one more host")
        place = self._free.pop()
        host = self._prepare(name, place, wish)
        try:
            host.start()
            host.ready()
        except BaseException:
            self.drop(host)
            raise
        self.write_client()
        return host

    def drop(self, host: Host) -> None:
        """End a host and remove all that was made for it."""
        host.stop()
        del self.hosts[host.name]
        rootfs.lift(self.folder / host.name)
        self.internet.unplug(host.name)
        self._free.append(self.internet.place(host.ip))
        self.write_client()

    def close(self) -> None:
        """End everything and remove all that was made; never raises for something already gone."""
        if self._tailnet:
            self._tailnet.close()
        for host in self.hosts.values():
            host.stop()
        for service in self._services:
            service.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._lock:
            clear(self.number)
            self._lock.close()
            self._lock = None

    def serve(self, name: str, address: str, folder: Path, certificate: Path) -> Service:
        """A web server of a folder, over HTTP and HTTPS, at an address of the lab's internet."""
        program = str(Path(__file__).with_name("serve.py"))
        return self.service(name, sys.executable, program, address, str(folder), str(certificate))

    def service(self, name: str, *command: str, ready: Callable[[], bool] | None = None) -> Service:
        """A program of the lab's internet, started (see `Service` for `ready`), and ended with the lab."""
        service = Service(name, self.internet.namespace, self.folder, command, ready)
        self._services.append(service)
        service.start()
        return service

    def certify(self, *names: str) -> Path:
        """The file with a key and a certificate for these names, which every host trusts."""
        path = self.folder / f"{names[0]}.pem"
        path.write_bytes(self.authority.certify(names))
        return path

    def _begin(self) -> Future[Path]:
        if self._programs is None:
            self._programs = self._pool.submit(golang.programs)
        return self._programs

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
                self._lock, self.number, self.folder = lock, number, _RUN / str(number)
            else:
                lock.close()
        if self._lock is None:
            raise LabFailed(f"{len(_NUMBERS)} labs are running on this machine already")

    def _build(self) -> None:
        self.folder.mkdir(mode=0o700)
        # All that could escape a clearing stands in the folder: it holds the mounts and the ids of the processes.
        self.internet = Internet(self.number)
        self.internet.make()
        self.authority = identities.Authority()
        workshop = self.folder / "workshop"
        self.web.mkdir()
        workshop.mkdir()
        apt_repo.build(self.web, workshop)
        self._web = self.serve("web", self.internet.services, self.web, self.certify(*_NAMES))
        self._public = identities.write_key(self.key)
        for name, place in _HOSTS.items():
            self._prepare(name, place, Wish({self.internet.services: _NAMES}))
        self.write_client()
        for host in self.hosts.values():
            host.start()
        list(self._pool.map(Host.ready, self.hosts.values()))

    def _prepare(self, name: str, place: int, wish: Wish) -> Host:
        """Lay the disk of a host and write on it what makes it this one."""
        folder = self.folder / name
        folder.mkdir()
        root = rootfs.lay(self.pristine, folder, wish.room)
        if wish.packages:
            rootfs.install(root, wish.packages)
        ip, netns = self.internet.plug(name, place)
        kind = PlainHost if "systemd" in wish.without else Host
        host = kind(name, ip, netns, root, folder, self.internet)
        host.tun = host.tun and "tun" not in wish.without
        certificate = self.authority.certificate
        host.host_key = furnish(root, name, wish, certificate=certificate, public=self._public, password=self.password)
        self.hosts[name] = host
        return host

    def write_client(self) -> None:
        """What an SSH client needs to reach the hosts, as a reader's own configuration would have it."""
        lines = []
        for name, host in self.hosts.items():
            for alias in (name, f"watched-{name}", *(["behind"] if name == "server" else [])):
                lines += [f"Host {alias}", f"  HostName {host.ip}", "  User root"]
                lines += ["  ProxyJump jump"] if alias == "behind" else []
                lines += (
                    ["  ServerAliveInterval 1", "  ServerAliveCountMax 2", "  ConnectTimeout 3"] if alias.startswith("watched-") else []
                )
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
