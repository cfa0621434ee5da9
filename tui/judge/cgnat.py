"""Whether Tailscale's firewall rule for 100.64.0.0/10 cuts this server off from Alibaba Cloud's own services: looks, judged.

A server's DNS, metadata, package mirror and Cloud Assistant live in the same range as the tailnet. Tailscale's rule drops their replies,
and nothing else changes, so the reader sees SSH working and everything else dying slowly. The rule and its counter decide together with
what answers: no single sign does. What could not be looked at is unknown, and an unknown is never fine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from tui.judge.cgnat_look import INTERNAL, INTERNAL_DNS, PUBLIC_DNS, Probe, Row, read_probe, recall
from tui.judge.cgnat_probe import PROBE, REGION
from tui.judge.cgnat_rules import Rule
from tui.judge.evidence import Status
from tui.texts import Text, same

__all__ = ["PROBE", "REGION", "Conclusion", "Health", "Probe", "Row", "judge", "read_probe", "recall"]


class Conclusion(StrEnum):
    """What the looks come to. `trap` and the one below it carry the cause that explains them."""

    FINE = "fine"
    TRAP = "trap"
    NOT_ALIBABA = "not-alibaba"
    OTHER_NETWORK = "cgnat-drop-other-network"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Health:
    """What the looks come to: `say` is the sentence, `proof` the lines that carry it, `rows` the latest look's.

    `rule` is Tailscale's rule for the range, None where there is none or nobody could read it; `counter` its packets, `risen` by how many
    it rose between the first and the last reading. `cause` is the id of the failure page ("" where nothing failed).
    """

    conclusion: Conclusion
    say: Text
    rows: tuple[Row, ...] = ()
    rule: Rule | None = None
    counter: int | None = None
    risen: int = 0
    proof: tuple[str, ...] = ()

    @property
    def cause(self) -> str:
        """The failure page's id."""
        return {Conclusion.TRAP: "aliyun-cgnat-drop", Conclusion.OTHER_NETWORK: "cgnat-drop-other-network"}.get(self.conclusion, "")


def judge(before: Probe | None, now: Probe, later: Probe | None = None) -> Health:
    """What the looks come to. `before` was made ahead of the login, `later` a while after `now`; the latest one is the one judged."""
    last = later or now
    if not last.read:
        return Health(Conclusion.UNKNOWN, last.why or same("?"))
    looks = [look for look in (before, now, later) if look is not None and look.read]
    risen, rule = _risen(looks), last.filter.rule
    alibaba = Status.PASS if any(look.alibaba is Status.PASS for look in looks) else last.alibaba
    conclusion, say = _on_alibaba(before, last, risen) if alibaba is Status.PASS else _elsewhere(last, risen, alibaba)
    rows = last.rows
    if conclusion in (Conclusion.NOT_ALIBABA, Conclusion.OTHER_NETWORK):
        rows = tuple(row for row in rows if row.id not in INTERNAL)
    counter = rule.packets if rule else None
    return Health(conclusion, say, rows, rule, counter, risen, _proof(last, risen))


def _risen(looks: list[Probe]) -> int:
    """By how much the DROP counter rose. A counter that fell was set to zero by a restart: what it shows now was dropped since."""
    readings = [each.rule.packets for look in looks for each in (look.before, look.filter) if each.rule and each.rule.action == "DROP"]
    return sum(new - old if new >= old else new for old, new in pairwise(readings))


def _proof(look: Probe, risen: int) -> tuple[str, ...]:
    lines = [f"{row.address} {row.proof}" for row in look.rows if row.id in INTERNAL and row.status is Status.FAIL]
    if look.filter.rule:
        lines.insert(0, f"{look.filter.rule.line}  [{look.filter.rule.packets} packets, +{risen}]")
    return tuple(lines)


