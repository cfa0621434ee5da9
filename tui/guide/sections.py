"""Ordered lists inside one section: which of them are lists of steps, and what belongs to each item.

People write `1.`, then a fence at the margin, then `2.`: for Markdown two lists with a fence between, for a reader one list. So lists that
go on counting are joined, and what stands between two items belongs to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui.guide.blocks import Block, Entry
from tui.guide.labels import Label, item_title, marked


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a section: an item's (`mark`) or, without a mark, the heading's own."""

    blocks: list[Block]
    mark: Label | None = None


@dataclass(slots=True, eq=False)
class _Row:
    """Items that count on. `starts`: places in the section; `inside`: the item around the list; `plain`: no list to Markdown."""

    inside: Entry | None
    plain: bool
    number: int = 0
    starts: list[int] = field(default_factory=list)
    marks: list[Label] = field(default_factory=list)
    end: int = 0


def split(section: Sequence[Block], holding: set[int]) -> list[Part]:
    """The section in parts, in order."""
    chosen: list[_Row] = []
    covered = bytearray(len(section))
    for row in sorted(_rows(section), key=lambda row: (_depth(row.inside), row.plain, row.starts[0])):
        spans = _spans(row)
        held = sum(any(block.index in holding for block in section[start:end]) for start, end in spans)
        if held >= 2 and not any(covered[row.starts[0] : row.end]):
            covered[row.starts[0] : row.end] = b"\1" * (row.end - row.starts[0])
            chosen.append(row)
    parts: list[Part] = []
    place = 0
    for row in sorted(chosen, key=lambda row: row.starts[0]):
        if row.starts[0] > place:
            parts.append(Part(list(section[place : row.starts[0]])))
        parts += [Part(list(section[start:end]), mark) for (start, end), mark in zip(_spans(row), row.marks, strict=True)]
        place = row.end
    if place < len(section):
        parts.append(Part(list(section[place:])))
    return parts


def _spans(row: _Row) -> list[tuple[int, int]]:
    return list(zip(row.starts, [*row.starts[1:], row.end], strict=True))


def _depth(entry: Entry | None) -> int:
    return entry.depth if entry else 0


def _rows(section: Sequence[Block]) -> list[_Row]:
    rows: list[_Row] = []
    open_rows: dict[tuple[Entry | None, bool], _Row] = {}
    for place, block in enumerate(section):
        mark, plain = _mark(section, place), block.kind == "text"
        if mark is None:
            continue
        inside = block.entry if plain else (block.entry.parent if block.entry else None)
        number = 0 if block.entry is None or plain else block.entry.list
        row = open_rows.get((inside, plain))
        if row is None or not _goes_on(row, mark, number):
            row = _Row(inside, plain, number)
            rows.append(row)
            open_rows[inside, plain] = row
        row.number = number
        row.starts.append(place)
        row.marks.append(mark)
    for row in rows:
        row.end = _end(row, section)
    return rows


def _goes_on(row: _Row, mark: Label, number: int) -> bool:
    """The same list, or one that goes on counting; all-`1.` lists count as well."""
    if number and number == row.number:
        return True
    before = [int(label.number) for label in row.marks]
    value = int(mark.number)
    return value == before[-1] + 1 or (value == 1 and set(before) == {1} and not row.plain)


def _mark(section: Sequence[Block], place: int) -> Label | None:
    block = section[place]
    if block.quoted:
        return None
    if block.kind == "item" and block.entry and block.entry.number is not None:
        following = section[place + 1] if place + 1 < len(section) else None
        words = following.plain if following and following.kind == "text" and following.entry is block.entry else ""
        return Label(block.entry.mark, str(block.entry.number), item_title(words))
    if block.kind == "text" and not (place and section[place - 1].kind == "item"):
        return marked(block.plain)
    return None


def _end(row: _Row, section: Sequence[Block]) -> int:
    """Where the last item ends: with its list item and the code right behind it; a plain item with the text around it."""
    place = row.starts[-1] + 1
    if row.plain:
        while place < len(section) and (row.inside is None or _within(section[place], row.inside)):
            place += 1
        return place
    last = section[row.starts[-1]].entry
    while place < len(section) and last and _within(section[place], last):
        place += 1
    while place < len(section) and section[place].kind == "code" and (row.inside is None or _within(section[place], row.inside)):
        place += 1
    return place


def _within(block: Block, outer: Entry) -> bool:
    entry = block.entry
    while entry is not None and entry.depth >= outer.depth:
        if entry is outer:
            return True
        entry = entry.parent
    return False
