"""From markdown-it's tokens to a flat row of blocks, each with its lines and the list item it stands in.

The rules of steps, fences and places are all about neighbours ("the sentence before", "its item", "the heading above"). In a token
stream neighbours are far apart; in a flat row with back references they are one step away, and every rule becomes a short loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from markdown_it.token import Token

from tui.guide.labels import marked

Kind = Literal["heading", "item", "text", "cell", "code", "comment"]

_TASK = re.compile(r"\[[ xX]\][ \t]+")
_COMMENT = re.compile(r"<!--")


@dataclass(slots=True, eq=False)
class Entry:
    """One list item. `list` numbers the lists of the document in order; `number` is None in a bullet list."""

    list: int
    number: int | None
    mark: str
    parent: Entry | None
    depth: int
    block: int = 0


@dataclass(slots=True, eq=False)
class Block:
    """One piece of the document. Lines are 1-based, `end` inclusive.

    `plain` is the text as read, code included; `words` is it without code, links and pictures. For code, `content` is the text, `info`
    the fence's info string (None for an indented block), `line` the fence's own line and `first` the line of its first content line.
    `bold` says that the text begins with bold words: they are `bold`; `alone` that nothing else is there.
    """

    kind: Kind
    line: int
    end: int
    entry: Entry | None = None
    quoted: bool = False
    level: int = 0
    plain: str = ""
    words: str = ""
    bold: str = ""
    linked: bool = False
    task: bool = False
    inline: Token | None = None
    content: str = ""
    info: str | None = None
    first: int = 0
    index: int = field(default=0)


def blocks(tokens: Sequence[Token]) -> list[Block]:
    """The row of blocks of a token stream, in document order."""
    found = list(_walk(tokens))
    for index, block in enumerate(found):
        block.index = index
        if block.kind == "item" and block.entry is not None:
            block.entry.block = index
    return found


def _walk(tokens: Sequence[Token]) -> Iterator[Block]:
    entries: list[Entry] = []
    lists: list[tuple[int, bool]] = []
    count = quotes = 0
    row: list[int] | None = None
    for place, token in enumerate(tokens):
        kind = token.type
        if kind in ("ordered_list_open", "bullet_list_open"):
            count += 1
            lists.append((count, kind == "ordered_list_open"))
        elif kind in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif kind == "list_item_open":
            entry = _entry(token, lists[-1], entries)
            entries.append(entry)
            yield Block("item", *_lines(token.map), entry=entry, quoted=quotes > 0)
        elif kind == "list_item_close":
            entries.pop()
        elif kind == "blockquote_open":
            quotes += 1
        elif kind == "blockquote_close":
            quotes -= 1
        elif kind == "tr_open":
            row = token.map
        else:
            yield from _leaf(tokens, place, row, entries[-1] if entries else None, quotes > 0)


def _leaf(tokens: Sequence[Token], place: int, row: list[int] | None, entry: Entry | None, quoted: bool) -> Iterator[Block]:
    token = tokens[place]
    if token.type == "inline":
        opening = tokens[place - 1]
        kind: Kind = "text"
        if opening.type == "heading_open" and not quoted:
            kind = "heading"
        elif opening.type in ("td_open", "th_open"):
            kind = "cell"
        lines = _lines(row if kind == "cell" else token.map)
        level = int(opening.tag[1]) if kind == "heading" else 0
        for start, part in _rows(token) if kind == "text" else [(0, token)]:
            end = lines[1] if part is token else lines[0] + start + part.content.count("\n")
            yield _text(Block(kind, lines[0] + start, end, entry=entry, quoted=quoted, inline=part, level=level))
    elif token.type in ("fence", "code_block") and "front_matter" not in token.meta:
        line, end = _lines(token.map)
        fenced = token.type == "fence"
        yield Block(
            "code",
            line,
            end,
            entry=entry,
            quoted=quoted,
            content=token.content,
            info=token.info.strip() if fenced else None,
            first=line + fenced,
        )
    elif token.type == "html_block" and _COMMENT.search(token.content):
        yield Block("comment", *_lines(token.map), entry=entry, quoted=quoted, content=token.content)


def _rows(token: Token) -> list[tuple[int, Token]]:
    """A paragraph whose lines are numbered （1）, （2）, 1、, 2、 as one piece a number: (line in the paragraph, its part)."""
    source = token.content.split("\n")
    starts = [number for number, line in enumerate(source) if number and marked(line)]
    breaks = [
        place + 1
        for place, (child, after) in enumerate(zip(token.children or (), (token.children or ())[1:], strict=False))
        if child.type in ("softbreak", "hardbreak") and after.type == "text" and marked(after.content)
    ]
    if not starts or len(starts) != len(breaks):
        return [(0, token)]
    lines, places = [0, *starts, len(source)], [0, *breaks, len(token.children or ())]
    parts = []
    for first, last, begin, end in zip(lines, lines[1:], places, places[1:], strict=False):
        part = Token("inline", "", 0, content="\n".join(source[first:last]), children=(token.children or [])[begin:end])
        parts.append((first, part))
    return parts


def _entry(token: Token, owner: tuple[int, bool], entries: list[Entry]) -> Entry:
    number, ordered = owner
    parent = entries[-1] if entries else None
    value = int(token.info) if ordered and token.info.isdecimal() else None
    mark = f"{token.info}{token.markup}" if ordered else ""
    return Entry(number, value, mark, parent, len(entries) + 1)


def _lines(span: list[int] | None) -> tuple[int, int]:
    if not span:
        return 1, 1
    return span[0] + 1, max(span[1], span[0] + 1)


def _text(block: Block) -> Block:
    """Fill in `plain`, `words`, `bold`, `linked` and `task` from the inline token."""
    assert block.inline is not None  # noqa: S101  only called on text
    plain: list[str] = []
    words: list[str] = []
    bold: list[str] = []
    links = strong = 0
    outside = False
    for child in block.inline.children or ():
        piece = ""
        if child.type == "link_open":
            links += 1
        elif child.type == "link_close":
            links -= 1
        elif child.type == "strong_open":
            strong += 1
        elif child.type == "strong_close":
            strong -= 1
        elif child.type in ("text", "code_inline", "text_special"):
            piece = child.content
        elif child.type in ("softbreak", "hardbreak"):
            piece = "\n"
        if not piece:
            continue
        plain.append(piece)
        words.append(piece if child.type != "code_inline" and not links else " ")
        outside = outside or (not links and bool(piece.strip()))
        if strong and len("".join(bold)) == len("".join(plain[:-1]).lstrip()):
            bold.append(piece)
    block.plain, block.words, block.bold = "".join(plain).strip(), "".join(words), "".join(bold).strip()
    block.linked = bool(block.plain) and not outside
    block.task = block.entry is not None and bool(
        (block.inline.children or ()) and block.inline.children[0].content.startswith('<input class="task')
    )
    return block
