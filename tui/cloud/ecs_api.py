"""The ECS interface as far as a guide needs it: what is there, what its rules are, and changes to rules.

Answers are the cloud's own maps (as on the wire), lists read to their last page; `judge.firewall_read` makes typed values of them. Every
call runs in a thread of its own, so that whoever waits can stop waiting; a question may be asked again, a change carries one token over
all of its tries. See `ecs_errors` for what is raised.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar

from tui.cloud.ecs_keys import Keys
from tui.cloud.ecs_retry import Patience, Sleep, Tries
from tui.cloud.ecs_sdk import Sdk, Timeouts
from tui.errors import Unreachable, ZhinanError
from tui.texts import Text
from tui.threads import call

T = TypeVar("T")
Map = dict[str, Any]
FIRST_REGION: Final = "cn-hangzhou"
_AT_ONCE: Final = 6
"""Calls at the same time: the quota is shared with the console and with everybody else of the account."""
_MOST_PAGES: Final = 1000


class EcsApi:
    """The interface with one set of keys. Methods may run side by side; nothing has to be closed."""

    def __init__(
        self,
        keys: Keys,
        *,
        environ: Mapping[str, str] = os.environ,
        timeouts: Timeouts | None = None,
        patience: Patience | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.keys = keys
        self._sdk = Sdk(keys, timeouts or Timeouts(), environ)
        self._tries = Tries(patience or Patience(), sleep)
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, action: str, region: str, **params: Any) -> Map:
        """A question, named as on the wire. None and empty parameters are left out."""
        return await self._call(action, region, params, changes=False)

    async def change(self, action: str, region: str, *, token: str = "", **params: Any) -> Map:
        """A change. `token` is the one under which it may be repeated; a new one if it is not given."""
        return await self._call(action, region, {"ClientToken": token or new_token(), **params}, changes=True)

    async def act(self, action: str, region: str, **params: Any) -> Map:
        """A change that knows no token and may be made twice without harm (StopInvocation)."""
        return await self._call(action, region, params, changes=True)

    async def _call(self, action: str, region: str, params: Mapping[str, Any], *, changes: bool) -> Map:
        sent = {name: value for name, value in params.items() if value not in (None, "", [])}
        if action != "DescribeRegions":
            sent["RegionId"] = region

        async def once() -> Map:
            async with self._room:
                return await call(self._sdk.call, action, region, sent)

        return await self._tries.run(once, action, region, changes=changes)

    async def pages(self, action: str, region: str, *path: str, **params: Any) -> list[Map]:
        """All entries of a paged list; `path` is where it is in an answer (`Instances`, `Instance`)."""
        bodies = await self.bodies(action, region, **params)
        return [each for body in bodies for each in listed(body, action, *path)]

    async def bodies(self, action: str, region: str, **params: Any) -> list[Map]:
        """All pages of a paged answer, whole."""
        found: list[Map] = []
        token = ""
        while True:
            body = await self.ask(action, region, **params, NextToken=token)
            found.append(body)
            told = body.get("NextToken") or ""
            if not isinstance(told, str) or (told and (told == token or len(found) >= _MOST_PAGES)):
                raise odd(action)
            if not told:
                return found
            token = told

    # What is there

    async def regions(self, start: str = "") -> tuple[str, ...]:
        """The ids of all regions."""
        body = await self.ask("DescribeRegions", start or self.keys.region or FIRST_REGION)
        return tuple(required(each, "RegionId", "DescribeRegions") for each in listed(body, "DescribeRegions", "Regions", "Region"))

    async def instances(
        self,
        region: str,
        *,
        ids: Sequence[str] = (),
        public: Sequence[str] = (),
        elastic: Sequence[str] = (),
        private: Sequence[str] = (),
        name: str = "",
        group: str = "",
    ) -> list[Map]:
        """Servers that fit all of what is given. An empty list may also mean that the key's owner may not list them."""
        wish = {
            "InstanceIds": _json(ids), "PublicIpAddresses": _json(public), "EipAddresses": _json(elastic),
            "PrivateIpAddresses": _json(private), "InstanceName": name, "SecurityGroupId": group,
        }  # fmt: skip
        return await self.pages("DescribeInstances", region, "Instances", "Instance", MaxResults=100, **wish)

    async def interfaces(self, region: str, *, instance: str = "", group: str = "", private: str = "") -> list[Map]:
        """Network interfaces: of a server, in a group, or with a private address."""
        wish = {"InstanceId": instance, "SecurityGroupId": group, "PrivateIpAddress": [private] if private else None}
        path = ("NetworkInterfaceSets", "NetworkInterfaceSet")
        return await self.pages("DescribeNetworkInterfaces", region, *path, MaxResults=100, **wish)

    async def groups(self, region: str, ids: Sequence[str] = ()) -> list[Map]:
        """Security groups without their rules: kind, who manages them, how many servers."""
        found: list[Map] = []
        for start in range(0, len(ids), 50) if ids else (0,):
            some = _json(ids[start : start + 50])
            path = ("SecurityGroups", "SecurityGroup")
            found += await self.pages("DescribeSecurityGroups", region, *path, MaxResults=100, SecurityGroupIds=some)
        return found

    async def rules(self, region: str, group: str) -> list[Map]:
        """All pages of a group with its rules, in both directions: the bodies of DescribeSecurityGroupAttribute."""
        action = "DescribeSecurityGroupAttribute"
        bodies = await self.bodies(action, region, SecurityGroupId=group, Direction="all", MaxResults=1000)
        for body in bodies:
            listed(body, action, "Permissions", "Permission")
            if body.get("SecurityGroupId") != group:
                raise odd(action)
        return bodies

    async def references(self, region: str, group: str) -> list[Map]:
        """Groups whose rules let this one in."""
        action = "DescribeSecurityGroupReferences"
        body = await self.ask(action, region, SecurityGroupId=[group])
        return listed(body, action, "SecurityGroupReferences", "SecurityGroupReference")

    async def prefix_list(self, region: str, prefix_list: str) -> Map:
        """The body of DescribePrefixListAttributes."""
        action = "DescribePrefixListAttributes"
        body = await self.ask(action, region, PrefixListId=prefix_list)
        listed(body, action, "Entries", "Entry")
        return body

    async def port_list(self, region: str, port_list: str) -> Map:
        """The body of DescribePortRangeListEntries."""
        action = "DescribePortRangeListEntries"
        body = await self.ask(action, region, PortRangeListId=port_list)
        listed(body, action, "Entries")
        return body

    async def port_lists(self, region: str, ids: Sequence[str]) -> list[Map]:
        """The port range lists themselves, which tell how many entries each may have."""
        return await self.pages("DescribePortRangeLists", region, "PortRangeLists", MaxResults=100, PortRangeListId=list(ids))

    # Changes. Fields are named as on the wire; `token` makes a repeated change the same one.

    async def modify_rule(self, region: str, group: str, rule: str, *, token: str = "", **fields: Any) -> str:
        """Change a rule in its place; the request's id. Send every field, so that nothing depends on what is left out."""
        body = await self.change("ModifySecurityGroupRule", region, token=token, SecurityGroupId=group, SecurityGroupRuleId=rule, **fields)
        return str(body["RequestId"])

    async def authorize(self, region: str, group: str, rules: Sequence[Map], *, token: str = "") -> str:
        """Add inbound rules; one that is there already is not made again. The new ids are not told: read the group."""
        body = await self.change("AuthorizeSecurityGroup", region, token=token, SecurityGroupId=group, Permissions=list(rules))
        return str(body["RequestId"])

    async def revoke(self, region: str, group: str, ids: Sequence[str], *, token: str = "") -> str:
        """Delete inbound rules by id. Raises Missing where one is gone already."""
        body = await self.change("RevokeSecurityGroup", region, token=token, SecurityGroupId=group, SecurityGroupRuleId=list(ids))
        return str(body["RequestId"])

    async def revoke_like(self, region: str, group: str, rules: Sequence[Map], *, token: str = "") -> str:
        """Delete inbound rules by what they say. That none was like it is no error to the cloud: read the group."""
        body = await self.change("RevokeSecurityGroup", region, token=token, SecurityGroupId=group, Permissions=list(rules))
        return str(body["RequestId"])


def new_token() -> str:
    """A token for one change."""
    return f"zhinan-{uuid.uuid4().hex}"


async def together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All of them side by side, or the first error with the others stopped."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except* ZhinanError as several:
        failure = several.exceptions[0]
    else:
        return [task.result() for task in tasks]
    raise failure


def listed(body: Mapping[str, Any], action: str, *path: str) -> list[Map]:
    """The list of maps at `path`. An answer without it is none: it must not pass for an empty one."""
    found: Any = body
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise odd(action)
    return found


def required(told: Mapping[str, Any], name: str, action: str) -> str:
    """A text that must be there."""
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise odd(action)
    return value


def odd(action: str) -> Unreachable:
    """An answer whose parts are not those of `action`."""
    text = Text(
        "阿里云对 {action} 的回答缺了应有的部分，没有采用", "Alibaba Cloud's answer to {action} lacks what it must have, and was not used"
    )
    return Unreachable(text.fill(action=action))


def _json(values: Sequence[str]) -> str:
    return json.dumps(list(values)) if values else ""
