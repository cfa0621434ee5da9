"""Panels as tabs: all names where they fit, else those around the active one."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tui.ui.theme import DARK
from tui.ui.widgets.cells import width
from tui.ui.widgets.tabs import PanelTabs

NAMES = ("Diagnosis", "Login", "Here", "Network", "Tailnet", "Firewall", "Way back", "Log", "Checks", "Values")


class Shown(App[None]):
    """The row alone."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield PanelTabs("v")


async def row(size: int, active: str, names: tuple[str, ...] = NAMES) -> str:
    async with Shown().run_test(size=(size, 3)) as pilot:
        tabs = pilot.app.query_one(PanelTabs)
        tabs.tabs = tuple((name, name, "2/6" if name == "Checks" else "") for name in names)
        tabs.active = active
        tabs.facts = ("a fact that is long enough to be cut",)
        await pilot.pause()
        return str(tabs.render())


async def test_few_names_stand_apart_and_the_key_is_behind_them() -> None:
    assert (await row(60, "Log", ("Log", "Checks"))).startswith("Log   Checks 2/6    v  ──")


async def test_many_names_move_together() -> None:
    text = await row(90, "Log")
    assert text.startswith("Diagnosis Login Here Network Tailnet Firewall Way back Log Checks 2/6 Values  v ")


@pytest.mark.parametrize("size", [58, 40, 24])
@pytest.mark.parametrize("active", NAMES)
async def test_where_they_do_not_fit_the_active_one_is_shown_and_what_is_left_out_is_said(size: int, active: str) -> None:
    text = await row(size, active)
    names, key, _ = text.partition(" v ")
    assert active in names
    assert key
    assert width(text.rstrip("─ ")) <= size - 2
    assert names.startswith("…") is ("Diagnosis" not in names)
    assert names.rstrip().endswith("…") is ("Values" not in names)
