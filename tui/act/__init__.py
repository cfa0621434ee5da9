"""The actions of guides, by the name a guide uses. Each is imported when it is first run, so that starting the program costs nothing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui.run.action import Action, Actions, Stage


def _lazy(module: str, name: str) -> Action:
    async def act(stage: Stage) -> None:
        action: Action = getattr(import_module(f"tui.act.{module}"), name)
        await action(stage)

    return act


ACTIONS: Final[Actions] = {
    "aliyun.mend": _lazy("network_mend", "mend"),
    "aliyun.network": _lazy("network", "network"),
    "ssh.entry": _lazy("ssh_entry", "ssh_entry"),
    "tailscale.install": _lazy("install", "install"),
    "tailscale.local": _lazy("local", "local"),
    "tailscale.login": _lazy("login", "login"),
    "tailscale.verify": _lazy("verify", "verify"),
}
