"""Search in a document without laying it out: each block's text as it would be shown, made once and then kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from markdown_it.token import Token

from tui.ui.document import code
from tui.ui.document.inline import Pictures, clean, plain
from tui.ui.document.store import Block, Store
from tui.ui.document.tokens import shown_html


class Hit(NamedTuple):
    """A match: the block, and where in its plain text."""

    block: int
    start: int
    end: int


def text_of(tokens: Sequence[Token], pictures: Pictures | None = None, skip: int = 0, take: int | None = None) -> str:
    """The plain text of a block: what the document says, in the order in which layout counts it."""
    parts: list[str] = []
    for token in tokens:
        if token.type == "inline":
            parts.append(plain(token, pictures))
        elif token.type in ("fence", "code_block"):
            lines = code.body(token.content)
            parts += lines[skip : None if take is None else skip + take]
        elif token.type == "html_block":
            parts += filter(None, [shown_html(token)])
        elif token.nesting == 0 and token.type not in ("hr", "front_matter") and token.content:
            parts += filter(None, [clean(token.content).rstrip("\n")])
    return "\n".join(parts)


class Finder:
    """The matches of one query, in document order. `current` is the index of the one the reader is at, -1 before the first."""

    def __init__(self, store: Store, pictures: Pictures | None = None) -> None:
        self._store = store
        self._pictures = pictures
        self.hits: list[Hit] = []
        self.current = -1
        self._of_block: dict[int, list[Hit]] = {}

    def search(self, query: str) -> int:
        """How many matches there are, upper and lower case the same. An empty query matches nothing."""
        self.clear()
        if query:
            pattern = re.compile(re.escape(query), re.IGNORECASE)
            for index, block in enumerate(self._store.blocks):
                found = [Hit(index, *match.span()) for match in pattern.finditer(self._plain(block))]
                if found:
                    self._of_block[index] = found
                    self.hits += found
        return len(self.hits)

    def clear(self) -> None:
        """No query, no matches."""
        self.hits, self._of_block, self.current = [], {}, -1

    @property
    def now(self) -> Hit | None:
        """The match the reader is at."""
        return self.hits[self.current] if 0 <= self.current < len(self.hits) else None

    def within(self, block: int) -> Sequence[Hit]:
        """The matches in one block."""
        return self._of_block.get(block, ())

    def step(self, by: int, block: int) -> Hit | None:
        """The next match (`by` 1) or the one before (-1), round the end; at first the nearest from `block` on."""
        if not self.hits:
            return None
        if self.current < 0:
            after = next((index for index, hit in enumerate(self.hits) if hit.block >= block), 0)
            self.current = after if by > 0 else (after - 1) % len(self.hits)
        else:
            self.current = (self.current + by) % len(self.hits)
        return self.hits[self.current]

    def _plain(self, block: Block) -> str:
        if block.plain is None:
            tokens = self._store.tokens[block.start : block.end]
            block.plain = text_of(tokens, self._pictures, block.skip, block.take)
        return block.plain
