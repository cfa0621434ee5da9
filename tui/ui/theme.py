"""The two colour themes, by role.

A widget never names a colour, it names a role (`$muted`, `$ok`): one accent for what is alive now, green only for passed, red only for
failed or dangerous, amber only for "you must decide", and three grounds that say where something runs. The light theme is the
same list with other values, so a role missing in one of them is seen at once.
"""

from __future__ import annotations

from textual.theme import Theme

_DARK = {
    "ink": "#d7dde4",
    "bright": "#e9eef3",
    "muted": "#8b96a2",
    "faint": "#5c6772",
    "ground": "#11151a",
    "raised": "#1d242c",
    "chosen": "#1f2a33",
    "key": "#2b3641",
    "alive": "#62b6cb",
    "ok": "#86c48a",
    "bad": "#ee7f86",
    "decide": "#e3b868",
    "public": "#8a2b36",
    "tailnet": "#2c5a3a",
    "local": "#2a4668",
    "elsewhere": "#2b3641",
    "badge": "#ffffff",
    "practice": "#3c2f52",
}

_LIGHT = {
    "ink": "#24292f",
    "bright": "#0b0f14",
    "muted": "#57606a",
    "faint": "#848d97",
    "ground": "#fbfbf9",
    "raised": "#eceef0",
    "chosen": "#dde7ee",
    "key": "#d3d9df",
    "alive": "#0b6c86",
    "ok": "#1a7f37",
    "bad": "#b3202c",
    "decide": "#8a5a00",
    "public": "#b3202c",
    "tailnet": "#1f6f3a",
    "local": "#24568f",
    "elsewhere": "#57606a",
    "badge": "#ffffff",
    "practice": "#d9cdef",
}


def _theme(name: str, roles: dict[str, str], *, dark: bool) -> Theme:
    widgets = {
        "block-cursor-background": roles["chosen"],
        "block-cursor-foreground": roles["bright"],
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": roles["chosen"],
        "block-cursor-blurred-foreground": roles["ink"],
        "block-hover-background": roles["raised"],
        "scrollbar": roles["key"],
        "scrollbar-hover": roles["faint"],
        "scrollbar-active": roles["faint"],
        "scrollbar-background": roles["ground"],
        "scrollbar-background-hover": roles["ground"],
        "scrollbar-background-active": roles["ground"],
        "scrollbar-corner-color": roles["ground"],
        "input-cursor-background": roles["ink"],
        "input-cursor-foreground": roles["ground"],
        "input-selection-background": roles["key"],
        "border": roles["faint"],
    }
    return Theme(
        name=name, primary=roles["alive"], secondary=roles["alive"], accent=roles["alive"], foreground=roles["ink"],
        background=roles["ground"], surface=roles["raised"], panel=roles["raised"], success=roles["ok"],
        warning=roles["decide"], error=roles["bad"], dark=dark, variables={**roles, **widgets},
    )  # fmt: skip


DARK = _theme("zhinan-dark", _DARK, dark=True)
LIGHT = _theme("zhinan-light", _LIGHT, dark=False)
