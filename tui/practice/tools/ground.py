"""The state of the world: one JSON file that every stand-in reads and changes under a lock, since they are separate processes.

The program's own process uses the same functions to set the world up and to play the user's browser.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tui.practice.tools.cloud import PUBLIC_RESOLVERS, RESOLVERS

VERSION = "1.102.3"
OLD_VERSION = "1.96.4"
"""The last one that knows no other way out of the collision with a cloud's addresses than its firewall modes."""
TAILNET = "tail-practice.ts.net"
LOGIN_NAME = "practice@example.com"
CONTROL = "https://controlplane.tailscale.com"
BIG_FILES = ("var/cache/apt/archives/linux-image-6.8.0-85-generic_6.8.0-85.85_amd64.deb", "var/log/journal/system@0001.journal")
FULL_SIZE = 1_800_000_000

HostState = dict[str, Any]
"""One host's facts. Keys: see `new_host`. Times are seconds since the epoch."""

DEFAULT_PREFS: dict[str, Any] = {
    "ControlURL": CONTROL,
    "RouteAll": False,
    "CorpDNS": True,
    "RunSSH": False,
    "WantRunning": False,
    "LoggedOut": False,
    "ShieldsUp": False,
    "AdvertiseTags": None,
    "Hostname": "",
    "NoSNAT": False,
    "NoStatefulFiltering": True,
    "NetfilterMode": 2,
    "OperatorUser": "",
}


def new_host(name: str, faults: tuple[str, ...] = ()) -> HostState:
    """A host before anything was done on it. `name` is `ecs` or `local`; the faults are of the first only."""
    host = _bare(name, faults)
    if set(faults) & set(_PRESENT):
        host.update(listed=True, installed=True, enabled=True, service="active", service_since=time.time())
    for fault in faults:
        host.update(_PRESENT.get(fault, {}))
    if host["have_key"]:
        host["prefs"]["WantRunning"] = host["been_up"] = True
    return host


_PRESENT: dict[str, dict[str, Any]] = {
    "tailscaled-not-running": {"enabled": False, "service": "inactive"},
    "node-key-expired": {"have_key": True, "expired": True, "joined": time.time() - 200 * 86400},
    "old-tailscale": {"version": OLD_VERSION},
}
"""What the faults change that befall a server on which Tailscale was installed long ago."""


def _bare(name: str, faults: tuple[str, ...]) -> HostState:
    ecs = name == "ecs"
    return {
        "name": name,
        "user": "practice" if ecs else "me",
        "hostname": "ecs-practice" if ecs else "my-computer",
        "ip4": "100.96.12.34" if ecs else "100.88.56.78",
        "ip6": "fd7a:115c:a1e0::6001:c22" if ecs else "fd7a:115c:a1e0::5801:384e",
        "faults": list(faults),
        "listed": False,
        "installed": False,
        "version": VERSION,
        "service": "inactive",
        "enabled": False,
        "service_since": 0.0,
        "backend": "NeedsLogin",
        "have_key": False,
        "expired": False,
        "been_up": False,
        "auth_url": "",
        "auth_at": 0.0,
        "auth_count": 0,
        "joined": 0.0,
        "prefs": dict(DEFAULT_PREFS),
        "userspace": False,
        "attribute": False,
        "never_expires": False,
        "dropped": 0,
        "lock_looks": 3 if "apt-lock-held" in faults else 0,
        "journal": [],
        "host_key": "",
        "public_ip": "203.0.113.10" if ecs else "",
    }


