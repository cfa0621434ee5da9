"""Alibaba Cloud's side of a server's link, and the server's, in two network namespaces: the real thing for the probe script.

Run as a program inside the first namespace it answers DNS by UDP, HTTP on port 80 and connections on port 443, on every address there.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

ADDRESSES = ("100.100.2.136", "100.100.2.138", "223.5.5.5", "100.100.100.200", "100.100.2.148", "100.100.45.106")
NAMES = {"mirrors.cloud.aliyuncs.com": "100.100.2.148", "cn-hangzhou.axt.aliyun.com": "100.100.45.106"}
TAILSCALES = """
iptables -N ts-input
iptables -A ts-input -i tailscale0 -j ACCEPT
iptables -A ts-input -p udp -m udp --dport 41641 -j ACCEPT
iptables -A ts-input -s 100.115.92.0/23 ! -i tailscale0 -j RETURN
iptables -A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP
iptables -I INPUT 1 -j ts-input
"""


def lacks() -> str:
    """Why this can't be had here; nothing where it can."""
    if os.name != "posix" or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "needs root"
    missing = [tool for tool in ("unshare", "nsenter", "ip", "iptables", "nft", "mount") if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    tried = subprocess.run(["unshare", "-n", "-m", "iptables", "-S"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "needs network namespaces with iptables"


def need() -> None:
    """Skip where this can't be had, with the reason; in CI that is a failure."""
    import pytest  # not at the top: this file also runs as a program, for which it would only be slow

    if why := lacks():
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)


class Server:
    """A server with a link to Alibaba's side. `run` runs bash in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Server:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for process in reversed(self._own):
            process.send_signal(signal.SIGKILL)
            process.wait()
            for pipe in (process.stdout, process.stdin):
                if pipe:
                    pipe.close()
        self._own.clear()

    def run(self, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._inside(self._host), "bash", "-euo", "pipefail", "-c", script],
            env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def _start(self) -> None:
        resolv = self._folder / "resolv.conf"
        resolv.write_text("nameserver 100.100.2.136\nnameserver 100.100.2.138\noptions timeout:1 attempts:1\n")
        there, self._host = self._namespace(), self._namespace()
        self._must(
            self._host,
            f"mount --bind {resolv} /etc/resolv.conf; if [ -d /run/systemd/resolve ]; then mount -t tmpfs x /run/systemd/resolve; fi",
        )
        self._must(there, f"ip link add up0 type veth peer name eth0 netns {self._host.pid}; ip link set lo up; ip link set up0 up")
        self._must(there, "ip addr add 172.16.0.1/24 dev up0;" + ";".join(f"ip addr add {each}/32 dev lo" for each in ADDRESSES))
        self._must(
            self._host, "ip link set lo up; ip link set eth0 up; ip addr add 172.16.0.2/24 dev eth0; ip route add default via 172.16.0.1"
        )
        answering = subprocess.Popen([*self._inside(there), sys.executable, __file__], stdout=subprocess.PIPE)
        self._own.append(answering)
        assert answering.stdout
        assert answering.stdout.readline() == b"ready\n"

    def _namespace(self) -> subprocess.Popen[bytes]:
        script = "mount --make-rprivate /; echo; exec cat"
        process = subprocess.Popen(["unshare", "-n", "-m", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._own.append(process)
        assert process.stdout
        process.stdout.readline()
        return process

    @staticmethod
    def _inside(process: subprocess.Popen[bytes]) -> list[str]:
        return ["nsenter", "--target", str(process.pid), "--net", "--mount", "--"]

    @property
    def inside(self) -> list[str]:
        return self._inside(self._host)

    def _must(self, process: subprocess.Popen[bytes], script: str) -> None:
        subprocess.run([*self._inside(process), "sh", "-ec", script], check=True)


def _answer(question: bytes) -> bytes:
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += 1 + question[at]
    address, kind = NAMES.get(".".join(labels)), question[at + 1 : at + 3]
    head = question[:2] + b"\x81\x80\x00\x01" + (b"\x00\x01" if address and kind == b"\x00\x01" else b"\x00\x00") + b"\x00" * 4
    body = question[12 : at + 5]
    if address and kind == b"\x00\x01":
        body += b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + socket.inet_aton(address)
    return head + body


def _dns(address: str) -> None:
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind((address, 53))
    while True:
        question, whom = line.recvfrom(2048)
        line.sendto(_answer(question), whom)


def _http(door: socket.socket) -> None:
    while True:
        line, _ = door.accept()
        with line:
            asked = b""
            while b"\r\n\r\n" not in asked and (more := line.recv(4096)):
                asked += more
            path = asked.split(b" ")[1] if asked.count(b" ") > 1 else b""
            body = b"cn-hangzhou" if path == b"/latest/meta-data/region-id" else b"ok"
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def serve() -> None:
    for address in ADDRESSES[:3]:
        threading.Thread(target=_dns, args=(address,), daemon=True).start()
    door, locked = socket.create_server(("", 80)), socket.create_server(("", 443))
    threading.Thread(target=_http, args=(door,), daemon=True).start()
    print("ready", flush=True)
    while True:
        locked.accept()[0].close()


if __name__ == "__main__":
    serve()
