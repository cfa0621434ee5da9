"""What was before: an unfinished run is offered and goes on as the same run; past runs and their reports are there to read and to save."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_stage import screen, sees, sight, until

from tui.errors import UsageError
from tui.guide.model import Guide
from tui.guide.parse import load
from tui.run.ask import Asker, Nobody
from tui.run.engine import Session
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.past import unfinished
from tui.run.plan import Given, Request
from tui.ui.app import ZhinanApp
from tui.ui.dialogs.approval import ApprovalDialog
from tui.ui.screens.runs.screen import ReportScreen, RunsScreen
from tui.ui.starts import GuideStart

GUIDE = """# 三步走

<!-- step
id: one
on: local
-->
## 第1步：先来

```bash
echo first words
```

<!-- step
id: two
on: local
-->
## 第2步：再来

```bash
echo second words; test -e go
```
"""


@pytest.fixture(autouse=True)
def _real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of yesterday and of today have to be told apart."""
    ticks = iter(range(1_790_000_000, 1_800_000_000))
    monkeypatch.setattr(time, "time", lambda: float(next(ticks)))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    book = Journal(tmp_path / "home")
    yield book
    book.close()


@pytest.fixture
def guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guide:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "three.md").write_text(GUIDE, "utf-8")
    return load(tmp_path / "three.md")


async def yesterday(guide: Guide, journal: Journal) -> str:
    """A run that failed at its second step, by a program that has ended."""
    session = Session(guide, Nobody(), journal=journal, given=Given(approved=True))
    async for _ in session.run(Request(("one", "two"))):
        pass
    await session.close()
    return session.run_id


def program(guide: Guide, journal: Journal) -> ZhinanApp:
    def sessions(document: Guide, asker: Asker, given: Given) -> Session:
        return Session(document, asker, journal=journal, given=given)

    return ZhinanApp(GuideStart(guide), sessions, home=journal.home)


@pytest.mark.parametrize("size", [(140, 40), (80, 24)])
async def test_an_unfinished_run_goes_on_as_the_same_run(guide: Guide, journal: Journal, tmp_path: Path, size: tuple[int, int]) -> None:
    run = await yesterday(guide, journal)
    async with program(guide, journal).run_test(size=size, notifications=True) as pilot:
        await sight(pilot, "通过了 1 步：按 g 接着做")
        assert sees(pilot, "g 接着上次做")  # in the key bar, which the note above it does not cover and outlives
        await pilot.press("g")
        await sight(pilot, "下一步是“第2步 再来”")
        state = screen(pilot).runner.state
        assert (state.run, state.step("one").outcome, state.step("two").outcome) == (run, Outcome.PASSED, Outcome.FAILED)
        assert getattr(screen(pilot).step_here, "id", "") == "two"
        assert "second words" in screen(pilot).runner.logs["two", 0].plain(0, 1)
        (tmp_path / "go").touch()
        await pilot.press("r")
        await until(pilot, lambda: screen(pilot).runner.state.step("two").outcome is Outcome.PASSED)
        assert [row.run for row in journal.runs()] == [run]
        await until(pilot, lambda: not screen(pilot).runner.busy)
        await pilot.press("g")
        await sight(pilot, "没有可以接着做的")


async def test_the_offer_is_gone_once_something_else_runs(guide: Guide, journal: Journal) -> None:
    await yesterday(guide, journal)
    async with program(guide, journal).run_test(size=(80, 24), notifications=True) as pilot:
        await sight(pilot, "按 g 接着做")
        await pilot.press("r")
        await until(pilot, lambda: not sees(pilot, "按 g 接着做") and not sees(pilot, "g 接着上次做"))


async def test_nothing_is_offered_where_all_is_done_or_somebody_is_at_it(guide: Guide, journal: Journal, tmp_path: Path) -> None:
    run = await yesterday(guide, journal)
    found = unfinished(journal, guide)
    assert found is not None
    assert found.row.run == run
    journal.hold(run)
    other = Journal(journal.home)
    with pytest.raises(UsageError, match="另一个"):
        Session(guide, Nobody(), journal=other).recall(run)
    other.close()
    journal.let_go(run)
    (tmp_path / "go").touch()
    await yesterday(guide, journal)
    assert unfinished(journal, guide) is None


@pytest.mark.parametrize("size", [(140, 40), (80, 24)])
async def test_past_runs_are_listed_told_of_and_saved(guide: Guide, journal: Journal, tmp_path: Path, size: tuple[int, int]) -> None:
    run = await yesterday(guide, journal)
    app = program(guide, journal)
    async with app.run_test(size=size, notifications=True) as pilot:
        await sight(pilot, "第1步")
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and sees(pilot, "✗ 失败 三步走"))
        assert sees(pilot, "1/2 步")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReportScreen) and sees(pilot, "第2步 再来：失败"))
        await pilot.press("s")
        file = tmp_path / f"zhinan-report-{run[-6:]}.md"
        await until(pilot, file.exists)
        assert file.read_text("utf-8").startswith("# ✗ 三步走 · 失败")
        await pilot.press("escape")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not None and not isinstance(app.screen, RunsScreen | ReportScreen))


async def test_the_present_run_is_saved_beside_an_older_report(guide: Guide, journal: Journal, tmp_path: Path) -> None:
    app = program(guide, journal)
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await sight(pilot, "第1步")
        await pilot.press("s")
        await sight(pilot, "没有报告可写")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, ApprovalDialog))
        await pilot.press("y")
        await until(pilot, lambda: screen(pilot).runner.state.step("one").outcome is Outcome.PASSED)
        await pilot.press("s")
        await until(pilot, lambda: len(list(tmp_path.glob("zhinan-report-*.md"))) == 1)
        await pilot.press("s")
        await until(pilot, lambda: len(list(tmp_path.glob("zhinan-report-*-2.md"))) == 1)


async def test_no_runs_yet_says_what_to_do(guide: Guide, journal: Journal) -> None:
    app = program(guide, journal)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await sight(pilot, "第1步")
        await pilot.press("h")
        await sight(pilot, "还没有执行过什么")
        await until(pilot, lambda: not sees(pilot, "o 打开指南"))
