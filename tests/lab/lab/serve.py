"""The lab's web server: one folder over HTTP and HTTPS, run as a program of its own inside the lab's namespace.

It prints `ready` when both ports are open. Arguments: address, folder of files, certificate with key (PEM).
"""

from __future__ import annotations

import functools
import ssl
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


def main(address: str, folder: str, certificate: str) -> None:
    """Serve until killed; one line per request goes to standard error."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
    plain, secure = ThreadingHTTPServer((address, 80), handler), ThreadingHTTPServer((address, 443), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # The handshake is left to the thread of each connection: one that never speaks must not keep out the others.
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    secure.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:4])
