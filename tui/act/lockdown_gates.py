"""Evidence for the gates, gathered in this run, each told as it turns; and the words by which a person opens one.

tailscaled is restarted once on purpose: only that shows that the way in comes back by itself, and its firewall rules are put in anew by it,
so the look at the cloud's inner network is made long enough after. In a dry run nothing is restarted, and these gates stay unknown.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from tui.act.lockdown_proof import Ways
from tui.act.lockdown_show import Panel
from tui.act.network_look import earlier, take_look
from tui.act.tailscale import Host, look
from tui.errors import Cancelled, NotApproved, Refused, Unreachable, ZhinanError
from tui.judge import gates_by_hand as hand
from tui.judge.cgnat import judge
from tui.judge.evidence import End, Status
from tui.judge.firewall_plan import Plan, sharing
from tui.judge.gates import SETTLED, Boot, ByHand, Gate, Login, Network, Saved, Seen, gates
from tui.judge.gates_open import Decision, Override, decide, phrase
from tui.judge.peers import expiry
from tui.judge.tailnet import Stand, Tailnet
from tui.run.action import Stage
from tui.run.ask import ConfirmLine, ConfirmQuestion, ProofQuestion
from tui.texts import Text

_EVERY: Final = 2.0
_STARTING: Final = 30
NEVER_BY_WORDS: Final = ("tailnet-ssh", "shared")
"""Without a login through the tailnet the change could not be proven; and other people's servers are agreed to, not opened."""


class Evidence:
    """What was seen so far. `dry`: look only."""

    def __init__(
        self, stage: Stage, panel: Panel, ways: Ways, made: Plan, *, server: str, host: Host, tailnet: Tailnet, ip: str, dry: bool
    ) -> None:
        self._stage, self._panel, self._ways = stage, panel, ways
        self._server, self._host, self._tailnet, self._ip, self._dry = server, host, tailnet, ip, dry
        self.seen = Seen(_now(), plan=made)

    async def gather(self, saved: Saved | None) -> None:
        """Look at everything, the quick things first. What can't be looked at stays unknown. Raises Refused for another machine."""
        key = expiry(self._tailnet.me, self._host.now())
        await self._now_seen("tailnet-ssh", saved=saved, expiry=key)
        await self._now_seen("boot", login=await self._login())
        since = await self._restart()
        if since is not None:
            await self._settle(since)
        await self._now_seen("second-way", network=await self._network(since))
        await self._echo()
        if since is not None and not self._ways.echoes:
            await self._by_hand()
        if since is not None:  # the wait was long: a fresh proof of the way in
            await self._now_seen("", login=await self._login())

    def gates(self) -> tuple[Gate, ...]:
        """The gates by what was seen."""
        self.seen = replace(self.seen, now=_now())
        return gates(self.seen)

    async def agree(self) -> None:
        """Ask about other servers that share the group. Raises NotApproved."""
        others = sharing(self.seen.plan) if self.seen.plan else None
        if not others:
            return
        lines = [ConfirmLine(Text("{name}（{id}）", "{name} ({id})").fill(name=each.name or "—", id=each.id)) for each in others]
        title = _SHARED.fill(count=len(others))
        await self._stage.confirm(ConfirmQuestion(title, (ConfirmLine(_SHARED_WHY), *lines), danger=True, typed=str(len(others))))
        await self._now_seen("", accepted=frozenset(each.id for each in others))

    async def _now_seen(self, looking: str, **more: object) -> None:
        self.seen = replace(self.seen, **more)  # type: ignore[arg-type]
        await self._panel.gates(self.gates(), None, looking)

    async def _login(self) -> Login | None:
        try:
            fresh = await self._ways.fresh()
        except Cancelled:
            raise
        except ZhinanError as error:
            await self._panel.note(error.text)
            return None
        await self._panel.note(fresh.proof.say)
        return Login(fresh.proof, self._ip, _now())

    async def _restart(self) -> datetime | None:
        """Restart tailscaled, wait until it runs, log in anew. When that was, None where it was not done or did not come back."""
        enabled = {"": None, "enabled": True}.get(self._host.enabled, False)
        await self._now_seen("boot", boot=Boot(enabled))
        if self._dry or not enabled:
            return None
        await self._panel.note(_RESTARTING)
        sudo = "" if self._host.uid == 0 else "sudo "
        done = await self._stage.stream(f"{sudo}systemctl restart tailscaled", on=self._server, sudo=True, patience=120.0)
        since = _now()
        if done.end is not End.EXITED or done.code != 0:
            return None
        for _ in range(_STARTING):
            if (await look(self._stage, self._host, self._server)).stand is Stand.RUNNING:
                break
            await self._stage.sleep(_EVERY)
        login = await self._login()
        await self._now_seen("trap", boot=Boot(enabled, since, login), login=login or self.seen.login)
        return since

    async def _settle(self, since: datetime) -> None:
        """Wait until a collision would show."""
        left = (SETTLED + timedelta(seconds=2) - (_now() - since)).total_seconds()
        if left > 0:
            await self._panel.note(_SETTLING.fill(seconds=f"{left:.0f}"))
            await self._stage.sleep(await self._stage.wait_of(left))

    async def _network(self, since: datetime | None) -> Network | None:
        try:
            probe = await take_look(self._stage, self._server)
        except Unreachable as error:
            await self._panel.note(error.text)
            return None
        at = _now()
        return Network(judge(earlier(self._stage), probe), self._outside(since, at), at)

    def _outside(self, since: datetime | None, at: datetime) -> datetime | None:
        """When that was by a clock outside: in practice a second stands for many."""
        return None if since is None else at - (at - since) * self._stage.haste

    async def _echo(self) -> None:
        echo = await self._ways.ask()
        if self._ways.boot and self._ways.known.boot and self._ways.boot != self._ways.known.boot:
            raise Refused(_OTHER_MACHINE)
        self._ways.echoes = bool(echo.sent) and echo.back.strip() == echo.sent
        await self._now_seen("", echo=echo)

    async def _by_hand(self) -> None:
        """Ask, once, for a second way that a person tries; whoever can't or won't leaves the gate as it is."""
        known, echo, server = self._ways.known, self.seen.echo, self._panel.server
        if not known.boot or echo is None:
            return
        told = hand.challenge(f"{secrets.randbelow(9000) + 1000}", known.boot)
        link = hand.LINK.format(instance=server["id"], region=server["region"])
        lines = (hand.WHY.fill(why=echo.why or "—"), hand.GO.fill(link=link), hand.CONNECT, hand.RUN)
        try:
            await self._stage.confirm(ProofQuestion(
                hand.TITLE, tuple(map(ConfirmLine, lines)), command=told.command, link=link, code=told.code,
                slips=((told.by_ssh, hand.BY_SSH),),
            ))  # fmt: skip
        except NotApproved as error:
            await self._panel.note(error.text)
            return
        await self._now_seen("", by_hand=ByHand(hand.WAY, told.code, _now()))


