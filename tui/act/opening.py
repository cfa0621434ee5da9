"""Action `aliyun.open`: let one public address in to one port for some hours, then shut it out again.

For travelling, when the tunnel can't be used: one rule for one address is added to a security group, after its effect was proven on the
rules as they are and agreed to by a person. The record is on the disk before the first call, as with a lockdown, and each call is in it
before it is sent. `guard` and `opening_end` end it: the program, a process beside it, the next start, and `aliyun.shut`.

Options: instance (id, region/id, address or name; default the server found before, else the input PUBLIC_IP), region; port (default 22);
hours (1 to 72, default 4); address (whom to let in, an address or a network; default the present one, see `opening_address`), server (a
place whose connection may tell it), local (the reader's computer, default `local`). Observes topic `firewall` (see `lockdown_facts`).
Learns opening_id.
"""

from __future__ import annotations

import secrets
import time
from typing import Final

from tui import config
from tui.act import lockdown_facts as facts
from tui.act.ecs import ecs_api, locate, permissions_told
from tui.act.guard import start
from tui.act.lockdown_cloud import EcsCloud
from tui.act.lockdown_record import BEFORE, BY_HAND, Found, Record, begin, records, take
from tui.act.lockdown_show import Panel, pause
from tui.act.network_look import check_names
from tui.act.opening_address import Mine, my_address
from tui.act.opening_end import Shutter, when
from tui.act.opening_make import Letting, longer
from tui.act.opening_told import openings, standings
from tui.cloud.ecs_sdk import VARIABLE
from tui.errors import Refused, UsageError
from tui.judge.firewall import Wall
from tui.judge.firewall_change import Authorize
from tui.judge.firewall_console import by_hand, undoing
from tui.judge.firewall_plan import Plan, sharing
from tui.judge.firewall_store import change_to_map, wall_to_json, wall_to_map
from tui.judge.firewall_words import who
from tui.judge.lockdown import OPENING, Next, Phase
from tui.judge.opening import LEAST, MOST, USUAL, described, opening, plain
from tui.run.action import Stage
from tui.run.ask import ConfirmLine, ConfirmQuestion
from tui.run.plan import LOCAL
from tui.run.values import expand
from tui.texts import Text
from tui.threads import call


async def open_for_me(stage: Stage) -> None:
    """Do it. Raises a ZhinanError where it was not done; its sentence says whether anything was changed."""
    check_names(stage.spec)
    await _Opening(stage).run()


