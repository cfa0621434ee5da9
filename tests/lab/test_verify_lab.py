"""The reader's computer and a server in one real tailnet: the proof holds, and an impostor at the server's address is found out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lab import Control, Host, Laptop, Tailnet

INSTALL = "set -o pipefail; curl -fsSL https://tailscale.com/install.sh | sh"
PURGE = "apt-get purge -y tailscale tailscale-archive-keyring; rm -f /etc/apt/sources.list.d/tailscale.list"
GUIDE = """---
id: verify-lab
title: Verify
targets:
  ecs: {ask: where}
---
<!-- step
id: here
on: local
-->
## Here

<!-- action
use: tailscale.local
-->

<!-- step
id: proof
on: ecs
-->
## Proof

<!-- action
use: tailscale.verify
server: ecs
local: local
-->

<!-- step
id: name
on: local
-->
## Name

<!-- action
use: ssh.entry
server: ecs
-->
"""


@dataclass
class Told:
    """How a headless run on the reader's computer ended: exit code, what was observed by topic, all it said."""

    code: int
    observed: dict[str, dict[str, Any]]
    said: str


@pytest.fixture
def control(tailnet: Tailnet) -> Iterator[Control]:
    tailnet.control.clear()
    yield tailnet.control
    tailnet.control.clear()


@pytest.fixture
def ecs(tailnet: Tailnet, control: Control) -> Iterator[Host]:
    """The server, logged in."""
    tailnet.server.exec(INSTALL, check=True, timeout=120)
    tailnet.server.exec(f"tailscale up --timeout=40s --auth-key={control.preauth_key()}", check=True)
    yield tailnet.server
    tailnet.server.exec(PURGE, check=True)


@pytest.fixture
def laptop(tailnet: Tailnet, ecs: Host, control: Control) -> Iterator[Laptop]:
    """The reader's computer, logged in."""
    computer = tailnet.laptop
    computer.exec(f"tailscale up --timeout=40s --auth-key={control.preauth_key()}")
    yield computer
    computer.exec("tailscale logout")
    computer.write_client()


def run(laptop: Laptop, folder: Path, *steps: str) -> Told:
    guide = folder / "guide.md"
    guide.write_text(GUIDE)
    words = ("run", str(guide), *(word for step in steps for word in ("--step", step)), "--on", "ecs=ssh://root@ecs", "--yes", "--json")
    process = laptop.zhinan(*words, env={"ZHINAN_LANG": "en"})
    try:
        out, said = process.communicate(timeout=180)
    finally:
        process.kill()
    events = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    observed = {each["topic"]: each["facts"] for each in events if "topic" in each}
    return Told(process.returncode, observed, out + said)


def test_the_server_is_proven_from_the_readers_computer(laptop: Laptop, ecs: Host, tmp_path: Path) -> None:
    told = run(laptop, tmp_path, "here")
    assert told.code == 0, told.said
    assert (told.observed["local"]["kind"], told.observed["local"]["state"]) == ("linux", "running")

    told = run(laptop, tmp_path, "proof", "name")
    assert told.code == 0, told.said
    seen = told.observed["tailnet"]
    assert (seen["server"]["name"], seen["self"]["name"], seen["boot"]) == ("ecs", "laptop", "enabled")
    assert (seen["ssh"]["proof"], seen["ssh"]["login"], seen["path"]["kind"]) == ("same", True, "direct")
    assert seen["ssh"]["address"] == f"ssh://root@{seen['server']['ip']}"
    shown = ecs.exec("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").stdout.split()[1]
    assert shown in seen["ssh"]["keys"]
    done = laptop.exec("ssh -o BatchMode=yes ecs-ts hostname")
    assert done.stdout == "ecs\n", done.stderr  # the entry that was written works, its key known already


def test_a_server_with_other_keys_at_its_address_stops_it(laptop: Laptop, ecs: Host, tmp_path: Path) -> None:
    """The files tell one key, and what listens at the address shows another."""
    ecs.exec("mkdir /root/kept && cp -a /etc/ssh/ssh_host_* /root/kept/", check=True)
    try:
        ecs.exec("for key in /etc/ssh/ssh_host_*_key; do rm $key.pub; ssh-keygen -q -t ed25519 -N '' -f /root/new <<<y; "
                 "mv /root/new.pub $key.pub; done", check=True)  # fmt: skip
        told = run(laptop, tmp_path, "proof")
    finally:
        ecs.exec("cp -a /root/kept/* /etc/ssh/ && rm -r /root/kept /root/new", check=True)
    assert told.code == 1, told.said
    assert told.observed["tailnet"]["ssh"]["proof"] == "other key"
    assert "stop: the host key that root@" in told.said


def test_a_firewall_that_lets_no_ssh_in_is_told_from_a_dead_way(laptop: Laptop, ecs: Host, tmp_path: Path) -> None:
    ecs.exec("iptables -I INPUT 1 -i tailscale0 -p tcp --dport 22 -j REJECT --reject-with tcp-reset", check=True)
    try:
        told = run(laptop, tmp_path, "proof")
    finally:
        ecs.exec("iptables -D INPUT 1", check=True)
    assert told.code == 1, told.said
    assert told.observed["tailnet"]["path"]["kind"] == "direct"
    assert "refused the connection on port 22" in told.said


def test_a_key_that_is_over_is_said(laptop: Laptop, ecs: Host, control: Control, tmp_path: Path) -> None:
    control.expire("ecs")
    ecs.exec(
        'for i in $(seq 300); do tailscale status --json | grep -q \'"BackendState": "NeedsLogin"\' && exit; sleep 0.1; done; exit 1',
        check=True,
    )
    told = run(laptop, tmp_path, "proof")
    assert told.code == 1, told.said
    assert "the key of ecs has expired" in told.said


def test_a_relayed_way_is_told_with_what_to_open(laptop: Laptop, ecs: Host, tmp_path: Path) -> None:
    """The cloud lets no UDP in or out, as a strict security group does: only the relay is left."""
    ecs.exec("iptables -I INPUT 1 ! -i lo -p udp -j DROP; iptables -I OUTPUT 1 ! -o lo -p udp -j DROP", check=True)
    try:
        told = run(laptop, tmp_path, "proof")
    finally:
        ecs.exec("iptables -D INPUT 1; iptables -D OUTPUT 1")
    assert told.code == 0, told.said
    path = told.observed["tailnet"]["path"]
    assert (path["kind"], path["via"].startswith("DERP ")) == ("relay", True)
    assert "UDP 41641" in path["en"]
    assert told.observed["tailnet"]["ssh"]["proof"] == "same"
