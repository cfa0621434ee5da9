"""From an address to a logged-in connection: sockets, jump hosts and proxy commands, host keys, and the watch that it still lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Any, cast

from tui.errors import HostKeyRejected, UsageError
from tui.target import ssh_errors, ssh_hostkeys
from tui.target.base import Asker, HostKeyQuestion
from tui.target.ssh_auth import Login, Memory
from tui.target.ssh_config import Host, choose
from tui.texts import Text
from tui.threads import call

if TYPE_CHECKING:
    from paramiko import Transport

_DEPTH = 8

Resolve = Callable[[str], Host]


@dataclass
class Known:
    """Host keys accepted while the target is open, for a home that can't be written."""

    keys: set[tuple[str, bytes]] = field(default_factory=set)


@dataclass
class Connection:
    """A chain of transports, the last one at the host itself, and the proxy command's process if there is one."""

    transports: list[Transport] = field(default_factory=list)
    proxy: Proxy | None = None

    @property
    def transport(self) -> Transport:
        """The one that leads to the host."""
        return self.transports[-1]

    def close(self) -> None:
        """Close all, the farthest first."""
        for transport in reversed(self.transports):
            transport.close()
        if self.proxy:
            self.proxy.close()


def hops(host: Host, resolve: Resolve, depth: int = 0) -> list[Host]:
    """The hosts to go through, the host itself last. Raises `UsageError` for a ring of jump hosts."""
    if depth > _DEPTH:
        raise UsageError(Text("~/.ssh/config 里的 ProxyJump 绕成了圈。", "The ProxyJump lines of ~/.ssh/config go round in a circle."))
    if not host.jumps:
        return [host]
    first, *rest = host.jumps
    return [*hops(resolve(first), resolve, depth + 1), *(replace(resolve(word), jumps=(), proxy_command=None) for word in rest), host]


async def connect(chain: list[Host], asker: Asker, memory: Memory, known: Known, patience: float) -> Connection:
    """Connect and log in along the chain. Raises `TargetError` or `Cancelled`; nothing stays open then."""
    logging.getLogger("paramiko").addHandler(logging.NullHandler())  # its tracebacks are not for the reader's screen
    connection = Connection()
    try:
        for host in chain:
            await _hop(connection, host, asker, memory, known, host.connect_timeout or patience)
    except BaseException:
        connection.close()
        raise
    return connection


async def _hop(connection: Connection, host: Host, asker: Asker, memory: Memory, known: Known, patience: float) -> None:
    from paramiko.ssh_exception import SSHException

    from tui.target.ssh_transport import LoginTransport

    sock = await _socket(connection, host, patience)
    entries = ssh_hostkeys.entries(host)
    transport = LoginTransport(sock)
    connection.transports.append(transport)
    transport.banner_timeout = patience
    options = transport.get_security_options()
    supported = set(options.key_types)
    wanted = [name for name in choose(host.key_algorithms, options.key_types) if name in supported]
    options.ciphers = sorted(options.ciphers, key=lambda name: "gcm" not in name)  # one pass over the bytes instead of two
    options.key_types = ssh_hostkeys.order(entries, wanted or list(options.key_types))
    try:
        await call(transport.start_client, None, patience)
        if not transport.initial_kex_done:
            raise TimeoutError
    except (SSHException, EOFError, OSError) as error:
        raise ssh_errors.negotiating(error, host, connection.proxy.said() if connection.proxy else "") from error
    await _verify(transport, host, entries, asker, known)
    await Login(transport, host, asker, memory).run()


async def _socket(connection: Connection, host: Host, patience: float) -> Any:
    from paramiko.ssh_exception import SSHException

    try:
        if connection.transports:
            before = connection.transports[-1]
            return await call(before.open_channel, "direct-tcpip", (host.name, host.port), ("127.0.0.1", 0), None, None, patience)
        if host.proxy_command:
            connection.proxy = Proxy(host.proxy_command)
            return connection.proxy.socket
        sock = await call(socket.create_connection, (host.name, host.port), patience)
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (SSHException, OSError, UnicodeError) as error:
        raise ssh_errors.connecting(error, host) from error
    return sock


