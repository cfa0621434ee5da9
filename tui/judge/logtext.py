"""What terminals, pagers and log collectors do to a line, undone, so that one pattern finds it wherever it was captured.

A log may have a million lines, and nearly none of them matters. So `plain` and `even` work on whole blocks of bytes, which is enough to
find the few lines that could matter; `variants` gives such a line in each form in which a pattern may know it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final

_ANSI: Final = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)?|\x1b[()*+][0-9A-Za-z]|\x1b[=>78cDEHMNOZ]"
    rb"|\^\[\[[0-9;]*[A-Za-z]|[^\n\x08]\x08"
)
_ORPHAN: Final = re.compile(rb"\[\d{0,3}(?:;\d{1,3}){0,4}m(?=\S|\s|$)")  # a colour whose escape character was lost in copying
_CONTROL: Final = bytes(32 if (code < 32 and code not in (10, 13)) or code == 127 else 39 if code == 96 else code for code in range(256))
_ASCII: Final = bytes(code if 32 <= code < 127 or code in (9, 10, 13) else 32 for code in range(256))
_CHARS: Final = {
    "‘": "'", "’": "'", "‛": "'", "´": "'", "“": '"', "”": '"', "„": '"', "：": ":", "（": "(", "）": ")", "，": ",", "；": ";", "！": "!",
    "\u00a0": " ", "\u3000": " ", "\u200b": "", "\ufeff": "", "\u2028": " ",
}  # fmt: skip
_BYTES: Final = tuple((old.encode(), new.encode()) for old, new in _CHARS.items())
_PATTERN_CHARS: Final = str.maketrans({**_CHARS, "`": "'", "（": r"\(", "）": r"\)"})

_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|\d{1,2}月)"
_PREFIXES: Final = re.compile(
    (
        r"\n ?(?:(?:"
        r"[\[(]?\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?"  # 2026-01-02T03:04:05Z
        r"(?: ?(?:Z|UTC|CST|[+-]\d\d:?\d\d))?[\])]?:?"
        rf"|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?{_MONTH} \d{{1,2}} (?:\d{{4}} )?\d\d:\d\d:\d\d(?:\.\d+)?"  # Jan 2 03:04:05
        r"|[\[(]?\d\d:\d\d:\d\d(?:[.,]\d+)?[\])]?"  # 03:04:05
        r"|[\w.-]{1,64} [\w./@-]{1,64}\[\d+\]:"  # host program[pid]: (what follows syslog's time)
        r"|[\w./@-]{1,64}\[\d+\]:"  # program[pid]:
        r"|(?:[\w.-]{1,64} )?kernel:"
        r"|\[ ?\d+\.\d{3,6}\]"  # the kernel's clock
        r"|#\d{1,3}(?: \d+\.\d+)?"  # docker build
        r"|[\w.-]{1,64} ?\|"  # docker compose
        r"|\++|>+|\|"  # sh -x, quoted, a table's edge
        r"|(?:stdout|stderr) [FP]|(?:stderr|stdout):|\[(?:INFO|WARN|WARNING|ERROR|DEBUG|stdout|stderr)\]"
        r") +){1,6}"
    ).encode()
)
_SPACES: Final = re.compile(rb"[ \t]{2,}|\t")
_ESCAPED: Final = re.compile(rb'\\r\\n|\\n|\\r|\\t|\\"')
_UNESCAPED: Final = {rb"\r\n": b"\n", rb"\n": b"\n", rb"\r": b"\n", rb"\t": b" ", rb"\"": b'"'}
_LOW: Final = bytes(range(128))
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]+")
_CHINESE: Final = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
_SOUND: Final = re.compile(r"^[\x00-\x09\x0b-\x7f]*+[^\x00-\x7f\udc80-\udcff][^\udc80-\udcff\n]*+$", re.MULTILINE)
"""A line that is good UTF-8 and not ASCII, in a text where what is no UTF-8 stands as surrogates."""
_TERMINAL: Final = 80
OVERLAP: Final = 512
"""Bytes that two parts of one long line have in common."""


def pattern_text(pattern: str) -> str:
    """A pattern as it must be written to match normalised text: the same quotes and punctuation, any run of spaces."""
    return re.sub(r"(?<!\[) {2,}(?![+*?{])", " +", pattern.translate(_PATTERN_CHARS))


def narrow(log: Iterable[bytes]) -> Iterator[bytes]:
    """UTF-16, known by its mark or by its zeros, as UTF-8; all else as it is."""
    decoder: codecs.IncrementalDecoder | None = None
    for number, piece in enumerate(log):
        if number == 0 and (encoding := _wide(piece)):
            decoder = codecs.getincrementaldecoder(encoding)("replace")
        yield decoder.decode(piece).encode("utf-8", "replace") if decoder else piece


def _wide(head: bytes) -> str:
    """The kind of UTF-16 of a text that begins so, or nothing. Without a mark it shows by zeros that all stand on the same side."""
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    odd, even = head[1:4096:2], head[:4096:2]
    if len(odd) < 4:
        return ""
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros.count(0) > 0.4 * len(zeros) and others.count(0) < 0.1 * len(others):
            return encoding
        high = len(others.translate(None, _LOW))  # of Chinese, the lower halves are as good as random; of English, none is high
        if 0 in zeros and high > 0.2 * len(others) and _is_chinese(head[: 2 * len(odd)].decode(encoding, "replace")):
            return encoding
    return ""


def _is_chinese(text: str) -> bool:
    """Is what is not ASCII in it nearly all Chinese?"""
    foreign = len(text) - len(_FOREIGN.sub("", text))
    return foreign > 0 and foreign - (len(text) - len(_CHINESE.sub("", text))) <= 0.3 * foreign


def recode(data: bytes) -> bytes:
    """Any bytes as UTF-8: GB18030 line by line where UTF-8 does not fit, what fits neither as U+FFFD; of a binary file, its ASCII alone."""
    if data.isascii() or _is_utf8(data):
        return data
    if b"\0" in data:
        return data.translate(_ASCII)
    if not _SOUND.search(data.decode("utf-8", "surrogateescape")) and (text := _chinese(data)):
        return text  # as a whole, because line by line costs five times as much
    return b"\n".join(map(_recode_line, data.split(b"\n")))


def plain(data: bytes) -> bytes:
    """UTF-8 without colours, control characters and typographic quotes. Line ends stay, so that lines can still be counted."""
    if b"\x1b" in data or b"\x08" in data or (b"^" in data and b"^[[" in data):  # one byte is sought ten times as fast as three
        data = _ANSI.sub(b"", data)
    if b"`" in data or b"\0" in data:
        data = data.translate(_CONTROL)
    if not data.isascii():
        for old, new in _BYTES:
            if old in data:
                data = data.replace(old, new)
    return data


def even(data: bytes) -> bytes:
    """A `plain` block with single spaces, none at the ends of lines, and without colours whose escape character was lost."""
    data = _SPACES.sub(b" ", data.translate(_CONTROL)).replace(b"\r\n", b"\n").replace(b"\n ", b"\n").replace(b" \n", b"\n")
    return _ORPHAN.sub(b"", data) if b"[" in data and b"m" in data else data


def variants(row: bytes) -> list[bytes]:
    """An `even` line as it is, without what its collector put in front, and cut where it was drawn over or quoted."""
    row = row.strip()
    words = bare(row)
    return [row, *([words] if words not in (row, b"") else []), *_parts(row)]


def bare(row: bytes) -> bytes:
    """An `even` line without what its collector put in front."""
    return _PREFIXES.sub(b"", b"\n" + row, count=1).removeprefix(b"\n")


def _parts(row: bytes) -> Iterator[bytes]:
    """What stood on a line one after the other: progress drawn over by carriage returns, output quoted with escaped line ends."""
    if b"\\n" in row or b'\\"' in row:
        row = _ESCAPED.sub(lambda match: _UNESCAPED[match[0]], row)
    if b"\r" in row or b"\n" in row:
        yield from (part.strip() for part in re.split(rb"[\r\n]", row) if part.strip())
    elif b'"' in row:
        yield row


def unwrapped(rows: list[bytes], first: int) -> Iterator[tuple[int, bytes]]:
    """Lines (the first is number `first`) that a terminal broke at its width, joined again. The width is the longest line's, or 80."""
    widest = max(map(len, rows))
    if widest > 900:
        return
    widths = [len(row) if row.isascii() else width(row.decode("utf-8", "replace")) for row in rows]
    widest = max(widths)
    if 40 <= widest <= 300:
        yield from _joined(rows, widths, first, widest)
    if widest > _TERMINAL:  # the rest of the log need not have been captured where this was
        yield from _joined(rows, widths, first, _TERMINAL)


def _joined(rows: list[bytes], widths: list[int], first: int, columns: int) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(rows):
        end = at
        while end + 1 < len(rows) and columns - 1 <= widths[end] <= columns and rows[end + 1].strip() and end - at < 40:
            end += 1
        if end > at:
            yield first + at, b"".join(rows[at : end + 1])
        at = end + 1


def width(row: str) -> int:
    """Columns a terminal gives the line; Chinese characters take two."""
    return len(row) + sum(char > "\u2e7f" for char in row) if not row.isascii() else len(row)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _recode_line(row: bytes) -> bytes:
    if row.isascii() or _is_utf8(row):
        return row
    return _chinese(row) or row.decode("utf-8", "replace").encode()


def _chinese(data: bytes) -> bytes:
    """GB18030 as UTF-8; nothing where it is something else."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return b""
    return text.encode() if _is_chinese(text) else b""
