"""The index stays true to the files, whoever else writes it, and whatever happened to its file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tui.guide import library
from tui.guide.search.find import Stopped
from tui.guide.search.index import Index
from tui.guide.search.store import decode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "guides"
    folder.mkdir()
    (folder / "a.md").write_text("# 甲\n\n登录\n", encoding="utf-8")
    (folder / "b.md").write_text("# 乙\n\n防火墙\n", encoding="utf-8")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def names(index: Index, words: str) -> list[str]:
    return [hit.path.name for hit in index.find(words, language="zh").hits]


def test_only_what_changed_is_read_again(folder: Path, home: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    index = Index(home, [folder])
    counts: list[tuple[int, int]] = []
    assert index.update(lambda *count: counts.append(count))
    assert counts == [(1, 2), (2, 2)]
    counts.clear()
    assert not index.update(lambda *count: counts.append(count))
    assert counts == []
    (folder / "a.md").write_text("# 甲\n\n端口\n", encoding="utf-8")
    assert index.update(lambda *count: counts.append(count))
    assert counts == [(1, 1)]
    assert names(index, "端口") == ["a.md"]
    assert names(index, "登录") == []
    os.utime(folder / "b.md", (1_700_000_100, 1_700_000_100))  # touched, but the same
    assert not index.update()
    (folder / "b.md").unlink()
    (folder / "c.md").write_text("# 丙\n\n登录\n", encoding="utf-8")
    assert index.update()
    assert (names(index, "登录"), names(index, "防火")) == (["c.md"], [])


def test_a_change_within_the_clock_s_tick_is_seen(folder: Path, home: Path) -> None:
    index = Index(home, [folder])
    index.update()
    path = folder / "a.md"
    before = path.stat()
    path.write_text("# 甲\n\n中继\n", encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    index.update()
    assert names(index, "中继") == ["a.md"]


def test_it_lasts_and_belongs_to_its_owner_alone(folder: Path, home: Path) -> None:
    Index(home, [folder]).update()
    assert not Index(home, [folder]).update(lambda *_: None)
    assert names(Index(home, [folder]), "登录") == ["a.md"]
    if os.name == "posix":
        assert (home / "search.db").stat().st_mode & 0o777 == 0o600
        assert home.stat().st_mode & 0o777 == 0o700


def test_it_keeps_the_library_s_entries_so_that_a_listing_reads_only_what_changed(folder: Path, home: Path) -> None:
    (folder / "b.md").write_text("# 问答\n\n一句话。\n\n## Q1 甲？\n\n## Q2 乙？\n", encoding="utf-8")
    (folder / "c.md").write_bytes(b"\x00")
    Index(home, [folder]).update()
    kept = Index(home, [folder]).kept()
    fresh = library.entries([folder], "zh")
    assert [kept[entry.path][2] for entry in fresh if entry.problem is None] == [entry for entry in fresh if entry.problem is None]
    assert folder / "c.md" not in kept
    (folder / "a.md").write_text("# 改过\n", encoding="utf-8")
    assert [entry.title for entry in library.entries([folder], "zh", kept=kept)] == ["改过", "问答", "c"]


def test_a_folder_no_longer_wanted_is_forgotten(folder: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    Index(home, [folder]).update()
    index = Index(home, [tmp_path / "other"])
    index.update()
    assert names(index, "登录") == []


def _garbage(file: Path) -> None:
    file.write_bytes(b"this is no database" * 1000)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def _holed(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(data)


def _of_another_version(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version=999")
    db.close()


def _with_a_table_missing(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("DROP TABLE terms")
    db.close()


@pytest.mark.parametrize("damage", [_garbage, _cut, _holed, _of_another_version, _with_a_table_missing])
def test_a_damaged_index_is_made_anew(folder: Path, home: Path, damage: Callable[[Path], None]) -> None:
    index = Index(home, [folder])
    index.update()
    index.close()
    damage(home / "search.db")
    index = Index(home, [folder])
    index.update()
    assert names(index, "登录") == ["a.md"]
    index.close()
    with sqlite3.connect(home / "search.db") as db:  # in its place, not only in a temporary one
        assert db.execute("SELECT count(*) FROM docs").fetchone() == (2,)
    db.close()


def test_even_while_it_is_in_use(folder: Path, home: Path) -> None:
    index = Index(home, [folder])
    index.update()
    for ending in ("-wal", "-shm"):
        (home / f"search.db{ending}").unlink(missing_ok=True)
    _garbage(home / "search.db")
    assert names(index, "登录") == ["a.md"]
    assert names(index, "denglu") == ["a.md"]


def test_without_a_home_that_can_be_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    index = Index(tmp_path / "file" / "home", [folder])
    index.update()
    assert names(index, "登录") == ["a.md"]
    index.close()


_PROGRAM = """
import sys
from pathlib import Path
from tui.guide.search.index import Index
from tui.guide.search.store import decode
index = Index(Path(sys.argv[1]), [Path(sys.argv[2])])
print("ready", flush=True)
sys.stdin.readline()
index.update()
print(len(index.find("登录", language="zh").hits))
"""


def test_two_programs_at_once(tmp_path: Path, home: Path, checkout: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(400):
        (folder / f"{number}.md").write_text(f"# 第 {number} 份\n\n登录 {number}\n", encoding="utf-8")
    command = [sys.executable, "-c", _PROGRAM, str(home), str(folder)]
    environ = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONUTF8": "1"}
    programs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
        for _ in range(3)
    ]
    for program in programs:
        assert program.stdout
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin
        program.stdin.write("\n")
        program.stdin.flush()
    for program in programs:
        out, errors = program.communicate(timeout=120)
        assert (out.strip(), errors) == ("400", "")
    index = Index(home, [folder])
    assert not index.update() or names(index, "登录")
    with sqlite3.connect(home / "search.db") as db:
        assert db.execute("SELECT count(*) FROM docs").fetchone() == (400,)
        assert db.execute("SELECT count(*) FROM bodies").fetchone() == (400,)
        ids = sum(1 << number for (number,) in db.execute("SELECT id FROM docs"))
        held = [decode(bits) for (bits,) in db.execute("SELECT bits FROM terms WHERE term = '登录'")]
        assert all(bits == ids for bits in held)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_searching_while_it_is_being_updated(folder: Path, home: Path) -> None:
    index = Index(home, [folder])
    index.update()
    (folder / "c.md").write_text("# 丙\n\n登录\n", encoding="utf-8")
    asked, go_on = threading.Event(), threading.Event()

    def held(_done: int, _all: int) -> None:
        asked.set()
        go_on.wait()

    thread = threading.Thread(target=lambda: index.update(held))
    thread.start()
    asked.wait()
    assert names(index, "登录") == ["a.md"]  # does not wait
    go_on.set()
    thread.join()
    assert names(index, "登录") == ["a.md", "c.md"]


def test_a_search_that_nobody_waits_for_ends(folder: Path, home: Path) -> None:
    index = Index(home, [folder])
    index.update()
    with pytest.raises(Stopped):
        index.find("登录", language="zh", stop=lambda: True)


def test_files_that_are_no_documents_do_no_harm(folder: Path, home: Path) -> None:
    (folder / "bad.md").write_bytes(b"\xff\x00\x01")
    (folder / "empty.md").write_bytes(b"")
    (folder / "gb.md").write_bytes("# 登录\n\n用中文写的一份文档，编码是老的。\n".encode("gb18030"))
    index = Index(home, [folder])
    index.update()
    assert names(index, "登录") == ["gb.md", "a.md"]
