"""The three views of a rule that somebody changed since a lockdown, in words: as it was, as it was set, as it is; and what going back does.

A person decides about other people's rules by these lines, so each view stands on its own, and a rule that is gone or new is said to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tui.judge.firewall import Policy, Rule
from tui.judge.firewall_change import Authorize, Change, Modify
from tui.judge.firewall_compare import Comparison, Line, Stand
from tui.judge.firewall_store import port_range
from tui.judge.firewall_words import named
from tui.run.ask import ConfirmLine
from tui.texts import Text


def three_views(line: Line, changes: Iterable[Change]) -> Iterator[ConfirmLine]:
    """One rule of which somebody else made something: a heading, the three views, and what would be done to it."""
    rule = line.now or line.before or line.planned
    head = _GONE if line.stand is Stand.GONE else _CHANGED
    yield ConfirmLine(head.fill(rule=rule.id if rule and rule.id else "—", group=line.group))
    views = [each for each in (line.before, line.planned, line.now) if each is not None]
    noted = len({each.description for each in views}) > 1  # the same note in all views says nothing about the change
    yield ConfirmLine(_BEFORE.fill(rule=_rule(line.before, noted=noted)), " ")
    yield ConfirmLine(_SET.fill(rule=_rule(line.planned, noted=noted)), " ")
    done = tuple(changes)
    goes = any(not isinstance(each, Authorize) for each in done)
    yield ConfirmLine(_NOW.fill(rule=_rule(line.now, noted=noted)), "-" if goes else " ")
    comes = [each.after for each in done if isinstance(each, Authorize | Modify)]
    yield from (ConfirmLine(_BACK.fill(rule=_rule(each, noted=noted)), "+") for each in comes)
    if not done:
        yield ConfirmLine(_NOTHING)


def added_since(found: Comparison, own: Iterable[str]) -> Iterator[ConfirmLine]:
    """The rules that came since, which are left as they are; `own` are the ids of those that this program made for a while."""
    ours = set(own)
    for line in found.of(Stand.ADDED):
        if line.now is not None and line.now.direction == "ingress":
            text = _OURS if line.now.id in ours else _ADDED
            yield ConfirmLine(text.fill(id=line.now.id, group=line.group, rule=_rule(line.now)))


def _rule(rule: Rule | None, *, noted: bool = True) -> Text:
    """A rule in few words; that there is none is said."""
    if rule is None:
        return Text("（没有这条规则）", "(no such rule)")
    policy = Text("允许", "allow") if rule.policy is Policy.ACCEPT else Text("拒绝", "deny")
    note = f" “{rule.description}”" if rule.description and noted else ""
    text = Text("{policy} {ports} 优先级 {priority} 来源 {source}{note}", "{policy} {ports} priority {priority} from {source}{note}")
    ports = f"{rule.protocol} {rule.port_list or port_range(rule)}"
    return text.fill(policy=policy, ports=ports, priority=rule.priority, source=named(rule.source), note=note)


_CHANGED: Final = Text("规则 {rule}（{group}）被别人改过：", "rule {rule} ({group}) was changed by somebody:")
_GONE: Final = Text("规则 {rule}（{group}）被别人删了：", "rule {rule} ({group}) was deleted by somebody:")
_BEFORE: Final = Text("关闭之前  {rule}", "before    {rule}")
_SET: Final = Text("关闭时设  {rule}", "we set    {rule}")
_NOW: Final = Text("现在      {rule}", "now       {rule}")
_BACK: Final = Text("改回去    {rule}", "would be  {rule}")
_NOTHING: Final = Text("同样的规则已经有了，不用再做什么", "the same rule is there already, nothing would be done")
_ADDED: Final = Text("别人加的规则 {id}（{group}）会留着：{rule}", "rule {id} ({group}), added by somebody, stays: {rule}")
_OURS: Final = Text(
    "规则 {id}（{group}）是临时打开时加的，到时自己收回：{rule}",
    "rule {id} ({group}) was made to open for a while, and goes by itself: {rule}",
)
