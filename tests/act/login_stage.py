"""A server on which Tailscale logs in as scripted: what it says of itself, and the runs of `tailscale.login` on it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from act_server import Played, Server, play

from tui.act import ACTIONS

URL, OTHER = "https://login.tailscale.com/a/1", "https://login.tailscale.com/a/2"
VISIT = f"\nTo authenticate, visit:\n\n\t{URL}\n\n"
NO_DAEMON = "failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)"
TIMED_OUT = 'timeout waiting for Tailscale service to enter a Running state; check health with "tailscale status"\n'
LAST = "You are logged out. The last login error was: "
REFUSED = LAST + 'fetch control key: Get "http://127.0.0.1:1/key?v=138": dial tcp 127.0.0.1:1: connect: connection refused'

OUT: dict[str, Any] = {"BackendState": "NeedsLogin", "AuthURL": ""}
LINK: dict[str, Any] = {**OUT, "AuthURL": URL}
NEW_LINK: dict[str, Any] = {**OUT, "AuthURL": OTHER}
ME = {"ID": "n1CNTRL", "HostName": "ecs", "DNSName": "ecs.tail1.ts.net.", "TailscaleIPs": ["100.96.12.34"], "UserID": 7}
RUNNING: dict[str, Any] = {
    "BackendState": "Running", "HaveNodeKey": True, "AuthURL": "", "TailscaleIPs": ["100.96.12.34"], "Self": ME,
    "CurrentTailnet": {"Name": "ann@example.com"}, "User": {"7": {"LoginName": "ann@example.com"}},
}  # fmt: skip
APPROVAL = {**RUNNING, "BackendState": "NeedsMachineAuth"}
EXPIRED = {**RUNNING, "BackendState": "NeedsLogin", "Self": {**ME, "Expired": True, "KeyExpiry": "2020-01-01T00:00:00Z"}}
STOPPED = {**RUNNING, "BackendState": "Stopped"}
STARTING = {**RUNNING, "BackendState": "Starting"}


async def log_in(server: Server, home: Path, **more: Any) -> Played:
    return await play(server, "tailscale.login", ACTIONS["tailscale.login"], home, **more)


def ups(server: Server) -> list[str]:
    return [script for script in server.changes if " up " in script]


def without_timeout(script: str) -> str:
    return re.sub(r"--timeout=\d+s", "--timeout=N", script)
