"""Who can reach a port, said to a reader: one sentence, a table of the rules that speak of it, and what else there is to know.

The same facts serve the panel and the printer: sentences are `Text`, rows are frozen, and nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from tui.judge.addresses import LOOPBACK, PRIVATE, PUBLIC, SHARED, Addresses, Family, of, union
from tui.judge.firewall import ALL_PORTS, Group, Interface, Policy, Rule, Source, Wall
from tui.judge.firewall_plan import Plan, sharing
from tui.judge.firewall_plan_words import WORKBENCH
from tui.judge.firewall_proof import shown, shown_inside
from tui.judge.firewall_reach import Reach, ports_of, public, ranked, reach, sources_of, unsure
from tui.judge.firewall_store import port_range
from tui.texts import Text, same

Scope = Literal["public", "inside", "loopback", "members", "nobody"]
"""Whom a rule lets in, the widest first; `nobody` for a Drop rule, and for one that other rules leave nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule in the table. `source` is as a reader says it, `opens` what really gets in by it, after the rules before it.

    `rule` is "" for the inner access of a basic group. `note` says what is special, None where nothing is.
    """

    group: str
    group_name: str
    rule: str
    policy: Policy
    priority: int
    ports: str
    source: Text
    description: str
    scope: Scope
    opens: Addresses
    note: Text | None = None


def who(wall: Wall, port: int = 22) -> Text:
    """The sentence: who can reach the port now, from the internet first."""
    found = reach(wall, port)
    doubts = unsure(found)
    outside = public(found)
    if doubts:
        return _UNSURE.fill(port=port, why=doubts[0]) if not outside else _AT_LEAST.fill(port=port, who=_people(outside), why=doubts[0])
    return _OPEN.fill(port=port, who=_people(outside)) if outside else _CLOSED.fill(port=port, inside=_inside(found))


def rows(wall: Wall, port: int = 22) -> tuple[Row, ...]:
    """The rules that speak of the port, in the order in which they are asked; each once, with what it opens on any interface."""
    found: dict[tuple[str, Rule | None], Row] = {}
    for interface, one in zip(wall.instance.interfaces, reach(wall, port), strict=False):
        for group in (group for opening in one.openings if opening.rule is None for group in wall.groups if group.id == opening.group):
            found.setdefault((group.id, None), _inner(group))
        for group, rule in ranked(wall, interface, port, "TCP"):
            before = found.get((group.id, rule))
            own = [each for each in one.openings if each.group == group.id and each.rule == rule]
            what = union(each.addresses for each in own) - (PUBLIC if interface.side == "intranet" else of())
            members = any(each.members for each in own) or (before is not None and before.scope == "members")
            found[group.id, rule] = _row(wall, group, rule, what | (before.opens if before else of()), members=members)
    return tuple(sorted(found.values(), key=lambda row: (row.rule != "", row.priority, row.policy is Policy.ACCEPT)))


def still_open(wall: Wall, port: int = 22) -> Text:
    """Which other TCP ports the internet can reach; said beside a change, so that nobody wonders about the web site."""
    ports = list(_public_ports(wall, port))
    if not ports:
        return Text("没有别的 TCP 端口对公网开放", "no other TCP port is open to the internet")
    most = 6
    few = ports[:most]
    more = Text("…", ", …") if len(ports) > most else Text("", "")
    return _STILL.fill(ports=Text("、".join(few) + more.zh, ", ".join(few) + more.en))


def shared_with(plan: Plan) -> Text | None:
    """Which other instances the change touches; None where it touches none."""
    others = sharing(plan)
    if others is None:
        return Text("没能查到还有哪些实例用这个安全组", "it is not known which other instances use the group")
    names = Text(
        "、".join(f"{each.name}（{each.id}）" if each.name else each.id for each in others),
        ", ".join(f"{each.name} ({each.id})" if each.name else each.id for each in others),
    )
    return _SHARED.fill(names=names, port=plan.port) if others else None


NOT_COVERED: Final = (
    Text(
        "负载均衡（CLB、NLB、ALB）转发来的流量不经过安全组：如果有监听转到这台的 SSH 端口，它仍然通",
        "traffic from load balancers (CLB, NLB, ALB) passes no security group: a listener that leads to this SSH port stays open",
    ),
    Text(
        "NAT 网关的端口映射（DNAT）不在这里查：源地址会照原样到达安全组",
        "port maps of NAT gateways (DNAT) are not looked at here; their senders reach the group as they are",
    ),
    Text("SSH 也可能听在别的端口上：这里只看这一个", "SSH may listen on another port as well: only this one is looked at"),
    Text("已经连着的 SSH 会话可能断，也可能不断：只有新开的连接才作数", "open SSH sessions may be cut or not: only new connections tell"),
)
"""What the rules can't tell."""

