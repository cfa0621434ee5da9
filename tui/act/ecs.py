"""Alibaba Cloud's ECS interface for an action: with which AccessKey it is asked, which server is meant, and what a refusal needs.

Every action about the cloud begins here, so that they all find the same server and say the same where a key or a permission is missing.
Who changes the rules of a server it is connected to asks `same_machine`: the server says itself which instance it is, and where the guide
says another one, nothing is touched.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tui.act.ecs_key_form import typed_key
from tui.act.tailscale import LOOK
from tui.cloud import ecs_keys
from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_errors import MayNot, Missing
from tui.cloud.ecs_find import Found, Search, find
from tui.cloud.ecs_keys import Keys, NoneFound
from tui.cloud.ecs_policy import READ, policy_for
from tui.cloud.ecs_sdk import VARIABLE
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
WHO: Final = """url=http://100.100.100.200/latest
get() { curl -fsS -m 5 ${token:+-H "X-aliyun-ecs-metadata-token: $token"} "$url/meta-data/$1" 2>/dev/null || true; }
token=$(curl -fsS -m 5 -X PUT -H 'X-aliyun-ecs-metadata-token-ttl-seconds: 60' "$url/api/token" 2>/dev/null || true)
printf 'instance=%s\\nregion=%s\\n' "$(get instance-id)" "$(get region-id)"
"""
"""Asks the server's own metadata which instance it is."""
_OWN: Final = re.compile(r"([a-z]{2}(?:-[a-z0-9]+)+)/(i-[A-Za-z0-9-]+)")
_FAKE: Final = ipaddress.ip_network("198.18.0.0/15")


async def ecs_api(stage: Stage) -> EcsApi:
    """The interface with the reader's own key, found or asked for, as the run's environment has it; which key is said in the log.

    Raises NoKey where there is none, Unusable in a world without a cloud.
    """
    found = await keys(stage)
    for each in (found.secret, found.token):
        if each is not None:
            stage.redactor.add(each)
    await stage.note(Text("用的是{keys}", "using {keys}").fill(keys=found.told))
    return EcsApi(found, environ=stage.environ)


async def keys(stage: Stage) -> Keys:
    """The AccessKey: found, or else asked for, masked. Raises NoKey where there is none, Unusable in a world without a cloud."""
    if stage.environ is not os.environ and VARIABLE not in stage.environ:
        raise Unusable(_NO_CLOUD)  # a rehearsal: the reader's own keys must never be used in it
    try:
        return await stage.unless_stopped(call(ecs_keys.find, stage.environ))
    except NoneFound as missing:
        return await typed_key(stage, missing)


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
    return await _one(stage, cloud, wish, regions)


async def same_machine(stage: Stage, cloud: EcsApi, server: str) -> tuple[Found, bool]:
    """The instance that the connected place `server` is, and whether it said so itself; else the option `instance` counts.

    Learns where it is. Raises Refused where the two differ, Unusable where neither is known, and what `locate` raises.
    """
    seen = await stage.capture(WHO, on=server, patience=LOOK)
    told = dict(re.findall(r"^(instance|region)=(\S+)$", seen.out, re.MULTILINE))
    own = _OWN.fullmatch(f"{told.get('region', '')}/{told.get('instance', '')}")
    written = _option(stage, "instance")
    if own is None:
        if not written:
            raise Unusable(_WHICH)
        return await locate(stage, cloud), False
    other = _OWN.fullmatch(written)
    if other and other.groups() != own.groups():
        raise Refused(_TWO_TRUTHS.fill(written=written, own=own[0]))
    found = await _one(stage, cloud, own[2], (own[1],))
    if written and not other and (await locate(stage, cloud)).id != found.id:  # an id alone, a name, an address
        raise Refused(_TWO_TRUTHS.fill(written=written, own=own[0]))
    return found, True


async def _one(stage: Stage, cloud: EcsApi, wish: str, regions: tuple[str, ...]) -> Found:
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
    region = _option(stage, "region")
    if named := _option(stage, "instance"):
        place, _, own = named.rpartition("/")
        named, region = own, region or place
        return named, (region,) if region else ()
    if known := stage.values.get(INSTANCE, ""):
        region = region or stage.values.get(REGION, "")
        return known, (region,) if region else ()
    return stage.values.get(PUBLIC_IP, "").strip(), (region,) if region else ()


def _option(stage: Stage, name: str) -> str:
    """An option as it is meant; "" where it names an input that has no value."""
    written = str(expand(str(stage.spec.options.get(name) or ""), stage.values)).strip()
    return "" if written.startswith("$") else written


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


_NO_CLOUD: Final = Text(
    "练习世界里还没有阿里云接口，安全组的规则在这里改不了", "the practice world has no cloud of its own, so rules can't be changed in it"
)
_WHICH: Final = Text(
    "不知道这台服务器是哪个实例：它没能从元数据（100.100.100.200）读到。先修好网段冲突，或写明 instance: 地域/实例ID",
    "which instance the server is, it could not read from its metadata (100.100.100.200). Mend the collision first, or write "
    "instance: region/instance-id",
)
_TWO_TRUTHS: Final = Text(
    "停下：这里写的是 {written}，服务器自己说它是 {own}", "stop: {written} is written here, but the server says that it is {own}"
)
