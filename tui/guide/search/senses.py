"""What a typed word may mean, and which documents hold it in which meaning, by the index alone.

As it is written, above all; spelled in pinyin; or, where neither leads anywhere, misspelled. Each meaning comes with a pattern, because the
index only knows where it may be: the document's text decides.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from enum import IntEnum
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from tui.guide.search.lines import COMMAND, HEADING, MARKUP, TEXT, TITLE
from tui.guide.search.pinyin import Sounds, Spelled
from tui.guide.search.store import GRAM, WORD, Store
from tui.guide.search.text import LATIN, grams, is_ideograph, latin

KINDS = (TITLE, HEADING, COMMAND, TEXT)
_MOST_WORDS = 400
_MOST_TYPOS = 20
_FEW_LETTERS = 3
_KEPT_SETS = 20_000


class Rank(IntEnum):
    """How well a place in a text fits the word."""

    WHOLE = 0
    BEGIN = 1
    INSIDE = 2
    SOUND = 3
    TYPO = 4
    SCRAP = 5


_BASE = {TITLE: 60, HEADING: 44, COMMAND: 32, TEXT: 24, MARKUP: 19}
WEIGHTS = {
    Rank.WHOLE: _BASE,
    Rank.BEGIN: {kind: base - 2 for kind, base in _BASE.items()},
    Rank.INSIDE: {kind: base - 4 for kind, base in _BASE.items()},
    Rank.SOUND: {kind: base * 3 // 10 for kind, base in _BASE.items()},
    Rank.TYPO: {kind: base * 3 // 20 for kind, base in _BASE.items()},
    Rank.SCRAP: {kind: base // 9 for kind, base in _BASE.items()},
}
"""What a place counts: written so > by sound > with a typo, and in each title > heading > command > text."""
HEAVIEST = _BASE[TITLE]


class Sense(NamedTuple):
    """One meaning: how it is found in a folded text, and documents (as bits) that may hold it, by weight. `rank` None: see `rank_of`.

    One that is not `cased` is found in the text as it is, too: folding a text costs more than looking through it.
    """

    pattern: re.Pattern[str]
    rank: Rank | None
    tiers: tuple[tuple[int, int], ...]
    cased: bool = True

    @property
    def bits(self) -> int:
        """All documents that may hold it."""
        found = 0
        for _, bits in self.tiers:
            found |= bits
        return found

    def rank_of(self, match: re.Match[str]) -> Rank:
        """How well a match of the pattern fits: a Latin word whole, its beginning, or inside of one."""
        if self.rank is not None:
            return self.rank
        text, start, end = match.string, match.start(), match.end()
        begins = not LATIN.match(text[start - 1 : start])
        if begins:
            return Rank.BEGIN if LATIN.match(text[end : end + 1]) else Rank.WHOLE
        return inside(end - start)


def inside(letters: int) -> Rank:
    """A few letters in the middle of a word are chance more often than meant."""
    return Rank.SCRAP if letters <= _FEW_LETTERS else Rank.INSIDE


class Senses:
    """The index, asked for the meanings of words. Good as long as the index does not change (`generation`)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.generation = store.generation
        self._sets: dict[str, dict[int, int]] = {}

    def of(self, word: str) -> list[Sense]:
        """The meanings of one folded word that some document holds, the likeliest first."""
        found = [self._written(word)]
        ways = [*self._sounds.spelled(word), *self._sounds.initials(word)] if word.isascii() else []
        found += [sense for way in ways if (sense := self._sounded(way)).bits]
        if not any(sense.bits for sense in found) and (typo := self._misspelled(word)) is not None:
            found.append(typo)
        return [sense for sense in found if sense.bits]

    # ---- as written

    def _written(self, word: str) -> Sense:
        pattern = re.compile(re.escape(word))
        if not LATIN.fullmatch(word):
            tiers = [(WEIGHTS[Rank.WHOLE][kind], self._held(word, kind)) for kind in KINDS]
            return Sense(pattern, Rank.WHOLE, tuple(tiers), cased=not all(map(is_ideograph, word)))
        longer = self.containing(word)
        begun = [each for each in longer or () if each.startswith(word)]
        tiers = []
        for kind in KINDS:
            tiers.append((WEIGHTS[Rank.WHOLE][kind], self._any([word], WORD + kind)))
            tiers.append((WEIGHTS[Rank.BEGIN][kind], self._any(begun, WORD + kind)))
            rest = self._held(word, kind) if longer is None else self._any(longer, WORD + kind)
            tiers.append((WEIGHTS[inside(len(word))][kind], rest))
        return Sense(pattern, None, tuple(tiers))

    def _held(self, word: str, kind: int) -> int:
        """Documents that hold all pairs of the word, and every Latin part of it within some word; more than hold the word itself."""
        parts = grams(word)
        found = -1
        for sets in (self._look(parts).get(part, {}) for part in parts):
            found &= sets.get(GRAM + kind, 0)
        for part in latin(word):
            if len(part) > 2 and (longer := self.containing(part)) is not None:
                found &= self._any(longer, WORD + kind)
        return found

    def containing(self, part: str) -> list[str] | None:
        """The library's Latin words that contain `part`, itself too; None if they are too many to look up one by one."""
        found: list[str] = []
        at = self._joined.find(part)
        while at >= 0:
            end = self._joined.find("\n", at)
            found.append(self._joined[self._joined.rfind("\n", 0, at) + 1 : end])
            if len(found) > _MOST_WORDS:
                return None
            at = self._joined.find(part, end)
        return found

    # ---- by sound

    def _sounded(self, way: Spelled) -> Sense:
        pairs = [self._pairs(first, second) for first, second in pairwise(way.characters)]
        tiers = []
        for kind in KINDS:
            bits = -1
            for some in pairs:
                bits &= self._any(some, GRAM + kind)
            tiers.append((WEIGHTS[Rank.SOUND][kind], bits))
        return Sense(re.compile(way.pattern), Rank.SOUND, tuple(tiers), cased=False)

    def _pairs(self, first: frozenset[str], second: frozenset[str]) -> list[str]:
        return [a + b for a in first for b in self._followers.get(a, ()) if b in second]

    # ---- with a typo

    def _misspelled(self, word: str) -> Sense | None:
        near = self.typos(word)
        if not near:
            return None
        pattern = re.compile(r"(?<![^\W\u2e80-\U0010ffff])(?:" + "|".join(map(re.escape, near)) + ")")
        tiers = tuple((WEIGHTS[Rank.TYPO][kind], self._any(near, WORD + kind)) for kind in KINDS)
        return Sense(pattern, Rank.TYPO, tiers)

    def typos(self, word: str) -> list[str]:
        """Known words one slip away from a Latin word (two, if it is long), else those whose beginning is: it is still being typed."""
        if len(word) <= _FEW_LETTERS or not LATIN.fullmatch(word):
            return []
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        slips = 1 if len(word) < 7 else 2
        near = process.extract(word, self.words, scorer=OSA.distance, score_cutoff=slips, limit=_MOST_TYPOS)
        if near or len(word) < 5:
            return [each[0] for each in near]
        begun = list({each[: len(word)] for each in self.words if len(each) > len(word)})
        starts = tuple(each[0] for each in process.extract(word, begun, scorer=OSA.distance, score_cutoff=1, limit=_MOST_TYPOS))
        return [each for each in self.words if each.startswith(starts)][:_MOST_WORDS] if starts else []

    # ---- what the index holds

    @cached_property
    def words(self) -> list[str]:
        """All Latin words of the library."""
        return self._store.terms(WORD + TEXT)

    @cached_property
    def _joined(self) -> str:
        return "\n" + "\n".join(self.words) + "\n"

    @cached_property
    def _followers(self) -> dict[str, list[str]]:
        """For each Chinese character, those that ever stand behind it."""
        found: dict[str, list[str]] = defaultdict(list)
        for term in self._store.terms(GRAM + TEXT):
            if len(term) > 1 and is_ideograph(term[0]) and is_ideograph(term[1]):
                found[term[0]].append(term[1])
        return found

    @cached_property
    def _sounds(self) -> Sounds:
        return Sounds({*self._followers, *(char for row in self._followers.values() for char in row)})

    def has(self, gram: str) -> bool:
        """Does any document hold this character or pair?"""
        return bool(self._any([gram], GRAM + TEXT))

    def _any(self, terms: Iterable[str], slot: int) -> int:
        """The documents that hold at least one of the terms."""
        bits = 0
        for sets in self._look(terms).values():
            bits |= sets.get(slot, 0)
        return bits

    def _look(self, terms: Iterable[str]) -> dict[str, dict[int, int]]:
        terms = list(terms)
        unknown = [term for term in terms if term not in self._sets]
        if len(self._sets) + len(unknown) > _KEPT_SETS:
            self._sets.clear()
            unknown = terms
        for term in unknown:
            self._sets[term] = {}
        for (term, slot), bits in self._store.sets(unknown).items():
            self._sets[term][slot] = bits
        return {term: self._sets[term] for term in terms}
