"""Logs as they come from real machines: empty, huge, one endless line, packed, binary, in any encoding, cut anywhere."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tui.config import Settings
from tui.errors import UsageError
from tui.guide import failure_store, folders
from tui.headless.diagnosis import diagnose_file
from tui.judge import logtext
from tui.judge.diagnose import Book, Diagnosis

ENGLISH = "Reading package lists...\r\nE: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)\r\n"
CHINESE = "正在读取软件包列表... 完成\nE: 无法获得锁 /var/lib/dpkg/lock-frontend。锁正由进程 812（apt）持有\n"
ALL_CHINESE = "开头都是汉字没有拉丁字母也没有空格\n" * 300
LOCK = b"E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)"


@cache
def book() -> Book:
    return Book(failure_store.pages([folders.builtin_dir()]))


def first(found: Diagnosis) -> tuple[str, int]:
    best = found.findings[0]
    return best.page.id, best.evidence[0].line


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"])
def test_whatever_windows_wrote_it_in(text: str, encoding: str) -> None:
    assert first(book().diagnose([text.encode(encoding)])) == ("apt-lock-held", 2)


def test_utf_16_with_its_mark_the_other_way_round() -> None:
    assert first(book().diagnose([b"\xfe\xff" + CHINESE.encode("utf-16-be")])) == ("apt-lock-held", 2)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "gbk"])
def test_a_log_that_begins_all_in_chinese(encoding: str) -> None:
    assert first(book().diagnose([(ALL_CHINESE + CHINESE).encode(encoding)])) == ("apt-lock-held", 302)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gbk"])
def test_half_a_character_at_the_end(encoding: str) -> None:
    assert first(book().diagnose([(CHINESE + "末尾中").encode(encoding)[:-1]])) == ("apt-lock-held", 2)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_cut_in_the_middle_of_characters(size: int) -> None:
    data = ("\ufeff" + CHINESE).encode("utf-8")
    assert first(book().diagnose(data[at : at + size] for at in range(0, len(data), size))) == ("apt-lock-held", 2)


@pytest.mark.parametrize(
    "log",
    [
        b"\x1b[31;1mE: \x1b[0mCould not get \x1b]8;;http://x\x1b\\lock\x1b]8;;\x1b\\ /var/lib/dpkg/lock-frontend.",
        b"\x1b]0;a title\x07" + LOCK,
        b"\x1b]0;never ended " + LOCK + b"\n" + LOCK,
        b"abc\0\0\0" + LOCK + b"\0\0",
        b"\0" * 5000 + LOCK,
        b"".join(b"\r%d%% [Working]" % n for n in range(100)) + b"\r" + LOCK,
        b"one\rtwo\r" + LOCK + b"\rthree\r",
    ],
    ids=["colours and a link", "title", "unended title", "zeros", "many zeros", "progress", "old mac"],
)
def test_what_terminals_leave_in_a_log(log: bytes) -> None:
    assert book().diagnose([log]).findings[0].page.id == "apt-lock-held"


def test_of_a_line_drawn_over_only_the_part_that_proves_it_is_shown() -> None:
    log = b"".join(b"\r%d%% [Working]" % n for n in range(100)) + b"\r" + LOCK + b"\rnext\n"
    assert book().diagnose([log]).findings[0].evidence[0].text == LOCK.decode()


def test_gb18030_line_by_line_and_all_at_once_are_the_same() -> None:
    rows = ["服务一切正常，没有错误", "plain ascii", "无法获得锁"]
    whole = "\n".join(rows).encode("gb18030")
    assert logtext.recode(whole).decode() == "\n".join(rows)
    mixed = rows[0].encode("gbk") + b"\n" + rows[2].encode() + b"\n" + rows[0].encode("gbk")
    assert logtext.recode(mixed).decode() == f"{rows[0]}\n{rows[2]}\n{rows[0]}"


def big(block: bytes, size: int, end: bytes) -> Iterator[bytes]:
    for _ in range(size // len(block)):
        yield block
    yield end


@pytest.mark.parametrize(
    "block",
    [
        b"Nov 28 03:04:05 host app[12]: error: connection failed\n" * 1000,
        b"x" * 50_000,
        b"\0" * 50_000,
        b"\r 7% [Working] error: failed" * 2000,
        "一切正常".encode("gbk") * 6000,
    ],
    ids=["lines", "one line", "zeros", "progress", "gbk in one line"],
)
def test_memory_does_not_grow_with_the_log(block: bytes) -> None:
    def most(size: int) -> int:
        tracemalloc.start()
        book().diagnose(big(block, size, b"\n" + LOCK + b"\n"))
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    book().diagnose([block])  # whatever is kept for good is there now
    small = most(1_500_000)
    assert most(6_000_000) < small + 1_000_000


def test_the_end_of_a_huge_log_is_found() -> None:
    found = book().diagnose(big(b"Get:1 http://mirrors.aliyun.com jammy/main package\n" * 2000, 30_000_000, LOCK))
    assert found.findings[0].page.id == "apt-lock-held"


def said(file: str, home: Path) -> str:
    return diagnose_file(file, None, Settings(home=home, language="en"), as_json=False)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.texts._current", "en")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "0 lines read, nothing wrong found"),
        (gzip.compress(LOCK), "{file} is compressed and no log by itself: unpack it, for example zcat FILE | zhinan diagnose -"),
        (bytes(range(256)) * 50 + b"error: failed\n", "{file} looks like a binary file, not a log"),
    ],
    ids=["empty", "packed", "binary"],
)
def test_what_is_no_log_is_said_in_one_sentence(tmp_path: Path, data: bytes, sentence: str) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(data)
    assert said(str(file), tmp_path / "home") == sentence.format(file=file)


def test_a_pipe_is_a_log_like_any_other(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=lambda: pipe.write_bytes(LOCK), daemon=True).start()
    assert "zhinan apt-lock-held" in said(str(pipe), tmp_path / "home")


@pytest.mark.parametrize(("name", "why"), [("none.log", "No such file or directory"), (".", "Is a directory")])
def test_what_is_not_there_is_wrong_usage(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(UsageError) as wrong:
        said(str(tmp_path / name), tmp_path)
    assert wrong.value.text.en == f"can't read the log {tmp_path / name}: {why}"
    assert wrong.value.exit_code == 2


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="only where files have owners")
def test_what_may_not_be_read_is_said(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(LOCK)
    file.chmod(0)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(UsageError, match="Permission denied"):
            said(str(file), tmp_path)
    finally:
        os.seteuid(was)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
def test_a_closed_standard_input_is_one_sentence(tmp_path: Path) -> None:
    env = {**os.environ, "ZHINAN_HOME": str(tmp_path), "ZHINAN_LANG": "en"}
    ended = subprocess.run(
        ["sh", "-c", 'exec "$0" -m tui diagnose - <&-', sys.executable], env=env, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (2, "zhinan: can't read the log -: standard input is closed\n")
