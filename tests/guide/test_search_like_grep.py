"""Whatever a plain look through all lines finds, the index finds, and names the line; Chinese words of two characters above all."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.guide.library import builtin_dir
from tui.guide.search.index import Index
from tui.guide.search.store import decode, encode
from tui.guide.search.text import fold

CHINESE = "登录防火墙的服务器"
LETTERS = CHINESE + "aBs1_-./`#：，（ \n\tＡ９İß"
DOCUMENTS = st.lists(st.text(LETTERS, max_size=60), min_size=1, max_size=4)
WORDS = st.text(CHINESE, min_size=1, max_size=4)
ANYTHING = st.text(LETTERS.replace(" ", "").replace("\n", "").replace("\t", ""), min_size=1, max_size=4)
Places = set[tuple[Path, int]]


def grep(folder: Path, word: str) -> Places:
    """Every line that contains the word, like `grep -rniF`."""
    found = set()
    for path in folder.rglob("*.md"):
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
            if fold(word) in fold(line):
                found.add((path, number))
    return found


def ours(index: Index, word: str) -> Places:
    return {(hit.path, hit.line) for hit in index.find(word, language="zh", every_line=True).hits}


def written(place: str, documents: list[str]) -> Index:
    folder = Path(place) / "guides"
    folder.mkdir()
    for number, text in enumerate(documents):
        (folder / f"{number}.md").write_text(text, "utf-8", newline="")
    index = Index(Path(place) / "home", [folder])
    index.update()
    return index


@settings(max_examples=60)
@given(DOCUMENTS, WORDS)
@example(["登\n录", "登录", "录登"], "登录")
@example(["# 登录\n```\n防火登录墙\n```"], "登录")
def test_a_chinese_word_is_found_on_exactly_the_lines_that_hold_it(documents: list[str], word: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        index = written(place, documents)
        assert ours(index, word) == grep(Path(place), word)
        index.close()


@settings(max_examples=60)
@given(DOCUMENTS, ANYTHING)
@example(["a" * 300, "aa-aa"], "a-a")
@example(["x`s"], "`s")
@example(["İ登录"], "登录")
def test_nothing_that_a_plain_look_finds_is_missed(documents: list[str], word: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        index = written(place, documents)
        assert ours(index, word) >= grep(Path(place), word)
        index.close()


@settings(max_examples=30)
@given(st.lists(DOCUMENTS, min_size=2, max_size=3), WORDS)
def test_and_still_after_files_changed_came_and_went(versions: list[list[str]], word: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        index = written(place, versions[0])
        folder = Path(place) / "guides"
        for documents in versions[1:]:
            for path in folder.iterdir():
                path.unlink()
            for number, text in enumerate(documents):
                (folder / f"{number}.md").write_text(text, "utf-8", newline="")
            index.update()
            assert ours(index, word) == grep(folder, word)
        index.close()


@pytest.mark.parametrize("word", ["登录", "防火", "安全", "公网", "端口", "内网", "密钥", "的", "服务器", "控制台"])
def test_the_built_in_guides_too(tmp_path: Path, word: str) -> None:
    index = Index(tmp_path, [builtin_dir()])
    index.update()
    assert grep(builtin_dir(), word)
    assert ours(index, word) == grep(builtin_dir(), word)


@given(st.sets(st.integers(0, 3000)))
@example({0})
@example(set(range(500)))
def test_a_set_of_documents_comes_back_as_it_was_kept(numbers: set[int]) -> None:
    bits = sum(1 << number for number in numbers)
    assert decode(encode(bits)) == bits
