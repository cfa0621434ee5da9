"""Searching and copying in a log that may be too long for one key press: in slices, with the keyboard let in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from textual.selection import Selection

from tui.ui.log.store import LogStore

_SLICE = 0.008  # seconds of work between two looks at the keyboard


class _Breath:
    """Lets the event loop run whenever a slice is over."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + _SLICE

    async def take(self) -> None:
        if time.monotonic() > self._ends:
            await asyncio.sleep(0)
            self._ends = time.monotonic() + _SLICE


async def line(store: LogStore, query: str, start: int, *, backwards: bool = False) -> int | None:
    """The index of the first line from `start` on (or back) that holds `query`, going round the end; None if none does."""
    breath = _Breath()
    for found in _around(store, query, start, backwards=backwards):
        if found is not None:
            return found
        await breath.take()
    return None


def _around(store: LogStore, query: str, start: int, *, backwards: bool) -> Iterator[int | None]:
    yield from store.hunt(query, start, backwards=backwards)
    yield from store.hunt(query, len(store) if backwards else 0, backwards=backwards)


async def tally(store: LogStore, query: str) -> int:
    """How many lines hold `query`."""
    breath = _Breath()
    total = 0
    for so_far in store.tally(query):
        total = so_far
        await breath.take()
    return total


def selected(store: LogStore, selection: Selection, most: int) -> str:
    """The text of a selection whose offsets are (character, line index), at most its last `most` lines."""
    first = max(selection.start.y if selection.start else 0, store.dropped)
    last = min(selection.end.y if selection.end else len(store), len(store) - 1)
    first = max(first, last - most + 1)
    lines = [store.line(i).text for i in range(first, last + 1)]
    if lines and selection.end and selection.end.y == last:
        lines[-1] = lines[-1][: selection.end.x]
    if lines and selection.start and selection.start.y == first:
        lines[0] = lines[0][selection.start.x :]
    return "\n".join(lines)
