"""Action `tailscale.local`: which Tailscale is on the reader's own computer, what state it is in, and what gets in its way there.

Every system has its own: an app, a service, a command in a place nobody looks. So the computer is looked at first, and what is missing is
said with the exact command or page. Nothing is installed by this action: an app wants clicks and an administrator, which are a person's.

Options: same_as (prefix of the server's values, default `ts`), prefix (of the values learned, default
`local`), need (running, installed or nothing; default running). Where the action has a timeout and something is missing, a person gets
that long to put it right; without one it ends at once.

Observes topic `local`: {system, arch, kind (a Kind), cli, version, state (a Stand), say {zh, en}, account, tailnet, name, ip, node_id,
same (true, false, or null where there is nothing to compare), advice {zh, en, command, page} or null, troubles [{id, zh, en, line,
blocks}], at (Unix seconds)}. Learns {prefix}_cli, _account, _tailnet, _ip, _name, _node_id.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from tui.act.network_look import check_names, choice
from tui.act.tailscale import LOOK, shell, told
from tui.errors import TargetError, Unfinished, Unreachable, Unusable
from tui.judge.evidence import End, Evidence
from tui.judge.local_install import Advice, Found, Kind, Look, advice, found, read_look
from tui.judge.local_probe import POSIX, WINDOWS
from tui.judge.local_troubles import troubles
from tui.judge.tailnet import Reason, Situation, Stand, read_prefs, read_version, situation_of
from tui.run.action import Stage
from tui.texts import Text

EVERY = 3.0
"""Seconds between two looks while a person is at it."""
_PATIENCE: Final = 40.0


@dataclass(frozen=True, slots=True)
class Here:
    """The computer and its Tailscale. `command` is the tailscale command as its shell reads it."""

    look: Look
    there: Found
    now: Situation
    command: str
    version: str = ""
    reasons: tuple[Reason, ...] = ()
    advice: Advice | None = None


async def survey_local(stage: Stage, on: str) -> Here:
    """Look at that computer. Changes nothing. Raises Unreachable where nothing can be seen."""
    language = shell(stage, on)
    seen = await stage.capture(WINDOWS if language == "powershell" else POSIX, on=on, patience=_PATIENCE, language=language)
    look = read_look(seen.out)
    if seen.end is not End.EXITED or not look.system:
        text = Text("看不了 {place} 上的情况：{why}", "can't look at {place}: {why}")
        raise Unreachable(text.fill(place=on, why=seen.why or seen.err.strip()[-200:] or seen.end))
    there = found(look)
    command = there.command(look.system)
    if there.kind is Kind.NONE:
        missing = situation_of(Evidence(End.EXITED, 127), datetime.now(UTC))
        return Here(look, there, missing, command, reasons=troubles(look), advice=advice(there, look))

    async def ask(words: str) -> Evidence:
        try:
            return await stage.capture(f"{command} {words}", on=on, patience=LOOK, language=language)
        except TargetError as error:
            return Evidence(End.LOST, why=error.text)

    now = situation_of(await ask("status --json"), datetime.now(UTC))
    prefs = read_prefs((await ask("debug prefs")).out) if now.tailnet else None
    version = read_version(now.tailnet.version if now.tailnet else (await ask("version")).out)
    stopped = now.stand is Stand.DAEMON_STOPPED
    said = advice(replace(there, running=False), look) if stopped else None
    return Here(look, there, now, command, version.text if version else "", troubles(look, now.tailnet, prefs), said)


async def local(stage: Stage) -> None:
    """Look, tell, and wait for a person where that helps. Raises Unusable or Unfinished with the way out."""
    check_names(stage.spec)
    need = choice(stage.spec, "need", ("running", "installed", "nothing"), "running")
    on = stage.on
    here = await survey_local(stage, on)
    await tell(stage, here)
    await _log(stage, here)
    if _lacks(here, need):
        here = await _person(stage, here, need, on)
    net = here.now.tailnet
    if net and here.now.stand is Stand.RUNNING and _same(stage, here) is False:
        text = Text(
            "本机在 tailnet {here}（{mine}），服务器在 {there}（{theirs}），互相看不见：在本机退出，再用服务器的账号登录",
            "this computer is in tailnet {here} ({mine}), the server in {there} ({theirs}), and they can't see each other: log this "
            "computer out, and in again with the server's account",
        )
        account, tailnet = _server(stage)
        raise Unusable(text.fill(here=net.name, mine=net.account or "?", there=tailnet or "?", theirs=account or "?"))
    prefix = str(stage.spec.options.get("prefix", "local"))
    if net and here.now.stand is Stand.RUNNING:
        values = {
            "account": net.account,
            "tailnet": net.name,
            "ip": net.ip,
            "name": net.me.dns_name or net.me.hostname,
            "node_id": net.me.id,
        }
        stage.learn(**{f"{prefix}_{name}": value for name, value in values.items() if value})
    if here.there.cli:
        stage.learn(**{f"{prefix}_cli": here.there.cli})


async def _person(stage: Stage, here: Here, need: str, on: str) -> Here:
    """Give a person the action's time to put it right. Raises Unusable where there is none, Unfinished when it is over."""
    what = todo(here)
    if not stage.spec.timeout:
        raise Unusable(what)
    latest = here

    async def reached() -> bool:
        nonlocal latest
        now = await survey_local(stage, on)
        if (now.now.stand, now.there) != (latest.now.stand, latest.there):
            await tell(stage, now)
            await _log(stage, now)
        latest = now
        return not _lacks(now, need)

    if not await stage.await_person(what, here.advice.page if here.advice else here.now.url, stage.spec.timeout, reached, EVERY):
        text = Text("{minutes} 分钟里还没有准备好：{what}", "not ready within {minutes} minutes: {what}")
        raise Unfinished(text.fill(minutes=f"{stage.spec.timeout / 60:g}", what=todo(latest)))
    return latest


