"""`?`: every key of the screen below, read from the bindings themselves, so that the help can't tell of a key that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.texts import Text
from tui.ui.widgets.badges import WORDS, Where
from tui.ui.widgets.cells import pad, width
from tui.ui.widgets.keybar import KeyBar
from tui.ui.widgets.keys import Listed, key
from tui.ui.widgets.marks import ENDINGS, QUEUED, RUNNING, TODO, WAITING
from tui.ui.widgets.titlebar import TitleBar

_HELP = Text("帮助", "Help")
_KEYS = Text("按键", "Keys")
_MARKS = Text("记号", "Marks")
_BADGES = Text("在哪里执行", "Where it runs")
_CLOSE = Text("关闭帮助", "close help")
_PUBLIC = Text("经公网地址连接的服务器：谁都能敲门", "a server reached over its public address: anybody can knock")
_TAILNET = Text("经 Tailscale 网络连接的服务器", "a server reached through the tailnet")
_LOCAL = Text("这台电脑", "this computer")
_MOUSE = Text(
    "鼠标也可以：点步骤、链接、标签和底部的按键；滚轮滚动；拖动选中文字。",
    "The mouse works too: click steps, links, tabs and the keys below; scroll with the wheel; drag to select text.",
)


class HelpScreen(Screen[None]):
    """`keys` are those of the screen it was asked on."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("help.close", "escape,question_mark,q", "close", _CLOSE),
    ]

    def offers(self, action: str) -> bool:
        """Help leads nowhere but back."""
        return action not in ("help", "runs")

    def __init__(self, keys: Sequence[Listed]) -> None:
        super().__init__()
        self._keys = tuple(keys)

    def compose(self) -> ComposeResult:
        """Keys, marks, badges."""
        title = TitleBar()
        title.set_reactive(TitleBar.crumbs, (str(_HELP),))
        yield title
        with VerticalScroll(id="help"):
            yield from self._section(_KEYS, self._key_lines())
            yield from self._section(_MARKS, self._mark_lines())
            yield from self._section(_BADGES, self._badge_lines())
            yield Static(str(_MOUSE), classes="lines", markup=False)
        yield KeyBar()

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)

    def _section(self, title: Text, lines: list[Content]) -> ComposeResult:
        yield Static(str(title), classes="heading", markup=False)
        yield Static(Content("\n").join(lines), classes="lines", markup=False)

    def _key_lines(self) -> list[Content]:
        names = ["  ".join(entry.keys) for entry in self._keys]
        room = max((width(name) for name in names), default=0)
        return [
            Content.assemble((pad(name, room) + "   ", "bold $bright"), (entry.words, "$ink"))
            for name, entry in zip(names, self._keys, strict=True)
        ]

    def _mark_lines(self) -> list[Content]:
        marks = [TODO, QUEUED, RUNNING, WAITING, *ENDINGS.values()]
        return [Content.assemble((f"{mark.sign}   ", mark.role), (str(mark.word), "$ink")) for mark in marks]

    def _badge_lines(self) -> list[Content]:
        meanings = ((Where.PUBLIC, _PUBLIC), (Where.TAILNET, _TAILNET), (Where.LOCAL, _LOCAL))
        room = max(width(str(WORDS[kind])) for kind, _ in meanings)
        return [
            Content.assemble((f" {pad(str(WORDS[kind]), room)} ", f"bold $badge on ${kind.value}"), (f"   {meaning}", "$ink"))
            for kind, meaning in meanings
        ]
