"""What terminals, pagers and log collectors do to a line, undone, so that one pattern finds it wherever it was captured.

Two grades: `plain` works on whole blocks of bytes at C speed and is enough for a prefilter; `read_lines` gives each line as patterns see
it, with the prefixes of timestamps, containers and shells taken off in a second copy.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_ANSI: Final = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)?|\x1b[()*+][0-9A-Za-z]|\x1b[=>78cDEHMNOZ]"
    rb"|\^\[\[[0-9;]*[A-Za-z]|[^\n\x08]\x08"
)
_ORPHAN: Final = re.compile(rb"\[\d{0,3}(?:;\d{1,3}){0,4}m(?=\S|\s|$)")  # a colour whose escape character was lost in copying
_CONTROL: Final = bytes(32 if (code < 32 and code not in (10, 13)) or code == 127 else 39 if code == 96 else code for code in range(256))
_CHARS: Final = {
    "‘": "'", "’": "'", "‛": "'", "´": "'", "“": '"', "”": '"', "„": '"', "：": ":", "（": "(", "）": ")", "，": ",", "；": ";", "！": "!",
    "\u00a0": " ", "\u3000": " ", "\u200b": "", "\ufeff": "", "\u2028": " ",
}  # fmt: skip
_BYTES: Final = tuple((old.encode(), new.encode()) for old, new in _CHARS.items())
_PATTERN_CHARS: Final = str.maketrans({**_CHARS, "`": "'", "（": r"\(", "）": r"\)"})

_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|\d{1,2}月)"
_PREFIX: Final = re.compile(
    r"\s*(?:"
    r"[\[(]?\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|CST|[+-]\d\d:?\d\d))?[\])]?:?"  # 2026-01-02T03:04:05Z
    rf"|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?{_MONTH} {{1,2}}\d{{1,2}} (?:\d{{4}} )?\d\d:\d\d:\d\d(?:\.\d+)?(?= )"  # Jan  2 03:04:05
    r"|[\[(]?\d\d:\d\d:\d\d(?:[.,]\d+)?[\])]?(?= )"  # 03:04:05
    r"|[\w.-]+ (?:[\w./@-]+)\[\d+\]:"  # host program[pid]: (what follows syslog's time)
    r"|[\w./@-]+\[\d+\]:"  # program[pid]:
    r"|[\w.-]+ kernel:|kernel:"
    r"|\[ *\d+\.\d{3,6}\]"  # the kernel's clock
    r"|#\d{1,3} (?:\d+\.\d+)?(?= )"  # docker build
    r"|[\w.-]+ +\|(?= )"  # docker compose
    r"|\++(?= )"  # sh -x
    r"|>+(?= )"  # quoted
    r"|\|(?= )"
    r"|(?:stdout|stderr) [FP](?= )|(?:stderr|stdout|err|out):"
    r"|\[(?:INFO|WARN|WARNING|ERROR|DEBUG|stdout|stderr)\]"
    r")\s*"
)
_SPACES: Final = re.compile(r"[ \t\x0b\x0c]+")
_ESCAPED: Final = re.compile(r'\\r\\n|\\n|\\r|\\t|\\"')
_UNESCAPED: Final = {r"\r\n": "\n", r"\n": "\n", r"\r": "\n", r"\t": " ", r"\"": '"'}
_PIECE: Final = 16_384
"""Characters of a line that are looked at in one go; a longer one is cut, each piece repeating the end of the one before."""
OVERLAP: Final = 512


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines as patterns see them: `text` is UTF-8 joined with LF, `starts` where each begins, `numbers` which line of the log it is."""

    text: bytes
    starts: list[int]
    numbers: list[int]


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
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    odd, even = head[1:4096:2], head[:4096:2]
    if len(odd) < 4:
        return ""
    if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd) else ""


