"""The cloud as the lockdown needs it: one instance behind the ECS interface."""

from __future__ import annotations

from dataclasses import dataclass

from tui.cloud.ecs_api import EcsApi, odd
from tui.cloud.ecs_errors import Missing
from tui.cloud.ecs_wall import make, read_wall
from tui.judge.firewall import Group, Wall
from tui.judge.firewall_change import Authorize, Change
from tui.judge.firewall_read import NotFirewall, groups_from_maps
from tui.judge.firewall_store import permission


@dataclass(frozen=True, slots=True)
class EcsCloud:
    """One server in one region."""

    api: EcsApi
    region: str
    instance: str

    async def wall(self) -> Wall:
        """Everything that decides who gets in, now."""
        return await read_wall(self.api, self.region, self.instance)

    async def group(self, group: str) -> Group | None:
        """One group with its rules; None where the account has no such group. Raises Missing where it may be another account's.

        That it is this account is proven by the instance, which the same key must see.
        """
        try:
            pages = await self.api.rules(self.region, group)
            return groups_from_maps(pages)[0]
        except NotFirewall:
            raise odd("DescribeSecurityGroupAttribute") from None
        except Missing:
            if not await self.api.instances(self.region, ids=[self.instance]):
                raise
            return None

    async def make(self, change: Change, token: str) -> None:
        """Make a change; the same token again is the same change."""
        await make(self.api, self.region, change, token)

    async def unmake(self, change: Change, token: str) -> None:
        """Take away the rule of a Revoke that has no id, by what it says. That there is none is no error."""
        rule = change.after if isinstance(change, Authorize) else change.before
        await self.api.revoke_like(self.region, change.group, [permission(rule)], token=token)
