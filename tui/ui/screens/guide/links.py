"""The links a reader may want to open: those of the document, and the one a running command asks to be opened."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markdown_it.token import Token

from tui.guide.model import Guide
from tui.ui.screens.guide.runner import Runner

_URL = re.compile(r"https?://[^\s\"'<>]+[^\s\"'<>.,;:!?)]")
_LINES = 200
"""Lines of a log, from its end, in which a link may be waiting."""


def links_of(guide: Guide) -> tuple[tuple[str, str], ...]:
    """(words, href) of each link; the words are the href itself where the author gave none."""
    found: dict[str, str] = {}
    for token in guide.tokens:
        for href, words in _inline(token.children or ()):
            if href and not href.startswith("#"):
                found.setdefault(href, words or href)
    return tuple((words, href) for href, words in found.items())


def told(runner: Runner) -> str | None:
    """The link that an action waits for somebody to open."""
    return next((step.wait.url for step in runner.state.steps.values() if step.wait is not None and step.wait.url), None)


def awaited(runner: Runner) -> str | None:
    """The link that the run waits for: one an action told, else the last one a command printed that is still running."""
    if (link := told(runner)) is not None:
        return link
    latest = runner.latest
    command = runner.command(latest) if latest else None
    if latest is None or command is None or command.end is not None:
        return None
    runner.flush()
    log = runner.logs[latest]
    found = _URL.findall(log.plain(max(log.dropped, len(log) - _LINES), len(log)))
    return found[-1] if found else None


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
