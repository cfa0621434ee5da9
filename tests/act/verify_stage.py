"""A server and the reader's computer, both scripted: what they say of themselves, and runs of `tailscale.verify` between them."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from act_server import Played, Reply, Server, play

from tui.act import ACTIONS
from tui.run.events import Outcome

HOST = "uid=1000\nuser=admin\nssh=198.51.100.7 50000 172.16.0.10 22\nsudo=/usr/bin/sudo\ntailscale=/usr/bin/tailscale\ntun=yes\n"
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIGqyGpFl3bXlH0gDi8nWJbZzE0RzPXc1l2aVfR6BgJ3q"
KEYS = f"port=22\nboot=b00t\nkey=ssh-ed25519 {KEY} root@ecs\n"
LOOK = "system=Linux\narch=x86_64\ndistribution=debian\ncli=/usr/bin/tailscale\nservice=active\n"
DIRECT = "pong from ecs (100.96.12.34) via 203.0.113.7:41641 in 9ms\n"
RELAYED = "pong from ecs (100.96.12.34) via DERP(hkg) in 88ms\n"
SILENT = 'ping "100.96.12.34" timed out\nno reply\n'
SAME = Reply("zhinan-boot=b00t\n")
NET = {"CurrentTailnet": {"Name": "ann@example.com", "MagicDNSSuffix": "tail1.ts.net", "MagicDNSEnabled": True}}
USERS = {"User": {"7": {"LoginName": "ann@example.com"}, "8": {"LoginName": "bob@example.com"}}}
ECS: dict[str, Any] = {
    "ID": "n1CNTRL", "HostName": "ecs", "DNSName": "ecs.tail1.ts.net.", "OS": "linux", "TailscaleIPs": ["100.96.12.34"], "UserID": 7,
    "Online": True, "Relay": "hkg", "CurAddr": "",
}  # fmt: skip
LAPTOP: dict[str, Any] = {**ECS, "ID": "n9CNTRL", "HostName": "laptop", "DNSName": "laptop.tail1.ts.net.", "TailscaleIPs": ["100.96.0.9"]}
UP = {"BackendState": "Running", "HaveNodeKey": True, **NET, **USERS}


@dataclass
class World:
    """Server and computer as they tell themselves; changed by a test before it runs."""

    folder: Path
    ecs: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(ECS))
    seen: dict[str, Any] | None = field(default_factory=lambda: {**copy.deepcopy(ECS), "CurAddr": "203.0.113.7:41641"})
    there: dict[str, Any] = field(default_factory=dict)
    here: dict[str, Any] = field(default_factory=dict)
    host: str = HOST + "enabled=enabled\n"
    keys: str = KEYS
    pings: list[Reply] = field(default_factory=lambda: [Reply(DIRECT)])
    logins: list[Reply] = field(default_factory=lambda: [SAME])
    look: str = LOOK
    starting: int = 0

    async def run(self, **more: Any) -> Played:
        there = {**UP, "TailscaleIPs": self.ecs.get("TailscaleIPs"), "Self": self.ecs, **self.there}
        peers = {"nodekey:1": self.seen} if self.seen else None
        here = {**UP, "TailscaleIPs": ["100.96.0.9"], "Self": copy.deepcopy(LAPTOP), "Peer": peers, **self.here}
        self.server = Server(
            [*[{**there, "BackendState": "Starting"}] * self.starting, there], {"ssh_host_": [Reply(self.keys)]}, host=self.host
        )
        self.computer = Server(
            [], {
                "controlplane.tailscale.com": [Reply(self.look)], "status --json": [Reply(json.dumps(here))],
                "debug prefs": [Reply('{"ControlURL": ""}')], " ping ": self.pings, "UserKnownHostsFile": self.logins,
            }, name="local", address="local",
        )  # fmt: skip
        secrets = ("TAILSCALE_API_TOKEN",)
        return await play(
            self.server,
            "tailscale.verify",
            ACTIONS["tailscale.verify"],
            self.folder / "j",
            beside={"local": self.computer},
            secrets=secrets,
            **more,
        )


def ran(server: Server, word: str) -> list[str]:
    return [job.script for job in server.ran if word in job.script]


async def refused(world: World, says: str, **more: Any) -> Played:
    played = await world.run(**more)
    assert played.outcome is Outcome.FAILED
    assert says in played.why
    return played
