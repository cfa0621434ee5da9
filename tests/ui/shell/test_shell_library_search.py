"""The library while it is searched: results as one types, opened at their line; failure pages, things used lately, files that change."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from shell_stage import NOW, Scripted, passing, screen, sees, shown, sight, until
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tui.guide import library
from tui.guide.search import watch
from tui.guide.search.index import Index
from tui.run import events as ev
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.recent import recent
from tui.ui.app import ZhinanApp
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.screens.library import shelf as library_shelf
from tui.ui.screens.library.screen import LibraryScreen
from tui.ui.starts import LibraryStart

WIDE, SMALL = (140, 40), (80, 24)
LONG = (
    "# 长文\n\n" + "".join(f"第 {n} 段，说了很多别的话。\n\n" for n in range(300)) + "## 最后\n\n这里才说到星云。\n\n" + "尾声。\n\n" * 60
)
ANSWERS = "# 问答\n\n## 一、集群\n\n### Q1 怎样进去？\n\n" + "说明。\n\n" * 80 + "### Q2 怎样出来？\n\n走后门。\n\n" + "说明。\n\n" * 60


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "guides"
    (folder / "failures").mkdir(parents=True)
    for name, text in {
        "a.md": "# 登录服务器\n\n## 第1步：打开防火墙\n\n```bash\nsudo ufw allow 22\n```\n",
        "b.md": "# 很慢怎么办\n\n登录之后只能走中继，`tailscale netcheck` 看得出来。\n",
        "b.en.md": "# Slow\n\nAfter the login only a relay; see `tailscale netcheck`.\n",
        "failures/old-key.md": "---\nid: old-key\ntitle: 密钥已过期\nsigns: ['key expired']\n---\n# 密钥已过期\n\n重新登录。\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(library, "builtin_dir", lambda: folder)
    return folder


def at_library() -> ZhinanApp:
    return ZhinanApp(LibraryStart(), Scripted(passing).sessions)


def home() -> Path:
    return Path(os.environ["ZHINAN_HOME"])


async def typed(pilot: Pilot[int], words: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, LibraryScreen) and pilot.app.screen._rows)
    await pilot.press("slash", *words)


async def opened(pilot: Pilot[int], name: str) -> None:
    """Wait until the document is open, and all of its screen there."""
    await until(pilot, lambda: isinstance(pilot.app.screen, GuideScreen))
    await sight(pilot, "还没有输出")
    assert screen(pilot).guide.path.name == name


def rows(pilot: Pilot[int]) -> list[str]:
    assert isinstance(pilot.app.screen, LibraryScreen)
    return [row.path.name if row.path is not None else "" for row in pilot.app.screen._rows]


# ---- searching


async def test_results_come_while_typing_with_the_line_that_matches() -> None:
    async with at_library().run_test(size=WIDE) as pilot:
        await typed(pilot, "中继")
        await sight(pilot, "登录之后只能走中继")
        assert sees(pilot, "b.md:3")
        assert sees(pilot, "含有“中继”的 1 份")
        assert rows(pilot) == ["", "b.md"]
        await pilot.press("backspace", "backspace", *"denglu")
        await until(pilot, lambda: rows(pilot) == ["", "a.md", "b.md", "", "old-key.md"])
        await pilot.press("escape")
        await until(pilot, lambda: rows(pilot) == ["", "a.md", "b.md", ""])


async def test_letters_that_come_in_the_same_burst_as_the_slash_are_words() -> None:
    async with at_library().run_test(size=WIDE) as pilot:
        await until(pilot, lambda: len(rows(pilot)) > 1)
        for name, char in (("slash", "/"), *((char, char) for char in "pqdenglu")):
            pilot.app.post_message(events.Key(name, char))
        field = pilot.app.screen.query_one("#words", Input)
        await until(pilot, lambda: field.value == "pqdenglu")
        assert isinstance(pilot.app.screen, LibraryScreen)  # p is no practice, q no good-bye


async def test_what_matched_is_lit() -> None:
    async with at_library().run_test(size=WIDE) as pilot:
        await typed(pilot, "tialscale")
        await sight(pilot, "netcheck")
        lit = [
            segment.text
            for strip in pilot.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style and segment.style.bold and segment.text == "tailscale"
        ]
        assert lit == ["tailscale"]


async def test_enter_opens_the_best_hit_at_its_line(shelf: Path) -> None:
    (shelf / "long.md").write_text(LONG, encoding="utf-8")
    async with at_library().run_test(size=SMALL) as pilot:
        await typed(pilot, "星云")
        await sight(pilot, "这里才说到星云")
        await pilot.press("enter")
        await opened(pilot, "long.md")
        await sight(pilot, "这里才说到星云")
        assert not sees(pilot, "第 1 段")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, LibraryScreen))
        assert pilot.app.screen.query_one("#words", Input).value == "星云"  # where one was
        assert sees(pilot, "这里才说到星云")


async def test_the_arrow_keys_choose_while_typing() -> None:
    async with at_library().run_test(size=WIDE) as pilot:
        await typed(pilot, "登录")
        await sight(pilot, "含有“登录”的 2 份")
        await pilot.press("down", "enter")
        await opened(pilot, "b.md")


async def test_a_click_opens_a_hit() -> None:
    async with at_library().run_test(size=WIDE) as pilot:
        await typed(pilot, "netcheck")
        await sight(pilot, "b.md:3")
        await pilot.click("#guides", offset=(10, 2))  # the line that matches, under the title
        await opened(pilot, "b.md")


async def test_the_preview_says_where_it_was_found() -> None:
    async with at_library().run_test(size=WIDE) as pilot:
        await typed(pilot, "allow")
        await sight(pilot, "第 6 行")
        await sight(pilot, "登录服务器 › 第1步：打开防火墙")


async def test_where_nothing_is_found_something_near_is_named() -> None:
    async with at_library().run_test(size=SMALL) as pilot:
        await typed(pilot, "防火壁")
        await sight(pilot, "没有找到“防火壁”；相近的有：防火")
        await pilot.press("enter")  # opens nothing
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_in_english_the_english_twin_is_found() -> None:
    async with at_library().run_test(size=SMALL) as pilot:
        await pilot.press("ctrl+l")
        await typed(pilot, "netcheck")
        await sight(pilot, "Guides 1 with “netcheck”")
        assert rows(pilot) == ["", "b.en.md"]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A search for 登 ends when this is set."""
    event, find = threading.Event(), Index.find

    def held(self: Index, words: str, **options: Any) -> Any:
        if words == "登":
            event.wait()
        return find(self, words, **options)

    monkeypatch.setattr(Index, "find", held)
    return event


