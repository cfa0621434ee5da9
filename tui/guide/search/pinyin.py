"""Chinese found by its sounds: `denglu` and `dl` both mean 登录.

Nothing is kept in the index for it. What was typed becomes a pattern over characters (any that can sound `deng`, then any that can
sound `lu`), which finds the pairs of characters to look up, and later the very place in the text.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MOST_LETTERS = 30
_READINGS = 2
_MOST_WAYS = 8
_INITIALS = range(2, 9)


class Spelled(NamedTuple):
    """One way to read what was typed: for each Chinese character the ones it could be."""

    characters: tuple[frozenset[str], ...]

    @property
    def pattern(self) -> str:
        """A regular expression for them."""
        return "".join(f"[{''.join(sorted(each))}]" for each in self.characters)


class Sounds:
    """How the characters of a library sound; of several readings the two usual ones count."""

    def __init__(self, characters: Iterable[str]) -> None:
        self._by_sound: dict[str, set[str]] = {}
        self._by_initial: dict[str, set[str]] = {}
        table = _table()
        for character in characters:
            for sound in table.get(ord(character), "").split(",")[:_READINGS]:
                plain = _plain(sound)
                if plain:
                    self._by_sound.setdefault(plain, set()).add(character)
                    self._by_initial.setdefault(plain[0], set()).add(character)
        self._longest = max(map(len, self._by_sound), default=0)

    def spelled(self, word: str) -> list[Spelled]:
        """Whole syllables, two or more of them, the last one perhaps not yet typed to its end."""
        if not (word.isascii() and word.isalpha() and 3 <= len(word) <= _MOST_LETTERS):
            return []
        ways = []
        for syllables in self._split(word):
            whole = (frozenset(self._by_sound[each]) for each in syllables[:-1])
            ways.append(Spelled((*whole, self._begins(syllables[-1]))))
            if len(ways) == _MOST_WAYS:
                break
        return ways

    def initials(self, word: str) -> list[Spelled]:
        """The first letter of each character's sound."""
        if not (word.isascii() and word.isalpha() and len(word) in _INITIALS):
            return []
        sets = [frozenset(self._by_initial.get(letter, ())) for letter in word]
        return [Spelled(tuple(sets))] if all(sets) else []

    def _begins(self, start: str) -> frozenset[str]:
        return frozenset().union(*(found for sound, found in self._by_sound.items() if sound.startswith(start)))

    def _split(self, word: str, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        if before and any(sound.startswith(word) for sound in self._by_sound):
            yield (*before, word)
        for size in range(min(self._longest, len(word) - 1), 0, -1):
            if word[:size] in self._by_sound:
                yield from self._split(word[size:], (*before, word[:size]))


def _table() -> dict[int, str]:
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # single characters are all that is asked for; the phrases take 20 MB
    from pypinyin.pinyin_dict import pinyin_dict

    return pinyin_dict


def _plain(sound: str) -> str:
    """Without tones, `ü` typed as `v`."""
    letters = unicodedata.normalize("NFD", sound.replace("ǖ", "v").replace("ǘ", "v").replace("ǚ", "v").replace("ǜ", "v").replace("ü", "v"))
    return re.sub("[^a-z]", "", letters)
