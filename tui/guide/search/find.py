"""The search itself: the index says which documents may match and how well, the documents' own text decides, and names the line.

All words must be in the document, each in some meaning. Only the best candidates are read (as many as are asked for), so that a key press
costs the same whether ten documents match or ten thousand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tui.guide.folders import FAILURES
from tui.guide.library import TWIN, family
from tui.guide.search import lines
from tui.guide.search.senses import HEAVIEST, WEIGHTS, Rank, Sense, Senses
from tui.guide.search.store import Store, unpacked
from tui.guide.search.text import fold, small
from tui.texts import Language

_MOST_PLACES = 40
_TOGETHER = 2
_NEARLY = 0.02
"""Scores as near as this are as good as each other; then what kind of line and what kind of document decide."""
_LIKE_AN_ERROR = re.compile(
    "error|fail|fatal|denied|refused|timed? ?out|cannot|can't|could not|unable|unreachable|no such|not found|panic|exception"
    "|错误|失败|拒绝|超时|无法|不能|不上|不了|找不到|没有那个"
)
"""Words that somebody copies from a log: their answer is a failure page. What one wants to do is in a guide."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that matches. `line` counts from 1; `heading` are the headings it stands under, the outermost first.

    `text` is the line without the marks before its words, `spans` are (start, end) in characters of it; `score` is between 0 and 1.
    `titled`: it is a title or a heading.
    """

    path: Path
    title: str
    line: int
    heading: tuple[str, ...]
    text: str
    spans: tuple[tuple[int, int], ...]
    score: float
    titled: bool = False

    @property
    def failure(self) -> bool:
        """Is it in a failure page?"""
        return FAILURES in self.path.parts[:-1]


@dataclass(frozen=True, slots=True)
class Found:
    """The hits, the best first. `total` is the number of documents that match; an upper bound where not `counted`."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    counted: bool = True


class Stopped(Exception):
    """Nobody wants to know any more."""


def split(words: str) -> list[str]:
    """What was typed, as the words that must all be there."""
    return list(dict.fromkeys(fold(words).split()))


