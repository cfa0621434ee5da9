"""A real OpenSSH server on loopback with its own keys and home."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_ed25519
HostKey {folder}/host_rsa
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PrintMotd no
MaxSessions 50
MaxStartups 100
SetEnv HOME={home} PATH={folder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
{more}
"""


@dataclass
class Sshd:
    """A running server. `home` is what its sessions see as HOME; `user_home` is the home of the one who connects."""

    port: int
    folder: Path
    home: Path
    user_home: Path
    user: str
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def address(self) -> str:
        return f"ssh://{self.user}@127.0.0.1:{self.port}"

    @property
    def jobs(self) -> Path:
        """The folder that holds all jobs of this server."""
        return self.home / ".cache" / "zhinan" / "jobs"

    def job(self, job_id: str) -> Path:
        """The folder of one job."""
        return self.jobs / (self.jobs / job_id).read_text().split()[0]

    def runner(self, job_id: str) -> int:
        """The process number of a job's runner, the leader of its group."""
        return int((self.jobs / job_id).read_text().split()[1])

    def key(self, kind: str = "ed25519") -> str:
        """The server's public key, as a line of known_hosts has it."""
        return " ".join((self.folder / f"host_{kind}.pub").read_text().split()[:2])

    def trust(self, port: int | None = None, kind: str = "ed25519") -> None:
        """Put the server's key into the user's known_hosts, under its own port or another."""
        with (self.user_home / ".ssh" / "known_hosts").open("a") as file:
            file.write(f"[127.0.0.1]:{port or self.port} {self.key(kind)}\n")


def keygen(path: Path, kind: str = "ed25519", passphrase: str = "") -> None:
    need_sshd()
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(path)], check=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need_sshd() -> str:
    """The path of sshd; without it a failure in CI and a skip elsewhere."""
    found = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
    if found and shutil.which("ssh-keygen"):
        return found
    reason = "these tests need an OpenSSH server on this machine: install openssh-server and openssh-client"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def start_sshd(folder: Path, more: str = "") -> Sshd:
    sshd = need_sshd()
    home, user_home = folder / "home", folder / "user"
    for path in (home, user_home / ".ssh"):
        path.mkdir(parents=True, mode=0o700)
    keygen(folder / "host_ed25519")
    keygen(folder / "host_rsa", "rsa")
    keygen(user_home / ".ssh" / "id_ed25519")
    shutil.copy(user_home / ".ssh" / "id_ed25519.pub", folder / "authorized_keys")
    port = free_port()
    (folder / "sshd_config").write_text(CONFIG.format(port=port, folder=folder, home=home, more=more))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "sshd_config")], stdout=log, stderr=log)
    server = Sshd(port, folder, home, user_home, os.environ.get("USER") or _user(), process)
    wait_for_port(port, process)
    return server


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail("sshd did not start; see sshd.log in its folder")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            threading.Event().wait(0.02)
        else:
            return
    pytest.fail("sshd did not listen within 20 seconds")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)
