"""How text is folded and cut, the same way for documents and for what is typed.

SQLite's FTS5 finds no Chinese word of two characters (its trigrams need three, its other tokenizer takes a sentence for a word). Here
every pair of neighbouring characters is looked up as such (登录 is one pair, 防火墙 two), in any script; Latin words are kept whole
beside that, because their pairs are the same few hundred everywhere. A document that holds the typed characters holds all their pairs,
so nothing is missed; that it holds them side by side is then read off its text.
"""

from __future__ import annotations

import re
from itertools import pairwise

LATIN = re.compile(r"[^\W\u2e80-\U0010ffff]+")
"""Words of scripts that put blanks between them; Chinese, Japanese and Korean characters are in none."""
_FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ]")
_TO_HALF = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B)}


def fold(text: str) -> str:
    """Lower case, full-width letters and digits as the usual ones; every character stays where it was."""
    low = small(text)
    return low.translate(_TO_HALF) if has_wide(low) else low


def small(text: str) -> str:
    """Lower case, every character where it was."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(each if len(each := char.lower()) == 1 else char for char in text)


def has_wide(text: str) -> bool:
    """Are there full-width letters or digits? (Rare, and to look for them costs more than to lower a text.)"""
    return not text.isascii() and _FULL_WIDTH.search(text) is not None


def grams(folded: str) -> set[str]:
    """Every character but blanks, and every pair of neighbours."""
    singles = set(folded)
    blank = {char for char in singles if char.isspace() or not char.isprintable()}
    return (singles - blank) | {a + b for a, b in set(pairwise(folded)) if a not in blank and b not in blank}


def latin(folded: str) -> set[str]:
    """The Latin words."""
    return set(LATIN.findall(folded))


def is_ideograph(char: str) -> bool:
    """Is it a Chinese character?"""
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf"
