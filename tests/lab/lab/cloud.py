"""The small servers of the lab's internet in one program: names, and pages over HTTP and HTTPS.

It knows nothing of whom it plays: a resolver of a cloud, its instance metadata, its package mirror are all in the plan, a
JSON file: `{"names": {ADDRESS: {NAME: ADDRESS, …}}, "pages": [{"address", "port", "certificate", "pages": {PATH: TEXT}}]}`. A
certificate may be null, and the path `*` stands for every other. It prints `ready` when all ports are open. Run inside the
lab's namespace, on the standard library alone.
"""

from __future__ import annotations

import json
import socketserver
import ssl
import struct
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

_NO_ERROR, _NO_SUCH_NAME = 0, 3
_A, _INTERNET = 1, 1
_TTL = 60


def answer(query: bytes, names: Mapping[str, str]) -> bytes:
    """The reply to one DNS query: one address, no address for a name that is known, or no such name."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    question = query[12 : at + 5]
    kind, family = struct.unpack(">HH", question[-4:])
    address = names.get(".".join(labels).lower())
    record = b""
    if address and (kind, family) == (_A, _INTERNET):
        record = struct.pack(">HHHIH", 0xC00C, _A, _INTERNET, _TTL, 4) + IPv4Address(address).packed
    flags = 0x8180 | (_NO_ERROR if address else _NO_SUCH_NAME)
    return query[:2] + struct.pack(">HHHHH", flags, 1, 1 if record else 0, 0, 0) + question + record


class _Datagrams(socketserver.ThreadingUDPServer):
    daemon_threads = True


class _Streams(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def _resolver(address: str, names: Mapping[str, str]) -> list[socketserver.BaseServer]:
    """Both servers of one resolver."""

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            query, line = self.request
            line.sendto(answer(query, names), self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self.rfile.read(2):
                reply = answer(self.rfile.read(int.from_bytes(head, "big")), names)
                self.wfile.write(len(reply).to_bytes(2, "big") + reply)

    return [_Datagrams((address, 53), Datagram), _Streams((address, 53), Stream)]


def _pages(address: str, port: int, certificate: str | None, pages: Mapping[str, str]) -> ThreadingHTTPServer:
    """A web server of fixed pages; PUT and POST are answered like GET, for tokens are asked for and logs handed in by them."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            text = pages.get(self.path.partition("?")[0], pages.get("*"))
            body = (text if text is not None else "404 page not found\n").encode()
            self.send_response(200 if text is not None else 404)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_PUT = do_POST = do_GET  # noqa: N815  the names are http.server's

    server = ThreadingHTTPServer((address, port), Page)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def main(plan: str) -> None:
    """Serve until killed."""
    wanted = json.loads(Path(plan).read_text("utf-8"))
    servers = [server for address, names in wanted["names"].items() for server in _resolver(address, names)]
    servers += [_pages(**site) for site in wanted["pages"]]
    for server in servers:
        threading.Thread(target=server.serve_forever).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
