"""`m` takes the document's own way out before any failure page's, and once something was mended it does the failed step again."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from shell_stage import DOCUMENT, NOW, Script, Scripted, app, began, command_ended, ended, screen, sees, sight, step_ended, until
from test_shell_undo import OFFERING

from tui.run import events as ev
from tui.run.events import AnyEvent, Outcome
from tui.run.plan import Request
from tui.texts import Text
from tui.ui.dialogs.confirm import ConfirmDialog

CAUSE = ev.Cause("aliyun-cgnat-drop", Text("网段撞上了", "trapped"), 95, "sure", "guides/failures/aliyun-cgnat-drop.md")
PRICE = {"zh": "别的客户端也绕不过去", "en": "other clients, too"}


async def trapped(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    """The step fails in the trap, until a way out was taken: that one passes unless `session.gate` is set."""
    steps = request.steps if request.item is None else ()
    yield began(request) if len(session.requests) == 1 else ev.RunResumed(run="r", at=NOW, steps=steps, targets={}, values={})
    if request.item is not None:
        code = 1 if session.gate.is_set() else 0
        yield ev.CommandStarted(run="r", at=NOW, step="look", item=request.item, on="ecs", text="aliyun.mend", log="m.log", alone=True)
        yield command_ended("look", code, request.item)
        yield ended(Outcome.FAILED if code else Outcome.PASSED)
        return
    yield ev.StepStarted(run="r", at=NOW + len(session.requests), step="look", on="ecs", address="x")
    if len(session.requests) == 1:
        facts = {"conclusion": "trap", "mends": [{"id": "attribute", "blocked": None, "price": PRICE}, {"id": "nodivert", "blocked": None}]}
        yield ev.Observed(run="r", at=NOW, step="look", item=0, topic="network", facts=facts)
        yield ev.Diagnosed(run="r", at=NOW, step="look", causes=(CAUSE,))
        yield step_ended("look", Outcome.FAILED, Text("撞上了", "trapped"))
        yield ended(Outcome.FAILED)
        return
    yield step_ended("look")
    yield ended()


@pytest.mark.parametrize("size", [(140, 40), (80, 24)])
async def test_the_documents_own_way_then_the_step_again(size: tuple[int, int]) -> None:
    program, session = app(trapped, OFFERING)
    async with program.run_test(size=size, notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "网段撞上了")
        await pilot.press("m")
        await until(pilot, lambda: isinstance(program.screen, ConfirmDialog))
        assert sees(pilot, PRICE["zh"])
        await pilot.press("y")
        await sight(pilot, "修好了：按 m 再做")
        way = session.requests[1].item
        assert way is not None
        assert getattr(screen(pilot).guide.step("look").items[way], "options", {}) == {"how": "attribute"}
        await sight(pilot, "✓ 修好了：按 m 再做这一步")
        assert not sees(pilot, "确定")
        await until(pilot, lambda: not screen(pilot).runner.busy)
        await pilot.press("m")
        await until(pilot, lambda: len(session.requests) == 3)
        assert session.requests[2] == Request(steps=("look",))
        await until(pilot, lambda: screen(pilot).runner.state.step("look").outcome is Outcome.PASSED)
        assert screen(pilot).still_mended == frozenset()


async def test_a_way_that_fails_mends_nothing_and_a_no_takes_none() -> None:
    program, session = app(trapped, OFFERING)
    session.gate.set()
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await sight(pilot, "网段撞上了")
        await pilot.press("m")
        await until(pilot, lambda: isinstance(program.screen, ConfirmDialog))
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(program.screen, ConfirmDialog))
        assert len(session.requests) == 1
        await pilot.press("m")
        await until(pilot, lambda: isinstance(program.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: len(session.requests) == 2 and not screen(pilot).runner.busy)
        assert screen(pilot).still_mended == frozenset()
        assert sees(pilot, "网段撞上了（确定）")


REMEDIES = """
<!-- command
name: enable-at-boot
explicit: true
-->
```bash
sudo systemctl enable tailscaled
```

<!-- action
use: tailscale.verify
name: verify-expiry
explicit: true
disable_expiry: true
-->
"""


def shut(*gates: tuple[str, str], alone: bool = False) -> Script:
    """A step, or an action of it run by itself, that ends because these gates are not open: each a remedy and a status."""

    async def script(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
        yield began(replace(request, steps=()) if alone else request)
        if alone:
            yield ev.CommandStarted(run="r", at=NOW, step="look", item=0, on="ecs", text="aliyun.lockdown", log="x.log", alone=True)
        else:
            yield ev.StepStarted(run="r", at=NOW, step="look", on="ecs", address="x")
        told = [{"id": "g", "remedy": remedy, "status": status, "typed": ""} for remedy, status in gates]
        yield ev.Observed(run="r", at=NOW, step="look", item=0, topic="firewall", facts={"gates": told, "phase": "gates"})
        if alone:
            yield command_ended("look", 4)
        else:
            yield step_ended("look", Outcome.REFUSED, Text("还不能关公网 SSH", "not yet"))
        yield ended(Outcome.REFUSED)

    return script


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(
    ("gates", "leads_to"),
    [
        ([("enable", "pass"), ("expiry", "fail"), ("enable", "fail")], "verify-expiry"),
        ([("assistant", "fail"), ("enable", "unknown")], "enable-at-boot"),
        ([("assistant", "fail"), ("enable", "pass")], None),
    ],
)
async def test_d_leads_to_what_opens_a_gate_wherever_it_stands(gates: list[tuple[str, str]], leads_to: str | None, alone: bool) -> None:
    before, mark, after = DOCUMENT.rpartition("\n## ")
    program, session = app(shut(*gates, alone=alone), before + mark + after.rstrip() + "\n" + REMEDIES)
    async with program.run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("r")
        await until(pilot, lambda: screen(pilot).runner.state.verdict is Outcome.REFUSED and not screen(pilot).runner.busy)
        await sight(pilot, "没有动手，什么都没有改")  # and no gate is being looked at any more
        await pilot.press("d")
        stop = screen(pilot).document.current
        assert stop is not None
        if leads_to is None:
            assert stop.step_id == "look"
            return
        assert stop.step_id != "look"
        assert stop.item is not None
        assert getattr(screen(pilot).guide.step(stop.step_id).items[stop.item], "name", "") == leads_to
        await pilot.press("r")
        await until(pilot, lambda: len(session.requests) == 2)
        assert session.requests[1] == Request(steps=(stop.step_id,), item=stop.item)