async def _verify(transport: Transport, host: Host, entries: list[ssh_hostkeys.Entry], asker: Asker, known: Known) -> None:
    key = transport.get_remote_server_key()
    kind, blob = key.get_name(), key.asbytes()
    if ssh_hostkeys.judge(host, entries, kind, blob) or (host.key_name, blob) in known.keys:
        return
    print_ = ssh_hostkeys.fingerprint(blob)
    if host.strict:
        raise HostKeyRejected(
            Text(
                "{host} 的主机密钥 {print} 不在记录里，而 ~/.ssh/config 规定只连已知主机（StrictHostKeyChecking yes）。",
                "The host key {print} of {host} is not on record, and ~/.ssh/config allows known hosts only (StrictHostKeyChecking yes).",
            ).fill(host=host, print=print_)
        )
    if not await asker.accept_host_key(HostKeyQuestion(host.key_name, kind, print_, str(host.known_hosts[0]))):
        raise HostKeyRejected(
            Text(
                "没有接受 {host} 的主机密钥 {print}，已停止连接。",
                "The host key {print} of {host} was not accepted; the connection was stopped.",
            ).fill(host=host, print=print_)
        )
    known.keys.add((host.key_name, blob))
    with contextlib.suppress(OSError):  # then it is known as long as this target is open
        ssh_hostkeys.remember(host, kind, blob)


class Proxy:
    """A proxy command, its two ends joined to a socket. POSIX gives it the socket itself; elsewhere two threads carry the bytes."""

    def __init__(self, command: str) -> None:
        self.socket, far = socket.socketpair()
        direct = os.name == "posix"
        self._errors: list[bytes] = []
        self._process = subprocess.Popen(  # noqa: S602  the user's own setting, a shell line by definition
            f"exec {command}" if direct else command,
            shell=True,
            stdin=far.fileno() if direct else subprocess.PIPE,
            stdout=far.fileno() if direct else subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=direct,
        )
        if direct:
            far.close()
        else:
            carry(far, cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout))
        threading.Thread(target=self._listen, daemon=True, name="zhinan-proxy").start()

    def said(self) -> str:
        """The last words of the command."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        return " ".join(b"".join(self._errors).decode("utf-8", "replace").split())[-300:]

    def close(self) -> None:
        """End the command."""
        self.socket.close()
        if self._process.poll() is None:
            self._process.terminate()
        threading.Thread(target=self._process.wait, daemon=True, name="zhinan-proxy-end").start()

    def _listen(self) -> None:
        stream = self._process.stderr
        while stream and (line := stream.readline(4096)):
            self._errors = [*self._errors[-20:], line]


def carry(far: socket.socket, stdin: IO[bytes], stdout: IO[bytes]) -> None:
    """Carry bytes between a socket and the two pipes of a process, in threads, until either side ends."""

    def down() -> None:
        with contextlib.suppress(OSError, ValueError):
            while data := far.recv(1 << 16):
                stdin.write(data)
                stdin.flush()
        with contextlib.suppress(OSError, ValueError):
            stdin.close()

    def up() -> None:
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(stdout.fileno(), 1 << 16):
                far.sendall(data)
        far.close()

    for work in (down, up):
        threading.Thread(target=work, daemon=True, name="zhinan-proxy-pipe").start()


async def watch(connection: Connection, interval: float, count: int) -> None:
    """Ask the server for a sign of life every `interval` seconds; close the connection when none comes within `count` intervals."""
    transport = connection.transport
    while transport.is_active():
        await asyncio.sleep(interval)
        try:
            async with asyncio.timeout(interval * count):
                await call(transport.global_request, "keepalive@openssh.com")
        except TimeoutError:
            connection.close()
        except (OSError, EOFError):
            return