_DROPPING: Final = Text(
    "Tailscale 的防火墙规则正在丢弃阿里云内网发来的包：已丢 {packets} 个，查看期间丢了 {risen} 个",
    "Tailscale's firewall rule is dropping packets from Alibaba Cloud's internal network: {packets} so far, {risen} during these looks",
)
_DEAD: Final = Text(
    "Tailscale 的防火墙规则丢弃了阿里云内网的回包：{names}没有回应，查看期间丢了 {risen} 个包（共 {packets} 个）",
    "Tailscale's firewall rule drops the replies of Alibaba Cloud's internal network: no answer from {names}; {risen} packets dropped "
    "during these looks, {packets} in all",
)
_DIED: Final = Text(
    "登录前能用的{names}现在没有回应，公共 DNS 却正常：Tailscale 与阿里云用了同一网段（防火墙规则没能读到：{why}）",
    "{names} answered before the login and no longer does, while public DNS works: Tailscale and Alibaba Cloud use the same range "
    "(the firewall could not be read: {why})",
)
_ARMED: Final = Text(
    "丢弃规则已经装上，这次还没有丢到包；tailscaled 一重启就可能丢，请先选一个处理办法",
    "the DROP rule is in place though it dropped nothing yet; a restart of tailscaled may change that, so choose a mend first",
)
_UNREAD: Final = Text("读不到防火墙规则（{why}），不能断定", "the firewall could not be read ({why}), so nothing is certain")
_FINE: Final = Text("阿里云内网服务都正常，没有网段冲突", "Alibaba Cloud's internal services all answer; there is no collision")
_FINE_BUT: Final = Text("没有网段冲突；没有回应的有：{names}", "there is no collision; without an answer: {names}")
_OTHER_REASON: Final = Text(
    "{names}没有回应，但没有 Tailscale 的丢弃规则在起作用：原因不在网段冲突",
    "no answer from {names}, yet no DROP rule of Tailscale's is at work: the collision is not the reason",
)
_OTHER_NETWORK: Final = Text(
    "这不是阿里云服务器，但 Tailscale 的规则也会丢弃另一个 100.64.0.0/10 网段发来的包（{others}）",
    "this is no Alibaba Cloud server, yet Tailscale's rule drops packets from another network in 100.64.0.0/10 as well ({others})",
)
_NOT_ALIBABA: Final = Text("这不是阿里云服务器，没有这个网段冲突", "this is no Alibaba Cloud server; there is no such collision")
_WHOSE: Final = Text(
    "看不出这是不是阿里云服务器，不能断定", "it can't be told whether this is an Alibaba Cloud server, so nothing is certain"
)


def _on_alibaba(before: Probe | None, look: Probe, risen: int) -> tuple[Conclusion, Text]:
    dead = [row for row in look.rows if row.id in INTERNAL and row.status is Status.FAIL]
    public, rule = look.status(PUBLIC_DNS) is Status.PASS, look.filter.rule
    told = {"names": _names(dead), "why": look.filter.why, "risen": risen, "packets": rule.packets if rule else 0}
    if look.filter.drops and (risen or (dead and public)):
        return Conclusion.TRAP, (_DEAD if dead else _DROPPING).fill(**told)
    if not look.filter.read:
        died = [row for row in dead if before is not None and before.status(row.id) is Status.PASS]
        if died and public:
            return Conclusion.TRAP, _DIED.fill(**{**told, "names": _names(died)})
        return Conclusion.UNKNOWN, _UNREAD.fill(**told)
    if look.filter.drops:
        return Conclusion.UNKNOWN, _ARMED
    dns = any(look.status(each) is Status.PASS for each in INTERNAL_DNS)
    if dns and look.status("metadata") is Status.PASS and look.status("mirror") is Status.PASS:
        return Conclusion.FINE, _FINE_BUT.fill(**told) if dead else _FINE
    return Conclusion.UNKNOWN, _OTHER_REASON.fill(**told)


def _elsewhere(look: Probe, risen: int, alibaba: Status) -> tuple[Conclusion, Text]:
    if look.filter.drops and (look.others or risen):
        return Conclusion.OTHER_NETWORK, _OTHER_NETWORK.fill(others=", ".join(look.others) or f"+{risen}")
    if alibaba is not Status.FAIL:
        return Conclusion.UNKNOWN, _WHOSE
    if look.others and not look.filter.read:
        return Conclusion.UNKNOWN, _UNREAD.fill(why=look.filter.why)
    return Conclusion.NOT_ALIBABA, _NOT_ALIBABA


def _names(rows: list[Row]) -> Text:
    if not rows:
        return Text("有的服务", "some services")
    return Text("、".join(row.name.zh for row in rows), ", ".join(row.name.en for row in rows))
