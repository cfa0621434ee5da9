"""The interface over HTTP on loopback, with connections that can be made to break.

Each connection has its thread, as the library that asks keeps one open for many calls. Whoever closes the server closes them all: a
call that is being kept waiting on purpose must not hold up the end of a test or of the program.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tui.practice.ecs.faults import Raw
from tui.practice.ecs.service import Gone, Service
from tui.practice.ecs.signature import Sent


class EcsServer:
    """Serves while it is entered; `endpoint` is its address."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._http = _Http(service)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, name="practice-ecs")
        self.endpoint = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> EcsServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.cut()
        self._http.server_close()
        self._thread.join()
        self.service.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, service: Service) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.service = service
        self.open: set[socket.socket] = set()

    def cut(self) -> None:
        """Close every connection."""
        for one in list(self.open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is none of ours to tell of."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its name there
        """Say nothing."""

    def do_GET(self) -> None:
        """Parameters in the address."""
        self._serve(b"")

    def do_POST(self) -> None:
        """Parameters in the address or in a form."""
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            reply = self.server.service.answer(Sent(self.command, parts.path, parts.query, headers, body))
        except Gone as gone:
            self.close_connection = True
            if gone.silent:
                self.rfile.read(1)  # until the other side, or the end of the server, closes it
            return
        self._say(reply)

    def _say(self, reply: Raw) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(reply.promised or len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        if reply.promised:
            self.close_connection = True
