"""Everything that decides who gets in to one server, read in one go: its cards, their groups and rules, lists, and who shares the groups.

It is a snapshot for `judge.firewall_read`: the cloud's own maps, whole. What could not be read is an error, as a rule that was not seen
may be the one that is open.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from tui.cloud.ecs_api import EcsApi, Map, together
from tui.cloud.ecs_errors import Missing
from tui.cloud.ecs_find import groups_of
from tui.texts import Text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """`interfaces` is None where none was told of: every server has one, so they could not be looked at.

    `pages` are the bodies of DescribeSecurityGroupAttribute, `groups` the entries of DescribeSecurityGroups. `members` holds for each group
    its servers, `cards` its network interfaces: a server with only a further card in a group is among the latter alone. `taken` is
    ISO 8601.
    """

    region: str
    instance: Map
    interfaces: tuple[Map, ...] | None
    groups: tuple[Map, ...]
    pages: tuple[Map, ...]
    prefix_lists: dict[str, Map] = field(default_factory=dict)
    port_lists: dict[str, Map] = field(default_factory=dict)
    port_rooms: tuple[Map, ...] = ()
    members: dict[str, list[Map]] = field(default_factory=dict)
    cards: dict[str, list[Map]] = field(default_factory=dict)
    taken: str = ""


async def read(api: EcsApi, region: str, instance: str) -> Reading:
    """Read all of it. Raises Missing where there is no such server, else what `EcsApi` raises."""
    taken = datetime.now(UTC).isoformat(timespec="seconds")
    found, interfaces = await _both(api.instances(region, ids=[instance]), api.interfaces(region, instance=instance))
    if not found:
        text = Text(
            "{region} 没有实例 {instance}，或这个 RAM 用户没有 ecs:DescribeInstances 权限",
            "{region} has no instance {instance}, or this RAM user lacks ecs:DescribeInstances",
        )
        raise Missing(text.fill(region=region, instance=instance))
    ids = groups_of(found[0], interfaces)
    infos, pages = await _both(api.groups(region, ids), _each(ids, lambda group: api.rules(region, group)))
    members, cards = await _both(
        _each(ids, lambda group: api.instances(region, group=group)), _each(ids, lambda group: api.interfaces(region, group=group))
    )
    rules = [rule for bodies in pages.values() for body in bodies for rule in body["Permissions"]["Permission"]]
    prefixes = _named(rules, "SourcePrefixListId", "DestPrefixListId")
    ports = _named(rules, "PortRangeListId")
    prefix_lists, port_lists = await _both(
        _each(prefixes, lambda each: api.prefix_list(region, each)), _each(ports, lambda each: api.port_list(region, each))
    )
    rooms = await api.port_lists(region, ports) if ports else []
    return Reading(
        region, found[0], tuple(interfaces) or None, tuple(infos), tuple(body for bodies in pages.values() for body in bodies),
        prefix_lists, port_lists, tuple(rooms), members, cards, taken,
    )  # fmt: skip


def _named(rules: Sequence[Map], *fields: str) -> list[str]:
    return sorted({str(rule[name]) for rule in rules for name in fields if rule.get(name)})


async def _each(ids: Sequence[str], ask: Any) -> dict[str, Any]:
    """One question for each id, all at once."""
    return dict(zip(ids, await together([ask(each) for each in ids]), strict=True))


async def _both(one: Coroutine[Any, Any, T], other: Coroutine[Any, Any, Any]) -> tuple[T, Any]:
    first, second = await together([one, other])
    return first, second
