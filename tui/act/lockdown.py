"""Action `aliyun.lockdown`: close public SSH in the server's security groups, and never lock anybody out.

In this order, and not one step further when something does not hold: which instance the server is, by its own word; its rules read and a
change planned; the old rules on this computer's disk; every gate of `judge.gates` by evidence of this run; the change shown, and the
server's name typed by a person; the rules read again, still the same; the change, each call recorded before it is sent; the rules read as
planned; nobody gets in from outside, a fresh login through the tailnet reaches the same machine, Cloud Assistant answers. Whatever does not
hold from the first call on brings the old rules back (`lockdown_close`, `lockdown_back`).

The second guard, if the program dies in the middle, is a small process beside it (`guard`): it needs neither program nor terminal, and
brings the old rules back as soon as the record is let go half done. If this computer dies, the next `zhinan` that starts does the same
(`lockdown_recover`). No timer on the server does it, because such a timer would need the account's key or role there, and a server that may
change its own firewall is worth more to a thief than what is guarded here; a rule of the cloud knows no end, and a job of the cloud's own
scheduler would need rights that the least policy does not give. What stands in for both: the way in through the tailnet was proven, restart
included, minutes before the first call, and the old rules, with the way to put them back by hand in the console, lie on the disk in plain
words (`by-hand.txt`).

Options: server, local (names of the two places; default the action's own place, or `ecs` where that is `local`, and `local`); instance
(id, region/id, address or name, where the server can't say it itself); port (default the one its SSH server listens on); mode (loopback,
remove, narrow; default loopback); allowed (CIDRs that may stay, with narrow); wide (split, drop: what becomes of rules that speak of more
than the port); user (for the login through the tailnet); dry (true: show and judge everything, change and restart nothing).

Observes topic `firewall`: see `lockdown_facts`. Learns lockdown_id, the record's name.
"""

from __future__ import annotations

from typing import Any, Final

from tui import config
from tui.act import lockdown_facts as facts
from tui.act.ecs import ecs_api, same_machine
from tui.act.guard_start import beside
from tui.act.lockdown_back import Hand
from tui.act.lockdown_close import Closing
from tui.act.lockdown_cloud import EcsCloud
from tui.act.lockdown_gates import Evidence, open_gates
from tui.act.lockdown_left import nothing_left
from tui.act.lockdown_proof import Ways
from tui.act.lockdown_record import BEFORE, BY_HAND, Found, Record, begin
from tui.act.lockdown_show import Panel, pause
from tui.act.network_look import check_names, choice
from tui.act.tailscale import Host, hopeless, look, survey
from tui.act.verify_ssh import own_keys
from tui.cloud.ecs_assistant import Assistant
from tui.cloud.ecs_sdk import VARIABLE
from tui.errors import Refused, Unusable, UsageError
from tui.judge.firewall import Wall
from tui.judge.firewall_change import Authorize, Modify
from tui.judge.firewall_console import by_hand, undoing
from tui.judge.firewall_plan import Mode, Plan, Wide, plan
from tui.judge.firewall_store import change_to_map, wall_from_json, wall_to_json, wall_to_map
from tui.judge.firewall_words import MAY_RETURN, NOT_COVERED, shared_with, still_open, who
from tui.judge.gates import Saved
from tui.judge.lockdown import Next, Phase
from tui.judge.ssh_proof import Server
from tui.judge.tailnet import Stand, Tailnet
from tui.run.action import Stage
from tui.run.ask import ConfirmLine, ConfirmQuestion
from tui.run.plan import LOCAL
from tui.texts import Text


async def lockdown(stage: Stage) -> None:
    """Do it. Raises a ZhinanError where it was not done; its sentence says whether the old rules are (still, or again) in force."""
    check_names(stage.spec)
    await _Lockdown(stage).run()