class Ground:
    """The world as seen from one host. `root` is the world's folder, `name` the host."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name = root, name
        self.fs = root / name / "fs"
        self.bin = root / name / "bin"
        self.home = root / name / "home"
        self.net = root / name / "net"
        self.temporary = root / name / "tmp"
        self._file = root / "world.json"

    def world(self) -> dict[str, Any]:
        """The whole state as it is now; a pending login whose time has come is completed on the way."""
        state: dict[str, Any] = json.loads(self._file.read_text("utf-8"))
        after = state["login_after"]
        if after is not None:
            for host in state["hosts"].values():
                if host["auth_url"] and time.time() >= host["auth_at"] + after:
                    log_in(host)
        return state

    def host(self) -> HostState:
        """This host's state as it is now."""
        host: HostState = self.world()["hosts"][self.name]
        return host

    @contextlib.contextmanager
    def change(self) -> Iterator[HostState]:
        """Change this host's state: read, changed by the caller, written back in one piece, all under the lock."""
        with self.change_world() as world:
            yield world["hosts"][self.name]

    @contextlib.contextmanager
    def change_world(self) -> Iterator[dict[str, Any]]:
        """Change the state of all hosts under the lock; an exception leaves the file as it was."""
        import fcntl

        with (self.root / "world.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            world = self.world()
            yield world
            fresh = self.root / "world.json.new"
            fresh.write_text(json.dumps(world, indent=1), "utf-8")
            fresh.replace(self._file)

    def create(self, hosts: list[HostState], login_after: float | None, language: str, policy: str) -> None:
        """Write the first state; `policy` is the tailnet's policy file."""
        world = {"language": language, "policy": policy, "login_after": login_after, "hosts": {host["name"]: host for host in hosts}}
        self._file.write_text(json.dumps(world, indent=1), "utf-8")

    def others(self) -> list[HostState]:
        """The other hosts that have joined the tailnet."""
        return [host for name, host in self.world()["hosts"].items() if name != self.name and host["have_key"]]

    def find(self, name: str) -> HostState | None:
        """The joined host (this one too) with that tailnet address, host name or DNS name."""
        for host in self.world()["hosts"].values():
            hostname = host["prefs"]["Hostname"] or host["hostname"]
            if host["have_key"] and name.rstrip(".") in (host["ip4"], host["ip6"], hostname, f"{hostname}.{TAILNET}"):
                found: HostState = host
                return found
        return None

    def drops_replies(self) -> bool:
        """Whether Tailscale's firewall rules drop what comes from the cloud's own 100.x addresses, its name servers among them."""
        host = self.host()
        return host["name"] == "ecs" and netfilter(host) == 2 and not lets_through(host)

    def resolves(self) -> bool:
        """Whether names can be looked up: `/etc/resolv.conf` names a server that answers and whose answers come through."""
        servers = {*PUBLIC_RESOLVERS}
        if not self.drops_replies():
            servers |= {*RESOLVERS}
        try:
            lines = (self.fs / "etc/resolv.conf").read_text("utf-8").splitlines()
        except OSError:
            return False
        return any(line.split()[0] == "nameserver" and line.split()[1] in servers for line in lines if len(line.split()) > 1)

    def full(self) -> bool:
        """Whether the disk is full: it is, while all the big files of the fault are still there in their size."""

        def big(name: str) -> bool:
            path = self.fs / name
            return path.exists() and path.stat().st_size >= FULL_SIZE

        return "disk-full" in self.host()["faults"] and all(big(name) for name in BIG_FILES)

    def lock_holder(self) -> int | None:
        """The process id of whoever holds dpkg's lock, None when it is free. Each look brings the holder nearer to its end."""
        if not self.host()["lock_looks"]:
            return None
        with self.change() as host:
            host["lock_looks"] -= 1
        return 1417


def place_tailscale(ground: Ground) -> None:
    """Put the two commands and the service's settings where the package puts them."""
    defaults = ground.fs / "etc/default/tailscaled"
    if not defaults.exists():
        defaults.parent.mkdir(parents=True, exist_ok=True)
        defaults.write_text('PORT="41641"\nFLAGS=""\n', "utf-8")
    pattern = (ground.bin / "systemctl").read_text("utf-8")
    for name in ("tailscale", "tailscaled"):
        shim = ground.bin / name
        shim.write_text(pattern.replace(" systemctl ", f" {name} "), "utf-8")
        shim.chmod(0o755)


def make_device(path: Path) -> None:
    """A character device that anybody may make: a link to one. FileExistsError where something is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("/dev/null")


def netfilter(host: HostState) -> int:
    """What Tailscale does with the firewall now: 0 nothing, 1 chains that nobody jumps to, 2 all of it."""
    up = host["service"] == "active" and host["backend"] == "Running" and not host["userspace"]
    return int(host["prefs"]["NetfilterMode"]) if up else 0


def lets_through(host: HostState) -> bool:
    """Whether the rule for the range lets packets go on to the next one, by the node attribute that newer versions know."""
    return bool(host["attribute"]) and host["version"] != OLD_VERSION


def node_id(host: HostState) -> str:
    """The stable id by which the console and the status name the machine."""
    return f"n{host['name'].upper()}PRACTICE1CNTRL"


def expires_at(host: HostState) -> float:
    """When the login is over: half a year after it was made."""
    return float(host["joined"]) + 180 * 86400


def node_key(host: HostState) -> str:
    """A node key that is the same as long as the host keeps its login."""
    import hashlib  # costs more than all else here, and few calls need it

    return "nodekey:" + hashlib.sha256(f"{host['name']}{host['auth_count']}".encode()).hexdigest()


def new_auth_url(host: HostState) -> str:
    """Give the host a fresh login link and start its clock."""
    import hashlib

    host["auth_count"] += 1
    token = hashlib.sha256(f"{host['name']}{host['auth_count']}{time.time_ns()}{os.getpid()}".encode()).hexdigest()[:14]
    host["auth_url"] = f"https://login.tailscale.com/a/{token}"
    host["auth_at"] = time.time()
    return str(host["auth_url"])


def log_in(host: HostState) -> None:
    """What the coordination server does when the link was opened and confirmed."""
    host.update(auth_url="", have_key=True, expired=False, backend="Running", joined=time.time())
    host["prefs"].update(WantRunning=True, LoggedOut=False)
    journal(host, "tailscaled", "Switching ipn state NeedsLogin -> Running (WantRunning=true, nm=true)")


def journal(host: HostState, unit: str, line: str) -> None:
    """Add one line to the host's journal."""
    host["journal"].append([time.time(), unit, line])


def wait_for(ground: Ground, done: Callable[[HostState], bool], seconds: float | None) -> bool:
    """Look at the host until `done`; False when `seconds` (None: for ever) are over."""
    end = None if seconds is None else time.monotonic() + seconds
    while not done(ground.host()):
        if end is not None and time.monotonic() >= end:
            return False
        time.sleep(0.03)
    return True
