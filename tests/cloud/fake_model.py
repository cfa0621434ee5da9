"""A model service on loopback that speaks chat completions, whole or broken as told, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

GOOD = "sk-test-0123456789abcdef0123"
DONE = b"data: [DONE]\n\n"


def said(words: str | None, reason: str | None = None) -> bytes:
    """One event with words of the answer."""
    choice = {"index": 0, "delta": {} if words is None else {"content": words}, "finish_reason": reason}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


@dataclass
class Service:
    """What it does next: `status` and `headers`, then `body` chunk by chunk; before chunk `hold` it waits until `go` is set.

    `short`: the connection ends before the promised length. `key` is the right key ("" for any or none). `asked` are the bodies,
    `keys` the Authorization headers that came.
    """

    body: Sequence[bytes] = (said("你好"), said("，世界", None), said(None, "stop"), DONE)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "text/event-stream"
    short: bool = False
    hold: int | None = None
    key: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)
    base: str = ""

    def __enter__(self) -> Service:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": self}))
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.go.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_POST(self) -> None:
        service = self.service
        service.paths.append(self.path)
        service.keys.append(self.headers.get("Authorization", ""))
        service.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if service.key and self.headers.get("Authorization") != f"Bearer {service.key}":
            self._send(401, "application/json", [json.dumps({"error": {"message": f"bad key {self.headers['Authorization']}"}}).encode()])
            return
        self._send(service.status, service.kind, service.body)

    def _send(self, status: int, kind: str, body: Sequence[bytes]) -> None:
        service = self.service
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if service.short:
            self.send_header("Content-Length", str(sum(map(len, body)) + 10))
        for name, value in service.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for number, chunk in enumerate(body):
                if number == service.hold:
                    self.wfile.flush()
                    self._wait()
                self.wfile.write(chunk)
                self.wfile.flush()
        except OSError:
            service.hung_up.set()

    def _wait(self) -> None:
        """Until it may go on, or the other side hung up."""
        service = self.service
        self.connection.settimeout(0.02)
        while not service.go.is_set():
            try:
                if not self.connection.recv(1):
                    service.hung_up.set()
                    service.go.set()
            except TimeoutError:
                continue
            except OSError:
                service.hung_up.set()
                service.go.set()
        self.connection.settimeout(None)

    def log_message(self, *_: object) -> None:
        """Quiet."""
