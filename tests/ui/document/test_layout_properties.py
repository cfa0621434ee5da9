"""Layout holds for any Markdown at any width: nothing too wide, nothing lost, and the same characters where search looks for them."""

from __future__ import annotations

from document_samples import guide
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.ui.document.find import Finder, text_of
from tui.ui.document.layout import Layout
from tui.ui.document.line import Line
from tui.ui.document.status import Facts
from tui.ui.document.stops import Plan
from tui.ui.document.store import Store

WORDS = st.sampled_from(
    [
        "安装", "，", "tailscale", "`sudo up`", "**粗**", "[链](http://a.example/b)", "![图](x.png)", "<b>", "<!-- c -->",
        "https://" + "a/b-" * 30, "第1步：", "👩\u200d💻", "\t", "\u202e", "字" * 60, "|", "~~x~~", "\\", "执行 `ls -l`", "<br>",
    ]
)  # fmt: skip
INLINE = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
LEAD = st.sampled_from(
    ["", "# ", "## 第1步：", "- ", "1. ", "> ", "> - > ", "    ", "- [ ] ", "| ", "      - ", ">> 1. - > ", "> [!TIP]\n> "]
)
BLOCK = st.one_of(
    st.builds("{}{}".format, LEAD, INLINE),
    st.builds("```{}\n{}\n\n{}\n```".format, st.sampled_from(["bash", "python", "", "bash local"]), INLINE, INLINE),
    st.builds("| {} | b | c |\n|---|:-:|--:|\n| {} | {} |".format, INLINE, INLINE, INLINE),
    st.just("<!-- action\nuse: a.b\n-->"),
    st.just("---"),
    st.text(max_size=30),
)
MARKDOWN = st.lists(BLOCK, max_size=6).map("\n\n".join) | st.lists(BLOCK, max_size=6).map("\n".join)


def laid(source: str, width: int) -> tuple[Store, list[list[Line]]]:
    made = guide(source)
    layout = Layout(Plan(made), Facts(), width)
    store = Store(made.tokens, lambda b: layout.block(made.tokens[b.start : b.end], gap=b.gap, skip=b.skip, take=b.take))
    store.reset(width)
    return store, [store.lay(index) for index in range(len(store.blocks))]


@given(MARKDOWN, st.integers(20, 120))
def test_no_row_is_wider_than_the_view(source: str, width: int) -> None:
    for lines in laid(source, width)[1]:
        for line in lines:
            assert line.start + cell_len(line.text) <= width


@given(MARKDOWN, st.integers(20, 120))
def test_every_character_is_shown_once_in_order_where_search_finds_it(source: str, width: int) -> None:
    store, blocks = laid(source, width)
    for block, lines in zip(store.blocks, blocks, strict=True):
        tokens = store.tokens[block.start : block.end]
        plain = text_of(tokens, None, block.skip, block.take)
        pieces = [piece for line in lines for piece in line.pieces if piece.at >= 0]
        for piece in pieces:
            assert plain[piece.at : piece.at + len(piece.text)].replace("[ ]", "[x]") == piece.text.replace("[ ]", "[x]")
        shown = sorted((piece.at, piece.at + len(piece.text)) for piece in pieces)
        covered = {place for a, b in shown for place in range(a, b)}
        assert sum(b - a for a, b in shown) == len(covered)
        assert all(plain[place] in " \n" or _label(plain, place) for place in range(len(plain)) if place not in covered)


def _label(plain: str, place: int) -> bool:
    """A quote's `[!TIP]` is drawn as a word of its own."""
    return any(plain.startswith("[!TIP]", start) for start in range(max(0, place - 6), place + 1))


@given(MARKDOWN, st.integers(20, 60))
def test_heights_add_up_as_blocks_are_laid_out_in_any_order(source: str, width: int) -> None:
    store = laid(source, width)[0]
    store.reset(width)
    for index in reversed(range(len(store.blocks))):
        store.lay(index)
        tops = [sum(block.height for block in store.blocks[:place]) for place in range(len(store.blocks) + 1)]
        assert [store.top(place) for place in range(len(store.blocks))] == tops[:-1]
        assert store.total == tops[-1]
        for row in range(store.total):
            block, inside = store.at(row)
            assert tops[block] + inside == row
            assert 0 <= inside < store.blocks[block].height


@settings(max_examples=50)
@given(st.lists(BLOCK, min_size=20, max_size=40).map("\n\n".join), st.integers(0, 300), st.booleans())
def test_settling_lays_out_all_that_is_seen_and_then_stands_still(source: str, row: int, upward: bool) -> None:
    store = laid(source, 50)[0]
    store.reset(50)
    top = store.settle(min(row, max(0, store.total - 1)), 20, 20, upward=upward)
    for place in range(top, min(top + 20, store.total)):
        assert store.blocks[store.at(place)[0]].lines is not None
    if store.total:
        stood = store.at(top)
        assert store.at(store.settle(top, 20, 20)) == stood


@given(MARKDOWN, st.sampled_from(["安装", "a", "TAILSCALE", "粗", " ", "安装 tailscale"]))
def test_search_finds_what_a_scan_of_the_laid_out_text_finds(source: str, query: str) -> None:
    store = laid(source, 40)[0]
    found = Finder(store).search(query)
    texts = [text_of(store.tokens[b.start : b.end], None, b.skip, b.take) for b in store.blocks]
    assert found == sum(text.casefold().count(query.casefold()) for text in texts)
