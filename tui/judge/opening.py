"""An opening: one address is let in to one port for some hours by one rule of its own, and afterwards that rule goes again.

The rule is made so that it lets in exactly that address and changes nothing else, which is asked of the rules before and after; and it
is known again by its id and every word of it, so that nothing is ever taken away that somebody else has made, or changed since.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from tui.errors import UsageError
from tui.judge.addresses import PUBLIC, Addresses, addresses, of, union
from tui.judge.firewall import Group, Interface, Policy, Rule, Wall
from tui.judge.firewall_change import Authorize, applied, cidr_source
from tui.judge.firewall_compare import Comparison, Line, Stand
from tui.judge.firewall_plan import Mode, Plan
from tui.judge.firewall_proof import differing, shown
from tui.judge.firewall_reach import ranked, reach, unsure
from tui.judge.lockdown import Story
from tui.texts import Text

LEAST, MOST, USUAL = 1, 72, 4
"""Hours an opening may last, and lasts where nobody says."""
_WIDEST: Final = {4: 24, 6: 56}
"""The shortest prefix there may be: what a home or an office is given. Anything wider is no address of one's own."""
_LAST: Final = 100
"""The priority that is asked last."""


def one_address(written: str) -> str:
    """The network that is meant, as a CIDR. Raises UsageError for none, for one too wide, and for one that is not on the internet."""
    try:
        network = ipaddress.ip_network(written.strip(), strict=False)
    except ValueError:
        raise UsageError(_NO_ADDRESS.fill(written=written)) from None
    if network.prefixlen < _WIDEST[network.version]:
        raise UsageError(_TOO_WIDE.fill(cidr=network, least=_WIDEST[network.version]))
    if not of(str(network)) <= PUBLIC:
        raise UsageError(_NOT_PUBLIC.fill(cidr=network))
    return str(network)


def plain(cidr: str) -> str:
    """The network as a reader writes it: a single address without its `/32`."""
    network = ipaddress.ip_network(cidr)
    return str(network.network_address) if network.num_addresses == 1 else cidr


def described(until: float, mark: str) -> str:
    """The rule's description: that it is ours, and until when. ASCII, as the console shows it; `mark` makes it this opening's own."""
    return f"zhinan: open for one address until {time.strftime('%Y-%m-%d %H:%M %z', time.localtime(until))} [{mark}]"


def opening(wall: Wall, port: int, cidr: str, description: str, taken: Collection[tuple[object, ...]] = ()) -> Plan:
    """The plan of an opening: one rule more. `taken` are senses (`Rule.sense`) that belong to others, now or in a record.

    Without changes the address gets in already; `blocked` says why there is no way to let it in by one rule.
    """
    what = addresses(cidr)
    none = Plan(port, Mode.NARROW, what, wall, wall)
    if doubts := unsure(reach(wall, port)):
        return replace(none, blocked=doubts)
    if what <= _who(wall, port):
        return none
    blocked: tuple[Text, ...] = (_NO_GROUP,)
    for interface, group in _places(wall, what):
        change = Authorize(group.id, _rule(wall, interface, port, cidr, description, taken))
        after = applied(wall, [change])
        blocked = tuple(effect(wall, after, port, what))
        if not blocked:
            return Plan(port, Mode.NARROW, what, wall, after, (change,))
    return replace(none, blocked=blocked)


def effect(before: Wall, after: Wall, port: int, what: Addresses) -> Iterator[Text]:
    """What an opening does that it should not: nothing means that afterwards exactly these addresses more get in, to this port only."""
    yield from unsure(reach(after, port))
    if not what <= _who(after, port):
        yield _NOT_IN.fill(who=shown(what), port=port)
    pairs = list(zip(reach(before, port), reach(after, port), strict=True))
    if more := union(now.open - was.open for was, now in pairs) - what:
        yield _MORE.fill(who=shown(more), port=port)
    if lost := union(was.open - now.open for was, now in pairs):
        yield _LOST.fill(who=shown(lost), port=port)
    yield from (_OTHER.fill(what=each) for each in differing(before, after, port))


def gets_in(wall: Wall, port: int, what: Addresses) -> bool:
    """Whether any of these addresses reaches the port."""
    return bool(_who(wall, port) & what)


def own_rule(rules: tuple[Rule, ...], story: Story) -> Rule | None:
    """The opening's rule among those of its group, if it is there exactly as it was made."""
    return next((each for each in rules if _is_own(each, story)), None)


