"""Finished lines, kept so that ten million of them fit in little memory.

Lines are gathered into blocks; a full block is compressed; compressed blocks beyond a budget move to a private temporary file used as a
ring, and when that is full the oldest go, counted. Only the blocks looked at last are unpacked, and only then are colours looked at: until
somebody reads them they stay in the text as they came.
"""

from __future__ import annotations

import tempfile
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from tui.texts import Text
from tui.ui.log.escape import COLOUR, sgr
from tui.ui.log.openline import Span

Spans = tuple[Span, ...]
Lines = tuple[list[str], dict[int, Spans]]

_UNREADABLE = Text("（这一段读不出来：临时文件不见了）", "(this part cannot be read: the temporary file is gone)")


def inline(text: str, spans: Spans) -> str:
    """A line with its spans written into it as colour sequences."""
    parts: list[str] = []
    at = 0
    for start, end, style in spans:
        parts += [text[at:start], "\x1b[", style, "m", text[start:end], "\x1b[m"]
        at = end
    return "".join([*parts, text[at:]])


def outline(text: str) -> Lines:
    """Lines without their colour sequences, and the spans of those that have any, by number. A style goes on into the next line."""
    lines = text.split("\n")[:-1]
    if "\x1b" not in text:
        return lines, {}
    found: dict[int, Spans] = {}
    style = ""
    for i, line in enumerate(lines):
        if style or "\x1b" in line:
            parts = COLOUR.split(line)
            lines[i] = "".join(parts[::2])
            found[i], style = _spans(parts, style)
    return lines, found


def _spans(parts: list[str | None], style: str) -> tuple[Spans, str]:
    """The spans of a line split at its colours (text, parameters, text, …), and the style at its end."""
    spans: list[Span] = []
    at = 0
    for k, part in enumerate(parts):
        if k % 2:
            style = sgr(style, part[:-1]) if part else style
        elif part:
            end = at + len(part)
            if style and spans and spans[-1][1:] == (at, style):
                spans[-1] = (spans[-1][0], end, style)
            elif style:
                spans.append((at, end, style))
            at = end
    return tuple(spans), style


@dataclass(slots=True)
class _Block:
    """`first` is the number of its first line; `data` is None once it lies in the file, at `at`."""

    first: int
    count: int
    size: int
    data: bytes | None
    at: int = -1


class Archive:
    """Whole lines, numbered from 0 in the order they came; the oldest may be gone, the numbers stay.

    `block` is in characters, `memory` (compressed blocks held in memory) and `disk` (those in the file) are in bytes.
    """

    def __init__(self, *, block: int = 1 << 16, memory: int = 24 << 20, disk: int = 1 << 29) -> None:
        self._block, self._memory, self._disk = block, memory, disk
        self.first = 0
        self.count = 0  # lines ever added
        self.characters = 0  # characters ever added
        self._blocks: list[_Block] = []
        self._firsts: list[int] = []
        self._held = 0  # bytes of blocks in memory
        self._in_file = 0  # how many blocks, from the oldest, lie in the file
        self._file: IO[bytes] | None = None
        self._at = 0
        self._new_block()
        self._unpacked: OrderedDict[int, Lines] = OrderedDict()

    def _new_block(self) -> None:
        self._pieces: list[str] = []
        self._chars = 0
        self._open_first = self.count
        self._open_lines: Lines | None = ([], {})

    def add(self, text: str, count: int) -> None:
        """Add `count` lines, each ended by a line feed. They may hold colour sequences, no others, and begin and end plain."""
        self._pieces.append(text)
        self._chars += len(text)
        self.characters += len(text)
        self.count += count
        self._open_lines = None
        if self._chars >= self._block:
            self._seal()

    def add_line(self, text: str, spans: Spans) -> None:
        """Add one line, without its line feed."""
        self.add((inline(text, spans) if spans else text) + "\n", 1)

    def line(self, index: int) -> tuple[str, Spans]:
        """Text and spans of a line; IndexError if it is gone or not there yet."""
        if not self.first <= index < self.count:
            raise IndexError(index)
        first, (lines, spans) = self._lines_at(index)
        return lines[index - first], spans.get(index - first, ())

    def _lines_at(self, index: int) -> tuple[int, Lines]:
        if index >= self._open_first:
            if self._open_lines is None:
                self._open_lines = outline("".join(self._pieces))
            return self._open_first, self._open_lines
        block = self._blocks[bisect_right(self._firsts, index) - 1]
        lines = self._unpacked.get(block.first)
        if lines is None:
            lines = outline(self._read(block))
            self._unpacked[block.first] = lines
            if len(self._unpacked) > 6:
                self._unpacked.popitem(last=False)
        else:
            self._unpacked.move_to_end(block.first)
        return block.first, lines

    def texts(self, start: int, *, backwards: bool = False) -> Iterator[tuple[int, str]]:
        """The number of its first line and the text of each block, from the one that holds `start`, unpacked one by one.

        Adding lines meanwhile is allowed.
        """
        at = start
        while self.first <= at < self.count:
            if at >= self._open_first:
                first, count, text = self._open_first, self.count - self._open_first, "".join(self._pieces)
            else:
                block = self._blocks[bisect_right(self._firsts, at) - 1]
                first, count, text = block.first, block.count, self._read(block)
            yield first, COLOUR.sub("", text) if "\x1b" in text else text
            at = first - 1 if backwards else first + count

    def _seal(self) -> None:
        data = zlib.compress("".join(self._pieces).encode(), 1)
        first = self._open_first
        self._blocks.append(_Block(first, self.count - first, len(data), data))
        self._firsts.append(first)
        self._held += len(data)
        self._new_block()
        while self._held > self._memory:
            self._put_away()

    def _put_away(self) -> None:
        """Move the oldest block in memory to the file; where that cannot be, let the oldest of all go."""
        block = self._blocks[self._in_file]
        assert block.data is not None  # noqa: S101  blocks from _in_file on are in memory
        if self._at + block.size > self._disk:
            while self._in_file and self._blocks[0].at >= self._at:
                self._drop()
            self._at = 0
        end = self._at + block.size
        while self._in_file and self._blocks[0].at < end and self._blocks[0].at + self._blocks[0].size > self._at:
            self._drop()
        if end > self._disk or not self._write(block.data):
            self._drop()
            return
        block.at, block.data = self._at, None
        self._at = end
        self._in_file += 1
        self._held -= block.size

    def _write(self, data: bytes) -> bool:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="zhinan-log-", buffering=0)  # noqa: SIM115  lives as long as the log
            self._file.seek(self._at)
            return self._file.write(data) == len(data)
        except OSError:
            return False

    def _drop(self) -> None:
        block = self._blocks.pop(0)
        self._firsts.pop(0)
        self._unpacked.pop(block.first, None)
        self.first = block.first + block.count
        if block.data is None:
            self._in_file -= 1
        else:
            self._held -= block.size

    def _read(self, block: _Block) -> str:
        try:
            data = block.data
            if data is None:
                assert self._file is not None  # noqa: S101  a block without data lies in the file
                self._file.seek(block.at)
                data = self._file.read(block.size)
            return zlib.decompress(data).decode()
        except (OSError, ValueError, zlib.error):
            return f"{_UNREADABLE}\n" * block.count

    def close(self) -> None:
        """Give the temporary file back."""
        if self._file is not None:
            self._file.close()
