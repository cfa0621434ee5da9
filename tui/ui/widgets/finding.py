"""The key that begins a search, one way on every screen that can search.

Its line is focused by the app itself, before the next key is given to anybody: letters that come in the same burst as the slash (pasted,
typed fast over a slow line) are words then, and no keys of the screen. While something is typed a slash is a slash.
"""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input

from tui.texts import Text
from tui.ui.widgets.keys import key


def find_key(ident: str) -> Binding:
    """The slash, for the screen that `ident` names; the screen has `action_find`."""
    return key(ident, "slash", "find", Text("搜索", "search"), priority=True)


class Finding(Screen[None]):
    """A screen that searches."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters are letters while typing."""
        if action == "find":
            return not isinstance(self.focused, Input)
        return super().check_action(action, parameters)
