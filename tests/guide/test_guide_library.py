"""The library: twins in two languages are one entry, a broken file is an entry with a problem, names lead to paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui import texts
from tui.errors import UsageError
from tui.guide.library import builtin_dir, entries, find
from tui.guide.pictures import resolve


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net").mkdir()
    (tmp_path / "failures").mkdir()
    (tmp_path / "a.md").write_text(
        "---\nid: alpha\n---\n# 甲\n\n一句**话**。\n\n## 第1步：看\n\n```bash\n# 第2步：不是\n```\n", encoding="utf-8"
    )
    (tmp_path / "a.en.md").write_text("# Alpha\n\nA sentence.\n\n## Step 1: look\n\n## Step 2: do\n", encoding="utf-8")
    (tmp_path / "net" / "b.md").write_text("# 乙\n", encoding="utf-8")
    (tmp_path / "net" / "only.en.md").write_text("# Only\n", encoding="utf-8")
    (tmp_path / "bad.md").write_bytes(b"\x00")
    (tmp_path / "failures" / "f.md").write_text("# 故障\n", encoding="utf-8")
    (tmp_path / ".hidden.md").write_text("# x\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    return tmp_path


def test_entries_in_chinese(folder: Path) -> None:
    found = {entry.path.name: entry for entry in entries([folder], "zh")}
    assert list(found) == ["a.md", "bad.md", "b.md", "only.en.md"]
    assert (found["a.md"].id, found["a.md"].title, found["a.md"].summary, found["a.md"].steps) == ("alpha", "甲", "一句话。", 1)
    assert found["b.md"].chapter == "net"
    problem = found["bad.md"].problem
    assert problem is not None
    assert "NUL" in problem.en


def test_entries_in_english(folder: Path) -> None:
    found = {entry.path.name: entry for entry in entries([folder], "en")}
    assert list(found) == ["a.en.md", "bad.md", "b.md", "only.en.md"]
    assert (found["a.en.md"].title, found["a.en.md"].steps, found["a.en.md"].language) == ("Alpha", 2, "en")


def test_missing_folder_is_empty(tmp_path: Path) -> None:
    assert entries([tmp_path / "no"], "zh") == []


def test_find(folder: Path) -> None:
    assert find("a", [folder]) == folder / "a.md"
    assert find("alpha", [folder]) == folder / "a.md"
    assert find("f", [folder]) == folder / "failures" / "f.md"
    assert find("net/no.md", [folder]) == Path("net/no.md")
    with pytest.raises(UsageError) as caught:
        find("alhpa", [folder])
    assert "alhpa" in caught.value.text.en
    with pytest.raises(UsageError, match="onyl"):
        find("onyl", [folder])


def test_builtin_guides_are_listed_and_found() -> None:
    found = entries([builtin_dir()], "zh")
    assert all(entry.problem is None for entry in found)
    for entry in found:
        assert find(entry.path.stem) == entry.path


def test_pictures(tmp_path: Path) -> None:
    guides = tmp_path / "guides"
    (guides / "images").mkdir(parents=True)
    (tmp_path / "images").mkdir()
    beside, above, spaced = guides / "images" / "F1-01.png", tmp_path / "images" / "F2-01.PNG", guides / "a b.jpg"
    for path in (beside, above, spaced):
        path.write_bytes(b"x")
    guide = guides / "x.md"
    for href, wanted in {
        "images/F1-01.png": beside,
        ".\\images\\F1-01.png": beside,
        "images/f1-01": beside,
        "F1-01.png": beside,
        ".\\images\\F2-01.png": above,
        "../images/f2-01.png": above,
        "a%20b.jpg": spaced,
        "a b": spaced,
        "images/F9.png": None,
        "https://example.com/F1-01.png": None,
        "//example.com/F1-01.png": None,
        "data:image/png;base64,AAAA": None,
        "": None,
        "a\0b": None,
    }.items():
        found = resolve(href, guide)
        assert (found.resolve() if found else None) == wanted, href


def test_a_guide_found_by_name_speaks_our_language() -> None:
    texts.use("en")
    assert find("tailscale-ecs").name == "tailscale-ecs.en.md"
    texts.use("zh")
    assert find("tailscale-ecs").name == "tailscale-ecs.md"
