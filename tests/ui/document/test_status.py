"""The words beside a command, for every way a run can stand."""

from __future__ import annotations

import pytest
from document_samples import guide

from tui.guide.model import CheckSpec
from tui.judge.evidence import End, Status
from tui.run.events import Outcome
from tui.run.state import CheckState, CommandState, Phase, RunState, StepState
from tui.texts import Text, same
from tui.ui.document.layout import Layout
from tui.ui.document.line import Stop
from tui.ui.document.status import Facts, badge, check_status, item_status
from tui.ui.document.stops import Plan

SOURCE = "## 第2步：安装\n\n```bash\none\n```\n\n```bash\ntwo\n```\n\n- [ ] 看一看\n\n执行 `three four` 试试。\n"


def ran(**how: object) -> CommandState:
    return CommandState("x", "ecs", "log", 100.0, **how)  # type: ignore[arg-type]


DONE = ran(end=End.EXITED, code=0, seconds=108)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (StepState(), ["◦ ", "◦ ", "✎ 手动"]),
        (StepState(Phase.QUEUED), ["◦ 排队中", "◦ 排队中", "✎ 手动"]),
        (StepState(Phase.LOOKING), ["▸ 先看看是不是已经好了", "▸ 先看看是不是已经好了", "✎ 手动"]),
        (StepState(Phase.RUNNING, commands={0: ran()}), ["▸ 执行中 00:12", "◦ 排队中", "✎ 手动"]),
        (StepState(Phase.RUNNING, commands={0: ran(linked=False)}), ["? 连接断了，命令还在那边执行 00:12", "◦ 排队中", "✎ 手动"]),
        (StepState(Phase.RUNNING, commands={0: DONE, 1: ran()}), ["✓ 通过 · 01:48", "▸ 执行中 00:12", "✎ 手动"]),
        (StepState(Phase.WAITING, commands={0: DONE, 1: DONE}), ["✓ 通过 · 01:48", "✓ 通过 · 01:48", "! 等你确认"]),
        (StepState(Phase.ENDED, Outcome.ALREADY), ["» 已经是这样", "» 已经是这样", "✎ 手动"]),
        (
            StepState(Phase.ENDED, Outcome.FAILED, commands={0: ran(end=End.EXITED, code=100, seconds=31)}),
            ["✗ 失败 · 退出码 100 · 00:31", "◦ ", "✎ 手动"],
        ),
        (StepState(Phase.ENDED, Outcome.UNKNOWN, commands={0: ran(end=End.LOST)}), ["? 未知 · 连接断了", "◦ ", "✎ 手动"]),
        (StepState(Phase.ENDED, Outcome.CANCELLED, commands={0: ran(end=End.CANCELLED)}), ["◦ 已停止", "◦ ", "✎ 手动"]),
        (StepState(Phase.ENDED, Outcome.REFUSED), ["! 没有批准", "! 没有批准", "✎ 手动"]),
        (StepState(Phase.ENDED, Outcome.PASSED, commands={0: DONE}, ticks={2: True}), ["✓ 通过 · 01:48", "✓ 通过", "✓ 已完成"]),
    ],
)
def test_each_item_says_where_it_stands(state: StepState, words: list[str]) -> None:
    step = guide(SOURCE).steps[0]
    facts = Facts(RunState(steps={"s1": state}), now=112.0)
    said = [item_status(step, index, facts) for index in range(3)]
    assert [f"{one.mark.sign} {one.words}" for one in said] == words


def test_only_a_running_clock_is_alive() -> None:
    step = guide(SOURCE).steps[0]
    facts = Facts(RunState(steps={"s1": StepState(Phase.RUNNING, commands={0: DONE, 1: ran()})}), now=112.0)
    assert [item_status(step, index, facts).alive for index in range(3)] == [False, True, False]


def test_a_passing_exit_is_not_a_pass_when_the_checks_failed() -> None:
    step = guide("## 第1步：a\n\n```bash\none\n```\n").steps[0]
    facts = Facts(RunState(steps={"s1": StepState(Phase.ENDED, Outcome.FAILED, commands={0: DONE})}))
    assert item_status(step, 0, facts).mark.sign == "✗"


