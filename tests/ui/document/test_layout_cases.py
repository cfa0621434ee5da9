"""What a document looks like, as plain text: one file a case, the Markdown above a line of `=`, the rows below it.

The first line says the width of the view (`width: 60`). The margin is shown, with a mark in its second column; blanks at the end of
a row and rows at the end of the document are left out.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from document_samples import guide

from tui.ui.document.draw import margin
from tui.ui.document.layout import Layout
from tui.ui.document.status import Facts
from tui.ui.document.stops import Plan
from tui.ui.document.store import Store

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))


def rows(source: str, width: int) -> list[str]:
    made = guide(source)
    layout = Layout(Plan(made), Facts(), width)
    store = Store(made.tokens, lambda b: layout.block(made.tokens[b.start : b.end], gap=b.gap, skip=b.skip, take=b.take))
    store.reset(width)
    lines = [line for index in range(len(store.blocks)) for line in store.lay(index)]
    text = ["".join(piece.text for piece in margin(line, current=False)) + line.text for line in lines]
    return "\n".join(row.rstrip() for row in text).rstrip("\n").split("\n")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_rows_are_as_written_down(case: Path) -> None:
    source, _, wanted = case.read_text(encoding="utf-8").partition("\n" + "=" * 40 + "\n")
    head, _, source = source.partition("\n")
    assert rows(source, int(head.removeprefix("width:"))) == wanted.rstrip("\n").split("\n")


def test_there_are_cases() -> None:
    assert len(CASES) >= 10
