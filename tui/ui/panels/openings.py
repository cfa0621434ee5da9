"""For whom a port is open until when, line by line: a countdown while it is, and in red where it could not be closed.

What is shown comes from the records on the disk, told to panels along with the time, because it goes on after the step that opened it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from tui.texts import Text
from tui.ui.panels.table import Cell
from tui.ui.panels.told import DECIDE, FAIL, PASS, Facts, number, part, parts, sentence, word
from tui.ui.widgets.cells import clock

Line = tuple[Cell, Cell]
_NOW = Cell("▸", "$alive")
_NOTHING = Cell("")
_OPEN = Text(
    "端口 {port} 为 {who} 打开着，到 {until} 为止 · 还有 {left} · 提前关上：zhinan undo",
    "port {port} is open for {who} until {until} · {left} left · sooner: zhinan undo",
)
_CLOSING = Text(
    "端口 {port} 为 {who} 打开到 {until}，时间到了，正在关上；还没有看到它关上",
    "port {port} was open for {who} until {until}; time is up, it is being closed, not seen closed yet",
)
_STUCK = Text(
    "端口 {port} 可能还对 {who} 开着（{until} 该关上）：{why}", "port {port} may still be open for {who} (due to close at {until}): {why}"
)
_BY_HAND = Text(
    "再试：zhinan undo {id}；手工：打开 {link}，在安全组 {group} 里删除规则 {rule}",
    "again: zhinan undo {id}; by hand: open {link}, and delete rule {rule} of the security group {group}",
)
_CLOSED = Text("端口 {port} 为 {who} 打开过，已经关上", "port {port} was open for {who}; it is closed again")


def known(told: Iterable[Facts], facts: Facts) -> tuple[Facts, ...]:
    """Those of the server that `facts` (topic `firewall`) speak of: as told from the disk, else as the action told them."""
    server = word(part(facts, "server"), "id")
    return tuple(each for each in tuple(told) or tuple(parts(facts, "openings")) if word(each, "instance") == server)


def is_open(opening: Facts, now: float) -> bool:
    """Whether it is open and its time is not up."""
    return word(opening, "state") == "open" and now < (number(opening, "until") or 0.0)


def rows(openings: Iterable[Facts], now: float) -> Iterator[Line]:
    """Mark and words of each; `now` in Unix seconds."""
    for each in openings:
        until = number(each, "until") or 0.0
        told = {
            "port": f"{number(each, 'port') or 0:g}", "who": word(each, "address"), "until": at(until, now), "left": clock(until - now),
            "why": sentence(part(each, "why")), **{name: word(each, name) for name in ("id", "link", "group", "rule")},
        }  # fmt: skip
        match word(each, "state"):
            case "open" if now < until:
                yield DECIDE, Cell(str(_OPEN.fill(**told)), "$decide")
            case "stuck":
                yield FAIL, Cell(str(_STUCK.fill(**told)), "bold $bad")
                yield _NOTHING, Cell(str(_BY_HAND.fill(**told)), "$bright")
            case "closed":
                yield PASS, Cell(str(_CLOSED.fill(**told)), "$muted")
            case _:
                yield _NOW, Cell(str(_CLOSING.fill(**told)), "$alive")


def at(moment: float, now: float) -> str:
    """A moment of the next days as it is said here: `18:40`, and after midnight with the day."""
    there, here = time.localtime(moment), time.localtime(now)
    return time.strftime("%H:%M" if there[:3] == here[:3] else "%m-%d %H:%M", there)
