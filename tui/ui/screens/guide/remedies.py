"""From a gate that is shut to what opens it: the document's own command or action, wherever in the document it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tui.guide.model import ActionSpec, Command, Guide, Item, Step
from tui.ui.panels.told import Facts, parts, word


def _uses(item: Item, action: str) -> bool:
    return isinstance(item, ActionSpec) and item.use == action


def _spares_expiry(item: Item) -> bool:
    return isinstance(item, ActionSpec) and bool(item.options.get("disable_expiry"))


def _enables(item: Item) -> bool:
    return isinstance(item, Command) and item.explicit and "systemctl enable" in item.text and "tailscaled" in item.text


_OPENS: Final[Mapping[str, Callable[[Item], bool]]] = {
    "verify": lambda item: _uses(item, "tailscale.verify") and not _spares_expiry(item),
    "enable": _enables,
    "expiry": lambda item: _uses(item, "tailscale.verify") and _spares_expiry(item),
    "network": lambda item: _uses(item, "aliyun.network"),
    "wait": lambda item: _uses(item, "aliyun.network"),
}
"""By the remedies of `judge.gates`; the others are asked about while the gates are looked at, or need nobody."""


def remedy(guide: Guide, facts: Facts) -> tuple[Step, int] | None:
    """What opens the first gate that is shut and that something in the document opens: the step and its item."""
    for gate in parts(facts, "gates"):
        opens = _OPENS.get(word(gate, "remedy"))
        if word(gate, "status") == "pass" or word(gate, "typed") or opens is None:
            continue
        for step in guide.steps:
            for number, item in enumerate(step.items):
                if opens(item):
                    return step, number
    return None
