"""What stands in the library, as the rows of a list: what was used lately, guides by heading, failure pages; or what was found."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui.guide import library
from tui.guide.library import Entry, Question
from tui.guide.search.find import Found, Hit
from tui.run.recent import Used, recent
from tui.texts import Language, Text, same

_MOST_USED = 3
MOST_LISTED = 500
"""Nobody scrolls through more, and each has to be drawn."""
_QUESTION = re.compile(r"Q(\d+)\b")
_USED = Text("最近用过", "Used lately")
_BUILT_IN = Text("指南", "Guides")
_OWN = Text("我的  {folder}", "Mine  {folder}")
_FAILURES = Text("故障页  {n} 篇", "Failure pages  {n}")
_MORE = Text("还有 {n} 份没有列出：按 / 查找", "{n} more are not listed: press / to search")
_FOUND = Text("指南  含有“{words}”的 {n} 份", "Guides  {n} with “{words}”")
_FOUND_PAGES = Text("故障页  含有“{words}”的 {n} 份", "Failure pages  {n} with “{words}”")
_BEST = Text("最合适的 {n} 份，全部约 {all} 份", "The best {n} of about {all}")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: a heading, or something to open. `folded` is set for the failure pages' heading, which shows and hides them."""

    heading: Text | None = None
    entry: Entry | None = None
    question: Question | None = None
    used: Used | None = None
    hit: Hit | None = None
    folded: bool | None = None

    @property
    def path(self) -> Path | None:
        """The document it opens."""
        for each in (self.hit, self.used, self.entry):
            if each is not None:
                return each.path
        return None

    @property
    def line(self) -> int | None:
        """The line to open it at; None for the beginning."""
        place = self.hit or self.question
        return place.line if place is not None else None

    @property
    def title(self) -> str:
        """What it is called."""
        named = self.question or self.hit or self.used or self.entry
        return named.title if named is not None else ""

    @property
    def mark(self) -> tuple[object, ...]:
        """The same for the same thing in another list; twins count as one."""
        stem = library.family(self.path) if self.path is not None else None
        return (stem, self.line if self.hit is None else None, self.used is not None, self.folded is not None)


@dataclass(slots=True)
class Shelf:
    """All there is to list."""

    guides: list[Entry] = field(default_factory=list)
    failures: list[Entry] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Is there nothing at all?"""
        return not self.guides and not self.failures


def places(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Where documents are: the built-in folder, then the reader's own."""
    return (library.builtin_dir(), *folders)


def read_all(folders: Sequence[Path], language: Language, home: Path, kept: library.Kept) -> Shelf:
    """The built-in guides (Q1, Q2, …), then those of the reader's own folders as their files are named; of twins the one in `language`."""
    where = places(folders)
    guides = library.entries(where, language, kept=kept)
    guides.sort(key=lambda entry: (0, entry.chapter, _number(entry)) if entry.folder == library.builtin_dir() else (1, "", 0))
    return Shelf(guides, library.entries(where, language, failures=True, kept=kept), recent(home, _MOST_USED))


def _number(entry: Entry) -> int:
    """Which question it is; those without a number come last."""
    found = _QUESTION.match(entry.title)
    return int(found[1]) if found else sys.maxsize


def rows(shelf: Shelf, *, failures_open: bool) -> Iterator[Row]:
    """Everything, each group under its heading."""
    if shelf.used:
        yield Row(heading=_USED)
        yield from (Row(used=used) for used in shelf.used)
    last: Text | None = None
    for entry in shelf.guides[:MOST_LISTED]:
        heading = _heading(entry)
        if heading != last:
            last = heading
            yield Row(heading=heading)
        yield Row(entry=entry)
        yield from _questions(entry)
    if len(shelf.guides) > MOST_LISTED:
        yield Row(heading=_MORE.fill(n=len(shelf.guides) - MOST_LISTED))
    if shelf.failures:
        yield Row(heading=_FAILURES.fill(n=len(shelf.failures)), folded=not failures_open)
        if failures_open:
            yield from (Row(entry=entry) for entry in shelf.failures)


def found_rows(found: Found, words: str) -> Iterator[Row]:
    """What was found: guides first, then failure pages, each the best first."""
    if not found.counted:
        yield Row(heading=_BEST.fill(n=len(found.hits), all=found.total))
    for text, failure in ((_FOUND, False), (_FOUND_PAGES, True)):
        hits = [hit for hit in found.hits if hit.failure is failure]
        if hits:
            yield Row(heading=text.fill(words=same(words), n=len(hits)))
            yield from (Row(hit=hit) for hit in hits)


def _questions(entry: Entry) -> Iterator[Row]:
    above = ""
    for question in entry.questions:
        if question.chapter not in (above, entry.title):
            above = question.chapter
            yield Row(heading=same(f"    {above}"))
        yield Row(entry=entry, question=question)


def _heading(entry: Entry) -> Text:
    built_in = entry.folder == library.builtin_dir()
    shelf = _BUILT_IN if built_in else _OWN.fill(folder=_short(entry.folder))
    if not entry.chapter:
        return shelf
    return Text("{shelf} › {chapter}", "{shelf} › {chapter}").fill(shelf=shelf, chapter=same(entry.chapter))


def _short(folder: Path) -> str:
    """The folder as a person writes it, with `~` for the home."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(folder)
