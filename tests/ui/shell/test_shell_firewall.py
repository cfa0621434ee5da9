"""The firewall in the guide: what comes when an action tells of it, the way back that is always a key away, and how both look."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from shell_stage import NOW, Scripted, app, began, ended, screen, sees, sight, step_began, step_ended, until
from textual.pilot import Pilot

from tui import texts
from tui.run import events as ev
from tui.run.events import AnyEvent
from tui.run.plan import Request
from tui.ui.panels.firewall import FirewallPanel
from tui.ui.panels.wayback import WayBackPanel
from tui.ui.screens.guide import status

Compare = Callable[..., bool]
WIDE, SMALL = (140, 40), (80, 24)


def both(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def rule(ident: str, source: dict[str, str], scope: str, change: str = "", ports: str = "TCP 22/22") -> dict[str, Any]:
    return {
        "group": "sg-bp1web", "group_name": "sg-web", "rule": ident, "policy": "Accept", "priority": 1, "ports": ports, "source": source,
        "description": "", "scope": scope, "opens": [], "note": None, "change": change,
    }  # fmt: skip


def gate(ident: str, status: str, title: dict[str, str], say: dict[str, str], remedy: str = "") -> dict[str, Any]:
    told = {"title": title, "say": say, "evidence": "", "remedy": remedy, "final": False, "typed": ""}
    return {"id": ident, "status": status, **told}


ANYBODY, LOOPBACK = both("任何人 0.0.0.0/0", "anybody 0.0.0.0/0"), both("127.0.0.1/32（没有人）", "127.0.0.1/32 (nobody)")
OFFICE = rule("sgr-bp1a", both("10.0.0.0/8（内网）", "10.0.0.0/8 (private)"), "inside")
FACTS: dict[str, Any] = {
    "phase": "gates", "dry": False, "server": {"name": "web-1", "id": "i-bp1g6z", "region": "cn-hangzhou"}, "port": 22,
    "mode": "loopback", "who": both("公网上能连端口 22 的：任何人（IPv4）", "who can reach port 22 from the internet: anybody (IPv4)"),
    "open": True, "who_after": both("公网上谁也连不上端口 22", "nobody on the internet can reach port 22"),
    "before": [OFFICE, rule("sgr-bp17", ANYBODY, "public", "modify")], "after": [OFFICE, rule("sgr-bp17", LOOPBACK, "loopback", "modify")],
    "still": both("对公网仍开放的其它 TCP 端口：80、443", "other TCP ports that stay open to the internet: 80, 443"), "others": [],
    "shared": both("同一个安全组还用在 web-2（i-bp1f）：端口 22 会一起关上", "web-2 (i-bp1f) uses the same group: its port 22 closes"),
    "calls": [{"n": 1, "api": "ModifySecurityGroupRule", "group": "sg-bp1web", "rule": "sgr-bp17", "state": "waiting"}],
    "gates": [
        gate("boot", "pass", both("tailscaled 开机自启", "tailscaled starts at boot"), both("重启服务后 3 秒登录", "back after 3 s")),
        gate("saved", "fail", both("旧规则已存盘", "the old rules are saved"), both("还没有存", "not saved yet"), "save"),
    ],
    "decision": {"opens": False, "say": both("还不能关", "not yet")}, "looking": "",
    "not_covered": [both("负载均衡转发来的流量不经过安全组", "traffic from load balancers passes no security group")],
    "by_hand": [both("规则 sgr-bp17：把源改回 0.0.0.0/0", "rule sgr-bp17: turn the source back into 0.0.0.0/0")],
    "link": "https://ecs.console.aliyun.com/securityGroup/region/cn-hangzhou", "saved": "", "at": NOW,
}  # fmt: skip


async def tells(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    step = request.steps[0]
    yield began(request)
    yield step_began(step)
    yield ev.Observed(run="r", at=NOW, step=step, item=0, topic="firewall", facts=FACTS)
    yield step_ended(step)
    yield ended()


@pytest.fixture(autouse=True)
def _no_spinning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "_SPIN", "|")


async def test_the_way_back_stays_a_key_away_whatever_step_is_read() -> None:
    program, _ = app(tells)
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        panels = screen(pilot).panels
        await pilot.press("b")
        assert not panels.query_one(WayBackPanel).display
        await pilot.press("r")
        await sight(pilot, "任何人（IPv4）")
        await sight(pilot, "万一进不去")
        await pilot.press("J")  # another step has told nothing
        await until(pilot, lambda: not panels.query_one(FirewallPanel).display)
        assert panels.query_one(WayBackPanel).display
        await pilot.press("b")
        await until(pilot, lambda: panels.query_one(WayBackPanel).has_focus)
        await sight(pilot, "把源改回 0.0.0.0/0")


async def test_narrow_b_opens_its_tab() -> None:
    program, _ = app(tells)
    async with program.run_test(size=SMALL, notifications=True) as pilot:
        panels = screen(pilot).panels
        await pilot.press("r")
        await until(pilot, lambda: panels.chosen == "firewall")
        assert not sees(pilot, "会话管理")
        await pilot.press("b")
        await sight(pilot, "会话管理")
        assert panels.chosen == "wayback"


@pytest.mark.parametrize(("size", "language"), [(WIDE, "zh"), (SMALL, "en")], ids=["wide", "small"])
def test_panel(snap_compare: Compare, size: tuple[int, int], language: texts.Language) -> None:
    texts.use(language)
    program, _ = app(tells)

    async def before(pilot: Pilot[int]) -> None:
        panels = screen(pilot).panels
        await pilot.press("r")
        await until(pilot, lambda: panels.query_one(FirewallPanel).has_class("-there"))
        panels.chosen = "firewall"
        await until(pilot, lambda: not screen(pilot).runner.busy)

    assert snap_compare(program, terminal_size=size, run_before=before)
