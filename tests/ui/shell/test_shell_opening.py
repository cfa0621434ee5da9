"""A document's first lines are read while the rest is being understood, and nothing jumps when it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_stage import Scripted, passing, screen, sees, shown, sight, until
from textual.pilot import Pilot

from tui.errors import ConfigError
from tui.guide.opening import begin, finish
from tui.texts import Text
from tui.ui.app import ZhinanApp
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.screens.help.screen import HelpScreen
from tui.ui.screens.opening import screen as opening
from tui.ui.starts import OpeningStart

SIZES = [(140, 40), (80, 24), (101, 30)]
LONG = "# 长文\n\n" + "".join(f"第 {n} 段，这一段的话长得要换一行才说得完，所以看得出来换行有没有变。\n\n" for n in range(400))
STEPS = "# Q1\n\n## 第1步：看\n\n```bash\nls\n```\n"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The document is understood when this is set."""
    event = threading.Event()

    def held(beginning: object) -> object:
        event.wait()
        return finish(beginning)

    monkeypatch.setattr(opening, "finish", held)
    yield event
    event.set()


def opened(tmp_path: Path, text: str) -> tuple[ZhinanApp, Scripted]:
    path = tmp_path / "x.md"
    path.write_text(text, encoding="utf-8")
    session = Scripted(passing)
    return ZhinanApp(OpeningStart(begin(path)), session.sessions), session


def words(program: ZhinanApp) -> list[str]:
    """The rows of the document's column that speak."""
    view = program.screen.query_one("#document")
    rows = shown(program.screen).split("\n")[view.region.y : view.region.bottom]
    return [row[: view.region.width // 2].rstrip() for row in rows]


async def settled(pilot: Pilot[None], program: ZhinanApp) -> list[str]:
    """The rows once no layout is under way any more: the same three times in a row."""
    rows = [words(program)]
    while len(rows) < 3 or any(row != rows[-1] for row in rows[-3:]):
        await pilot.pause()
        rows.append(words(program))
    return rows[-1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pages", [0, 1, 2])
async def test_the_guide_screen_stands_at_the_same_words(tmp_path: Path, gate: threading.Event, size: tuple[int, int], pages: int) -> None:
    program, _ = opened(tmp_path, LONG)
    async with program.run_test(size=size) as pilot:
        await sight(pilot, "第 1 段")
        for _ in range(pages):
            await pilot.press("pagedown")
        before = await settled(pilot, program)
        assert bool(pages) != any("长文" in row for row in before)
        gate.set()
        await until(pilot, lambda: isinstance(program.screen, GuideScreen) and sees(pilot, "? 帮助"))
        assert (await settled(pilot, program))[:10] == before[:10]


async def test_keys_that_need_the_whole_wait_for_it(tmp_path: Path, gate: threading.Event) -> None:
    program, session = opened(tmp_path, STEPS)
    async with program.run_test(size=SIZES[0]) as pilot:
        await sight(pilot, "ls")
        await pilot.press("r")
        assert session.requests == []
        gate.set()
        await until(pilot, lambda: session.requests)
        assert screen(pilot).guide.steps[0].id == session.requests[0].steps[0]


async def test_what_lies_over_it_is_not_taken_away(tmp_path: Path, gate: threading.Event) -> None:
    program, _ = opened(tmp_path, STEPS)
    async with program.run_test(size=SIZES[0]) as pilot:
        await sight(pilot, "ls")
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(program.screen, HelpScreen))
        base = program.screen_stack[0]
        gate.set()
        await until(pilot, lambda: base._prepared)
        assert isinstance(program.screen, HelpScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(program.screen, GuideScreen) and sees(pilot, "? 帮助"))


async def test_a_long_reading_is_said(tmp_path: Path, gate: threading.Event) -> None:
    program, _ = opened(tmp_path, LONG)
    async with program.run_test(size=SIZES[0]) as pilot:
        await sight(pilot, "正在读整份文档")


async def test_quitting_does_not_wait_for_the_reading(tmp_path: Path, gate: threading.Event) -> None:
    program, _ = opened(tmp_path, LONG)
    async with program.run_test(size=SIZES[0]) as pilot:
        await sight(pilot, "第 1 段")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not program.is_running)
    assert program.return_value == 0
    assert not gate.is_set()


async def test_a_session_that_cannot_be_made_ends_the_program_with_its_sentence(tmp_path: Path) -> None:
    sentence = Text("不能使用文件夹 x", "can't use the folder x")

    def none(*_: object) -> Scripted:
        raise ConfigError(sentence)

    program, _ = opened(tmp_path, STEPS)
    program._sessions = none
    with pytest.raises(ConfigError):
        async with program.run_test(size=SIZES[0]) as pilot:
            await until(pilot, lambda: program.failure)
    assert program.failure is not None
    assert program.failure.text is sentence
    assert program.crash is None
