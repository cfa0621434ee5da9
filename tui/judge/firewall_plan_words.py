"""What is said of a plan: why a rule can't be changed, what a choice costs, and what else the change does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.judge.firewall import Rule
from tui.judge.firewall_store import port_range
from tui.texts import Text

WORKBENCH: Final = "createdByEcsWorkbench"
"""The description of the rule that the console's Workbench makes for itself."""
DROP_DESCRIPTION: Final = "zhinan: no public SSH"

MANAGED: Final = Text(
    "规则 {rule} 在安全组 {group} 里，这个安全组由云产品（{by}）管理，不能改它的规则：到那个产品的控制台改，或给实例换一个安全组",
    "the rule {rule} is in the security group {group}, which a cloud product ({by}) manages: its rules can't be changed here; change them "
    "in that product's console, or give the instance another group",
)
NO_ID: Final = Text(
    "安全组 {group} 里有一条没有编号的旧规则放行了这个端口：请在控制台改它",
    "a rule without an id in the security group {group} lets this port in: change it in the console",
)
INTERFACE_FULL: Final = Text(
    "网卡 {interface} 的规则会到 {count} 条，上限是 {limit}：先删掉不用的规则",
    "the network card {interface} would have {count} rules, and {limit} is the limit: remove rules nobody needs first",
)
GROUP_FULL: Final = Text(
    "安全组 {group} 会有 {count} 条规则，超过 {limit} 条时可能被拒绝（AuthorizationLimitExceed）",
    "the security group {group} will have {count} rules; more than {limit} may be refused (AuthorizationLimitExceed)",
)
LOST_INSIDE: Final = Text(
    "内网也会连不上端口 {port}：{sources}（现在能连）",
    "these inside addresses lose port {port} as well, which they reach now: {sources}",
)
LOST_PROTOCOLS: Final = Text(
    "拆开“全部协议”的规则后，TCP、UDP、ICMP、GRE 以外的协议不再放行",
    "once the rule for all protocols is split, protocols other than TCP, UDP, ICMP and GRE are no longer let in",
)
PREFIX_LIST: Final = Text(
    "规则 {rule} 的源是前缀列表 {list}，不能改成地址段：会删掉这条规则，列表本身不动；恢复时重新添加，规则编号会变",
    "the source of the rule {rule} is the prefix list {list}, which can't become a CIDR: the rule is removed, the list stays as it is; put "
    "back later, the rule gets a new id",
)
WORKBENCH_AGAIN: Final = Text(
    "规则 {rule} 是控制台 Workbench 加的：以后在控制台点“远程连接”，它可能又被加回来",
    "the rule {rule} was made by the console's Workbench: a click on its remote connection may make it again",
)
ALL_ALLOWED: Final = Text("允许的范围就是全部公网地址，等于没有收紧", "the sources you allow are the whole internet: nothing is closed")
_WIDE: Final = Text(
    "规则 {rule} 放行的不只是端口 {port}（{what}，源 {source}），直接改源会把别的服务也关掉。",
    "the rule {rule} lets in more than port {port} ({what}, from {source}); with another source, other services would close, too. ",
)
_SPLIT: Final = Text(
    "可以拆开：其它端口照旧放行，只去掉端口 {port}{loss}。", "It can be split: all else stays open, port {port} does not{loss}. "
)
_LOSS: Final = Text(
    "（TCP、UDP、ICMP、GRE 以外的协议会失去放行）", " (protocols other than TCP, UDP, ICMP and GRE are no longer let in then)"
)
_DROP: Final = Text(
    "也可以加一条同优先级的拒绝规则，只拒绝端口 {port}：别的一点不动，但内网从这个源来的 SSH 也会被拒绝。",
    "Or a Drop rule of the same priority for port {port} goes before it: nothing else is touched, but SSH from inside is dropped as well.",
)


def wide(rule: Rule, port: int, options: Sequence[str]) -> Text:
    """What the reader has to choose for a rule that speaks of more than the port, and what each way costs."""
    what = f"{rule.protocol} {rule.port_list or port_range(rule)}"
    loss = _LOSS if rule.protocol == "ALL" else Text("", "")
    parts = [_WIDE.fill(rule=rule.id, port=port, what=what, source=rule.source.value), _SPLIT.fill(port=port, loss=loss)]
    parts += [_DROP.fill(port=port)] if "drop" in options else []
    return Text("".join(part.zh for part in parts), "".join(part.en for part in parts).strip())
