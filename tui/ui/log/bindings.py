"""The keys of a log, as one table."""

from __future__ import annotations

from textual.binding import BindingType

from tui.texts import Text
from tui.ui.widgets.keys import key

BINDINGS: list[BindingType] = [
    key("log.wrap", "w", "wrap", Text("折行", "wrap")),
    key("log.follow", "f", "follow", Text("跟随", "follow")),
    key("log.next", "n", "next(False)", Text("下一处", "next match")),
    key("log.previous", "N", "next(True)", Text("上一处", "previous match")),
    key("log.copy", "y", "copy", Text("复制", "copy")),
    key("log.down", "j,down", "rows(1)", Text("下一行", "down"), show=False),
    key("log.up", "k,up", "rows(-1)", Text("上一行", "up"), show=False),
    key("log.page_down", "space,pagedown", "page(1)", Text("下一页", "page down"), show=False),
    key("log.page_up", "b,pageup", "page(-1)", Text("上一页", "page up"), show=False),
    key("log.home", "g,home", "top", Text("到开头", "to the start"), show=False),
    key("log.end", "G,end", "follow", Text("到末尾", "to the end"), show=False),
]