MAY_RETURN: Final = Text(
    "以后在控制台点“远程连接”（Workbench）或用别的云产品，可能又会自动加上放行规则：过一段时间再查一次",
    "the console's remote connection (Workbench) and other products may add a rule again later: look again from time to time",
)


def named(source: Source) -> Text:
    """A source as a reader says it."""
    if source.kind == "group":
        return Text("安全组 {id} 的成员（内网）", "members of the group {id} (intranet)").fill(id=source.name or source.value)
    if source.kind == "prefix list":
        return Text("前缀列表 {id}", "prefix list {id}").fill(id=source.name or source.value)
    known = next((text for what, text in _NAMED if what == source.addresses), None)
    return known.fill(cidr=source.value) if known else same(source.value)


def _people(what: Addresses) -> Text:
    """Who that is: anybody, anybody but a few (what a Drop rule makes of anybody), or a few."""
    whole = [(family, name) for family, name in _FAMILIES if PUBLIC.only(family) <= what]
    said: list[Text] = []
    if whole:
        names = {"zh": "、".join(name for _, name in whole), "en": " and ".join(name for _, name in whole)}
        said.append(Text("任何人（{zh}）", "anybody ({en})").fill(**names))
    rest = what - union(PUBLIC.only(family) for family, _ in whole)
    for family, name in _FAMILIES:
        without = PUBLIC.only(family) - rest
        if (family, name) not in whole and len(without.cidrs()) < len((rest & PUBLIC.only(family)).cidrs()):
            said.append(Text("任何人（{name}，{few} 除外）", "anybody ({name}) but {few}").fill(name=name, few=shown(without)))
            rest -= PUBLIC.only(family)
    if rest:
        said.append(shown(rest))
    return Text("，以及 ".join(each.zh for each in said), ", and ".join(each.en for each in said))


def _inside(found: tuple[Reach, ...]) -> Text:
    what = union(each.open & (PRIVATE | SHARED) for each in found)
    members = any(each.members for each in found)
    if what:
        few = shown(what) if len(what.cidrs()) <= _FEW else shown_inside(what)
        return Text("；内网能连的有 {who}", "; from inside {who} can").fill(who=few)
    return Text("；同组成员经内网能连", "; members of the group can over the intranet") if members else Text("", "")


def _row(wall: Wall, group: Group, rule: Rule, opens: Addresses, *, members: bool) -> Row:
    note: Text | None = None
    if rule.description == WORKBENCH:
        note = Text("控制台 Workbench 加的", "made by the console's Workbench")
    elif rule.policy is Policy.ACCEPT and not opens and not members:
        note = Text("被前面的规则盖住，不起作用", "the rules before it leave nothing to it")
    elif rule.protocol == "ALL" or any(first != last for first, last in ports_of(rule, wall) or ()):
        note = Text("不只是这个端口", "more than this port")
    elif sources_of(rule.source, wall) is None and rule.source.kind == "prefix list":
        note = Text("列表没能读到", "the list could not be read")
    ports = f"{rule.protocol} {rule.port_list or port_range(rule)}"
    return Row(
        group.id, group.name, rule.id, rule.policy, rule.priority, ports, named(rule.source), rule.description,
        _scope(rule, opens, members=members), opens, note,
    )  # fmt: skip


