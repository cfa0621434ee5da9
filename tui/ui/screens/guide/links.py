"""The links a document holds, in order, each once."""

from __future__ import annotations

from collections.abc import Iterable

from markdown_it.token import Token

from tui.guide.model import Guide


def links_of(guide: Guide) -> tuple[tuple[str, str], ...]:
    """(words, href) of each link; the words are the href itself where the author gave none."""
    found: dict[str, str] = {}
    for token in guide.tokens:
        for href, words in _inline(token.children or ()):
            if href and not href.startswith("#"):
                found.setdefault(href, words or href)
    return tuple((words, href) for href, words in found.items())


def _inline(tokens: Iterable[Token]) -> Iterable[tuple[str, str]]:
    href, words = "", ""
    for token in tokens:
        if token.type == "link_open":
            href, words = str(token.attrGet("href") or ""), ""
        elif token.type == "link_close":
            yield href, words
            href = ""
        elif href:
            words += token.content
