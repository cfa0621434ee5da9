"""The cloud as the lockdown needs it: one instance behind the ECS interface."""

from __future__ import annotations

from dataclasses import dataclass

from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_wall import make, read_wall
from tui.judge.firewall import Wall
from tui.judge.firewall_change import Authorize, Change
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

    async def make(self, change: Change, token: str) -> None:
        """Make a change; the same token again is the same change."""
        await make(self.api, self.region, change, token)

    async def unmake(self, change: Change, token: str) -> None:
        """Take away the rule of a Revoke that has no id, by what it says. That there is none is no error."""
        rule = change.after if isinstance(change, Authorize) else change.before
        await self.api.revoke_like(self.region, change.group, [permission(rule)], token=token)