def find(
    store: Store,
    senses: Senses,
    words: str,
    *,
    language: Language,
    limit: int | None = None,
    every_line: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Found:
    """One hit per document, of twins in two languages only one, at most `limit`; or every line that holds one of the words.

    Raises Stopped when `stop` says so, and sqlite3.Error.
    """
    wanted = [senses.of(word) for word in split(words)]
    if not wanted or not all(wanted):
        return Found()
    scores = _estimate(wanted)
    held = [[(sense, sense.bits) for sense in each] for each in wanted]
    hits: list[Hit] = []
    families: dict[Path, int] = {}
    many, read = len(scores) - scores.count(0), 0
    for read, number in enumerate(_best_first(scores), 1):
        if read % 16 == 0 and stop():
            raise Stopped
        found = _Document.read(store, number, every=every_line)
        if found is None or not found.look(held):
            continue
        if every_line:
            hits += found.lines()
        else:
            _put(found.best(), hits, families, language)
        if limit is not None and len(hits) >= limit:
            break
    counted = read >= many
    failures_first = bool(_LIKE_AN_ERROR.search(fold(words)))
    hits.sort(
        key=lambda hit: (-round(hit.score / _NEARLY), not hit.titled, hit.failure is not failures_first, -hit.score, hit.path, hit.line)
    )
    total = len({hit.path for hit in hits}) if counted else many
    return Found(tuple(hits), total, counted)


def _put(hit: Hit, hits: list[Hit], families: dict[Path, int], language: Language) -> None:
    """Add a hit; of twins keep the one in the reader's language."""
    known = families.setdefault(family(hit.path), len(hits))
    if known == len(hits):
        hits.append(hit)
    elif _speaks(hit.path, language) > _speaks(hits[known].path, language):
        hits[known] = hit


def _speaks(path: Path, language: Language) -> int:
    ending = match[1] if (match := TWIN.search(path.stem)) else ""
    return (("en", "", "zh") if language == "zh" else ("zh", "", "en")).index(ending)


def _estimate(wanted: list[list[Sense]]) -> bytes:
    """For each document number what it may score, as one byte; 0 where a word is surely missing."""
    tiers = [sorted((tier for sense in each for tier in sense.tiers), reverse=True) for each in wanted]
    size = max(bits.bit_length() for each in tiers for _, bits in each)
    share = -(-len(wanted) * HEAVIEST // 255)
    candidates, total = (1 << size) - 1, 0
    for each in tiers:
        seen = 0
        for heavy, bits in each:
            if fresh := bits & ~seen:
                total += _spread(fresh, max(1, heavy // share), size)
                seen |= bits
        candidates &= seen
    return (total & _spread(candidates, 255, size)).to_bytes(size, "big")[::-1]


def _spread(bits: int, value: int, size: int) -> int:
    """A number with `value` in the byte of every bit that is set: all documents of a set are weighed in one addition."""
    return int.from_bytes(f"{bits:0{size}b}".encode().translate(bytes.maketrans(b"01", bytes((0, value)))), "big")


def _best_first(scores: bytes) -> Iterator[int]:
    """The document numbers by falling score, found only as far as they are wanted."""
    for score in sorted({*scores} - {0}, reverse=True):
        number = scores.find(score)
        while number >= 0:
            yield number
            number = scores.find(score, number + 1)


@dataclass(slots=True)
class _Document:
    number: int
    path: str
    title: str
    names: str
    wide: bool
    source: lines.Lines
    most: int | None
    weights: dict[int, dict[int, int]] = field(default_factory=dict)  # line → word → weight
    spans: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    words: int = 0

    @classmethod
    def read(cls, store: Store, number: int, *, every: bool) -> _Document | None:
        sql = "SELECT path, title, names, wide, body, marks, starts FROM docs JOIN bodies USING (id) WHERE docs.id = ?"
        row = store.db.execute(sql, (number,)).fetchone()
        if row is None:
            return None
        source = lines.Lines(row[4], row[5], unpacked(row[6]))
        return cls(number, row[0], row[1], row[2], bool(row[3]), source, None if every else _MOST_PLACES)

    def look(self, wanted: list[list[tuple[Sense, int]]]) -> bool:
        """Find every word, in the meanings that the index knows here; False if one is not there after all."""
        folded = ""
        self.words = len(wanted)
        for index, senses in enumerate(wanted):
            here = [sense for sense, bits in senses if bits >> self.number & 1]
            there = False
            for sense in here:
                if sense.cased and not folded:
                    folded = (fold if self.wide else small)(self.source.text)
                for match in islice(sense.pattern.finditer(folded if sense.cased else self.source.text), self.most):
                    self._mark(index, sense, match)
                    there = True
            if not there and not self._named(index, here):
                return False
        return True

    def _mark(self, index: int, sense: Sense, match: re.Match[str]) -> None:
        line = self.source.at(match.start())
        heavy = WEIGHTS[sense.rank_of(match)][self.source.marks[line]]
        known = self.weights.setdefault(line, {})
        if heavy > known.get(index, 0):
            known[index] = heavy
        start = self.source.starts[line]
        self.spans.setdefault(line, []).append((match.start() - start, match.end() - start))

    def _named(self, index: int, senses: Iterable[Sense]) -> bool:
        """A word of the file's name counts as one of its title."""
        names = fold(self.names)
        if not any(sense.pattern.search(names) for sense in senses):
            return False
        line = max(0, self.source.marks.find(lines.TITLE))
        self.weights.setdefault(line, {})[index] = WEIGHTS[Rank.INSIDE][lines.HEADING]
        return True

    def best(self) -> Hit:
        """The line that holds the most words, in the best places; scored by the best place of each word in the whole document."""
        line = max(self.weights, key=lambda each: (len(self.weights[each]), sum(self.weights[each].values()), -each))
        heaviest = [max(row.get(word, 0) for row in self.weights.values()) for word in range(self.words)]
        return self._hit(line, sum(heaviest) + _TOGETHER * (len(self.weights[line]) - 1))

    def lines(self) -> Iterator[Hit]:
        """Every line that holds a word."""
        for line, found in self.weights.items():
            if line in self.spans:
                yield self._hit(line, sum(found.values()) + _TOGETHER * (len(found) - 1))

    def _hit(self, line: int, points: int) -> Hit:
        skipped, text = lines.bare(self.source.line(line))
        spans = ((max(0, start - skipped), end - skipped) for start, end in self.spans.get(line, ()))
        whole = HEAVIEST * self.words + _TOGETHER * (self.words - 1)
        return Hit(
            Path(self.path),
            self.title,
            line + 1,
            self.source.path_of(line),
            text,
            _merged((start, end) for start, end in spans if start < end <= len(text)),
            round(points / whole, 3),
            self.source.marks[line] in (lines.TITLE, lines.HEADING),
        )


def _merged(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
