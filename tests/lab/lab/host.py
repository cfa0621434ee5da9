"""One host of the lab: a Debian with systemd and sshd in a container.

The container's end is known beforehand: it shuts down when the process that started it dies, however that died, and `stop`
ends the first process inside, which takes all others with it.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.network import Internet
from lab.processes import CGROUPS, identity, remove_cgroups
from lab.tools import LabFailed

BOOT_SECONDS = 60.0


def clean() -> dict[str, str]:
    """An environment that owes nothing to the one the tests run in."""
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}


class Host:
    """A host that `start` boots and `ready` waits for.

    `ip` is its public address, `root` its disk as seen from outside, `known_hosts` the line that proves it, `tun` whether it
    may have tunnels.
    """

    def __init__(self, name: str, ip: str, netns: str, root: Path, folder: Path, internet: Internet) -> None:
        self.name, self.ip, self.root = name, ip, root
        self._netns, self._folder, self._internet = netns, folder, internet
        self.space = Path(netns).name  # the network it stands in
        self.machine = f"{internet.prefix}-{name}"
        self.tun = Path("/dev/net/tun").exists()
        self._leader = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.host_key = ""  # its public key, "ssh-ed25519 AAAA…"

    @property
    def address(self) -> str:
        """The target that reaches it as root."""
        return self.target("root")

    def target(self, user: str) -> str:
        """The target that reaches it as `user`: root, ops (sudo with password), dev (sudo without), guest (no sudo)."""
        return f"ssh://{user}@{self.ip}"

    @property
    def known_hosts(self) -> str:
        """Its line for a known_hosts file."""
        return f"{self.ip} {self.host_key}\n"

    def start(self) -> None:
        """Start booting; must be called from the thread that lives as long as the lab, whose end is the container's end."""
        self._notices.bind(str(self._folder / "notices"))
        # Each container stands in a control group of its own, or two of them would share one and systemd would trip.
        groups = " ".join(str(group) for group in self._cgroups())
        script = 'for g in $1; do mkdir -p "$g" && echo $$ >"$g/cgroup.procs"; done 2>/dev/null; shift; exec "$@"'
        command = [
            *("sh", "-c", script, "sh", groups, "setpriv", "--pdeathsig", "TERM", "--", "systemd-nspawn", "--quiet", "--boot"),
            *(f"--directory={self.root}", f"--machine={self.machine}", f"--hostname={self.name}", "--register=no", "--keep-unit"),
            *(f"--network-namespace-path={self._netns}", "--capability=CAP_NET_ADMIN,CAP_NET_RAW", "--notify-ready=yes"),
            *("--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe"),
        ]
        if self.tun:
            command.append("--bind=/dev/net/tun")
        environment = {**clean(), "NOTIFY_SOCKET": str(self._folder / "notices")}
        with self._log().open("wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        (self._folder / "container.pid").write_text(identity(self._process.pid))

    def ready(self) -> None:
        """Wait until systemd says that it is up, and sshd greets. Raises `LabFailed` with the end of the host's console."""
        deadline = time.monotonic() + BOOT_SECONDS
        for notice in self._heard(deadline):
            if found := re.search(r"^X_NSPAWN_LEADER_PID=(\d+)$", notice, re.MULTILINE):
                self._leader = int(found[1])
                (self._folder / "leader.pid").write_text(identity(self._leader))
            if re.search(r"^READY=1$", notice, re.MULTILINE):
                break
        if not self.tun:
            self.exec("rm -f /dev/net/tun", check=True)  # the container has one of its own accord
        self._greets()

    def _greets(self) -> None:
        try:
            with socket.create_connection((self.ip, 22), timeout=10) as line:
                line.settimeout(10)
                if not line.recv(64).startswith(b"SSH-2.0-"):
                    raise self._failed("something that is not sshd answers on its port 22")
        except OSError as error:
            raise self._failed(f"its sshd cannot be reached: {error}") from error

    def exec(self, command: str, *, text: str = "", check: bool = False, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a shell command inside as root, past every network: for assertions about what a test did.

        With `check` a command that fails raises `LabFailed`.
        """
        done = subprocess.run(
            [*self.enter, "bash", "-c", command],
            env=clean(),
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise LabFailed(f"on {self.name}: {command} ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
        return done

    @property
    def enter(self) -> list[str]:
        """The words by which a program is started inside, past every network."""
        return ["nsenter", "--target", str(self._leader), *("--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"), "--"]

    def resolves(self, resolver: str, name: str, tries: int = 3) -> int:
        """How many of so many UDP questions for a name, put to one resolver, are answered within a second each."""
        query = struct.pack(">HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0)
        query += b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + struct.pack(">BHH", 0, 1, 1)
        words = "".join(f"\\x{byte:02x}" for byte in query)
        heard = "timeout 1 dd bs=512 count=1 <&3 status=none | grep -q ."
        ask = f"(exec 3<>/dev/udp/{resolver}/53 && printf '{words}' >&3 && {heard} && echo yes)"
        return self.exec("; ".join([ask] * tries)).stdout.split().count("yes")

    def fill(self) -> None:
        """Write until nothing more goes on its disk; for a host that has only so much room."""
        self.exec("cat /dev/zero >/var/full")

    def drain(self) -> None:
        """What `fill` wrote is gone."""
        self.exec("rm -f /var/full")

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """The link is cut inside the block, and whole again after it."""
        self.cut()
        try:
            yield
        finally:
            self.mend()

    def cut(self) -> None:
        """Cut the link: packets vanish, connections are not told."""
        self._internet.cut(self.name)

    def mend(self) -> None:
        """Mend the link."""
        self._internet.mend(self.name)

    def stop(self) -> None:
        """End the host at once, as a power cut does; nothing of it runs on."""
        self._notices.close()
        if self._process is None:
            return
        if self._leader:
            os.kill(self._leader, signal.SIGKILL)  # takes every process inside along, and the container ends by itself
        else:
            self._process.kill()
        self._process.wait()
        self._process, self._leader = None, 0
        remove_cgroups(self.machine)

    def _heard(self, deadline: float) -> Iterator[str]:
        self._notices.settimeout(0.5)
        while time.monotonic() < deadline:
            try:
                yield self._notices.recv(8192).decode()
            except TimeoutError:
                if self._process is None or self._process.poll() is not None:
                    raise self._failed("its container ended while booting") from None
        raise self._failed(f"it was not up after {BOOT_SECONDS:.0f} seconds")

    def _failed(self, why: str) -> LabFailed:
        tail = self._log().read_text("utf-8", "replace").splitlines()[-15:]
        return LabFailed("\n".join([f"host {self.name}: {why}; the end of its console:", *tail]))

    def _log(self) -> Path:
        return self._folder / "console"

    def _cgroups(self) -> list[Path]:
        trees = [CGROUPS / name for name in ("systemd", "unified")]
        return [tree / self.machine for tree in trees if tree.is_dir()] or [CGROUPS / self.machine]