class _Opening:
    """One opening, from the first look to the rule that was seen."""

    cloud: EcsCloud
    wall: Wall
    mine: Mine
    panel: Panel

    def __init__(self, stage: Stage) -> None:
        self.stage, self.home = stage, config.home(stage.environ)
        self.port, self.hours = _number(stage, "port", 22, 1, 65535), _number(stage, "hours", USUAL, LEAST, MOST)
        self.local = str(stage.spec.options.get("local", LOCAL))

    async def run(self) -> None:
        """All of it."""
        stage = self.stage
        ecs = await ecs_api(stage)
        async with permissions_told(stage):
            found = await locate(stage, ecs)
            self.cloud = EcsCloud(ecs, found.region, found.id)
            self.name = str(found.instance.get("InstanceName") or found.id)
            self.panel = Panel(stage, facts.empty(self.name, found.region, found.id, port=self.port, mode="open", dry=False))
            await self._tell()
            self.wall = await stage.unless_stopped(self.cloud.wall())
            self.mine = await my_address(stage, self.wall, self.local)
            self.until = time.time() + await _seconds(stage, self.hours)
            if there := self._there():
                await self._longer(there)
            elif (made := await self._planned()) is not None:
                await self._open(made)

    def _there(self) -> Found | None:
        """An opening of ours for the same address that is not over."""
        for each in openings(self.home):
            story = each.story
            same = story and (story.instance, story.port, story.source) == (self.cloud.instance, self.port, self.mine.cidr)
            if story and same and story.at(time.time()) is Next.WAIT:
                return each
        return None

    async def _planned(self) -> Plan | None:
        """The plan, told to the panel; None where there is nothing to do. Raises Refused where it can't be done."""
        taken = {
            rule.sense
            for each in records(self.home) if each.story and each.story.before and each.story.instance == self.cloud.instance
            for group in each.story.before.groups for rule in group.rules
        }  # fmt: skip
        mark = secrets.token_hex(2)
        made = await self.stage.unless_stopped(
            call(opening, self.wall, self.port, self.mine.cidr, described(self.until, mark), taken)
        )  # fmt: skip
        self.panel.planned(made.changes)
        await self._tell(**{**facts.of_plan(made), "phase": "shown", "mode": "open", "shared": _maybe(_shared(made))})
        if made.blocked:
            await self._tell(phase="refused", why=facts.both(made.blocked[0]))
            raise Refused(made.blocked[0])
        if not made.changes:
            await self.panel.note(_IN_ALREADY.fill(who=plain(self.mine.cidr), port=self.port, say=who(self.wall, self.port)))
            return None
        return made

    async def _open(self, made: Plan) -> None:
        stage = self.stage
        await stage.confirm(self._question(_SURE, self._lines(made)))
        with self._begun(made) as record:
            hand = Shutter(record, self.cloud, self.panel, sleep=pause(stage))
            letting = Letting(hand, made, self.panel.told, sleep=stage.sleep, stopped=stage.stop.is_set, taken=stage.stop.clear)
            letting.until = self.until
            await letting.run()
            found = Found(record.folder, record.story)
        await self._opened(found)

    def _begun(self, made: Plan) -> Record:
        """The record, with the old rules and the way to shut it by hand, on the disk before anything is sent."""
        environ = self.stage.environ
        record = begin(
            self.home, region=self.cloud.region, instance=self.cloud.instance, server=self.name, port=self.port, kind=OPENING,
            source=self.mine.cidr, until=self.until, endpoint=environ.get(VARIABLE, ""), key=self.cloud.api.keys.shown,
        )  # fmt: skip
        record.keep(BEFORE, wall_to_json(self.wall))
        steps = by_hand(undoing(made.changes), self.cloud.region)
        record.keep(BY_HAND, "\n".join([*(step.zh for step in steps), "", *(step.en for step in steps), ""]))
        record.add(Phase.SAVED, before=wall_to_map(self.wall), plan=[change_to_map(each) for each in made.changes])
        return record

    async def _longer(self, there: Found) -> None:
        """The same opening for longer: no second rule."""
        story = there.story
        if story is None:
            return
        await self.stage.confirm(self._question(_LONGER, [
            ConfirmLine(_TILL_NOW.fill(until=when(story.until))), *self._about(), ConfirmLine(_ENDS.fill(until=when(self.until))),
        ]))  # fmt: skip
        with take(there) as record:
            await longer(record, self.cloud, self.until, sleep=self.stage.sleep)
        await self._opened(there)

    async def _opened(self, found: Found) -> None:
        stage = self.stage
        beside = start(found, self.cloud.api.keys, stage.environ)
        stage.learn(opening_id=found.id)
        now = await stage.unless_stopped(self.cloud.wall())
        await self._tell(phase="open", **facts.of_wall(now, self.port), record=str(found.folder), saved=str(found.folder / BEFORE))
        told = {"who": plain(self.mine.cidr), "port": self.port, "until": when(self.until), "id": found.id}
        await self.panel.note(_OPEN.fill(**told))
        await self.panel.note(_BESIDE if beside else _WITHIN)
        await self.panel.note(_NO_ANSWER)

    def _lines(self, made: Plan) -> list[ConfirmLine]:
        change = made.changes[0]
        rule = [ConfirmLine(facts.rule_line(change.after, change.group), "+")] if isinstance(change, Authorize) else []
        shared = _shared(made)
        return [
            ConfirmLine(who(self.wall, self.port)), *rule, ConfirmLine(_THEN.fill(who=who(made.after, self.port))), *self._about(),
            *([ConfirmLine(shared)] if shared else []), ConfirmLine(_ENDS.fill(until=when(self.until))),
        ]  # fmt: skip

    def _about(self) -> list[ConfirmLine]:
        typed = [ConfirmLine(_TYPED)] if self.cloud.api.keys.kind == "asked" else []
        return [ConfirmLine(_FOR.fill(who=plain(self.mine.cidr), source=self.mine.source)), ConfirmLine(_NEIGHBOURS), *typed]

    def _question(self, title: Text, lines: list[ConfirmLine]) -> ConfirmQuestion:
        """Only a person may say yes, by typing the server's name."""
        told = {"name": self.name, "port": self.port, "who": plain(self.mine.cidr), "until": when(self.until)}
        return ConfirmQuestion(title.fill(**told), tuple(lines), typed=self.name)

    async def _tell(self, **more: object) -> None:
        await self.panel.tell(**more, openings=standings(self.home, time.time()))


