"""A document's beginning, to be read while the rest of it is still being understood.

Nobody waits for line 100,000 to read line 1. What stands here knows Markdown and nothing else: no step is told from prose, so nothing in it
can run, and none of the rules has to be imported before the first words are on the screen.
"""

from __future__ import annotations

import gc
import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from markdown_it.token import Token

from tui.guide.dialect import reader
from tui.guide.model import Guide
from tui.guide.source import read

_FRONT = re.compile(r"---[ \t]*\n(?=[\w\"'-]+\s*:)(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_OTHER_FRONT = ("+++", "{")
_TITLE = re.compile(r"^title:[ \t]*([\"']?)(?P<title>.+?)\1[ \t]*$", re.MULTILINE)
_MANY_TOKENS = 20_000
LINES = 160
"""More than any screen shows at once; markdown-it reads them in a few milliseconds."""


class Beginning(NamedTuple):
    """`guide` is a guide without steps, of the first lines only (of all, if `whole`); `text` the whole document's text, read once."""

    guide: Guide
    text: str
    encoding: str
    whole: bool


def begin(path: Path, lines: int = LINES) -> Beginning:
    """Read a document and parse its first `lines` lines, not counting front matter. Raises `DocumentError` where it can't be read."""
    text, encoding = read(path)
    cut = _front(text)
    end = cut
    for _ in range(lines):
        end = text.find("\n", end) + 1
        if not end:
            end = len(text)
            break
    skipped = text.count("\n", 0, cut)
    tokens = reader().parse("\n" * skipped + text[cut:end])
    if cut:
        tokens.insert(0, Token("front_matter", "", 0, content=text[:cut], block=True, hidden=True, map=[0, skipped]))
    said = _TITLE.search(text, 0, cut)
    title = said["title"] if said else next((t.content for f, t in pairwise(tokens) if f.type == "heading_open"), "")
    guide = Guide(path, path.stem, title or path.stem, text[:end], tuple(tokens), (), "", encoding=encoding)
    return Beginning(guide, text, encoding, end == len(text))


def finish(beginning: Beginning) -> Guide:
    """The whole document, understood; for a thread of its own, because a long one takes seconds.

    The garbage collector rests meanwhile: what a parser makes all stays, and each look at it would hold up every thread.
    """
    from tui.guide.parse import parse

    was = gc.isenabled()
    gc.disable()
    try:
        guide = parse(beginning.text, beginning.guide.path, beginning.encoding)
        if len(guide.tokens) > _MANY_TOKENS:
            gc.freeze()
        return guide
    finally:
        if was:
            gc.enable()


def _front(text: str) -> int:
    """Where the document's words begin, behind its front matter."""
    if match := _FRONT.match(text):
        return match.end()
    if not text.startswith(_OTHER_FRONT):
        return 0
    from tui.guide.frontmatter import read_front  # rare, and not to be told without reading it

    front, cut = read_front(text), 0
    for _ in range(0 if front.broken else front.lines):
        cut = text.find("\n", cut) + 1 or len(text)
    return cut
