"""The least that a RAM user needs, as policies to paste: reading, closing and opening the entrance, commands on a server.

Commands on a server are root there; that permission is limited to the instance where its id is known. Changing and adding rules can't be
limited to one group: the cloud takes only `*`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

READ: Final = (
    "ecs:DescribeRegions",
    "ecs:DescribeInstances",
    "ecs:DescribeNetworkInterfaces",
    "ecs:DescribeSecurityGroups",
    "ecs:DescribeSecurityGroupAttribute",
    "ecs:DescribeSecurityGroupReferences",
    "ecs:DescribePrefixLists",
    "ecs:DescribePrefixListAttributes",
    "ecs:DescribePortRangeLists",
    "ecs:DescribePortRangeListEntries",
    "ecs:DescribeCloudAssistantStatus",
    "ecs:DescribeInvocations",
    "ecs:DescribeInvocationResults",
    "ecs:DescribeSendFileResults",
)
RULES: Final = ("ecs:ModifySecurityGroupRule", "ecs:AuthorizeSecurityGroup", "ecs:RevokeSecurityGroup")
COMMANDS: Final = ("ecs:RunCommand", "ecs:StopInvocation", "ecs:SendFile")
_WHOLE: Final = (READ, RULES, COMMANDS)


def policy_for(permission: str) -> str:
    """The policy for what `permission` belongs to: for one that reads all of reading, so that the next call is not refused too."""
    actions = next((each for each in _WHOLE if permission in each), (permission,))
    return written(_statement(actions))


def whole_policy(region: str = "*", instance: str = "*") -> str:
    """Everything that the guide needs; commands only on `instance`."""
    commands = _statement(COMMANDS, f"acs:ecs:{region}:*:instance/{instance}")
    return written(_statement(READ), _statement(RULES), commands)


def written(*statements: dict[str, Any]) -> str:
    """A policy as JSON on one line."""
    return json.dumps({"Version": "1", "Statement": list(statements)})


def _statement(actions: Iterable[str], resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}