class _Lockdown:
    """One lockdown, step by step. What is read on the way is kept here."""

    cloud: EcsCloud
    wall: Wall
    made: Plan
    host: Host
    tailnet: Tailnet
    known: Server
    panel: Panel

    def __init__(self, stage: Stage) -> None:
        options = stage.spec.options
        self.stage = stage
        self.local = str(options.get("local", LOCAL))
        self.server = str(options.get("server", stage.on if stage.on != self.local else "ecs"))
        self.mode = Mode(choice(stage.spec, "mode", tuple(Mode), Mode.LOOPBACK))
        wide = options.get("wide")
        self.wide = None if wide is None else Wide(choice(stage.spec, "wide", tuple(Wide)))
        self.dry = choice(stage.spec, "dry", ("true", "false"), "false") == "true"
        self.allowed = _cidrs(stage)
        self.record: Record | None = None

    async def run(self) -> None:
        """All of it. A record that came to nothing is closed as such."""
        await self._read()
        if not await self._planned():
            return
        try:
            ways = await self._gates()
            if ways is not None:
                await self._confirmed()
                await self._close(ways)
        except BaseException:
            await self._refused()
            raise
        finally:
            if self.record is not None:
                self.record.close()

    async def _read(self) -> None:
        """The server, by its own word, and its rules. Changes nothing."""
        stage = self.stage
        ecs = await ecs_api(stage)
        found, certain = await same_machine(stage, ecs, self.server)
        region, instance = found.region, found.id
        self.cloud = EcsCloud(ecs, region, instance)
        nothing_left(config.home(stage.environ), instance, dry=self.dry)
        self.known = await own_keys(stage, self.server)
        self.port = _port(stage, self.known.port)
        self.panel = Panel(stage, facts.empty(self.server, region, instance, port=self.port, mode=self.mode, dry=self.dry))
        await self.panel.note(Text("实例 {region}/{id}", "instance {region}/{id}").fill(region=region, id=instance))
        await self.panel.tell()
        self.host = await survey(stage, self.server)
        now = await look(stage, self.host, self.server)
        if now.stand is not Stand.RUNNING or now.tailnet is None:
            raise await hopeless(stage, now, self.host)
        self.tailnet = now.tailnet
        self.wall = await stage.unless_stopped(self.cloud.wall())
        if not certain and not self.known.boot:
            raise Unusable(_WHO)

    async def _planned(self) -> bool:
        """Whether there is something to do; the preview is told. Raises UsageError for an open choice, Refused where it can't be done."""
        self.made = plan(self.wall, self.port, self.mode, self.allowed, self.wide)
        self.panel.planned(self.made.changes)
        await self.panel.tell(phase="shown", **facts.of_plan(self.made))
        await self.panel.note(who(self.wall, self.port))
        if self.made.choices:
            await self.panel.tell(phase="refused", why=facts.both(self.made.choices[0].say))
            text = Text("{say}。在选项 wide 里写 {options}", "{say}. Write {options} as the option wide")
            first = self.made.choices[0]
            raise UsageError(text.fill(say=first.say, options=" / ".join(first.options)))
        if self.made.blocked:
            await self.panel.tell(phase="refused", why=facts.both(self.made.blocked[0]))
            raise Refused(self.made.blocked[0])
        if not self.made.changes:
            await self.panel.note(_CLOSED_ALREADY)
        return bool(self.made.changes)

    async def _gates(self) -> Ways | None:
        """Every gate, by evidence. None in a dry run, which ends here. Raises NotApproved where one stays shut."""
        saved = None if self.dry else self._save()
        ways = Ways(
            self.stage, local=self.local, user=str(self.stage.spec.options.get("user", "") or self.host.user or "root"),
            ip=self.tailnet.ip, known=self.known, wall=self.wall, port=self.port,
            assistant=Assistant(self.cloud.api, self.cloud.region, self.cloud.instance),
        )  # fmt: skip
        evidence = Evidence(
            self.stage, self.panel, ways, self.made, server=self.server, host=self.host, tailnet=self.tailnet, ip=self.tailnet.ip,
            dry=self.dry,
        )  # fmt: skip
        await evidence.gather(saved)
        if self.dry:
            await self._dry_end(evidence)
            return None
        await evidence.agree()
        decision = await open_gates(self.stage, self.panel, evidence)
        if self.record is not None and decision.opened:
            self._again(opened={gate.id: override.typed for gate, override in decision.opened})
        await ways.knock_before()
        return ways

    async def _dry_end(self, evidence: Evidence) -> None:
        await self.panel.gates(evidence.gates(), None)
        for line in self._lines():
            await self.panel.note(Text("{mark} {what}", "{mark} {what}").fill(mark=line.mark, what=line.text))
        for gate in evidence.gates():
            await self.panel.note(Text("{status}  {title}：{say}", "{status}  {title}: {say}").fill(
                status=gate.status, title=gate.title, say=gate.say
            ))  # fmt: skip
        await self.panel.note(_DRY)

    def _save(self) -> Saved:
        """The old rules on the disk, read back."""
        environ = self.stage.environ
        self.record = begin(
            config.home(environ), region=self.cloud.region, instance=self.cloud.instance, server=self._name, port=self.port,
            mode=str(self.mode), allowed=list(self.allowed), endpoint=environ.get(VARIABLE, ""), key=self.cloud.api.keys.shown,
            tailnet=self.tailnet.ip,
        )  # fmt: skip
        path = self.record.keep(BEFORE, wall_to_json(self.wall))
        steps = by_hand(undoing(self.made.changes), self.cloud.region)
        self.record.keep(BY_HAND, "\n".join([*(step.zh for step in steps), "", *(step.en for step in steps), ""]))
        self._again()
        text = path.read_text("utf-8")
        if wall_from_json(text) != self.wall:
            raise Refused(_SAVED_WRONG.fill(path=path))
        return Saved(str(path), text)

    def _again(self, **more: Any) -> None:
        """Write the plan down (once more, with what was decided since)."""
        if self.record is not None:
            changes = [change_to_map(each) for each in self.made.changes]
            self.record.add(Phase.SAVED, before=wall_to_map(self.wall), plan=changes, **more)

    async def _confirmed(self) -> None:
        title = _SURE.fill(name=self._name, region=self.cloud.region, id=self.cloud.instance, port=self.port)
        await self.panel.tell(phase="shown", record=str(self.record.folder) if self.record else "")
        await self.stage.confirm(ConfirmQuestion(title, tuple(self._lines()), danger=True, typed=self._name))

    def _lines(self) -> list[ConfirmLine]:
        """What the reader agrees to: who gets in and who stays, each rule before and after, and what is not covered."""
        after = self.made.after
        lines = [ConfirmLine(who(self.wall, self.port)), ConfirmLine(_THEN.fill(who=who(after, self.port)))]
        for each in self.made.changes:
            if not isinstance(each, Authorize):
                lines.append(ConfirmLine(facts.rule_line(each.before, each.group), "-"))
            if isinstance(each, Authorize | Modify):
                lines.append(ConfirmLine(facts.rule_line(each.after, each.group), "+"))
        told = (still_open(after, self.port), shared_with(self.made), *self.made.notes, *NOT_COVERED, MAY_RETURN)
        lines += [ConfirmLine(each) for each in told if each is not None]
        where = self.record.folder if self.record else "—"
        return [*lines, ConfirmLine(_WAY_BACK.fill(folder=where))]

    async def _close(self, ways: Ways) -> None:
        if self.record is None:
            raise RuntimeError("saved before")
        stage = self.stage
        beside(Found(self.record.folder, self.record.story), self.cloud.api.keys)
        hand = Hand(self.record, self.cloud, self.panel, sleep=pause(stage))
        closing = Closing(
            hand, self.made, ways, self.panel.told, sleep=self._sleep, stopped=stage.stop.is_set, taken=stage.stop.clear
        )  # fmt: skip
        await closing.run()
        stage.learn(lockdown_id=self.record.id)
        now = await stage.unless_stopped(self.cloud.wall())
        await self.panel.tell(**facts.of_wall(now, self.port))
        await self.panel.note(_DONE.fill(run=self.record.id, address=self.tailnet.ip))

    async def _sleep(self, seconds: float) -> None:
        await self.stage.sleep(seconds)

    async def _refused(self) -> None:
        if self.record is not None and self.record.story.next is Next.FORGET:
            self.record.add(Phase.DROPPED)

    @property
    def _name(self) -> str:
        """The server's short name, to be typed."""
        me = self.tailnet.me
        return (me.dns_name or me.hostname or self.cloud.instance).partition(".")[0]


