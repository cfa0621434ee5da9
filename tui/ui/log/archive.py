"""Finished lines, kept so that ten million of them fit in little memory.

Lines are gathered into blocks; a full block is compressed; compressed blocks beyond a budget move to a private temporary file used as a
ring, and when that is full the oldest go, counted. Only the blocks looked at last are unpacked.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from tui.texts import Text
from tui.ui.log.openline import Span

Spans = tuple[Span, ...]
Lines = tuple[list[str], Mapping[int, str]]

_UNREADABLE = Text("（这一段读不出来：临时文件不见了）", "(this part cannot be read: the temporary file is gone)")


def pack(spans: Spans) -> str:
    """Spans as one string: a million small tuples would keep the garbage collector busier than the log."""
    return "/".join([f"{start} {end} {style}" for start, end, style in spans])


def unpack(packed: str) -> Spans:
    """The spans that `pack` wrote."""
    parts = (part.split(" ") for part in packed.split("/")) if packed else ()
    return tuple((int(start), int(end), style) for start, end, style in parts)


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
        self._spans: dict[int, str] = {}
        self._chars = 0
        self._open_first = self.count
        self._open_lines: list[str] | None = []

    def add(self, text: str, count: int, spans: Mapping[int, str] | None = None) -> None:
        """Add `count` lines, each ended by a line feed; `spans`, packed, by line, the first being 0."""
        if spans:
            at = self.count - self._open_first
            self._spans.update((at + line, each) for line, each in spans.items())
        self._pieces.append(text)
        self._chars += len(text)
        self.characters += len(text)
        self.count += count
        self._open_lines = None
        if self._chars >= self._block:
            self._seal()

    def add_line(self, text: str, spans: Spans) -> None:
        """Add one line, without its line feed."""
        self.add(text + "\n", 1, {0: pack(spans)} if spans else None)

    def line(self, index: int) -> tuple[str, Spans]:
        """Text and spans of a line; IndexError if it is gone or not there yet."""
        if not self.first <= index < self.count:
            raise IndexError(index)
        first, (lines, spans) = self._lines_at(index)
        return lines[index - first], unpack(spans.get(index - first, ""))

    def _lines_at(self, index: int) -> tuple[int, Lines]:
        if index >= self._open_first:
            if self._open_lines is None:
                self._open_lines = "".join(self._pieces).split("\n")[:-1]
            return self._open_first, (self._open_lines, self._spans)
        block = self._blocks[bisect_right(self._firsts, index) - 1]
        lines = self._unpacked.get(block.first)
        if lines is None:
            lines = self._unpack(block)
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
                first, count, text = block.first, block.count, self._read(block)[0]
            yield first, text
            at = first - 1 if backwards else first + count

    def _seal(self) -> None:
        text = "".join(self._pieces)
        extra = json.dumps(self._spans, separators=(",", ":")) if self._spans else ""
        data = zlib.compress(f"{text}\0{extra}".encode(), 1)
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

    def _read(self, block: _Block) -> tuple[str, str]:
        """A block's text and its spans as JSON."""
        try:
            data = block.data
            if data is None:
                assert self._file is not None  # noqa: S101  a block without data lies in the file
                self._file.seek(block.at)
                data = self._file.read(block.size)
            text, _, extra = zlib.decompress(data).decode().partition("\0")
        except (OSError, ValueError, zlib.error):
            return f"{_UNREADABLE}\n" * block.count, ""
        return text, extra

    def _unpack(self, block: _Block) -> Lines:
        text, extra = self._read(block)
        return text.split("\n")[:-1], {int(line): packed for line, packed in json.loads(extra or "{}").items()}

    def close(self) -> None:
        """Give the temporary file back."""
        if self._file is not None:
            self._file.close()
