"""What a verification does through the admin API: list the console's machines, and switch off that a key expires."""

from __future__ import annotations

from typing import Any

from tui.act.admin import admin_api
from tui.cloud.tailscale_api import Device
from tui.errors import Unusable
from tui.run.action import Stage
from tui.secret import Secret
from tui.texts import Text


async def console(stage: Stage, token: Secret, node_id: str, *, disable: bool) -> list[dict[str, Any]]:
    """The console's machines, as JSON: {id, name, ip, os, user, expiry, last_seen}; `expiry` is "" where the key never ends.

    `disable` switches key expiry off for `node_id` first and looks whether it took. Raises TokenRejected, Refused, Unreachable, Unusable.
    """
    async with admin_api(stage, token) as api:
        if disable:
            await api.set_key_expiry_disabled(node_id)
            if not (await api.device(node_id)).key_expiry_disabled:
                raise Unusable(
                    Text("管理接口接受了请求，但密钥到期没有关掉", "the admin API took the request, but the key's expiry is still on")
                )
            await stage.note(Text("已在管理后台关掉这台服务器的密钥到期", "key expiry is switched off for this server"))
        devices = await api.devices()
    if not any(each.id == node_id for each in devices):
        text = Text(
            "管理令牌属于另一个 tailnet：它的机器列表里没有这台服务器",
            "the admin token is of another tailnet: its machines do not include this server",
        )
        raise Unusable(text)
    await stage.note(Text("管理后台里有 {count} 台机器", "the console lists {count} machines").fill(count=len(devices)))
    return [_row(each) for each in devices]


def _row(device: Device) -> dict[str, Any]:
    return {
        "id": device.id, "name": device.name.partition(".")[0] or device.hostname, "ip": next(iter(device.addresses), ""),
        "os": device.os, "user": ",".join(device.tags) or device.user, "expiry": device.expires, "last_seen": device.last_seen,
    }  # fmt: skip