def recode(data: bytes) -> bytes:
    """Any bytes as UTF-8: GB18030 line by line where UTF-8 does not fit, what fits neither as U+FFFD."""
    return data if data.isascii() or _is_utf8(data) else b"\n".join(map(_recode_line, data.split(b"\n")))


def plain(data: bytes) -> bytes:
    """UTF-8 without colours, control characters and typographic quotes. Line ends stay, so that lines can still be counted."""
    if b"\x1b" in data or b"^[[" in data or b"\x08" in data:
        data = _ANSI.sub(b"", data)
    data = data.translate(_CONTROL)
    if not data.isascii():
        for old, new in _BYTES:
            if old in data:
                data = data.replace(old, new)
    return data


def read_lines(data: bytes, first: int = 1, *, unwrap: bool = False) -> Lines:
    """The lines of a `plain` block whose first line is number `first`. `unwrap`: also join what a terminal's width broke apart."""
    rows = data.decode("utf-8", "replace").split("\n")
    if rows and not rows[-1]:
        rows.pop()
    seen: list[tuple[int, str]] = []
    for number, row in enumerate(rows, first):
        for piece in _pieces(row):
            seen += ((number, each) for each in _variants(piece))
    if unwrap:
        seen += _unwrapped(rows, first)
    return _joined(seen)


def _joined(seen: list[tuple[int, str]]) -> Lines:
    parts = [text.encode("utf-8", "replace") for _, text in seen]
    starts, place = [], 0
    for part in parts:
        starts.append(place)
        place += len(part) + 1
    return Lines(b"\n".join(parts), starts, [number for number, _ in seen])


def _pieces(row: str) -> list[str]:
    """What was on the line one after the other: progress drawn over by carriage returns, and parts of a line too long for one look."""
    parts = [part for part in row.split("\r") if part.strip()]
    if all(len(part) <= _PIECE for part in parts):
        return parts
    return [part[at : at + _PIECE + OVERLAP] for part in parts for at in range(0, len(part), _PIECE)]


def _variants(row: str) -> list[str]:
    """The line with single spaces; again without its prefixes; again cut at the escaped line ends of a quoted output."""
    if "m" in row and "[" in row:
        row = _ORPHAN.sub(b"", row.encode()).decode("utf-8", "replace")
    row = _SPACES.sub(" ", row).strip()
    if not row:
        return []
    bare = strip_prefixes(row)
    found = [row] if bare == row or not bare else [row, bare]
    if "\\n" in row or '\\"' in row:
        unescaped = _ESCAPED.sub(lambda match: _UNESCAPED[match[0]], row)
        found += [part.strip() for part in unescaped.split("\n") if part.strip()]
    return found


def strip_prefixes(row: str) -> str:
    """A line without what its collector put in front: times, host and program, container, trace mark."""
    place = 0
    for _ in range(5):
        match = _PREFIX.match(row, place)
        if match is None or match.end() == place:
            break
        place = match.end()
    return row[place:]


def _unwrapped(rows: list[str], first: int) -> list[tuple[int, str]]:
    """Lines that a terminal broke at its width, joined again. The width is the longest line's, if several are as long."""
    rows = [row.rstrip("\r") for row in rows]
    widths = [width(row) for row in rows]
    widest = max(widths, default=0)
    if not 40 <= widest <= 300:
        return []
    found, at = [], 0
    while at < len(rows):
        end = at
        while end + 1 < len(rows) and widest - 1 <= widths[end] <= widest and rows[end + 1].strip() and end - at < 40:
            end += 1
        if end > at:
            whole = "".join(rows[at : end + 1])
            found += [(first + at, each) for each in _variants(whole)]
        at = end + 1
    return found


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
    try:
        text = row.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    foreign = [char for char in text if char > "\x7f"]
    chinese = sum("\u4e00" <= char <= "\u9fff" or "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef" for char in foreign)
    if foreign and chinese >= 0.7 * len(foreign):
        return text.encode()
    return row.decode("utf-8", "replace").encode()
