"""The document's colours, by role and never by hue, so that no layout decides what red means.

Roles are the theme's variables (`ink`, `muted`, `alive`, `ok`, …) and a few of the document's own; where a foreign theme lacks one,
the program's own colour steps in. Marks and words carry the meaning alone: without colour (`NO_COLOR`) nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style

from tui.ui.theme import DARK, LIGHT

_DARK: Mapping[str, str] = {
    **DARK.variables,
    "program": "#8fc7ff",
    "found": "#4a4220",
    "found-now": "#7d681c",
    "chosen": "#27404c",
    "selected": "#2f4a63",
}

_LIGHT: Mapping[str, str] = {
    **LIGHT.variables,
    "program": "#0b559f",
    "found": "#f3e7b3",
    "found-now": "#ffd257",
    "chosen": "#cfe6ee",
    "selected": "#bcd7f0",
}

ROLES = frozenset(_DARK)
_OWN = frozenset({"program", "found", "found-now", "chosen", "selected"})


class Palette:
    """Roles turned into terminal styles, for one theme. `variables` are the theme's, `dark` says which colours stand in."""

    def __init__(self, variables: Mapping[str, str] | None = None, *, dark: bool = True) -> None:
        given = {role: colour for role, colour in (variables or {}).items() if role in ROLES - _OWN and colour.startswith("#")}
        self._colours = {**(_DARK if dark else _LIGHT), **given}
        self._styles: dict[tuple[str, str, str], Style] = {}

    def colour(self, role: str) -> str:
        """The `#rrggbb` of a role; KeyError for a word that is no role."""
        return self._colours[role]

    def style(self, role: str, ground: str = "", flags: str = "") -> Style:
        """Text in the colour of `role` on that of `ground`. `flags`: b bold, i italic, u underlined, s struck through."""
        key = (role, ground, flags)
        if (found := self._styles.get(key)) is None:
            found = self._styles[key] = Style(
                color=self._colours[role],
                bgcolor=self._colours[ground] if ground else self._colours["ground"],
                bold="b" in flags or None,
                italic="i" in flags or None,
                underline="u" in flags or None,
                strike="s" in flags or None,
            )
        return found
