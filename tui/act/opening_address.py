"""Under which public address this computer goes out now, from whom that can honestly be learned; nobody new is asked.

In this order: what the reader wrote; what the server itself sees of a connection that came to it over the internet; what Tailscale's own
relays see of this computer (`tailscale netcheck`, which contacts what Tailscale contacts anyway). A guess is never one: without any of
these the reader is asked to write it.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tui.act.local import survey_local
from tui.act.tailscale import LOOK, shell
from tui.errors import TargetError, Unusable, UsageError
from tui.judge.firewall import Wall
from tui.judge.opening import one_address
from tui.run.action import Stage
from tui.run.values import expand
from tui.texts import Text

_SEEN: Final = "printf '%s\\n' \"${SSH_CONNECTION%% *}\""
"""The address from which our connection came, as the server sees it."""
_TAILNET: Final = (ipaddress.ip_network("100.64.0.0/10"), ipaddress.ip_network("fd7a:115c:a1e0::/48"))


@dataclass(frozen=True, slots=True)
class Mine:
    """The network to let in, and from whom it is known."""

    cidr: str
    source: Text


async def my_address(stage: Stage, wall: Wall, local: str) -> Mine:
    """Find it. `local` is the place that stands for this computer. Raises Unusable where it can't be told, UsageError for a wrong one."""
    written = str(expand(str(stage.spec.options.get("address") or ""), stage.values)).strip()
    if written and not written.startswith("$"):
        return Mine(one_address(written), _WRITTEN)
    if server := str(stage.spec.options.get("server") or ""):
        seen = await stage.capture(_SEEN, on=server, patience=LOOK)
        if found := _public(seen.out.strip()):
            return Mine(found, _SERVER)
    return await _by_tailscale(stage, wall, local)


async def _by_tailscale(stage: Stage, wall: Wall, local: str) -> Mine:
    here = await survey_local(stage, local)
    language = shell(stage, local)
    if here.now.tailnet is not None:
        status = await _json(stage, f"{here.command} status --json --peers=false", local, language)
        if status.get("ExitNodeStatus"):
            raise Unusable(_EXIT_NODE)
    report = await _json(stage, f"{here.command} netcheck --format=json", local, language)
    for name in _families(wall):
        if found := _public(str(report.get(name) or "").rpartition(":")[0].strip("[]")):
            return Mine(found, _RELAYS)
    raise Unusable(_UNKNOWN)


async def _json(stage: Stage, script: str, local: str, language: Any) -> Mapping[str, Any]:
    """What a command prints as JSON; nothing where it prints none."""
    try:
        seen = await stage.capture(script, on=local, patience=LOOK, language=language)
        told = json.loads(seen.out[seen.out.index("{") :])
    except (TargetError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _families(wall: Wall) -> tuple[str, ...]:
    """Where netcheck tells the address by which one comes to this server: its own kind first."""
    public = [each for card in wall.instance.interfaces for each in card.public]
    return ("GlobalV4",) if any(":" not in each for each in public) else ("GlobalV6", "GlobalV4")


def _public(written: str) -> str:
    """The address as a network, "" for one that is none of the internet."""
    try:
        address = ipaddress.ip_address(written)
        if any(address in each for each in _TAILNET if each.version == address.version):
            return ""
        return one_address(written)
    except (ValueError, UsageError):
        return ""


_WRITTEN: Final = Text("这个地址是你自己写的", "the address is the one you wrote")
_SERVER: Final = Text("这是服务器看到的、你现在这个连接的来源地址", "it is where your present connection comes from, as the server sees it")
_RELAYS: Final = Text(
    "这是 Tailscale 的中继服务器看到的本机公网地址（tailscale netcheck）；电脑上开着代理或别的 VPN 时，服务器看到的可能是另一个",
    "it is this computer's public address as Tailscale's relays see it (tailscale netcheck); behind a proxy or another VPN the server may "
    "see a different one",
)
_EXIT_NODE: Final = Text(
    "这台电脑正经 Tailscale 的出口节点上网，服务器看到的会是出口节点的地址：先关掉它（tailscale set --exit-node=），"
    "或者自己写明地址（选项 address）",
    "this computer goes out through a Tailscale exit node, so the server would see that one's address: switch it off first "
    "(tailscale set --exit-node=), or write the address (option address)",
)
_UNKNOWN: Final = Text(
    "没能得知这台电脑现在的公网地址：Tailscale 没有告诉。请自己写明（选项 address，指南里是输入 MY_ADDRESS）",
    "this computer's public address could not be learned: Tailscale does not tell it. Write it yourself (option address; in the guide the "
    "input MY_ADDRESS)",
)
