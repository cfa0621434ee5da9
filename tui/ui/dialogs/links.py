"""All links of the document, to open one without hunting for it."""

from __future__ import annotations

from collections.abc import Sequence

from tui.texts import Text
from tui.ui.dialogs.choose import ChooseDialog

_TITLE = Text("打开哪个链接？", "Open which link?")


class LinkDialog(ChooseDialog):
    """`links` are (words, href). Dismissed with the href."""

    def __init__(self, links: Sequence[tuple[str, str]]) -> None:
        super().__init__(_TITLE, None, [(href, words, "" if words == href else href) for words, href in links])
