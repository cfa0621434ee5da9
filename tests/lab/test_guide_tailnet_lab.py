"""The built-in guide from a reader's own computer, in a real tailnet: done once, nothing to do again, the gates through the tunnel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from lab import Control, Host, Laptop, Tailnet

LEFT = "/etc/apt/sources.list.d/tailscale.list /var/lib/tailscale /var/lib/zhinan"
PURGE = f"apt-get purge -y tailscale tailscale-archive-keyring; rm -rf {LEFT}"
EVERYBODY = {"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]}
SPARED = {**EVERYBODY, "nodeAttrs": [{"target": ["*"], "attr": ["disable-linux-cgnat-drop-rule"]}]}
STEPS = ("install", "local-install", "verify")


@dataclass
class Told:
    """A headless run: its exit code, its events, all it said."""

    code: int
    events: list[dict[str, Any]]
    said: str

    def outcomes(self) -> dict[str, str]:
        """How each step ended."""
        return {event["step"]: event["outcome"] for event in self.events if event["event"] == "StepEnded"}

    def started(self, step: str) -> list[str]:
        """The first line of what ran in a step."""
        begun = (event for event in self.events if event["event"] == "CommandStarted" and event["step"] == step)
        return [event["text"].strip().splitlines()[0] for event in begun]


@pytest.fixture
def control(tailnet: Tailnet) -> Iterator[Control]:
    """The control server, knowing no machine before and after; its policy keeps the collision from happening."""
    tailnet.control.clear()
    tailnet.control.policy(SPARED)
    yield tailnet.control
    tailnet.control.policy(EVERYBODY)
    tailnet.control.clear()


@pytest.fixture
def ecs(tailnet: Tailnet, control: Control) -> Iterator[Host]:
    """The server in the cloud without Tailscale, before and after."""
    tailnet.server.exec(PURGE)
    yield tailnet.server
    tailnet.server.exec(PURGE)


@pytest.fixture
def laptop(tailnet: Tailnet, control: Control) -> Iterator[Laptop]:
    """The reader's computer, logged in."""
    computer = tailnet.laptop
    computer.write_client()
    computer.exec(f"tailscale up --timeout=40s --auth-key={control.preauth_key()}")
    yield computer
    computer.exec("tailscale logout; rm -rf ~/.zhinan")
    computer.write_client()


def run(laptop: Laptop, ecs: Host, key: str, *steps: str) -> Told:
    words = [word for step in steps for word in ("--step", step)]
    given = ("--on", "ecs=ssh://root@ecs", "--input", f"PUBLIC_IP={ecs.ip}", "--yes", "--json")
    process = laptop.zhinan("run", "tailscale-ecs", *words, *given, env={"ZHINAN_LANG": "en", "TS_AUTH_KEY": key})
    try:
        out, said = process.communicate(timeout=420)
    finally:
        process.kill()
    return Told(process.returncode, [json.loads(line) for line in out.splitlines() if line.startswith("{")], out + said)


def test_done_once_and_nothing_to_do_the_second_time(laptop: Laptop, ecs: Host, control: Control) -> None:
    key = control.preauth_key()
    first = run(laptop, ecs, key, *STEPS)
    assert first.outcomes() == {"install": "passed", "local-install": "already done", "verify": "passed"}, first.said
    assert key not in first.said

    second = run(laptop, ecs, key, *STEPS)
    assert second.outcomes() == dict.fromkeys(STEPS, "already done"), second.said
    assert [event for event in second.events if event["event"] == "CommandStarted"] == []

    # The gates: proven anew, then run through the tunnel, whose address is known from the other day. A login that will expire closes them.
    gates = run(laptop, ecs, key, "lockdown")
    assert gates.started("lockdown") == ["tailscale.verify", "systemctl is-enabled tailscaled"]
    assert [event["code"] for event in gates.events if event["event"] == "CommandEnded"] == [0, 1], gates.said
    assert '"KeyExpiry"' in "".join(event["text"] for event in gates.events if event["event"] == "Printed" and event["item"] > 0)
    assert gates.events[0]["targets"]["ecs-tailnet"].startswith("ssh://root@100.64.")
    assert gates.outcomes() == {"lockdown": "failed"}
