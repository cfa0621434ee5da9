"""The same changes by hand, in Alibaba Cloud's console: for when the API is gone, or the reader does not want to give a key.

Said so that they can be saved and read offline: where to click, which rule by its id, and the very values to put in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tui.judge.firewall import Policy, Rule
from tui.judge.firewall_change import Authorize, Change, Modify, Revoke
from tui.judge.firewall_store import port_range
from tui.texts import Text

LINK: Final = "https://ecs.console.aliyun.com/securityGroup/region/{region}"


def by_hand(changes: Iterable[Change], region: str) -> tuple[Text, ...]:
    """One sentence a step, in the order in which to do them; none where nothing is to be done."""
    steps: list[Text] = []
    group = ""
    for change in changes:
        if change.group != group:
            group = change.group
            steps.append(_GO.fill(link=LINK.format(region=region), group=group))
        steps.append(_step(change))
    return tuple(steps)


def undoing(changes: Iterable[Change]) -> tuple[Change, ...]:
    """What takes these changes back, made before they are: what was added has no id yet, and is found by its values."""
    back: list[Change] = []
    for change in reversed(tuple(changes)):
        match change:
            case Modify():
                back.append(Modify(change.group, change.after, change.before))
            case Revoke():
                back.append(Authorize(change.group, change.before))
            case Authorize():
                back.append(Revoke(change.group, change.after))
    return tuple(back)


def _step(change: Change) -> Text:
    match change:
        case Modify(before=before, after=after):
            return _CHANGE.fill(rule=before.id, old=_values(before, after), new=_values(after, before))
        case Authorize(after=after):
            return _ADD.fill(new=_values(after))
        case Revoke(before=before):
            return (_DELETE if before.id else _DELETE_LIKE).fill(rule=before.id, old=_values(before))


def _values(rule: Rule, other: Rule | None = None) -> Text:
    """The rule's values as the console names them; beside another rule only those that differ."""
    allow = rule.policy is Policy.ACCEPT
    told = [
        (Text("策略 {v}", "action {v}").fill(v=Text("允许", "Allow") if allow else Text("拒绝", "Deny")), rule.policy),
        (Text("优先级 {v}", "priority {v}").fill(v=rule.priority), rule.priority),
        (Text("协议 {v}", "protocol {v}").fill(v=rule.protocol), rule.protocol),
        (Text("端口 {v}", "port {v}").fill(v=rule.port_list or port_range(rule)), (rule.port_list, rule.ports)),
        (Text("源 {v}", "source {v}").fill(v=rule.source.value), rule.source.value),
        (Text("描述 {v}", "description {v}").fill(v=rule.description or "—"), rule.description),
    ]
    others = () if other is None else (
        other.policy, other.priority, other.protocol, (other.port_list, other.ports), other.source.value, other.description,
    )  # fmt: skip
    kept = [text for n, (text, value) in enumerate(told) if not others or others[n] != value]
    return Text("，".join(text.zh for text in kept), ", ".join(text.en for text in kept))


_GO: Final = Text(
    "打开 {link}，点安全组 {group}，看“入方向”规则",
    "open {link}, click the security group {group}, and go to its inbound rules",
)
_CHANGE: Final = Text("规则 {rule}：点“编辑”，把 {old} 改成 {new}，保存", "rule {rule}: Edit; turn {old} into {new}; save")
_ADD: Final = Text("点“增加规则”：{new}，保存", "Add Rule: {new}; save")
_DELETE: Final = Text("规则 {rule}（{old}）：点“删除”", "rule {rule} ({old}): Delete")
_DELETE_LIKE: Final = Text("找到这样的规则，点“删除”：{old}", "find this rule and delete it: {old}")