def stand(story: Story, group: Group | None) -> Comparison:
    """How the opening's rule is now: as planned (it is there as made), as before (it is gone), changed by others, or unknown.

    `group` is the group as it is now, None where there is no such group any more: its rules went with it.
    """
    planned, ident = (story.opened or story.own[0]) if story.own else None, story.opened.id if story.opened else ""

    def line(stand: Stand, now: Rule | None = None) -> Comparison:
        return Comparison((Line(stand, story.group, None, planned, now),))

    if planned is None or group is None:
        return line(Stand.AS_BEFORE)
    if mine := own_rule(group.rules, story):
        return line(Stand.AS_PLANNED, mine)
    if any(not ident or each.id == ident for each in group.unread):
        return line(Stand.UNKNOWN)
    theirs = [each for each in group.rules if (each.id == ident if ident else each.sense == planned.sense)]
    return line(Stand.CHANGED, theirs[0]) if theirs else line(Stand.AS_BEFORE)


def _is_own(rule: Rule, story: Story) -> bool:
    said = {(each.sense, each.description) for each in story.own}
    return (rule.sense, rule.description) in said and (story.opened is None or rule.id == story.opened.id)


def _who(wall: Wall, port: int) -> Addresses:
    return union(each.open for each in reach(wall, port) if each.interface.side != "intranet")


def _places(wall: Wall, what: Addresses) -> Iterator[tuple[Interface, Group]]:
    """Where the rule could stand, best first: the card that leads to the internet, the group that guards the fewest others."""
    for interface in sorted(wall.instance.interfaces, key=lambda each: (not _leads(each, what), not each.primary)):
        if interface.side != "intranet":
            groups = [each for each in wall.groups if each.id in interface.groups and not each.managed]
            yield from ((interface, each) for each in sorted(groups, key=lambda each: len(wall.members.get(each.id, ()))))


def _leads(interface: Interface, what: Addresses) -> bool:
    if what.v6:
        return any(":" in each for each in (*interface.addresses, *interface.public))
    return any(":" not in each for each in interface.public)


def _rule(
    wall: Wall, interface: Interface, port: int, cidr: str, description: str, taken: Collection[tuple[object, ...]]
) -> Rule:  # fmt: skip
    """The rule, as late in the order as it still holds: before the first Drop rule that speaks of these addresses."""
    what = addresses(cidr)
    drops = [rule.priority for _, rule in ranked(wall, interface, port, "TCP") if rule.policy is Policy.DROP and _touches(rule, what)]
    made = Rule(
        "", Policy.ACCEPT, max(1, min((_LAST + 1, *drops)) - 1), "TCP", cidr_source(cidr), (port, port),
        nic=interface.side or "intranet", description=description,
    )  # fmt: skip
    known = {*taken, *(rule.sense for group in wall.groups for rule in group.rules)}
    while made.priority > 1 and made.sense in known:
        made = replace(made, priority=made.priority - 1)
    return made


def _touches(rule: Rule, what: Addresses) -> bool:
    """Whether a rule may speak of these addresses; one of a list or a group may."""
    return rule.source.kind == "prefix list" or bool(rule.source.addresses & what)


_NO_ADDRESS: Final = Text(
    "“{written}”不是 IP 地址或网段，例如 203.0.113.9", "“{written}” is no address or network; write it like 203.0.113.9"
)
_TOO_WIDE: Final = Text("{cidr} 太宽，最宽 /{least}：只为一个人打开", "{cidr} is too wide, /{least} at most: it is opened for one person")
_NOT_PUBLIC: Final = Text(
    "{cidr} 不是公网地址，从公网过来的连接不会是它", "{cidr} is not on the internet: no connection from there comes from it"
)
_NO_GROUP: Final = Text("没有可以加规则的安全组", "there is no security group to which a rule can be added")
_NOT_IN: Final = Text(
    "加一条规则也放不进 {who}：有拒绝规则排在最前（优先级 1），端口 {port} 仍连不上",
    "one more rule does not let {who} in: a deny rule stands first (priority 1), and port {port} stays shut",
)
_MORE: Final = Text("这样 {who} 也能连到端口 {port}", "{who} could reach port {port} as well")
_LOST: Final = Text("这样 {who} 反而连不上端口 {port}", "{who} could no longer reach port {port}")
_OTHER: Final = Text("这样也会影响 {what}", "it would touch {what} as well")