async def open_gates(stage: Stage, panel: Panel, evidence: Evidence) -> Decision:
    """Whether it may be done, after asking for words where only words are missing. Raises NotApproved where it may not."""
    found = evidence.gates()
    given: list[Override] = []
    decision = decide(found)
    for gate in decision.shut:
        if gate.final or gate.id in NEVER_BY_WORDS or decision.opens:
            break
        trial = decide(found, [Override(each.id, phrase(each.id), _now()) for each in decision.shut])
        if not trial.opens:
            break
        await panel.gates(found, decision)
        proof = Text("证据：{what}", "evidence: {what}").fill(what=gate.evidence or "—")
        lines = tuple(ConfirmLine(each) for each in (gate.say, proof, _RISK))
        title = _OPEN.fill(gate=gate.title)
        await stage.confirm(ConfirmQuestion(title, lines, danger=True, typed=phrase(gate.id)))
        given.append(Override(gate.id, phrase(gate.id), _now()))
    decision = decide(found, given)
    await panel.gates(found, decision)
    for gate in found:
        mark = {Status.PASS: "✓", Status.FAIL: "✗", Status.UNKNOWN: "?"}[gate.status]
        await panel.note(Text("{mark} {title}：{say}", "{mark} {title}: {say}").fill(mark=mark, title=gate.title, say=gate.say))
    if not decision.opens:
        raise NotApproved(decision.say)
    return decision


def _now() -> datetime:
    return datetime.now(UTC)


_RESTARTING: Final = Text(
    "重启一次 tailscaled：只有这样才能证明它自己会回来", "restarting tailscaled once: only that proves that it comes back by itself"
)
_SETTLING: Final = Text(
    "等 {seconds} 秒再看内网：网段冲突要过一阵才显出来",
    "waiting {seconds} s before the look at the inner network: a collision takes a while to show",
)
_OTHER_MACHINE: Final = Text(
    "停下：云助手里的这个实例和 SSH 登录到的不是同一台机器（启动标识不同），什么都没有改",
    "stop: the instance that Cloud Assistant reaches is not the machine SSH logs in to (the boot ids differ); nothing was changed",
)
_SHARED: Final = Text("另外 {count} 台服务器的公网 SSH 会一起关上", "public SSH closes for other servers as well: {count}")
_SHARED_WHY: Final = Text(
    "它们用同一个安全组。同意，就输入台数；不同意，就先给这台换一个安全组：",
    "they use the same security group. To agree, type how many they are; or give this server a group of its own first:",
)
_OPEN: Final = Text("这道关没有过：{gate}。仍要继续？", "this gate is shut: {gate}. Go on all the same?")
_RISK: Final = Text(
    "打开它要自己承担后果：万一进不去，退路可能也断了", "opening it is at your own risk: the way back may be gone when you need it"
)