async def test_a_search_under_way_holds_up_no_key_and_its_late_answer_is_nobody_s(gate: threading.Event) -> None:
    async with at_library().run_test(size=WIDE) as pilot:
        await typed(pilot, "登")
        await pilot.press("录")
        assert pilot.app.screen.query_one("#words", Input).value == "登录"
        await sight(pilot, "含有“登录”的 2 份")
        await pilot.press("backspace", "中")
        gate.set()
        await sight(pilot, "没有找到“登中”")
        assert not sees(pilot, "含有“登”")


async def test_enter_before_the_answer_opens_it_when_it_comes(gate: threading.Event) -> None:
    async with at_library().run_test(size=WIDE) as pilot:
        await typed(pilot, "登")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, LibraryScreen)
        gate.set()
        await opened(pilot, "a.md")


async def test_a_search_that_breaks_is_said_and_the_library_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Index, "find", broken)
    async with at_library().run_test(size=WIDE, notifications=True) as pilot:
        await typed(pilot, "登录")
        await until(pilot, lambda: pilot.app.crash is not None)  # type: ignore[attr-defined]
        assert isinstance(pilot.app.screen, LibraryScreen)


# ---- the shelf


async def test_failure_pages_are_a_section_that_opens_and_closes() -> None:
    async with at_library().run_test(size=WIDE) as pilot:
        await sight(pilot, "▸ 故障页 1 篇")
        assert not sees(pilot, "密钥已过期")
        await pilot.press("end", "enter")
        await sight(pilot, "▾ 故障页 1 篇")
        assert sees(pilot, "old-key")
        await pilot.press("down", "enter")
        await opened(pilot, "old-key.md")
        await pilot.press("escape")
        await sight(pilot, "▾ 故障页 1 篇")
        await pilot.press("up", "enter")
        await sight(pilot, "▸ 故障页 1 篇")


