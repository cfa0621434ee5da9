"""Whether a server whose firewall was looked at or closed is open to the internet again: a rule may be added by a click in the console.

The servers are those the journal knows. Only for them, and only with the reader's own AccessKey, the cloud is asked; what could not be
asked is said with its reason and is neither open nor closed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tui.act.opening_told import standings
from tui.cloud import ecs_keys
from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_wall import read_wall
from tui.errors import ZhinanError
from tui.judge.addresses import Addresses, addresses, union
from tui.judge.evidence import Status
from tui.judge.firewall_reach import public, reach, unsure
from tui.judge.firewall_words import who
from tui.texts import Text

_PATIENCE: Final = 20.0
"""Seconds for one server."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server as the journal knows it; `closed`: the last look that could tell saw its port closed to the internet."""

    region: str
    id: str
    name: str
    port: int
    closed: bool


def servers(home: Path) -> tuple[Server, ...]:
    """Those whose firewall was told of, as it was told last. Never raises: a journal that can't be read knows none."""
    found: dict[str, Server] = {}
    for facts in _told(home / "runs.db"):
        told, port = facts.get("server"), facts.get("port")
        if not isinstance(told, Mapping) or not isinstance(port, int):
            continue
        region, ident = str(told.get("region") or ""), str(told.get("id") or "")
        if not (region and ident):
            continue
        before = found.get(ident)
        is_open = facts.get("open")
        closed = not is_open if isinstance(is_open, bool) else bool(before and before.closed)
        found[ident] = Server(region, ident, str(told.get("name") or ident), port, closed)
    return tuple(found.values())


def look(home: Path, environ: Mapping[str, str] = os.environ) -> Iterator[tuple[Text, Status, Text]]:
    """For each of them: what was looked at, what came of it, and the sentence."""
    known = servers(home)
    if not known:
        return
    try:
        keys = ecs_keys.find(environ)
    except ecs_keys.NoKey:
        why = Text("没有 AccessKey", "there is no AccessKey")
        yield from ((_name(each), Status.UNKNOWN, _NOT_SEEN.fill(why=why)) for each in known)
        return
    for each in known:
        own = union(addresses(one["address"]) for one in standings(home, time.time(), each.id) if one["state"] == "open")
        yield (_name(each), *asyncio.run(_seen(EcsApi(keys, environ=environ), each, own)))


async def _seen(api: EcsApi, server: Server, own: Addresses) -> tuple[Status, Text]:
    """`own` are the addresses that the reader let in for a while: they make it no open door that somebody has to look after."""
    try:
        async with asyncio.timeout(_PATIENCE):
            wall = await read_wall(api, server.region, server.id)
    except ZhinanError as error:
        return Status.UNKNOWN, _NOT_SEEN.fill(why=error.text)
    except TimeoutError:
        return Status.UNKNOWN, _NOT_SEEN.fill(why=Text("阿里云没有回答", "Alibaba Cloud does not answer"))
    found, said = reach(wall, server.port), who(wall, server.port)
    if public(found):
        return (Status.FAIL, _AGAIN.fill(who=said)) if server.closed and public(found) - own else (Status.UNKNOWN, said)
    return (Status.UNKNOWN if unsure(found) else Status.PASS), said


def _told(file: Path) -> Iterator[Mapping[str, Any]]:
    """The facts of topic `firewall` in all runs, in the order in which they were told."""
    if not file.is_file():
        return
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT data FROM events WHERE kind = 'Observed' AND data LIKE '%\"firewall\"%' ORDER BY at, seq").fetchall()
        events = [json.loads(data) for (data,) in rows]
    except (sqlite3.Error, ValueError):
        return
    yield from (each["facts"] for each in events if each.get("topic") == "firewall" and isinstance(each.get("facts"), dict))


def _name(server: Server) -> Text:
    return Text("{name} 的公网入口", "public way in to {name}").fill(name=server.name)


_NOT_SEEN: Final = Text("没有看：{why}", "not looked at: {why}")
_AGAIN: Final = Text(
    "上次看是关着的，现在又开了：{who}。打开指南的最后一步看是哪条规则",
    "it was seen closed, and is open again: {who}. The guide's last step shows by which rule",
)
