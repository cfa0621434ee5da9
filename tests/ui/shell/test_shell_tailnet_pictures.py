"""How the panels about the tailnet look in the guide, as pictures to compare with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from shell_stage import NOW, Scripted, app, began, ended, screen, sight, step_began, step_ended, until
from textual.pilot import Pilot

from tui import texts
from tui.run import events as ev
from tui.run.events import AnyEvent, Outcome
from tui.run.plan import Request
from tui.texts import Text
from tui.ui.screens.guide import status

Compare = Callable[..., bool]
LINK = "https://login.tailscale.com/a/1f6c0a2b9d3e"


def both(zh: str, en: str, **more: Any) -> dict[str, Any]:
    return {"zh": zh, "en": en, **more}


NEVER = both("密钥不会过期", "the key does not expire", state="never", days=None, at="")
ENDS = both(
    "密钥还有 12 天到期（2026-10-03）。关掉到期：管理后台 → Machines → ecs → ⋯ → Disable key expiry",
    "the key expires in 12 days (2026-10-03). To switch that off: console → Machines → ecs → ⋯ → Disable key expiry",
    state="valid", days=12, at="2026-10-03T00:00:00+00:00",
)  # fmt: skip
PROXY = both(
    "代理软件的 TUN/fake-ip（Clash 等）接管了 DNS", "a proxy in TUN or fake-ip mode answers for DNS",
    id="clash-tun-conflict", line="controlplane.tailscale.com -> 198.18.0.4", blocks=True,
)  # fmt: skip
LOCAL: dict[str, Any] = {
    "system": "windows", "arch": "AMD64", "kind": "windows", "cli": "C:\\Program Files\\Tailscale\\tailscale.exe", "version": "1.102.3",
    "state": "daemon stopped", "say": both("Tailscale 装好了，但后台服务没有运行", "Tailscale is there, but its service does not run"),
    "account": "", "tailnet": "x.ts.net", "name": "", "ip": "", "same": False,
    "advice": both("用管理员 PowerShell 启动它", "start it in PowerShell as administrator", command="Start-Service Tailscale", page=""),
    "troubles": [PROXY, both("这台电脑设了代理", "this computer uses a proxy", id="proxy-bad", line="127.0.0.1:7890", blocks=False)],
}  # fmt: skip
LAPTOP = {"id": "n9", "name": "laptop", "ip": "100.96.0.9", "online": True, "direct": "", "relay": "hkg", "expiry": NEVER}
ECS = {"id": "n1", "name": "ecs", "ip": "100.96.12.34", "online": True, "direct": "203.0.113.7:41641", "relay": "hkg", "expiry": ENDS}
LISTED = {
    "id": "n1",
    "name": "ecs",
    "ip": "100.96.12.34",
    "os": "linux",
    "user": "tag:server",
    "expiry": "",
    "last_seen": "2026-09-21T00:00:00Z",
}
TAILNET: dict[str, Any] = {
    "self": LAPTOP, "server": ECS, "machines": [LAPTOP, ECS], "tailnet": "x.ts.net", "suffix": "x.ts.net", "boot": "enabled",
    "peer": both("本机看到了服务器，节点 ID 相同", "this computer sees the server, with the same node id", ok=True),
    "path": both("tailscale ping 100.96.12.34 没有回应", "no reply from 100.96.12.34", kind="none", via="", ms=None), "ssh": None,
    "console": [LISTED, {**LISTED, "id": "n3", "name": "old", "ip": "100.70.3.5", "user": "me@x.com", "last_seen": "2026-03-01T00:00:00Z"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_spinning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "_SPIN", "|")


def telling(topic: str, facts: dict[str, Any]) -> Any:
    async def script(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
        step = request.steps[0]
        yield began(request)
        yield step_began(step)
        yield ev.Observed(run="r", at=NOW, step=step, item=0, topic=topic, facts=facts)
        yield step_ended(step, Outcome.FAILED, Text("没有成立", "it does not hold"))
        yield ended(Outcome.FAILED)

    return script


@pytest.mark.parametrize(("size", "language"), [((140, 40), "zh"), ((80, 24), "en")], ids=["wide", "small"])
@pytest.mark.parametrize(("topic", "facts"), [("local", LOCAL), ("tailnet", TAILNET)], ids=["local", "tailnet"])
def test_panel(snap_compare: Compare, topic: str, facts: dict[str, Any], size: tuple[int, int], language: texts.Language) -> None:
    texts.use(language)
    program, _ = app(telling(topic, facts))

    async def before(pilot: Pilot[int]) -> None:
        panels = screen(pilot).panels
        await pilot.press("r")
        await until(pilot, lambda: panels.query_one(f"#{topic}").has_class("-there"))
        panels.chosen = topic
        await sight(pilot, "没有成立" if language == "zh" else "it does not hold")

    assert snap_compare(program, terminal_size=size, run_before=before)


def test_awaited_link(snap_compare: Compare) -> None:
    async def waits(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
        step = request.steps[0]
        yield began(request)
        yield step_began(step)
        what = Text("在浏览器打开这个链接，登录并确认加入", "open this link in a browser, log in and confirm")
        yield ev.Waited(run="r", at=NOW, step=step, item=0, what=what, url=LINK, until=NOW + 564)
        await session.stopped.wait()

    program, _ = app(waits)

    async def before(pilot: Pilot[int]) -> None:
        await pilot.press("r")
        await sight(pilot, "还有 09:12")

    assert snap_compare(program, terminal_size=(140, 40), run_before=before)
