"""The network around a practice host, as ports on this computer's loopback: a cloud's own services in Tailscale's range, and a public DNS.

What comes from them is dropped while Tailscale's rule on the server says so, and the rule's counter counts it, as the real one does.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from tui.practice.jail import PORTS
from tui.practice.tools.cloud import ASSISTANT, METADATA, MIRROR, PUBLIC_RESOLVERS, RESOLVERS, page
from tui.practice.tools.ground import Ground

Address = tuple[str, str, int]
"""`tcp` or `udp`, the address in the world, the port there."""


class Cloud:
    """The services as seen from the server and the reader's computer. `close` ends them."""

    def __init__(self, server: Ground, computer: Ground, ssh: int) -> None:
        self._servers: list[socketserver.UDPServer | socketserver.TCPServer] = []
        passes = _Gate(server).passes
        names = self._listen(socketserver.ThreadingUDPServer, _resolver(passes))
        free = self._listen(socketserver.ThreadingUDPServer, _resolver(lambda: True))
        silent = self._listen(socketserver.ThreadingUDPServer, _resolver(lambda: False))
        inside = {
            **{("udp", address, 53): names for address in RESOLVERS},
            ("tcp", METADATA, 80): self._listen(socketserver.ThreadingTCPServer, _web(METADATA, passes)),
            ("tcp", MIRROR, 80): self._listen(socketserver.ThreadingTCPServer, _web(MIRROR, passes)),
            ("tcp", ASSISTANT, 443): self._listen(socketserver.ThreadingTCPServer, _web(ASSISTANT, passes)),
        }
        outside = {("udp", address, 53): free for address in PUBLIC_RESOLVERS}
        public = {("tcp", str(server.host()["public_ip"]), 22): ssh}
        self._closed = socket.socket()  # bound, so that nobody else takes its port, and never listening
        self._closed.bind(("127.0.0.1", 0))
        others = {"udp": silent, "tcp": self._closed.getsockname()[1]}
        self._doors = [(host.net / kind / address / str(port), ssh) for host in (server, computer) for kind, address, port in public]
        self._inner = [computer.net / "tcp" / str(server.host()[each]) / "22" for each in ("ip4", "ip6")]
        _write(server, {**inside, **outside, **public}, others)
        _write(computer, {**outside, **public}, others)
        used = {*inside.values(), *outside.values(), *public.values(), *others.values()}
        (server.root / PORTS).write_text("".join(f"{port}\n" for port in sorted(used)), "ascii")

    def _listen(self, kind: type[socketserver.UDPServer | socketserver.TCPServer], handler: type[socketserver.BaseRequestHandler]) -> int:
        server = kind(("127.0.0.1", 0), handler)
        setattr(server, "daemon_threads", True)  # noqa: B010  of the mixin, which the base does not know
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="practice-cloud").start()
        port: int = server.socket.getsockname()[1]
        return port

    def door(self, is_open: bool) -> None:
        """Open or shut the server's public SSH port to new connections: shut, it is silent, as behind a security group."""
        for path, port in self._doors:
            path.write_text(f"{port if is_open else 'silent'}\n", "ascii")

    def tailnet(self, answers: bool) -> None:
        """Whether the server's SSH answers over the tailnet, as far as that is not up to Tailscale on either side."""
        for path in self._inner:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True) if answers else path.write_text("silent\n", "ascii")

    def close(self) -> None:
        """Close every port."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()
        self._closed.close()


class _Gate:
    """Tailscale's rule on the server, in the way of every answer from the cloud."""

    def __init__(self, server: Ground) -> None:
        self._server = server

    def passes(self) -> bool:
        """Whether an answer gets through now; one that does not is counted."""
        if not self._server.drops_replies():
            return True
        with self._server.change() as host:
            host["dropped"] += 1
        return False


def _write(host: Ground, known: dict[Address, int], others: dict[str, int]) -> None:
    """The files in which the host's shells look up the ports; see `tools.paths`. Every other address is silent, or refuses."""
    for (kind, address, port), real in known.items():
        _line(host.net / kind / address / str(port), real)
    for kind, real in others.items():
        _line(host.net / kind / "other", real)


def _line(path: Path, port: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{port}\n", "ascii")


def _resolver(passes: Callable[[], bool]) -> type[socketserver.BaseRequestHandler]:
    class Question(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            question, line = self.request
            if passes():
                line.sendto(question[:2] + b"\x81\x83" + question[4:], self.client_address)

    return Question


def _web(address: str, passes: Callable[[], bool]) -> type[socketserver.BaseRequestHandler]:
    class Request(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError, ValueError):
                method, path, *_ = self.rfile.readline(4096).decode("ascii", "replace").split()
                if passes():
                    _skip(self.rfile)
                    self.wfile.write(page(address, method, path))
                else:
                    self.rfile.read()  # until the other end gives up

    return Request


def _skip(lines: Iterable[bytes]) -> None:
    for line in lines:
        if not line.strip():
            return
