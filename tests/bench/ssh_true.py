"""What a step costs over SSH, against OpenSSH and a bare read loop, measured in one run on a server of loopback.

Run it as a program for a table; `rows()` gives (name, ours, the rival's, ours / rival): seconds for 100 × `true`, and seconds for 100 MB.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "target"))

from helpers_target import Answers, job
from sshd_target import Sshd, start_sshd, stop

from tui.target.base import Ended, Output
from tui.target.ssh import SshTarget

TIMES = 100
BLOCK = 5
SIZE = 100_000_000
ROUNDS = 7
COMMAND = f"head -c {SIZE} /dev/zero | tr '\\0' x"


def rows() -> list[tuple[str, float, float, float]]:
    """Medians, ours and the rival's by turns in small blocks, so that a machine that is slow for a while is slow for both."""
    with _server() as server:
        true = asyncio.run(_true(server))
        much = [(asyncio.run(_ours_much(server)), _paramiko_much(server)) for _ in range(ROUNDS)]
    return [_row("100 × true, warm, against OpenSSH with ControlMaster", true), _row("100 MB, against a bare paramiko read loop", much)]


def _row(name: str, measured: list[tuple[float, float]]) -> tuple[str, float, float, float]:
    ours, rival = (statistics.median(column) for column in zip(*measured, strict=True))
    return name, ours, rival, ours / rival


@contextlib.contextmanager
def _server() -> Iterator[Sshd]:
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        server = start_sshd(Path(folder))
        os.environ["HOME"] = str(server.user_home)
        os.environ.pop("SSH_AUTH_SOCK", None)
        server.trust()
        try:
            yield server
        finally:
            stop(server.process)
            os.environ.clear()
            os.environ.update(before)


async def _true(server: Sshd) -> list[tuple[float, float]]:
    socket = server.folder / "master"
    ssh = [
        "ssh",
        "-F",
        "none",
        "-i",
        str(server.user_home / ".ssh" / "id_ed25519"),
        "-o",
        f"UserKnownHostsFile={server.user_home}/.ssh/known_hosts",
    ]
    place = ["-S", str(socket), "-p", str(server.port), f"{server.user}@127.0.0.1"]
    subprocess.run([*ssh, "-o", "ControlPersist=60", "-M", "-f", "-N", *place], check=True, stdin=subprocess.DEVNULL)  # noqa: ASYNC221
    target = SshTarget("bench", server.address)
    await target.open(Answers())
    measured = []
    for _ in range(TIMES // BLOCK):
        began = time.perf_counter()
        for _ in range(BLOCK):
            async for item in target.stream(job("true")):
                assert isinstance(item, Ended)
                assert item.code == 0
        between = time.perf_counter()
        for _ in range(BLOCK):
            subprocess.run([*ssh, *place, "true"], check=True, stdin=subprocess.DEVNULL)  # noqa: ASYNC221  nothing else runs here
        scale = TIMES / BLOCK
        measured.append(((between - began) * scale, (time.perf_counter() - between) * scale))
    await target.close()
    subprocess.run([*ssh, "-O", "exit", *place], check=True, capture_output=True)  # noqa: ASYNC221
    return measured


async def _ours_much(server: Sshd) -> float:
    target = SshTarget("bench", server.address)
    await target.open(Answers())
    what = job(COMMAND)
    began = time.perf_counter()
    size = 0
    async for item in target.stream(what):
        if isinstance(item, Output):
            size += len(item.data)
    taken = time.perf_counter() - began
    assert size == SIZE
    await target.forget(what.id)
    await target.close()
    return taken


def _paramiko_much(server: Sshd) -> float:
    import paramiko

    client = paramiko.SSHClient()
    client.load_host_keys(str(server.user_home / ".ssh" / "known_hosts"))
    client.connect("127.0.0.1", server.port, server.user, key_filename=str(server.user_home / ".ssh" / "id_ed25519"), allow_agent=False)
    transport = client.get_transport()
    assert transport is not None
    channel = transport.open_session()
    began = time.perf_counter()
    channel.exec_command(COMMAND)
    size = 0
    while data := channel.recv(1 << 18):
        size += len(data)
    taken = time.perf_counter() - began
    assert size == SIZE
    client.close()
    return taken


if __name__ == "__main__":
    for name, ours, rival, ratio in rows():
        sys.stdout.write(f"{name}: {ours:.2f} s, {rival:.2f} s, {ratio:.2f}\n")