def _cidrs(stage: Stage) -> tuple[str, ...]:
    written = stage.spec.options.get("allowed") or ()
    listed = written if isinstance(written, list | tuple) else str(written).split(",")
    try:
        return facts.cidrs(str(each) for each in listed)
    except ValueError as error:
        text = Text("第 {line} 行：allowed 里要写网段：{why}", "line {line}: allowed takes networks: {why}")
        raise UsageError(text.fill(line=stage.spec.lines.get("allowed", stage.spec.line), why=error)) from error


def _port(stage: Stage, own: int) -> int:
    written = str(stage.spec.options.get("port", own))
    if not (written.isdecimal() and 0 < int(written) < 65536):
        text = Text("第 {line} 行：port 要写 1 到 65535", "line {line}: port is a number from 1 to 65535")
        raise UsageError(text.fill(line=stage.spec.lines.get("port", stage.spec.line)))
    return int(written)


_WHO: Final = Text(
    "证明不了 SSH 登录到的就是这个实例：服务器没说自己是谁，也没有启动标识",
    "it can't be proven that the instance is the machine SSH reaches: the server tells neither who it is nor a boot id",
)
_CLOSED_ALREADY: Final = Text("没有要改的：公网本来就连不上", "nothing to change: the internet does not get in as it is")
_DRY: Final = Text("只是演练：什么都没有改，也没有存盘", "this was a dry run: nothing was changed, nothing saved")
_SAVED_WRONG: Final = Text("{path} 读回来和存的不一样，什么都没有改", "{path} does not read back as it was written; nothing was changed")
_SURE: Final = Text("关闭 {name}（{region}/{id}）对公网的端口 {port}？", "close port {port} of {name} ({region}/{id}) to the internet?")
_THEN: Final = Text("改完之后：{who}", "afterwards: {who}")
_WAY_BACK: Final = Text(
    "万一不成，旧规则会自己恢复；手工恢复的步骤在 {folder}",
    "if it fails, the old rules come back by themselves; how to do it by hand is in {folder}",
)
_DONE: Final = Text(
    "从现在起用 {address} 登录。要重新打开公网 SSH：zhinan undo {run}",
    "from now on, log in to {address}. To open public SSH again: zhinan undo {run}",
)
