"""A failure is mended by keys: preview, mend on the same place, the failed step again; and the journal tells it as one story."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from shell_stage import screen, sees, sight, until
from textual.pilot import Pilot

from tui.config import Settings
from tui.guide.failure_store import shelf
from tui.guide.model import Guide
from tui.practice.world import World as PracticeWorld
from tui.run import events as ev
from tui.run.ask import Asker
from tui.run.engine import Session
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.places import Places
from tui.run.plan import Given
from tui.target.ssh import SshTarget
from tui.ui.app import ZhinanApp
from tui.ui.seams import World
from tui.ui.starts import PracticeStart

GUIDE = """\
---
id: demo
title: 装一个包
targets:
  ecs: {ask: 服务器在哪里？}
---

# 装一个包

<!-- step
id: install
on: ecs
changes: true
-->
## 第1步：安装

```bash
sudo apt-get install -y curl
```
"""


@asynccontextmanager
async def rehearsed(folder: Path, fault: str) -> AsyncIterator[tuple[ZhinanApp, Journal]]:
    """The app in a practice world with that fault, on the small guide above; and the journal of it all."""
    document = folder / "demo.md"
    document.write_text(GUIDE, "utf-8")
    book = shelf(Settings(home=folder / "home"))
    journal = Journal(folder / "journal")
    async with PracticeWorld([fault]) as world:

        def inside(name: str, address: str) -> SshTarget:
            return SshTarget(name, address, home=world.ssh_home)

        def sessions(guide: Guide, asker: Asker, given: Given) -> Session:
            targets = {name: inside(name, address) for name, address in world.targets().items()}
            return Session(guide, asker, journal=journal, given=given, places=Places(asker, targets, inside), book=book)

        @asynccontextmanager
        async def practice() -> AsyncIterator[World]:
            yield World(document, Given({"ecs": world.targets()["ecs"]}, approved=True), sessions)

        yield ZhinanApp(PracticeStart(), sessions, practice=practice), journal
    journal.close()


async def failed(pilot: Pilot[int]) -> None:
    await sight(pilot, "第1步")
    await pilot.press("r")
    await sight(pilot, "诊断")


@pytest.mark.parametrize("size", [(140, 40), (80, 24)])
async def test_fail_find_mend_and_do_it_again(tmp_path: Path, size: tuple[int, int]) -> None:
    async with rehearsed(tmp_path, "apt-lock-held") as (program, journal), program.run_test(size=size, notifications=True) as pilot:
        await failed(pilot)
        guide = screen(pilot)
        assert sees(pilot, "m 修好它")
        await pilot.press("m")
        await sight(pilot, "这样修好？")
        assert sees(pilot, "风险：没有")
        await pilot.press("y")
        await until(pilot, lambda: program.screen is not guide and sees(pilot, "修好了"))
        assert screen(pilot).guide.id == "apt-lock-held"
        await pilot.press("m")
        await until(pilot, lambda: program.screen is guide and guide.runner.state.step("install").outcome is Outcome.PASSED)
        [mended] = journal.mended(guide.runner.state.run)
        assert mended.mends == ev.Mends(guide.runner.state.run, "install", "apt-lock-held")
        assert mended.verdict is Outcome.PASSED
        story = [event for event in journal.events(guide.runner.state.run) if isinstance(event, ev.StepEnded | ev.Diagnosed)]
        assert [event.outcome if isinstance(event, ev.StepEnded) else event.causes[0].id for event in story] == [
            "apt-lock-held", Outcome.FAILED, Outcome.PASSED,
        ]  # fmt: skip


async def test_a_no_mends_nothing(tmp_path: Path) -> None:
    async with rehearsed(tmp_path, "apt-lock-held") as (program, journal), program.run_test(size=(140, 40), notifications=True) as pilot:
        await failed(pilot)
        guide = screen(pilot)
        await pilot.press("m")
        await sight(pilot, "这样修好？")
        assert sees(pilot, "sudo fuser")  # the commands as they are written
        await pilot.press("n")
        await until(pilot, lambda: program.screen is guide)
        assert journal.mended(guide.runner.state.run) == []


async def test_back_from_a_page_that_mended_the_failure_is_history(tmp_path: Path) -> None:
    async with rehearsed(tmp_path, "apt-lock-held") as (program, _), program.run_test(size=(140, 40), notifications=True) as pilot:
        await failed(pilot)
        guide = screen(pilot)
        await pilot.press("m")
        await sight(pilot, "这样修好？")
        await pilot.press("y")
        await until(pilot, lambda: program.screen is not guide and sees(pilot, "修好了") and not screen(pilot).runner.busy)
        await pilot.press("escape")
        await until(pilot, lambda: program.screen is guide and sees(pilot, "✓ 修好了：按 m 再做这一步"))
        await pilot.press("m")
        await until(pilot, lambda: guide.runner.state.step("install").outcome is Outcome.PASSED)
