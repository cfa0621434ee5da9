"""The built-in guide from a reader's own computer, in a real tailnet: done once, nothing to do again, the gates through the tunnel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from headless_lab import Told, follow, opens, state
from lab import Control, Host, Laptop, Tailnet

LEFT = "/etc/apt/sources.list.d/tailscale.list /var/lib/tailscale /var/lib/zhinan"
PURGE = f"apt-get purge -y tailscale tailscale-archive-keyring; rm -rf {LEFT}"
EVERYBODY = {"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]}
SPARED = {**EVERYBODY, "nodeAttrs": [{"target": ["*"], "attr": ["disable-linux-cgnat-drop-rule"]}]}
STEPS = ("install", "local-install", "verify")


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


def run(laptop: Laptop, control: Control, public_ip: str, *steps: str) -> Told:
    """Steps of the built-in guide on the reader's computer, each login by its link."""
    words = [word for step in steps for word in ("--step", step)]
    given = ("--on", "ecs=ssh://root@ecs", "--input", f"PUBLIC_IP={public_ip}", "--yes", "--json")
    return follow(laptop.zhinan("run", "tailscale-ecs", *words, *given, env={"ZHINAN_LANG": "en"}), opens(control), 420)


def outcomes(told: Told) -> dict[str, str]:
    """How each step ended."""
    return {event["step"]: event["outcome"] for event in told.of("StepEnded")}


def test_done_once_and_nothing_to_do_the_second_time(laptop: Laptop, ecs: Host, control: Control) -> None:
    first = run(laptop, control, ecs.ip, *STEPS)
    assert outcomes(first) == {"install": "passed", "local-install": "already done", "verify": "passed"}, first.why
    assert len(first.of("Waited")) == 1

    was = state(ecs)
    second = run(laptop, control, ecs.ip, *STEPS)
    assert outcomes(second) == dict.fromkeys(STEPS, "already done"), second.why
    assert (second.of("CommandStarted"), state(ecs)) == ([], was)

    # The gates: proven anew, then run through the tunnel, whose address is known from the other day. A login that will expire closes them.
    gates = run(laptop, control, ecs.ip, "lockdown")
    started = [event["text"].strip().splitlines()[0] for event in gates.of("CommandStarted")]
    assert started == ["tailscale.verify", "systemctl is-enabled tailscaled"]
    assert [event["code"] for event in gates.of("CommandEnded")] == [0, 1], gates.said
    assert '"KeyExpiry"' in "".join(event["text"] for event in gates.of("Printed") if event["item"] > 0)
    assert gates.events[0]["targets"]["ecs-tailnet"].startswith("ssh://root@100.64.")
    assert outcomes(gates) == {"lockdown": "failed"}