def _shared(made: Plan) -> Text | None:
    """Which other servers the address is let in to as well, because the group is theirs, too."""
    others = sharing(made)
    if others is None:
        return _MAYBE_OTHERS
    names = ", ".join(f"{each.name} ({each.id})" if each.name else each.id for each in others)
    return _OTHERS.fill(names=names, port=made.port) if others else None


def _maybe(text: Text | None) -> dict[str, str] | None:
    return None if text is None else facts.both(text)


async def _seconds(stage: Stage, hours: int) -> float:
    """How long that is: less in a rehearsal, which says so."""
    seconds = hours * 3600 / stage.haste
    if stage.haste != 1.0:
        await stage.note(_FAST.fill(hours=hours, minutes=f"{seconds / 60:.3g}"))
    return seconds


def _number(stage: Stage, name: str, usual: int, least: int, most: int) -> int:
    written = str(expand(str(stage.spec.options.get(name, usual)), stage.values)).strip()
    if written.isascii() and written.isdecimal() and least <= int(written) <= most:
        return int(written)
    text = Text("第 {line} 行：{name} 要写 {least} 到 {most} 的整数", "line {line}: {name} is a whole number from {least} to {most}")
    raise UsageError(text.fill(line=stage.spec.lines.get(name, stage.spec.line), name=name, least=least, most=most))


_SURE: Final = Text(
    "为 {who} 打开 {name} 的公网端口 {port}，到 {until} 为止？", "open public port {port} of {name} for {who} until {until}?"
)
_LONGER: Final = Text("让 {name} 的端口 {port} 对 {who} 开到 {until}？", "keep port {port} of {name} open for {who} until {until}?")
_TILL_NOW: Final = Text(
    "已经为它打开着，到 {until} 为止；不加第二条规则，只改时间", "it is open already, until {until}; no second rule, only the time changes"
)
_THEN: Final = Text("加上之后：{who}", "afterwards: {who}")
_FOR: Final = Text("只为 {who}：{source}", "for {who} only: {source}")
_NEIGHBOURS: Final = Text(
    "同一个路由器或运营商出口后面的人共用这个地址，也会被放进来：密钥登录仍然挡着他们",
    "whoever is behind the same router or carrier shares this address and is let in as well; key logins still stop them",
)
_TYPED: Final = Text(
    "你输入的 AccessKey 会留在一个小进程的内存里，直到关上为止",
    "the AccessKey you typed stays in a small process's memory until it is closed",
)
_ENDS: Final = Text(
    "到 {until} 自动关上：关掉这个程序、这个终端也一样；那时电脑关着，就在下次启动 zhinan 时关。随时关上：zhinan undo",
    "it closes by itself at {until}, also with this program or terminal closed; if the computer is off then, the next zhinan closes it. "
    "At any time: zhinan undo",
)
_OTHERS: Final = Text(
    "同一个安全组还用在 {names}：这个地址也能连它们的端口 {port}", "{names} use the same group: this address reaches their port {port}, too"
)
_MAYBE_OTHERS: Final = Text(
    "没能查到还有哪些实例用这个安全组：这个地址也能连它们",
    "which other instances use the group is not known: the address reaches them, too",
)
_IN_ALREADY: Final = Text(
    "没有要改的：{who} 现在就能连端口 {port}（{say}）", "nothing to change: {who} reaches port {port} as it is ({say})"
)
_OPEN: Final = Text(
    "端口 {port} 为 {who} 打开了，到 {until} 为止；提前关上：zhinan undo {id}",
    "port {port} is open for {who} until {until}; sooner: zhinan undo {id}",
)
_BESIDE: Final = Text(
    "一个小进程等到那时把它关上；关掉终端它也在", "a small process waits to close it, whether this terminal is there or not"
)
_WITHIN: Final = Text(
    "这个程序开着时由它关上；关了，就由下次启动的 zhinan 关上",
    "this program closes it while it runs, and after that the next zhinan that starts",
)
_NO_ANSWER: Final = Text(
    "如果还是连不上：电脑多半经代理或别的 VPN 出去，服务器看到的是另一个地址；写明那个地址再打开一次",
    "if it does not answer, your connection probably leaves by another address (a proxy, another VPN): write that one and open again",
)
_FAST: Final = Text(
    "练习里时间走得快：{hours} 小时在这里是 {minutes} 分钟", "time goes faster in practice: {hours} h are {minutes} min here"
)
