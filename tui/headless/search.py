"""`zhinan search`: what the library's documents say about some words, one line each, as grep prints it.

The exit codes are grep's: 0 found, 1 nothing found. What is only for a person (progress, a hint) goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys

import click

from tui.config import Settings
from tui.errors import UsageError
from tui.guide import library
from tui.guide.search.find import Hit, split
from tui.guide.search.index import Index, wire
from tui.run.clean import clean
from tui.texts import Text

_READING = Text("正在建立索引：{done}/{all}", "making the index: {done}/{all}")
_NO_WORDS = Text("要找什么？给出至少一个词", "search for what? give at least one word")
_SLOW = 500
"""Documents to read from which on a person would wonder what takes so long."""


def search(settings: Settings, words: str, *, every_line: bool, as_json: bool) -> int:
    """Print the hits; gives the exit code. Raises UsageError where `words` holds none."""
    if not split(words):
        raise UsageError(_NO_WORDS)
    index = Index(settings.home, (library.builtin_dir(), *settings.folders))
    try:
        index.update(_progress)
        hits = index.find(words, language=settings.language, every_line=every_line).hits
        hint = None if hits else index.near(words)
    finally:
        index.close()
    if as_json:
        click.echo(json.dumps([wire(hit) for hit in hits], ensure_ascii=False, indent=2))
    else:
        for hit in hits:
            click.echo(_line(hit), color=None if "NO_COLOR" not in os.environ else False)
    if hint is not None:
        click.echo(clean(str(hint)), err=True)
    return 0 if hits else 1


def _progress(done: int, everything: int) -> None:
    if everything >= _SLOW and sys.stderr.isatty() and (done % 100 == 0 or done == everything):
        click.echo(f"\r{_READING.fill(done=done, all=everything)}", err=True, nl=done == everything)


def _line(hit: Hit) -> str:
    """`FILE:LINE: text`, what matched in bold, and in brackets the heading it stands under."""
    parts, at = [], 0
    for start, end in hit.spans:
        parts += [clean(hit.text[at:start]), click.style(clean(hit.text[start:end]), bold=True)]
        at = end
    text = "".join((*parts, clean(hit.text[at:])))
    under = click.style(f"  [{clean(hit.heading[-1])}]", dim=True) if hit.heading else ""
    return f"{clean(str(library.short(hit.path)))}:{hit.line}: {text}{under}"
