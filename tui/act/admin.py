"""Tailscale's admin API for an action: when it asks for patience the reader is told, and a stop does not wait for it."""

from __future__ import annotations

from tui.cloud.tailscale_api import TailscaleApi
from tui.run.action import Stage
from tui.secret import Secret
from tui.texts import Text


def admin_api(stage: Stage, token: Secret) -> TailscaleApi:
    """The API with that token, as an async context manager. Raises TokenRejected for what can be no token."""

    async def pause(seconds: float) -> None:
        text = Text("Tailscale 说请求太多，{seconds} 秒后再问", "Tailscale says there were too many requests; asking again in {seconds} s")
        await stage.note(text.fill(seconds=f"{seconds:g}"))
        await stage.sleep(seconds)

    return TailscaleApi(token, sleep=pause, environ=stage.environ)
