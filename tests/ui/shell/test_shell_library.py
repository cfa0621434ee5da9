"""The library on the screen: what it lists, previews, finds and opens, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from shell_stage import Scripted, passing, screen, sees, shown, sight, until
from textual.widgets import OptionList

from tui.guide import library
from tui.ui.app import ZhinanApp
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.screens.library.screen import LibraryScreen
from tui.ui.screens.library.shelf import read_all
from tui.ui.starts import LibraryStart

WIDE, SMALL = (140, 40), (80, 24)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of the test's own: two guides, one in both languages, and a file that can't be read."""
    (tmp_path / "net").mkdir()
    (tmp_path / "a.md").write_text("---\nsummary: 换一条路\n---\n# Q1 连上去\n\n## 第1步：看\n\n```bash\nls\n```\n", encoding="utf-8")
    (tmp_path / "a.en.md").write_text("# Q1 Connect\n\n## Step 1: Look\n\n```bash\nls\n```\n", encoding="utf-8")
    (tmp_path / "net" / "b.md").write_text("# Q2 很慢怎么办\n\n只能走中继。\n", encoding="utf-8")
    (tmp_path / "bad.md").write_bytes(b"\xff\x00\x01\x02" * 50)
    monkeypatch.setattr(library, "builtin_dir", lambda: tmp_path)
    return tmp_path


def at_library(folders: tuple[Path, ...] = ()) -> ZhinanApp:
    """The app at its library."""
    return ZhinanApp(LibraryStart(), Scripted(passing).sessions, folders=folders)


def test_the_built_in_guides_stand_in_the_order_of_their_questions(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A0 自己的\n", encoding="utf-8")
    listed = [entry.title.partition(" ")[0] for entry in read_all((tmp_path,), "zh", tmp_path, {}).guides]
    assert listed == ["Q1", "Q2", "Q3", "Q4", "Q5", "A0"]


async def test_the_library_lists_previews_and_opens(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE) as pilot:
        await sight(pilot, "Q1 连上去")
        await sight(pilot, "◦ 1 看")
        assert sees(pilot, "指南 › net")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))
        assert screen(pilot).guide.title == "Q1 连上去"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(program.screen, LibraryScreen))


async def test_slash_finds_in_titles_and_text(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE) as pilot:
        await sight(pilot, "Q2 很慢怎么办")
        await pilot.press("slash", *"中继")
        await until(pilot, lambda: not sees(pilot, "Q1 连上去"))
        assert sees(pilot, "Q2 很慢怎么办")
        await pilot.press("escape")
        await sight(pilot, "Q1 连上去")
        await pilot.press("slash", *"zzz")
        await sight(pilot, "没有找到“zzz”")


async def test_a_file_that_cannot_be_read_is_listed_with_its_sentence(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE, notifications=True) as pilot:
        await sight(pilot, "打不开")
        rows = [row.entry.path.name if row.entry else "" for row in program.screen._rows]
        program.screen.query_one("#guides", OptionList).highlighted = rows.index("bad.md")
        await until(pilot, lambda: shown(program.screen).count("打不开") > 1)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(program.screen, LibraryScreen)


async def test_an_empty_library_says_how_to_fill_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "builtin_dir", lambda: tmp_path)
    program = at_library()
    async with program.run_test(size=SMALL) as pilot:
        await sight(pilot, "知识库里还没有指南")


async def test_the_reader_s_own_folder_stands_under_its_name(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.mktemp("runbooks")
    (own / "docker.md").write_text("# 部署 Docker\n", encoding="utf-8")
    async with at_library((own,)).run_test(size=WIDE) as pilot:
        await sight(pilot, "部署 Docker")
        assert sees(pilot, "我的")


async def test_a_click_opens_a_guide(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE) as pilot:
        await sight(pilot, "Q1 连上去")
        rows = [row.entry.path.name if row.entry else "" for row in program.screen._rows]
        await until(pilot, lambda: program.screen.query_one("#guides").region.height > len(rows))  # shown, not only painted
        await pilot.click("#guides", offset=(8, rows.index("a.md")))
        await until(pilot, lambda: isinstance(program.screen, GuideScreen))
        await sight(pilot, "还没有输出")


async def test_practice_is_not_offered_where_there_is_none(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE) as pilot:
        await sight(pilot, "Q1 连上去")
        assert not sees(pilot, "p 练习")


async def test_the_library_speaks_the_other_language_and_lists_the_twin(shelf: Path) -> None:
    program = at_library()
    async with program.run_test(size=WIDE) as pilot:
        await sight(pilot, "Q1 连上去")
        await pilot.press("ctrl+l")
        await sight(pilot, "Q1 Connect")
        await sight(pilot, "English · dark")
        assert not sees(pilot, "Q1 连上去")