async def test_the_questions_of_a_file_are_listed_and_opened_at_their_place(shelf: Path) -> None:
    (shelf / "c.md").write_text(ANSWERS, encoding="utf-8")
    async with at_library().run_test(size=SMALL) as pilot:
        await sight(pilot, "2 个问题")
        assert sees(pilot, "一、集群")
        places = [row.line for row in pilot.app.screen._rows]  # type: ignore[attr-defined]
        options = pilot.app.screen.query_one("#guides", OptionList)
        options.highlighted = max(index for index, line in enumerate(places) if line)
        await pilot.press("enter")
        await opened(pilot, "c.md")
        await sight(pilot, "走后门")


async def test_what_was_used_lately_comes_first_with_how_it_ended(shelf: Path) -> None:
    journal = Journal(home())
    journal.opened(str(shelf / "a.md"), "登录服务器")
    journal.opened(str(shelf / "gone.md"), "早就没了")
    facts: dict[str, Any] = {"run": "r", "at": NOW - 86_400}
    guide = str(shelf / "b.md")
    journal.record(ev.RunStarted(**facts, guide=guide, title="很慢怎么办", digest="", steps=("x",), targets={}, values={}))
    journal.record(ev.RunEnded(**facts, verdict=Outcome.FAILED, exit_code=1))
    journal.close()
    assert [(used.path.name, used.ran, used.verdict) for used in recent(home(), 9)] == [
        ("a.md", False, None),
        ("b.md", True, Outcome.FAILED),
    ]
    async with at_library().run_test(size=WIDE) as pilot:
        await sight(pilot, "最近用过")
        assert sees(pilot, "登录服务器 看过 今天")
        assert sees(pilot, "✗ 很慢怎么办 失败 昨天")
        assert not sees(pilot, "早就没了")
        await pilot.press("enter")
        await opened(pilot, "a.md")


def test_nothing_was_used_where_there_is_no_journal_or_a_broken_one(tmp_path: Path) -> None:
    assert recent(tmp_path, 3) == []
    assert not (tmp_path / "runs.db").exists()
    (tmp_path / "runs.db").write_bytes(b"no database" * 500)
    assert recent(tmp_path, 3) == []


async def test_of_very_many_the_rest_is_left_to_the_search(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_shelf, "MOST_LISTED", 1)
    async with at_library().run_test(size=WIDE) as pilot:
        await sight(pilot, "还有 1 份没有列出：按 / 查找")
        assert not sees(pilot, "很慢怎么办")


@pytest.mark.parametrize("told", [True, False], ids=["told", "looked"])
async def test_files_that_come_change_and_go_show_at_once(shelf: Path, monkeypatch: pytest.MonkeyPatch, told: bool) -> None:
    if not told:
        monkeypatch.setattr(watch, "_LOOK", 0.01)
        monkeypatch.setattr(watch, "_told", lambda *_: (_ for _ in ()).throw(OSError))
    async with at_library().run_test(size=WIDE) as pilot:
        await sight(pilot, "很慢怎么办")
        await until(pilot, lambda: Path(home() / "search.db").exists())
        (shelf / "new.md").write_text("# 新来的\n\n说说星云。\n", encoding="utf-8")
        await sight(pilot, "新来的")
        await typed(pilot, "星云")
        await sight(pilot, "说说星云")
        (shelf / "new.md").write_text("# 新来的\n\n不说了。\n", encoding="utf-8")
        await sight(pilot, "没有找到“星云”")
        await pilot.press("escape")
        (shelf / "new.md").unlink()
        await until(pilot, lambda: not sees(pilot, "新来的"))
        (shelf / "bad.md").write_bytes(b"\xff\x00\x01")
        await sight(pilot, "打不开")
        assert "bad" in shown(pilot.app.screen)


def test_a_models_guesses_are_nothing_to_come_back_to(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    guess = tmp_path / "answers" / "abc.md"
    guess.parent.mkdir()
    for path in (guess, tmp_path / "mine.md"):
        path.write_text("# A", "utf-8")
        journal.opened(str(path), path.stem)
    journal.close()
    assert [used.title for used in recent(tmp_path, 9)] == ["mine"]
