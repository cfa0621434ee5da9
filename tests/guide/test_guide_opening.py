"""A document's beginning is what the whole of it begins with, found without understanding anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.token import Token

from tui.errors import DocumentError
from tui.guide.dialect import reader
from tui.guide.opening import begin, finish
from tui.guide.parse import load, parse

CASES = Path(__file__).parent / "cases"
_ALL = 10**6
_LINES = st.sampled_from(
    [
        "# h",
        "words",
        "",
        "```bash",
        "```",
        "- item",
        "  more",
        "1. one",
        "> quote",
        "| a | b |",
        "|---|---|",
        "<!-- step",
        "-->",
        "    code",
        "---",
        "===",
    ]
)


def shape(tokens: tuple[Token, ...]) -> list[tuple[object, ...]]:
    return [(token.type, token.map, token.content, token.info, token.markup) for token in tokens]


def whole_blocks(tokens: tuple[Token, ...]) -> list[tuple[object, ...]]:
    """All but the last block at the top, which the cut may have left unfinished."""
    ends = [index + 1 for index, token in enumerate(tokens) if token.level == 0 and token.nesting <= 0]
    return shape(tokens[: ends[-2]]) if len(ends) > 1 else []


@pytest.mark.parametrize("path", sorted(CASES.glob("*.md")), ids=lambda path: path.stem)
def test_a_beginning_without_end_is_the_document(path: Path) -> None:
    whole = load(path)
    if any(token.meta.get("front_matter") == "broken" for token in whole.tokens):
        return  # what is broken in it, only reading it tells
    beginning = begin(path, _ALL)
    assert shape(beginning.guide.tokens) == shape(whole.tokens)
    assert (beginning.guide.source, beginning.encoding, beginning.whole) == (whole.source, whole.encoding, True)
    assert finish(beginning).digest == whole.digest


@given(st.lists(_LINES, max_size=30).map("\n".join), st.integers(1, 20))
def test_a_beginning_has_the_blocks_that_the_whole_begins_with(tmp_path_factory: pytest.TempPathFactory, text: str, lines: int) -> None:
    path = tmp_path_factory.mktemp("opening") / "x.md"
    path.write_text("# title\n\n" + text, encoding="utf-8")
    kept = whole_blocks(begin(path, lines).guide.tokens)
    assert shape(tuple(reader().parse(path.read_text(encoding="utf-8"))))[: len(kept)] == kept


def test_front_matter_is_hidden_and_gives_the_title(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text("---\nid: x\ntitle: 'Q1 连上去'\n---\n# 别的\n\nwords\n" + "more\n" * 50, encoding="utf-8")
    beginning = begin(path, 3)
    assert (beginning.guide.title, beginning.whole) == ("Q1 连上去", False)
    assert [token.type for token in beginning.guide.tokens[:2]] == ["front_matter", "heading_open"]
    assert beginning.guide.tokens[1].map == [4, 5]
    assert (beginning.guide.steps, beginning.guide.digest) == ((), "")


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text("---\n\nwords\n\n---\n", encoding="utf-8")
    assert shape(begin(path).guide.tokens) == shape(parse(path.read_text(encoding="utf-8"), path).tokens)


def test_a_document_that_cannot_be_read_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(DocumentError):
        begin(tmp_path / "none.md")
