"""Between the cloud and the judge: what was read as a `Wall`, and a planned change sent as the one call that makes it."""

from __future__ import annotations

from tui.cloud.ecs_api import EcsApi, odd
from tui.cloud.ecs_read import Reading, read
from tui.judge.firewall import Wall
from tui.judge.firewall_change import Authorize, Change, Modify, Revoke
from tui.judge.firewall_read import (
    NotFirewall,
    groups_from_maps,
    instance_from_maps,
    members_from_maps,
    port_list_from_map,
    prefix_list_from_map,
)
from tui.judge.firewall_store import permission


async def read_wall(api: EcsApi, region: str, instance: str) -> Wall:
    """Everything that decides who gets in to a server, now. Raises what `ecs_read.read` raises; an answer that is none is Unreachable."""
    seen = await read(api, region, instance)
    try:
        return wall(seen)
    except NotFirewall:
        raise odd("DescribeSecurityGroupAttribute") from None


def wall(seen: Reading) -> Wall:
    """The typed values of a reading. Raises NotFirewall."""
    rooms = {str(each.get("PortRangeListId")): each.get("MaxEntries") for each in seen.port_rooms}
    return Wall(
        instance_from_maps(seen.instance, seen.interfaces),
        groups_from_maps(seen.pages, seen.groups),
        {name: prefix_list_from_map(body) for name, body in seen.prefix_lists.items()},
        {name: port_list_from_map(name, body, int(rooms.get(name) or 0)) for name, body in seen.port_lists.items()},
        {name: members_from_maps(found, seen.cards[name]) for name, found in seen.members.items()},
        seen.taken,
    )


async def make(api: EcsApi, region: str, change: Change, token: str) -> str:
    """Make one change; the request's id.

    `token` is the change's own and written down before: the same one again is the same change. Raises Missing where the rule is gone,
    OutcomeUnknown where nobody said whether it was made.
    """
    match change:
        case Modify():
            return await api.modify_rule(region, change.group, change.before.id, token=token, **permission(change.after))
        case Revoke():
            return await api.revoke(region, change.group, [change.before.id], token=token)
        case Authorize():
            return await api.authorize(region, change.group, [permission(change.after)], token=token)
