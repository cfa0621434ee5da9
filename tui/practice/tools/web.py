"""`curl` and `wget` of the world: a handful of addresses answer, everything else fails as it does without a network."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tui.practice.tools.call import Call, flags
from tui.practice.tools.cloud import METADATA, metadata
from tui.practice.tools.ground import VERSION

_CURL_VALUES = ("-o", "-m", "-w", "-X", "-H", "-d", "-x", "-A", "-u", "-e", "-T", "-b", "-c", "--output", "--max-time", "--connect-timeout")
_CURL_MORE = (
    "--retry",
    "--retry-delay",
    "--write-out",
    "--request",
    "--header",
    "--data",
    "--proxy",
    "--user-agent",
    "--user",
    "--resolve",
)


class Failed(Exception):
    """A transfer that did not come off: curl's exit code and words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


def fetch(call: Call, url: str) -> tuple[int, bytes]:
    """Status and body of an address, or `Failed` as curl would put it."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    host, path = parts.hostname or "", parts.path.lstrip("/")
    if host == METADATA:
        return _metadata(call, path)
    if host not in ("tailscale.com", "pkgs.tailscale.com") or not call.ground.resolves():
        raise Failed(6, f"Could not resolve host: {host}")
    if host == "tailscale.com":
        return (200, Path(__file__).with_name("installer.sh").read_bytes()) if path == "install.sh" else (404, b"404 page not found\n")
    return _packages(path, parts.query)


def _metadata(call: Call, path: str) -> tuple[int, bytes]:
    host = call.ground.host()
    if host["name"] != "ecs" or call.ground.drops_replies():
        raise Failed(28, "Failed to connect to 100.100.100.200 port 80 after 5002 ms: Timeout was reached")
    said = metadata(path)
    return (200, said.encode()) if said is not None else (404, b"404 - Not Found\n")


def _packages(path: str, query: str) -> tuple[int, bytes]:
    if path == "":
        return 200, b"<html><body><h1>Tailscale packages</h1></body></html>\n"
    if path == "stable/" and "mode=json" in query:
        names = {arch: f"tailscale_{VERSION}_{arch}.tgz" for arch in ("amd64", "arm64")}
        return 200, json.dumps({"Version": VERSION, "Tarballs": names, "TarballsVersion": VERSION}).encode()
    if path == "stable/":
        return 200, f"<html><body>tailscale_{VERSION}_amd64.tgz</body></html>\n".encode()
    if path == "stable/ubuntu/noble/installer-supported":
        return 200, b"OK\n"
    if path == "stable/ubuntu/noble.noarmor.gpg":
        return 200, b"practice keyring\n"
    if path == "stable/ubuntu/noble.tailscale-keyring.list":
        signed = "[signed-by=/usr/share/keyrings/tailscale-archive-keyring.gpg]"
        text = f"# Tailscale packages for ubuntu noble\ndeb {signed} https://pkgs.tailscale.com/stable/ubuntu noble main\n"
        return 200, text.encode()
    return 404, b"404 page not found\n"


def curl(call: Call) -> int:
    """Transfer one address or several; the last one's failure is the exit code."""
    options, urls = flags(call.args, _CURL_VALUES + _CURL_MORE)
    if "--version" in options or "-V" in options:
        call.out("curl 8.5.0 (x86_64-pc-linux-gnu) libcurl/8.5.0 OpenSSL/3.0.13")
        return 0
    if not urls:
        return call.fail("curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information", 2)
    return [_transfer(call, options, url) for url in urls][-1]


def _transfer(call: Call, options: dict[str, str], url: str) -> int:
    silent = ("-s" in options or "--silent" in options) and not ("-S" in options or "--show-error" in options)
    fails = bool({"-f", "--fail"} & set(options))
    head = bool({"-I", "--head"} & set(options))
    template = options.get("-w") or options.get("--write-out") or ""
    try:
        status, body = fetch(call, url)
        if fails and status >= 400:
            raise Failed(22, f"The requested URL returned error: {status}")
    except Failed as failed:
        if not silent:
            call.err(f"curl: ({failed.code}) {failed}")
        _write(call, "-", _filled(template, "000", url))
        return failed.code
    if head:
        body = f"HTTP/1.1 {status} {'OK' if status == 200 else 'Not Found'}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    target = options.get("-o") or options.get("--output") or (urlsplit(url).path.rsplit("/", 1)[-1] if "-O" in options else "-")
    if not _write(call, target, body):
        return call.fail(f"curl: (23) Failure writing output to destination, passed {len(body)} returned 0", 23)
    _write(call, "-", _filled(template, str(status), url))
    return 0


def _filled(template: str, status: str, url: str) -> bytes:
    text = template.replace("\\n", "\n").replace("\\t", "\t").replace("%{url_effective}", url)
    return text.replace("%{http_code}", status).replace("%{response_code}", status).encode()


def _write(call: Call, target: str, body: bytes) -> bool:
    if target == "-":
        sys.stdout.buffer.write(body)
        sys.stdout.flush()
        return True
    try:
        Path(call.path(target) if call.root else target).write_bytes(body)
    except OSError:
        return False
    return True


def wget(call: Call) -> int:
    """`wget URL`, with `-O` and `-q`."""
    options, urls = flags(call.args, ("-O", "-T", "-t", "--timeout", "--tries", "--output-document"))
    if not urls:
        return call.fail("wget: missing URL\nUsage: wget [OPTION]... [URL]...", 1)
    quiet = "-q" in options or "--quiet" in options
    try:
        status, body = fetch(call, urls[0])
    except Failed as failed:
        host = urlsplit(urls[0]).hostname
        words = f"wget: unable to resolve host address ‘{host}’" if failed.code == 6 else "failed: Connection timed out."
        return 4 if quiet else call.fail(words, 4)
    if status >= 400:
        return 8 if quiet else call.fail(f"ERROR {status}: Not Found.", 8)
    target = options.get("-O") or options.get("--output-document") or urlsplit(urls[0]).path.rsplit("/", 1)[-1] or "index.html"
    return 0 if _write(call, target, body) else call.fail(f"{target}: Permission denied", 3)
