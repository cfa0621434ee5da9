"""One helpful sentence where nothing is found: which word is unknown, and what is near it."""

from __future__ import annotations

from itertools import groupby

from tui.guide.search.find import split
from tui.guide.search.senses import Senses
from tui.guide.search.text import is_ideograph
from tui.texts import Text, same

_NONE = Text("没有找到“{word}”", "nothing found for “{word}”")
_NEAR = Text("没有找到“{word}”；相近的有：{near}", "nothing found for “{word}”; near it: {near}")
_APART = Text(
    "每个词都找得到，但没有一份文档同时含有{words}；少写一个词试试",
    "each word is found, but no document holds all of {words}; try with one word fewer",
)
_MOST = 3
_LIKE = 60.0


def sentence(senses: Senses, words: str) -> Text:
    """What to say when a search for `words` found nothing."""
    wanted = split(words)
    for word in wanted:
        if not senses.of(word):
            near = _parts(senses, word) or _alike(senses, word)
            if near:
                return _NEAR.fill(word=same(word), near=Text("、".join(near), ", ".join(near)))
            return _NONE.fill(word=same(word))
    if len(wanted) > 1:
        return _APART.fill(words=Text("、".join(f"“{word}”" for word in wanted), ", ".join(f"“{word}”" for word in wanted)))
    return _NONE.fill(word=same(words))


def _alike(senses: Senses, word: str) -> list[str]:
    from rapidfuzz import fuzz, process

    known = [each for each in senses.words if len(each) > 2 and not each.isdigit()]
    return [each[0] for each in process.extract(word, known, scorer=fuzz.ratio, score_cutoff=_LIKE, limit=_MOST)]


def _parts(senses: Senses, word: str) -> list[str]:
    """The longest stretches of Chinese in the word that do occur."""
    found: list[str] = []
    for chinese, run in groupby(word, is_ideograph):
        found += _known("".join(run), senses) if chinese else []
    return sorted(found, key=len, reverse=True)[:_MOST]


def _known(run: str, senses: Senses) -> list[str]:
    parts, start = [], 0
    for index in range(1, len(run) + 1):
        if index == len(run) or not senses.has(run[index - 1 : index + 1]):
            if index - start > 1:
                parts.append(run[start:index])
            start = index
    return [part for part in parts if part != run]
