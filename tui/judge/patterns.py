"""Many patterns over one log in one pass, in linear time whatever the log and whatever the patterns.

RE2 cannot backtrack, so no log and no page can hang the program. Its filter knows from one look at a block which patterns could match
there; only those are tried, and only until they have been found often enough.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tui.errors import ZhinanError
from tui.judge import logtext
from tui.texts import Text, same

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 128 * 1024
_THOROUGH: Final = 512 * 1024
"""Bytes from the start that are brought into their plain form before the filter looks; later blocks only where it finds something."""
_LAST: Final = 4
"""Blocks at the end that are looked at as thoroughly: there a failed command has its last words, however often they were said before."""
_ENOUGH: Final = 40
"""Places that are remembered for each pattern, and as many again at the end."""
_SHOWN: Final = 300


class BadPattern(Exception):
    """A pattern that RE2 does not take: one sentence why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of the log (1-based) and its words."""

    line: int
    text: str = field(compare=False)


@dataclass(slots=True)
class Seen:
    """What a log held: its number of lines, and by pattern the first places where it was found."""

    lines: int = 0
    places: dict[int, list[Place]] = field(default_factory=dict)


def _re2() -> Any:
    """The library, imported when something is looked for. Raises ZhinanError where it is not there: it has no build for every system."""
    try:
        import re2
    except ImportError as error:
        words = Text("没有 google-re2 就不能诊断：pip install google-re2", "no diagnosis without google-re2: pip install google-re2")
        raise ZhinanError(words) from error
    return re2


@cache
def compiled(pattern: str) -> Any:
    """The pattern as RE2 has it: letter case ignored, `^` and `$` at each line. Raises `BadPattern`."""
    re2 = _re2()
    try:
        return re2.compile(_multiline(pattern), _options())
    except re2.error as error:
        why = error.args[0].decode("utf-8", "replace") if error.args and isinstance(error.args[0], bytes) else str(error)
        raise BadPattern(Text("正则写错了：{why}", "bad pattern: {why}").fill(why=same(why.replace("(?m)", "")))) from error


@cache
def is_good(pattern: str) -> bool:
    """Does RE2 take it?"""
    try:
        compiled(pattern)
    except BadPattern:
        return False
    return True


@cache
def _options() -> Any:
    options = _re2().Options()
    options.case_sensitive = False
    options.never_nl = True
    options.log_errors = False
    return options


def _multiline(pattern: str) -> str:
    return "(?m)" + logtext.pattern_text(pattern)


def _loose(pattern: str) -> str:
    """The pattern without anchors, also of its alternatives: what it finds in a line as it was captured, whatever stands in front."""
    return _multiline(re.sub(r"(?:^|(?<=[|(]))\^|(?<!\\)\$(?=[|)]|$)", "", pattern))


def matches(pattern: str, row: str) -> bool:
    """Does the pattern match somewhere in this one line (already plain)?"""
    return bool(compiled(pattern).search(row.encode("utf-8", "replace")))


class Patterns:
    """A fixed list of patterns, looked for together. A pattern's number is its index; bad ones are left out."""

    def __init__(self, patterns: Iterable[str]) -> None:
        re2 = _re2()
        self.patterns = list(patterns)
        self._filter = re2.Filter()
        self._numbers: list[int] = []
        for number, pattern in enumerate(self.patterns):
            try:
                self._filter.Add(_loose(pattern), _options())
            except re2.error:
                continue
            self._numbers.append(number)
        if self._numbers:
            self._filter.Compile()

    def blind(self) -> list[str]:
        """The patterns that have to be tried on every block, because not all ways to match them hold a few fixed characters."""
        found = self._filter.Match(b"", potential=True) if self._numbers else None
        return [self.patterns[self._numbers[index]] for index in found or ()]

    def scan(self, log: Iterable[bytes]) -> Seen:
        """Look for all of them in a log given as blocks of bytes, cut anywhere."""
        seen, read, ended = Seen(), 0, True
        last: deque[tuple[bytes, int]] = deque()
        for block in _whole_lines(log):
            last.append((block, seen.lines + 1))
            seen.lines += block.count(b"\n")
            ended = block.endswith(b"\n")
            if len(last) > _LAST:
                self._block(*last.popleft(), seen, thorough=read < _THOROUGH)
            read += len(block)
        for block, first in last:
            self._block(block, first, seen, thorough=True, every=True)
        seen.lines += not ended
        return seen

    def _block(self, block: bytes, first: int, seen: Seen, *, thorough: bool, every: bool = False) -> None:
        """Look through one block; `every`: without end, for the sake of the last place."""
        if not self._numbers:
            return
        text = logtext.plain(block)
        self._look(logtext.even(text) if thorough else text, first, seen, every=every)
        if thorough:
            joined = list(logtext.unwrapped(text.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").split(b"\n"), first))
            self._look(logtext.even(b"\n".join(row for _, row in joined)), [number for number, _ in joined], seen, every=every)

    def _look(self, text: bytes, numbers: int | list[int], seen: Seen, *, every: bool) -> None:
        """Find the lines where a pattern could match, then whether it does in any form of them. `numbers`: of the lines, or the first's."""
        found = self._filter.Match(text, potential=True) if text else None
        for index in found or ():
            places = {place.line: place for place in seen.places.get(self._numbers[index], ())}
            if every or len(places) < _ENOUGH:
                self._find(index, text, numbers, places, every=every)
                if places:
                    kept = sorted(places.values())
                    seen.places[self._numbers[index]] = kept if len(kept) <= 2 * _ENOUGH else kept[:_ENOUGH] + kept[-_ENOUGH:]

    def _find(self, index: int, text: bytes, numbers: int | list[int], places: dict[int, Place], *, every: bool) -> None:
        loose, exact = self._filter.re(index), compiled(self.patterns[self._numbers[index]])
        at, row, tried = 0, 0, 0
        while at <= len(text) and (every or max(tried, len(places)) < _ENOUGH) and (match := loose.search(text, at)):
            start = text.rfind(b"\n", 0, match.start()) + 1
            row, tried = row + text.count(b"\n", at, start), tried + 1
            end = text.find(b"\n", match.start())
            end = len(text) if end < 0 else end
            number = numbers + row if isinstance(numbers, int) else numbers[row]
            for form in logtext.variants(logtext.even(text[start:end])) if number not in places else ():
                if hit := exact.search(form):
                    places[number] = Place(number, _cut(form, hit.start(), hit.end()))
                    break
            at, row = end + 1, row + 1


def _cut(row: bytes, at: int, end: int) -> str:
    """A line's words around the match: what was drawn over it is left out, and so is what stands far from it."""
    first = row.rfind(b"\r", 0, at) + 1
    last = row.find(b"\r", end)
    row, at = row[first : len(row) if last < 0 else last].strip(), at - first
    start = max(0, at - _SHOWN // 3) if len(row) > _SHOWN * 4 else 0
    text = row[start : start + _SHOWN * 4].decode("utf-8", "ignore")
    return ("…" if start else "") + text[: _SHOWN * 2]


def _whole_lines(log: Iterable[bytes]) -> Iterator[bytes]:
    """The log as UTF-8 blocks of whole lines, however it was cut; of a line longer than a block, parts that overlap."""
    rest = b""
    for piece in logtext.narrow(log):
        data, at = rest + piece, 0
        while len(data) - at > BLOCK:
            cut = data.rfind(b"\n", at, at + BLOCK) + 1
            if cut:
                yield logtext.recode(data[at:cut])
                at = cut
                continue
            cut = at + BLOCK
            while data[cut] & 0xC0 == 0x80 and cut > at + BLOCK - 4:
                cut -= 1
            yield logtext.recode(data[at:cut])
            at = cut - logtext.OVERLAP
        rest = data[at:]
    if rest:
        yield logtext.recode(rest)


def lines_at(log: Iterable[bytes], numbers: Collection[int]) -> tuple[dict[int, str], int]:
    """Lines of a log by their numbers (1-based), as far as there are any, and how many the log has. Of a very long line its beginning."""
    wanted, found = set(numbers), {}
    before, ended = 0, True
    for block in _whole_lines(log):
        more = block.count(b"\n")
        if here := {number for number in wanted if before < number <= before + more + 1}:
            rows = block.split(b"\n")
            for number in here:
                row = rows[number - before - 1]
                if number not in found and (row or number <= before + more):
                    found[number] = row[: 4 * _SHOWN].decode("utf-8", "ignore")
        before, ended = before + more, block.endswith(b"\n")
    return found, before + (not ended)
