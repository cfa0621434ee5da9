"""Action `aliyun.firewall`: who can reach a port of the server through its security groups now. It only looks, and changes nothing.

What a reader must know before closing anything: who gets in and by which rule, what else stays open, which other servers the same groups
guard, what the groups can't tell, and what a closing would change. It asks the cloud's interface alone, so it works with SSH closed.

Options: port (default 22), instance (id, region/id, address or name of the server; default the one found before, else the input PUBLIC_IP),
region (default: looked for). Observes topic `firewall` (see lockdown_facts) with `dry` true. Learns ecs_region and ecs_instance.
"""

from __future__ import annotations

import time
from typing import Any, Final

from tui import config
from tui.act.ecs import ecs_api, locate, permissions_told
from tui.act.lockdown_facts import TOPIC, both, empty, of_plan
from tui.act.network_look import check_names
from tui.act.opening_told import standings
from tui.cloud.ecs_wall import read_wall
from tui.errors import UsageError
from tui.judge.firewall import Member, Policy, Wall
from tui.judge.firewall_plan import Mode, Plan, plan, sharing
from tui.judge.firewall_reach import public, reach, unsure
from tui.judge.firewall_words import MAY_RETURN, NOT_COVERED, Row, rows, shared_with, still_open, who
from tui.run.action import Stage
from tui.texts import Text, same
from tui.threads import call

PORT: Final = 22


async def firewall(stage: Stage) -> None:
    """Find the server, read its wall, say it. Raises NoKey, MayNot, Missing, Refused or Unreachable; a port found open is no failure."""
    check_names(stage.spec)
    port = _port(stage)
    api = await ecs_api(stage)
    async with permissions_told(stage):
        found = await locate(stage, api)
        name = str(found.instance.get("InstanceName") or found.id)
        told = empty(name, found.region, found.id, port=port, mode=str(Mode.LOOPBACK), dry=True)
        told["openings"] = standings(config.home(stage.environ), time.time(), found.id)
        await stage.observe(TOPIC, told)
        wall = await stage.unless_stopped(read_wall(api, found.region, found.id))
    made = await stage.unless_stopped(call(plan, wall, port))  # hundreds of rules take a while
    await stage.observe(TOPIC, told | facts(made))
    await _log(stage, made)


def facts(made: Plan) -> dict[str, Any]:
    """The wall as topic `firewall` tells it, with what a closing would change."""
    told = of_plan(made)
    if beside := _beside(made):
        told["notes"] = [*told["notes"], both(beside)]
    if not public(reach(made.before, made.port)):
        told["notes"] = [*told["notes"], both(MAY_RETURN)]
    return {**told, "phase": "shown", "dry": True, "at": time.time()}


def _beside(made: Plan) -> Text | None:
    """Who else stands behind the same groups, beyond those a closing would touch."""
    touched = {each.id for each in sharing(made) or ()} | {made.before.instance.id}
    others = [each for each in everybody(made.before) if each.id not in touched]
    if not others:
        return None
    names = Text("、".join(map(_named, others)), ", ".join(map(_named, others)))
    text = Text("同样的安全组还用在 {names}", "the same security groups also guard {names}")
    return text.fill(names=names)


def everybody(wall: Wall) -> tuple[Member, ...]:
    """All members of all groups of the server, each once."""
    return tuple({each.id: each for members in wall.members.values() for each in members}.values())


def _named(member: Member) -> str:
    return f"{member.name} ({member.id})" if member.name else member.id


def _port(stage: Stage) -> int:
    written = str(stage.spec.options.get("port", PORT))
    if written.isascii() and written.isdecimal() and 1 <= int(written) <= 65535:
        return int(written)
    text = Text("{use} 的选项 port 要写 1 到 65535 的数，不是“{port}”", "option port of {use} is a number from 1 to 65535, not “{port}”")
    raise UsageError(text.fill(use=stage.spec.use, port=written))


async def _log(stage: Stage, made: Plan) -> None:
    wall, port = made.before, made.port
    doubts = unsure(reach(wall, port))
    mark = "✗" if public(reach(wall, port)) else "?" if doubts else "✓"
    server = Text("服务器 {name}（{id}，{region}）", "server {name} ({id}, {region})")
    await stage.note(server.fill(name=wall.instance.name or wall.instance.id, id=wall.instance.id, region=wall.instance.region))
    await stage.note(f"{mark} {who(wall, port)}")
    for row in rows(wall, port):
        await stage.note(_line(row))
    for each in (*doubts[1:], still_open(wall, port), shared_with(made), _beside(made)):
        if each is not None:
            await stage.note(each)
    await stage.note(Text("安全组管不到的：", "what security groups can't tell:"))
    for each in NOT_COVERED:
        await stage.note(f"· {each}")
    await stage.note(Text("只是看：什么都没有改", "this was only a look: nothing was changed"))


def _line(row: Row) -> Text:
    """A rule as a line of the log; what varies in width stands last, so that the columns hold."""
    policy = Text("允许", "Allow") if row.policy is Policy.ACCEPT else Text("拒绝", "Deny ")
    note = Text("（{note}）", " ({note})").fill(note=row.note) if row.note else Text("", "")
    text = same("  {priority}  {policy}  {ports}  {rule}  {group}  {source}{note}")
    return text.fill(
        priority=f"{row.priority:>3}", policy=policy, ports=row.ports.ljust(12), rule=(row.rule or "—").ljust(20),
        group=row.group_name or row.group, source=row.source, note=note,
    )  # fmt: skip