@pytest.mark.parametrize(
    ("name", "address", "words", "ground"),
    [
        ("ecs", "root@47.98.21.7", " ecs ", "public"),
        ("ecs", "ssh://root@100.101.7.4:22", " ecs ", "tailnet"),
        ("ecs", "ssh://root@web.tail1234.ts.net", " ecs ", "tailnet"),
        ("ecs", "root@203.0.113.7", " ecs ", "public"),
        ("ecs", "ssh://root@198.51.100.7:22", " ecs ", "public"),
        ("ecs", "192.0.2.1", " ecs ", "public"),
        ("ecs", "root@[2001:db8::1]", " ecs ", "public"),
        ("local", "", " 本机 ", "local"),
        ("ecs", "local", " ecs ", "local"),
        ("ecs", "", " ecs ", "elsewhere"),
        ("ecs", "root@192.168.1.2", " ecs ", "elsewhere"),
        ("ecs", "aliyun://cn-hangzhou/i-1", "阿里云", ""),
        (None, "", "在哪？", ""),
    ],
)
def test_a_badge_says_where(name: str | None, address: str, words: str, ground: str) -> None:
    shown, look = badge(name, Facts(places={"ecs": address}))
    assert (shown, look.ground) == (words, ground)


def test_the_address_of_the_run_outweighs_the_one_filled_in() -> None:
    state = RunState(targets={"ecs": "root@100.64.0.9"})
    assert badge("ecs", Facts(state, {"ecs": "root@47.98.21.7"}))[1].ground == "tailnet"


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (None, ("◦", "已安装 Tailscale …", "")),
        (CheckState(Status.PASS, same("已安装 Tailscale 1.2"), "", 0, before=False), ("✓", "已安装 Tailscale 1.2", "")),
        (CheckState(Status.FAIL, Text("没有找到", "none"), "", 0, before=False), ("✗", "已安装 Tailscale …", "没有找到")),
        (CheckState(Status.UNKNOWN, Text("没法看", "?"), "", 0, before=False), ("?", "已安装 Tailscale …", "没法看")),
        (CheckState(Status.FAIL, Text("没有找到", "none"), "", 0, before=True), ("◦", "已安装 Tailscale …", "")),
    ],
)
def test_a_check_promises_then_says_what_it_saw(state: CheckState | None, shown: tuple[str, str, str]) -> None:
    mark, words, more = check_status(CheckSpec("probe", {"": "x"}, 1, "已安装 Tailscale {v}"), state, looking=False)
    assert (mark.sign, words, more) == shown


def rows(step: StepState, width: int = 84) -> list[str]:
    checks = {"s1": [CheckSpec("probe", {}, 1, say) for say in ("已安装 Tailscale {v}", "服务运行中，开机自启", "分到地址")]}
    made = guide("## 第2步：安装\n\n```bash\none\n```\n\n说明。\n", checks)
    layout = Layout(Plan(made), Facts(RunState(steps={"s1": step})), width)
    fence = [token for token in made.tokens if token.type == "fence"]
    lines = layout.block(fence)
    assert {stop for line in lines for stop in line.stops} == {Stop("s1", 0)}
    return [line.text.rstrip() for line in lines]


def test_checks_stand_under_the_command_two_beside_each_other() -> None:
    assert rows(StepState())[2:] == ["◦ 已安装 Tailscale …                   ◦ 服务运行中，开机自启", "◦ 分到地址", ""]


def test_checks_stand_alone_where_two_do_not_fit() -> None:
    assert rows(StepState(), 40)[2:] == ["◦ 已安装 Tailscale …", "◦ 服务运行中，开机自启", "◦ 分到地址", ""]


def test_a_failed_check_stands_alone_with_what_was_seen() -> None:
    seen = {1: CheckState(Status.FAIL, Text("没有启动", "not started"), "", 0, before=False)}
    step = StepState(Phase.ENDED, Outcome.FAILED, commands={0: DONE}, checks=seen)
    assert rows(step)[2:] == ["◦ 已安装 Tailscale …", "✗ 服务运行中，开机自启  没有启动", "◦ 分到地址", ""]