def _inner(group: Group) -> Row:
    note = Text("组内互通，不看规则", "inner access, whatever the rules say")
    source = Text("同组成员（内网）", "members of the group (intranet)")
    return Row(group.id, group.name, "", Policy.ACCEPT, 0, "ALL -1/-1", source, "", "members", of(), note)


def _scope(rule: Rule, opens: Addresses, *, members: bool) -> Scope:
    if rule.policy is Policy.DROP or not (opens or members):
        return "nobody"
    if opens & PUBLIC:
        return "public"
    if members:
        return "members"
    return "loopback" if opens <= LOOPBACK else "inside"


def _public_ports(wall: Wall, port: int) -> Iterator[str]:
    """Stretches of TCP ports that somebody on the internet can reach, without `port`."""
    told = [each for one in wall.instance.interfaces for _, rule in _inbound(wall, one) for each in ports_of(rule, wall) or ()]
    starts = sorted({1, port, port + 1, *(first for first, _ in told), *(last + 1 for _, last in told)} & {*range(1, ALL_PORTS[1] + 1)})
    begin = 0
    for start, following in zip(starts, [*starts[1:], ALL_PORTS[1] + 1], strict=True):
        is_open = start != port and bool(public(reach(wall, start)))
        begin = begin or (start if is_open else 0)
        last = following - 1
        ends = following > ALL_PORTS[1] or following == port or not public(reach(wall, following))
        if is_open and ends:
            yield f"{begin}" if begin == last else f"{begin}-{last}"
        if not is_open or ends:
            begin = 0


def _inbound(wall: Wall, interface: Interface) -> Iterator[tuple[Group, Rule]]:
    for group in wall.groups:
        if group.id in interface.groups:
            yield from ((group, rule) for rule in group.rules if rule.direction == "ingress" and rule.protocol in ("TCP", "ALL"))


_FEW: Final = 3
_FAMILIES: Final[tuple[tuple[Family, str], ...]] = ((4, "IPv4"), (6, "IPv6"))
_NAMED: Final = (
    (of("0.0.0.0/0"), Text("任何人 {cidr}", "anybody {cidr}")),
    (of("::/0"), Text("任何人（IPv6）{cidr}", "anybody (IPv6) {cidr}")),
    (of("127.0.0.1"), Text("{cidr}（没有人）", "{cidr} (nobody)")),
    (of("::1"), Text("{cidr}（没有人）", "{cidr} (nobody)")),
    (of("100.64.0.0/10"), Text("{cidr}（Tailscale 和阿里云内部）", "{cidr} (Tailscale, and Alibaba Cloud's own)")),
    (of("100.104.0.0/16"), Text("{cidr}（Workbench，走内网）", "{cidr} (Workbench, privately)")),
    *((of(each), Text("{cidr}（Workbench，走公网）", "{cidr} (Workbench, publicly)")) for each in (
        "47.96.60.0/24", "118.31.243.0/24", "8.139.112.0/24", "8.139.99.192/26",
    )),
    *((of(each), Text("{cidr}（内网）", "{cidr} (private)")) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
)  # fmt: skip
_OPEN: Final = Text("公网上能连端口 {port} 的：{who}", "who can reach port {port} from the internet: {who}")
_CLOSED: Final = Text("公网上谁也连不上端口 {port}{inside}", "nobody on the internet can reach port {port}{inside}")
_UNSURE: Final = Text("不能断定谁能连端口 {port}：{why}", "it can't be told who can reach port {port}: {why}")
_AT_LEAST: Final = Text(
    "公网上至少这些能连端口 {port}：{who}；还有没有别的不能断定：{why}",
    "at least {who} can reach port {port} from the internet; whether others can is unknown: {why}",
)
_STILL: Final = Text("对公网仍开放的其它 TCP 端口：{ports}", "other TCP ports that stay open to the internet: {ports}")
_SHARED: Final = Text(
    "同一个安全组还用在 {names}：它们的端口 {port} 会一起关上", "{names} use the same group: their port {port} closes with it"
)
