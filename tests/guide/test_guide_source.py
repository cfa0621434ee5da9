"""Reading a file: encodings that people really use, and one sentence for each thing that is no document."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.errors import DocumentError
from tui.guide.source import read

WORDS = "# 标题\n\n在服务器上执行 “命令”。\n"


@pytest.mark.parametrize(
    ("encoded", "encoding"),
    [
        (WORDS.encode(), "utf-8"),
        (WORDS.encode("utf-8-sig"), "utf-8-sig"),
        (WORDS.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + WORDS.encode("utf-16-be"), "utf-16"),
        (WORDS.encode("gb18030"), "gb18030"),
        (WORDS.replace("\n", "\r\n").encode(), "utf-8"),
        (b"", "utf-8"),
    ],
)
def test_encodings(tmp_path: Path, encoded: bytes, encoding: str) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(encoded)
    assert read(path) == (WORDS if encoded else "", encoding)


@pytest.mark.parametrize(
    ("content", "zh", "en"),
    [
        (b"a\nb\n\x00c", "第 3 行", "line 3"),
        (b"ok\ncaf\xe9 au lait\n", "第 2 行", "byte 7, 0xe9, in line 2"),
        (b"\xff\xfea\x00\n\x00\x00\xd8", "第 2 行", "line"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, zh: str, en: str) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        read(path)
    assert zh in caught.value.text.zh
    assert en in caught.value.text.en
    assert str(path) in caught.value.text.zh
    assert str(path) in caught.value.text.en


def test_missing_and_folder(tmp_path: Path) -> None:
    for path, word in ((tmp_path / "no.md", "no such document"), (tmp_path, "is a folder"), (Path("a\0b"), "can't read")):
        with pytest.raises(DocumentError) as caught:
            read(path)
        assert word in caught.value.text.en


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(DocumentError) as caught:
        read(path)
    assert "permission" in caught.value.text.en
