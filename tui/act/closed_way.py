"""Why a server no longer answers at its public address, where this program closed it: told when a reader may think to be locked out."""

from __future__ import annotations

import asyncio
import socket
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from tui.act.lockdown_record import records
from tui.errors import ZhinanError
from tui.judge.lockdown import OPENING, Phase, Story
from tui.target import ssh_address, ssh_config
from tui.texts import Text


async def closed_way(home: Path, address: str) -> Text | None:
    """A sentence more about a server that does not answer; None where no lockdown recorded in `home` is the reason. Never raises."""
    return await asyncio.to_thread(_closed, home, address)


def _closed(home: Path, address: str) -> Text | None:
    seen: set[str] = set()
    known = [each for each in records(home) if each.story is not None and each.story.kind != OPENING]
    at, port = _reached(address) if known else (set(), 0)
    for each in known:
        if (story := each.story) is None or story.instance in seen or story.phase is Phase.DROPPED:
            continue
        seen.add(story.instance)
        if story.phase is Phase.CLOSED and story.port == port and at & _public(story):
            told = _INSIDE.fill(ip=story.tailnet) if story.tailnet else Text("", "")
            what = _CLOSED.fill(
                server=story.server or story.instance, day=time.strftime("%Y-%m-%d %H:%M", time.localtime(story.ended)), id=each.id
            )
            return Text(what.zh + told.zh, what.en + told.en)
    return None


def _reached(address: str) -> tuple[set[str], int]:
    """The IP addresses and the port that are connected to; none where that goes by way of another machine."""
    try:
        host = ssh_config.resolve(ssh_address.parse(address))
        if host.jumps or host.proxy_command:
            return set(), 0
        found = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
    except (ZhinanError, OSError, UnicodeError):
        return set(), 0
    return {str(ip_address(str(each[4][0]).partition("%")[0])) for each in found}, host.port


def _public(story: Story) -> set[str]:
    cards = story.before.instance.interfaces if story.before else ()
    own = {each for card in cards for each in card.addresses if ip_address(each).is_global}  # IPv6 leads to it without another address
    return own | {each for card in cards for each in card.public}


_CLOSED: Final = Text(
    "{server} 的公网 SSH 是本程序在 {day} 关上的，不是把你锁在了外面。要重新打开：zhinan undo {id}。",
    "Public SSH of {server} was closed by this program on {day}: you are not locked out. To open it again: zhinan undo {id}.",
)
_INSIDE: Final = Text("要进去：本机连着 Tailscale，地址用 {ip}。", " To get in: with Tailscale connected here, by the address {ip}.")
