"""The document as blocks of known or guessed height, so that only what is seen is ever laid out.

A top-level block is laid out when a row of it is wanted; until then its height is a guess from its length. Heights stand in a
Fenwick tree: finding the block at a row, or a block's first row, takes the same few steps in a guide of 100,000 lines.
"""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from markdown_it.token import Token

from tui.ui.document.line import Line
from tui.ui.document.tokens import closing, is_apart

FENCE_PART = 200
"""A longer fence is laid out in parts of so many lines."""


@dataclass(slots=True)
class Block:
    """`tokens[start:end]`, source lines `first..last` (1-based). `gap`: a blank row follows. Of a long fence, `take` lines from `skip`."""

    start: int
    end: int
    first: int
    last: int
    size: int
    gap: bool = True
    skip: int = 0
    take: int | None = None
    height: int = 0
    lines: list[Line] | None = None
    plain: str | None = None


def split(tokens: Sequence[Token]) -> list[Block]:
    """The top-level blocks; a list is split into its items, a very long fence into parts."""
    with _uncollected():
        return _split(tokens)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: beside a long guide's tokens each pass costs more than all the work here, and finds nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _split(tokens: Sequence[Token]) -> list[Block]:
    blocks: list[Block] = []
    start = 0
    for index, token in enumerate(tokens):
        if token.level:
            continue
        if token.nesting == 1:
            start = index
        elif token.nesting == 0:
            _single(tokens, index, blocks)
        elif tokens[start].type in ("bullet_list_open", "ordered_list_open"):
            _items(tokens, start, index, blocks)
        else:
            first, last = _lines(tokens[start])
            size = len(tokens[start + 1].content) if index == start + 2 else -1
            blocks.append(Block(start, index + 1, first, last, size))
    return blocks


def _single(tokens: Sequence[Token], index: int, blocks: list[Block]) -> None:
    token = tokens[index]
    first, last = _lines(token)
    hidden = token.type == "front_matter" or (token.type == "html_block" and token.content.lstrip().startswith("<!--"))
    lines = token.content.count("\n") if token.type in ("fence", "code_block") else 0
    if lines <= FENCE_PART:
        blocks.append(Block(index, index + 1, first, last, 0 if hidden else -1))
        return
    opening = 1 if token.type == "fence" else 0
    for skip in range(0, lines, FENCE_PART):
        end = skip + FENCE_PART >= lines
        top = first if not skip else first + opening + skip
        bottom = last if end else first + opening + skip + FENCE_PART - 1
        blocks.append(Block(index, index + 1, top, bottom, -1, gap=end, skip=skip, take=FENCE_PART))


def _items(tokens: Sequence[Token], start: int, stop: int, blocks: list[Block]) -> None:
    index = start + 1
    while index < stop:
        end = closing(tokens, index)
        first, last = _lines(tokens[index])
        gap = end >= stop or is_apart(tokens[index:end])
        blocks.append(Block(index, end, first, last, -1, gap=gap))
        index = end


def _lines(token: Token) -> tuple[int, int]:
    first, last = token.map or (0, 0)
    return first + 1, max(first + 1, last)


class Store:
    """Blocks with their rows. `draw` lays one block out; rows count from 0 at the document's top."""

    def __init__(self, tokens: Sequence[Token], draw: Callable[[Block], list[Line]], blocks: list[Block] | None = None) -> None:
        self.tokens = tokens
        self.blocks = split(tokens) if blocks is None else blocks
        self._firsts = [block.first for block in self.blocks]
        self._draw = draw
        self._tree: list[int] = []
        self.total = 0

    def reset(self, width: int) -> None:
        """Forget every row, and guess the heights for a text column of `width` cells."""
        tree = [0] * (len(self.blocks) + 1)
        total = 0
        for number, block in enumerate(self.blocks, 1):
            block.lines = None
            if block.size > 0:
                block.height = -(-block.size * 3 // (2 * width)) + block.gap
            elif block.size == 0:
                block.height = 0
            else:
                block.height = block.last - block.first + 1 + block.gap
            tree[number] += block.height
            total += block.height
            if (parent := number + (number & -number)) < len(tree):
                tree[parent] += tree[number]
        self._tree, self.total = tree, total

    def lay(self, index: int) -> list[Line]:
        """The rows of a block, laid out if they were not yet; its height is exact from then on."""
        block = self.blocks[index]
        if block.lines is None:
            block.lines = self._draw(block)
            self._grow(index, len(block.lines) - block.height)
        return block.lines

    def renew(self, index: int) -> bool:
        """Lay a block out again that was laid out before; False if its rows were never wanted."""
        if self.blocks[index].lines is None:
            return False
        self.blocks[index].lines = None
        self.lay(index)
        return True

    def top(self, index: int) -> int:
        """The row at which a block begins."""
        row = 0
        while index > 0:
            row += self._tree[index]
            index -= index & -index
        return row

    def at(self, row: int) -> tuple[int, int]:
        """The block that a row is in, and the row's place in it; past the end, the last block and a place beyond it."""
        index, left = 0, row
        step = 1 << (len(self.blocks)).bit_length()
        while step:
            if (after := index + step) < len(self._tree) and self._tree[after] <= left:
                index = after
                left -= self._tree[after]
            step >>= 1
        if index >= len(self.blocks):
            last = len(self.blocks) - 1
            return last, row - self.top(last)
        return index, left

    def of_line(self, line: int) -> int:
        """The block that holds a source line (the nearest one before it, where none does)."""
        return max(0, bisect_right(self._firsts, line) - 1)

    def settle(self, row: int, height: int, margin: int, *, upward: bool = False) -> int:
        """Lay out what a view of `height` rows at `row` shows, and `margin` rows around it.

        Gives the row at which the view must stand for the reader to see no jump. `upward`: the reader comes from below, so what is
        under the top block stays where it is; otherwise the top block's own first row does.
        """
        if not self.blocks:
            return 0
        index, inside = self.at(max(0, min(row, self.total - 1)))
        old = self.blocks[index].height
        new = len(self.lay(index))
        if upward:
            inside += new - old
        while inside < 0 and index > 0:
            index -= 1
            inside += len(self.lay(index))
        inside = max(0, inside)
        need, ahead = height + margin + inside, index
        while ahead < len(self.blocks) and need > 0:
            need -= len(self.lay(ahead))
            ahead += 1
        need, behind = margin - inside, index - 1
        while behind >= 0 and need > 0:
            need -= len(self.lay(behind))
            behind -= 1
        return min(self.top(index) + inside, max(0, self.total - 1))

    def _grow(self, index: int, change: int) -> None:
        if not change:
            return
        self.blocks[index].height += change
        self.total += change
        place = index + 1
        while place < len(self._tree):
            self._tree[place] += change
            place += place & -place
