"""The lab says what the table says: the same one the practice world is held to, so that both agree about real Tailscale."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest
from lab import Control, Host, Lab, Laptop, Tailnet

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "practice"))
from practice_table import ROWS, differences

USER = "dev"
PURGE = "apt-get purge -y tailscale tailscale-archive-keyring; rm -rf /etc/apt/sources.list.d/tailscale.list /var/lib/tailscale"


@pytest.fixture
def control(tailnet: Tailnet) -> Iterator[Control]:
    tailnet.control.clear()
    yield tailnet.control
    tailnet.control.clear()


@pytest.fixture
def ecs(tailnet: Tailnet, control: Control) -> Iterator[Host]:
    """The server without Tailscale, before and after."""
    tailnet.server.exec(PURGE)
    yield tailnet.server
    tailnet.server.exec(PURGE)


@pytest.fixture
def laptop(tailnet: Tailnet) -> Iterator[Laptop]:
    """The reader's computer, logged out."""
    yield tailnet.laptop
    tailnet.laptop.exec("tailscale logout")
    tailnet.laptop.write_client()


def link_of(host: Host | Laptop) -> str:
    """The login link that the machine has given out, "" where it has none."""
    return str(json.loads(host.exec("tailscale status --json").stdout or "{}").get("AuthURL", ""))


def open_link(host: Host | Laptop, control: Control, old: str) -> None:
    """Wait for a link that is not the old one, and sign in there."""
    while (link := link_of(host)) in ("", old):
        continue
    control.register(link)


async def test_every_row_of_the_table(lab: Lab, ecs: Host, laptop: Laptop, control: Control) -> None:
    """Its user is one who may use sudo; on the reader's computer it is root, who needs none."""
    wrong: list[str] = []
    known = {"ECS_USER": USER}
    options = {"username": USER, "client_keys": [str(lab.key)], "known_hosts": str(lab.known_hosts), "config": None, "agent_path": None}
    async with asyncssh.connect(ecs.ip, **options) as server:
        for row in ROWS:
            if row.needs == "installer there":
                continue
            host = ecs if row.on == "ecs" else laptop
            old = link_of(host) if row.login else ""
            if row.on == "ecs":
                running = asyncio.ensure_future(server.run(row.words(known)))
            else:
                running = asyncio.ensure_future(asyncio.to_thread(laptop.exec, row.words(known).replace("sudo ", "")))
            if row.login:
                await asyncio.wait_for(asyncio.to_thread(open_link, host, control, old), 60)
            done = await asyncio.wait_for(running, 120)
            wrong += differences(row, str(done.stdout), str(done.stderr), done.returncode)
            if row.keep:
                known[row.keep] = str(done.stdout).strip()
    assert not wrong, "\n".join(wrong)
