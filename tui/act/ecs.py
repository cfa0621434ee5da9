"""Alibaba Cloud's ECS interface for an action: with which AccessKey it is asked, which server is meant, and what a refusal needs.

Every action about the cloud begins here, so that they all find the same server and say the same where a key or a permission is missing.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tui.act.lockdown_place import api, keys
from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_errors import MayNot, Missing
from tui.cloud.ecs_find import Found, Search, find
from tui.cloud.ecs_policy import READ, policy_for
from tui.errors import Refused, Unusable
from tui.run.action import Stage
from tui.run.values import expand
from tui.texts import Text
from tui.threads import call

REGION: Final = "ecs_region"
INSTANCE: Final = "ecs_instance"
"""Names of the values by which a server that was found once is known to later steps."""
PUBLIC_IP: Final = "PUBLIC_IP"
"""The input by which a guide knows the server's public address."""
_NEAR: Final = "network_region"
"""The value under which a look at the server's network (`network_look`) keeps the region it is in."""
_FAKE: Final = ipaddress.ip_network("198.18.0.0/15")


async def ecs_api(stage: Stage) -> EcsApi:
    """The interface with the reader's own key, found or asked for; which one is said in the log. Raises NoKey where there is none."""
    found = await keys(stage)
    for each in (found.secret, found.token):
        if each is not None:
            stage.redactor.add(each)
    await stage.note(Text("用的是{keys}", "using {keys}").fill(keys=found.told))
    return api(stage, found)


@asynccontextmanager
async def permissions_told(stage: Stage) -> AsyncIterator[None]:
    """Where a permission is missing, the policy that gives it stands in the log, ready to paste."""
    try:
        yield
    except MayNot as error:
        text = Text("缺少权限 {action}；最小的 RAM 策略：", "the permission {action} is missing; the least RAM policy:")
        await stage.note(text.fill(action=error.action))
        await _paste(stage, error.policy)
        raise


async def locate(stage: Stage, cloud: EcsApi) -> Found:
    """The server that is meant: the option `instance`, else the one found before, else the input PUBLIC_IP.

    The option is an id (with or without `region/` before it), an address or a name. Learns where the server is. Raises Unusable where
    nothing says which server, Missing where there is none, Refused where there are several.
    """
    wish, regions = _wish(stage)
    if not wish:
        text = Text(
            "不知道是哪台服务器：填上公网 IP（{name}），或写选项 instance: i-…",
            "it is not known which server is meant: give its public IP ({name}), or write the option instance: i-…",
        )
        raise Unusable(text.fill(name=PUBLIC_IP))
    search = await _searched(stage, cloud, wish, regions)
    if not search.found:
        await stage.note(Text("读安全组的最小 RAM 策略：", "the least RAM policy for reading security groups:"))
        await _paste(stage, policy_for(READ[0]))
        raise Missing(search.why_none)
    if len(search.found) > 1:
        text = Text(
            "有 {n} 台服务器都符合 {wish}：{ids}；请用选项 instance 写明是哪一台",
            "{n} servers fit {wish}: {ids}; say which one by the option instance",
        )
        ids = ", ".join(f"{each.region}/{each.id}" for each in search.found)
        raise Refused(text.fill(n=len(search.found), wish=wish, ids=ids))
    found = search.found[0]
    stage.learn(**{REGION: found.region, INSTANCE: found.id})
    return found


def _wish(stage: Stage) -> tuple[str, tuple[str, ...]]:
    """What to look for, and the regions it must be in (none: anywhere)."""

    def option(name: str) -> str:
        written = str(expand(str(stage.spec.options.get(name) or ""), stage.values)).strip()
        return "" if written.startswith("$") else written  # an input that has no value

    region = option("region")
    if named := option("instance"):
        place, _, own = named.rpartition("/")
        named, region = own, region or place
        return named, (region,) if region else ()
    if known := stage.values.get(INSTANCE, ""):
        region = region or stage.values.get(REGION, "")
        return known, (region,) if region else ()
    return stage.values.get(PUBLIC_IP, "").strip(), (region,) if region else ()


async def _searched(stage: Stage, cloud: EcsApi, wish: str, regions: tuple[str, ...]) -> Search:
    """The region a look at the server's network was told of is asked first, and all of them only where it knows of no such server."""
    near = stage.values.get(_NEAR, "")
    tries: list[tuple[str, ...]] = [regions] if regions else [(near,), ()] if near else [()]
    search = Search(wish)
    for each in [wish, *(await _addresses(stage, wish))]:
        for some in tries:
            search = await stage.unless_stopped(find(cloud, each, some))
            if search.found:
                return search
    return search


async def _addresses(stage: Stage, name: str) -> tuple[str, ...]:
    """The addresses behind a host name, as this computer is told; none for an address, an id, or what a proxy makes up."""
    if "." not in name or _is_address(name):
        return ()
    try:
        told = await stage.unless_stopped(call(socket.getaddrinfo, name, None))
    except OSError:
        return ()
    found = dict.fromkeys(str(each[4][0]) for each in told)
    return tuple(each for each in found if ":" not in each and ipaddress.ip_address(each) not in _FAKE)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


async def _paste(stage: Stage, policy: str) -> None:
    for line in json.dumps(json.loads(policy), indent=2).splitlines():
        await stage.note(line)
