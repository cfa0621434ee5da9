"""How it looks, as pictures to compare with: library, a running step, a failed check, the approval, 80×24, English."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from shell_stage import Script, Scripted, app, failing, guide, held, passing, screen, sees, sight, until
from textual.pilot import Pilot
from textual.widgets import Input

from tui import texts
from tui.guide import library
from tui.run.ask import ApprovalQuestion
from tui.ui.app import ZhinanApp
from tui.ui.dialogs.base import Dialog
from tui.ui.screens.guide import status
from tui.ui.starts import LibraryStart

Compare = Callable[..., bool]
BEFORE = ("ecs  echo hello", "ecs  rm -rf old")
COMMANDS = ("ecs  echo hello", "ecs  echo offered", "ecs  echo bye")


@pytest.fixture(autouse=True)
def _no_spinning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "_SPIN", "|")


def pressed_r(sees: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Run the first step and wait until the words are there."""

    async def before(pilot: Pilot[int]) -> None:
        await pilot.press("r")
        await sight(pilot, sees)

    return before


@pytest.mark.parametrize(
    ("script", "sees", "size", "language"),
    [
        (held, "working", (140, 40), "zh"),
        (failing, "没装上，无从检查", (140, 40), "zh"),
        (failing, "Could not get lock", (80, 24), "zh"),
        (passing, "✓ passed", (100, 30), "en"),
    ],
    ids=["running", "failed", "small", "english"],
)
def test_guide(snap_compare: Compare, script: Script, sees: str, size: tuple[int, int], language: texts.Language) -> None:
    texts.use(language)
    program, _ = app(script)
    assert snap_compare(program, terminal_size=size, run_before=pressed_r(sees))


def test_approval(snap_compare: Compare) -> None:
    program, _ = app()

    async def before(pilot: Pilot[int]) -> None:
        program.run_worker(screen(pilot).asker.approve(ApprovalQuestion(guide(), COMMANDS, BEFORE)))
        await until(pilot, lambda: isinstance(program.screen, Dialog))
        await sight(pilot, "去掉 1 行")

    assert snap_compare(program, terminal_size=(100, 30), run_before=before)


def test_library(snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "a.md").write_text("---\nsummary: 换一条路\n---\n# Q1 连上去\n\n## 第1步：看\n\n```bash\nls\n```\n", encoding="utf-8")
    (tmp_path / "net" / "b.md").write_text("# Q2 很慢怎么办\n\n只能走中继。\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # the preview shows the path: a relative one is the same everywhere
    monkeypatch.setattr(library, "builtin_dir", Path)
    program = ZhinanApp(LibraryStart(), Scripted(passing).sessions)

    async def before(pilot: Pilot[int]) -> None:
        await sight(pilot, "◦ 1 看")

    assert snap_compare(program, terminal_size=(140, 30), run_before=before)


@pytest.mark.parametrize(("size", "language"), [((140, 30), "zh"), ((80, 24), "en")], ids=["wide", "english"])
def test_library_searched(
    snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], language: texts.Language
) -> None:
    texts.use(language)
    (tmp_path / "failures").mkdir()
    text = "# Q1 连上去\n\n## 第1步：安装 Tailscale\n\n" + "说来话长，" * 30 + "先登录 Tailscale。\n"
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    (tmp_path / "failures" / "old-key.md").write_text("---\ntitle: Tailscale 的密钥过期了\n---\n\n重新登录 Tailscale。\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(library, "builtin_dir", Path)
    program = ZhinanApp(LibraryStart(), Scripted(passing).sessions)

    async def before(pilot: Pilot[int]) -> None:
        await until(pilot, lambda: len(pilot.app.screen.query("#guides")) and sees(pilot, "连上去"))
        pilot.app.screen.query_one("#words", Input).cursor_blink = False
        await pilot.press("slash", *"denglu tialscale")
        await sight(pilot, "重新登录")
        await sight(pilot, "第 5 行" if language == "zh" else "line 5")

    assert snap_compare(program, terminal_size=size, run_before=before)
