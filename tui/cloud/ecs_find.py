"""Which server is meant: looked for in every region by id, address or name, and "nothing there" told apart from "could not look".

A RAM user without the permission to list servers is shown an empty list, not an error; and a Simple Application Server is no ECS
server at all. So nothing found is said with all of its possible reasons.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tui.cloud.ecs_api import EcsApi, Map, together
from tui.cloud.ecs_errors import EcsRefused, KeyRejected, MayNot
from tui.errors import TargetError, Unreachable
from tui.texts import Text

_Ask = Callable[[str], Awaitable[list[Map]]]
_CGNAT: Final = ipaddress.ip_network("100.64.0.0/10")


@dataclass(frozen=True, slots=True)
class Found:
    """A server as DescribeInstances tells of it, and where."""

    region: str
    instance: Map

    @property
    def id(self) -> str:
        """The instance id."""
        return str(self.instance.get("InstanceId", ""))


@dataclass(frozen=True, slots=True)
class Search:
    """What came of a search: servers, regions that answered, and why others did not."""

    wish: str
    found: tuple[Found, ...] = ()
    asked: tuple[str, ...] = ()
    failed: dict[str, Text] = field(default_factory=dict)

    @property
    def why_none(self) -> Text:
        """One sentence for a search without a find."""
        text = Text(
            "在 {number} 个地域里没有找到 {wish}：可能写错了，可能是轻量应用服务器（不是 ECS），也可能这个 RAM 用户没有"
            " ecs:DescribeInstances 权限（阿里云此时返回空列表，不报错）",
            "{wish} was not found in {number} regions: it may be mistyped, a Simple Application Server (which is no ECS), or this RAM user "
            "lacks ecs:DescribeInstances (the cloud then shows an empty list instead of an error)",
        ).fill(number=len(self.asked), wish=self.wish)
        if not self.failed:
            return text
        names = ", ".join(self.failed)
        more = Text("{text}。没能查看的地域：{names}", "{text}. Regions that could not be looked at: {names}")
        return more.fill(text=text, names=names)


async def find(api: EcsApi, wish: str, regions: Sequence[str] = ()) -> Search:
    """Look for a server by its id, public or private address, or name; in all regions unless some are given.

    A region that can't be looked at is told in the result. Raises KeyRejected, MayNot, Unreachable (where none answered), and Refused for a
    tailnet address, which the cloud does not know.
    """
    wish = wish.strip()
    _not_of_the_tailnet(wish)
    names = tuple(regions) or await api.regions()
    search = Search(wish)
    for ask in _rounds(api, wish):
        answers = await together([_tried(ask(region)) for region in names])
        search = _sum(wish, names, answers)
        if search.found:
            break
    if not search.asked and search.failed:
        raise Unreachable(next(iter(search.failed.values())))
    return search


def _sum(wish: str, names: Sequence[str], answers: Sequence[list[Map] | TargetError]) -> Search:
    found: dict[str, Found] = {}
    asked: list[str] = []
    failed: dict[str, Text] = {}
    for region, answer in zip(names, answers, strict=True):
        if isinstance(answer, TargetError):
            failed[region] = answer.text
        else:
            asked.append(region)
            found |= {each.id: each for each in (Found(region, one) for one in answer)}
    return Search(wish, tuple(found.values()), tuple(asked), failed)


async def _tried(work: Awaitable[list[Map]]) -> list[Map] | TargetError:
    """One region; only a key that is refused, which it is everywhere, stops the others."""
    try:
        return await work
    except (KeyRejected, MayNot):
        raise
    except (EcsRefused, Unreachable) as error:
        return error


def _rounds(api: EcsApi, wish: str) -> list[_Ask]:
    """What to ask of each region; the next only where no region found anything. The likelier meaning of an address comes first."""

    async def by_name(region: str) -> list[Map]:
        return [each for each in await api.instances(region, name=wish) if each.get("InstanceName") == wish]

    async def by_public(region: str) -> list[Map]:
        return [*await api.instances(region, public=[wish]), *await api.instances(region, elastic=[wish])]

    async def by_private(region: str) -> list[Map]:
        return [*await api.instances(region, private=[wish]), *await _by_card(api, region, wish)]

    if re.fullmatch(r"i-[a-z0-9]+", wish):
        return [lambda region: api.instances(region, ids=[wish])]
    if not _is_address(wish):
        return [by_name]
    return [by_private, by_public] if ipaddress.ip_address(wish).is_private else [by_public, by_private]


async def _by_card(api: EcsApi, region: str, private: str) -> list[Map]:
    """A server by an address of one of its further network cards, which the list of servers does not look at."""
    cards = await api.interfaces(region, private=private)
    ids = sorted({str(each["InstanceId"]) for each in cards if each.get("InstanceId")})
    return await api.instances(region, ids=ids) if ids else []


def _is_address(wish: str) -> bool:
    try:
        ipaddress.ip_address(wish)
    except ValueError:
        return False
    return True


def _not_of_the_tailnet(wish: str) -> None:
    if _is_address(wish) and (address := ipaddress.ip_address(wish)).version == 4 and address in _CGNAT:
        text = Text(
            "{wish} 是 tailnet 里的地址，阿里云不认识；请用公网 IP、私网 IP、实例 ID 或名称",
            "{wish} is an address of the tailnet, unknown to the cloud; use the public or private one, the instance's id or name",
        )
        raise EcsRefused(text.fill(wish=wish))


def groups_of(instance: Map, interfaces: Sequence[Map]) -> tuple[str, ...]:
    """The ids of all groups on all of a server's cards, each once."""
    ids: list[str] = []
    for told in (instance, *interfaces):
        ids += [str(each) for each in _ids(told)]
    return tuple(dict.fromkeys(ids))


def _ids(told: Map) -> list[object]:
    holder = told.get("SecurityGroupIds")
    found = holder.get("SecurityGroupId") if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []
