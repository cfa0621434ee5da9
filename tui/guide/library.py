"""The guides the program knows: the built-in ones and the user's folders, listed cheaply.

A listing must not parse a thousand documents: title, summary and the number of steps are read off lines, and what is wrong with a file
is told in its entry instead of stopping the list.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tui import texts
from tui.errors import DocumentError, UsageError
from tui.guide.blocks import blocks
from tui.guide.dialect import reader
from tui.guide.folders import FAILURES, SUFFIXES, builtin_dir, documents, is_document
from tui.guide.frontmatter import read_front
from tui.guide.labels import numbered
from tui.guide.source import read
from tui.texts import Language, Text, same

__all__ = ["TWIN", "Entry", "builtin_dir", "documents", "entries", "family", "find", "is_document", "short"]

_reader = cache(reader)
TWIN = re.compile(r"\.(en|zh)$")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_MARKED = re.compile(r"[\\`*_\[\]<>&~!#]")
_QUESTION = re.compile(r"(?:Q|问题?)\s*\d+\b", re.IGNORECASE)
_ANNOTATED = re.compile(r"^\s*<!--\s*step\b")


class Question(NamedTuple):
    """One of several questions in a file: where it begins (`line`), and the chapter heading it stands under, if any."""

    title: str
    line: int
    chapter: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One guide in the library. `problem` explains a file that can't be read; the other fields are then made from its name.

    `steps` is the number of numbered or annotated steps, 0 where only opening the guide would tell. `folder` is the library folder
    it was found under; `chapter` the sub-folder in it, `/`-separated. `questions` are those of a file that holds several (Q1, Q2, …).
    """

    path: Path
    id: str
    title: str
    folder: Path
    summary: str = ""
    chapter: str = ""
    steps: int = 0
    language: Language = "zh"
    problem: Text | None = None
    questions: tuple[Question, ...] = ()


Kept = dict[Path, tuple[int, int, Entry]]
"""Entries read before, with size and time of their files, so that a listing reads again only what changed."""


def entries(folders: Iterable[Path], language: Language, *, failures: bool = False, kept: Kept | None = None) -> list[Entry]:
    """All guides under the folders (or all failure pages), in order; of `x.md` and `x.en.md` the one in `language`.

    Missing folders hold none. What is in `kept` is not read again, unless its file changed; what is read is put there.
    """
    found: list[Entry] = []
    for folder in folders:
        twins: dict[Path, dict[str, Path]] = {}
        for path in documents(folder, failures=failures):
            if failures and FAILURES not in path.relative_to(folder).parts[:-1]:
                continue
            suffix = TWIN.search(path.stem)
            twins.setdefault(family(path), {})[suffix[1] if suffix else ""] = path
        found += [_kept_entry(_choose(group, language), folder, {} if kept is None else kept) for _, group in sorted(twins.items())]
    return found


def find(name: str | Path, folders: Iterable[Path] = ()) -> Path:
    """A path as given, or the guide with that id or file name in `folders` or the built-in folder, in the language spoken now.

    Raises `UsageError` naming the nearest guide.
    """
    path = Path(name)
    if os.path.isfile(name) or _is_path(str(name)):  # noqa: PTH113  Path.is_file raises for a name that is too long
        return path
    known: dict[str, Path] = {}
    for folder in (*folders, builtin_dir()):
        for entry in documents(folder, failures=True):
            known.setdefault(entry.stem, entry)
    if str(name) in known:
        return in_our_language(known[str(name)])
    for path in known.values():
        identity = _head(path)
        if identity == str(name):
            return in_our_language(path)
    near = difflib.get_close_matches(str(name), list(known), 1, 0.4)
    if near:
        words = Text("没有叫 “{name}” 的指南，是不是想打开 “{near}”？", "there is no guide “{name}”, did you mean “{near}”?").fill(
            near=same(near[0])
        )
    else:
        words = Text("没有叫 “{name}” 的指南；请给出文件路径", "there is no guide “{name}”; give the path of a file")
    raise UsageError(words.fill(name=same(str(name))))


def in_our_language(path: Path) -> Path:
    """The English twin of a guide found by name, where English is spoken and there is one; they run the same commands."""
    twin = path.with_suffix(".en.md")
    return twin if texts.language() == "en" and twin.is_file() else path


def _is_path(name: str) -> bool:
    return os.sep in name or "/" in name or "\\" in name or name.lower().endswith(SUFFIXES)


def _head(path: Path) -> str:
    """A document's own id, or nothing where it can't be read."""
    try:
        return read_front(read(path)[0]).id
    except DocumentError:
        return ""


def family(path: Path) -> Path:
    """The same for `x.md`, `x.en.md` and `x.zh.md`: they are one document in several languages."""
    return path.with_name(TWIN.sub("", path.stem))


def short(path: Path) -> Path:
    """The path from here, if it is below."""
    try:
        return path.relative_to(Path.cwd())
    except (ValueError, OSError):  # elsewhere; or where we are is gone
        return path


def _choose(group: dict[str, Path], language: Language) -> Path:
    """The twin in the wanted language; the unmarked file speaks Chinese where an English twin stands beside it."""
    order = ("en", "", "zh") if language == "en" else ("zh", "", "en")
    return next(group[key] for key in order if key in group)


def _kept_entry(path: Path, folder: Path, kept: Kept) -> Entry:
    try:
        found = path.stat()
    except OSError:
        return _entry(path, folder)
    known = kept.get(path)
    if known is None or known[:2] != (found.st_size, found.st_mtime_ns) or known[2].folder != folder:
        known = kept[path] = (found.st_size, found.st_mtime_ns, _entry(path, folder))
    return known[2]


def _entry(path: Path, folder: Path) -> Entry:
    try:
        text, _ = read(path)
    except DocumentError as error:
        return unreadable(path, folder, error.text)
    return described(path, folder, text)[0]


def unreadable(path: Path, folder: Path, problem: Text) -> Entry:
    """The entry of a file that is no document."""
    stem = TWIN.sub("", path.stem)
    return Entry(path, stem, stem, folder, chapter=_chapter(path, folder), problem=problem)


def _chapter(path: Path, folder: Path) -> str:
    chapter = path.parent.relative_to(folder).as_posix()
    return "" if chapter == "." else chapter


def described(path: Path, folder: Path, text: str) -> tuple[Entry, int]:
    """A document's entry, and how many lines its front matter takes."""
    chapter, stem = _chapter(path, folder), TWIN.sub("", path.stem)
    front = read_front(text)
    lines = text.split("\n")[0 if front.broken else front.lines :]
    title, steps, questions = _scan(lines, 0 if front.broken else front.lines)
    chinese = len(re.findall(r"[\u4e00-\u9fff]", text[:20_000]))
    language: Language = front.language or ("zh" if chinese * 2 >= len(re.findall(r"[A-Za-z]+", text[:20_000])) / 2 else "en")
    summary = front.summary or _summary(lines)
    entry = Entry(path, front.id or stem, front.title or title or stem, folder, summary, chapter, steps, language, None, questions)
    return entry, 0 if front.broken else front.lines


def _scan(lines: list[str], before: int) -> tuple[str, int, tuple[Question, ...]]:
    """The first heading, how many headings begin a numbered or annotated step, and the questions if there are several.

    Fences are skipped; `before` lines stand before these.
    """
    title, steps, fence, annotated, above = "", 0, "", False, ""
    questions: list[Question] = []
    for number, line in enumerate(lines, before + 1):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if mark:
            fence = mark[1]
            continue
        annotated = annotated or bool(_ANNOTATED.match(line))
        heading = _HEADING.match(line)
        if heading:
            words = plain(heading[2])
            title = title or words
            steps += bool(annotated or numbered(words))
            annotated = False
            if _QUESTION.match(words):
                questions.append(Question(words, number, above))
            elif not numbered(words):
                above = words
    return title, steps, tuple(questions) if len(questions) > 1 else ()


def plain(markdown: str) -> str:
    """A heading's words without Markdown's marks."""
    if not _MARKED.search(markdown):
        return markdown.strip()
    tokens = _reader().parse("# " + markdown)
    row = blocks(tokens)
    return row[0].plain if row else markdown


def _summary(lines: list[str]) -> str:
    """The first paragraph's first line, without Markdown's marks."""
    for line in lines[:60]:
        words = line.strip()
        if words and words[0] not in "#<>|-*`~![+=" and not words[0].isdigit():
            return re.sub(r"[*_`]|\[([^\]]*)\]\([^)]*\)", r"\1", words)[:200]
    return ""