def _lacks(here: Here, need: str) -> bool:
    match need:
        case "nothing":
            return False
        case "installed":
            return here.now.stand in (Stand.NOT_INSTALLED, Stand.DAEMON_STOPPED)
        case _:
            return here.now.stand is not Stand.RUNNING


def todo(here: Here) -> Text:
    """What to do next, with the command or the page."""
    if here.advice:
        ways = "  ".join(each for each in (here.advice.command, here.advice.page) if each)
        return Text("{say}：{ways}", "{say}: {ways}").fill(say=here.advice.say, ways=ways)
    if here.now.url:
        return Text("{say}：{url}", "{say}: {url}").fill(say=here.now.say, url=here.now.url)
    if here.now.stand in (Stand.NEEDS_LOGIN, Stand.EXPIRED, Stand.STOPPED):
        return Text("{say}：运行 {command} up", "{say}: run {command} up").fill(say=here.now.say, command=here.command)
    return here.now.say


def _server(stage: Stage) -> tuple[str, str]:
    other = str(stage.spec.options.get("same_as", "ts"))
    return stage.values.get(f"{other}_account", ""), stage.values.get(f"{other}_tailnet", "")


def _same(stage: Stage, here: Here) -> bool | None:
    """Whether it is the server's tailnet; None where either is not known. Accounts differ legitimately within one tailnet."""
    _, tailnet = _server(stage)
    mine = here.now.tailnet.name if here.now.tailnet else ""
    return mine.lower() == tailnet.lower() if mine and tailnet else None


async def tell(stage: Stage, here: Here) -> None:
    """Tell the panel how this computer stands."""
    net, said = here.now.tailnet, here.advice
    facts: dict[str, Any] = {
        "system": here.look.system,
        "arch": here.look.arch,
        "kind": str(here.there.kind),
        "cli": here.there.cli,
        "version": here.version,
        "state": str(here.now.stand),
        "say": {"zh": here.now.say.zh, "en": here.now.say.en},
        "account": net.account if net else "",
        "tailnet": net.name if net else "",
        "name": (net.me.dns_name or net.me.hostname) if net else "",
        "ip": net.ip if net else "",
        "node_id": net.me.id if net else "",
        "same": _same(stage, here),
        "advice": {"zh": said.say.zh, "en": said.say.en, "command": said.command, "page": said.page} if said else None,
        "troubles": [told(each) for each in (*here.reasons, *here.now.reasons)],
        "at": time.time(),
    }
    await stage.observe("local", facts)


async def _log(stage: Stage, here: Here) -> None:
    kind = Text("{system} {kind} {cli} {version}", "{system} {kind} {cli} {version}")
    await stage.note(kind.fill(system=here.look.system, kind=here.there.kind, cli=here.there.cli, version=here.version))
    await stage.note(here.now.say)
    for each in (*here.reasons, *here.now.reasons):
        await stage.note(Text("! {say}（{line}）", "! {say} ({line})").fill(say=each.say, line=each.line))
    account, _ = _server(stage)
    net = here.now.tailnet
    if _same(stage, here) and net and account:
        differs = net.account.lower() != account.lower()
        same = Text("和服务器在同一个 tailnet，账号也相同", "in the same tailnet and account as the server")
        other = Text(
            "和服务器在同一个 tailnet，但账号不同（{here}，服务器是 {there}）",
            "in the server's tailnet, by another account ({here}, not {there})",
        )
        await stage.note(other.fill(here=net.account, there=account) if differs else same)
