"""What is wrong in failure pages, beyond what reading one met: patterns that can't work or find everything, names that lead nowhere."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from tui.guide import failures, tryout
from tui.guide.folders import FAILURES, builtin_dir
from tui.guide.model import Level, Problem
from tui.judge.diagnose import Book
from tui.judge.failure import HARMLESS, Page, Sign
from tui.judge.patterns import BadPattern, Patterns, compiled
from tui.texts import Text, same


def lint_pages(paths: Iterable[Path], known: Collection[str], shelf: Iterable[Path] = ()) -> dict[Path, list[Problem]]:
    """The problems of failure pages, by file. `known`: the ids of all pages in the library, these included.

    `shelf` are the library's pages, in the order in which the first of two with one id counts.
    """
    paths = list(paths)
    found: dict[Path, list[Problem]] = {}
    first: dict[str, Path] = {}
    for path in shelf:
        first.setdefault(path.stem, path)
    pages = []
    for path in paths:
        loaded = failures.load(path)
        found[path] = list(loaded.problems)
        if loaded.page:
            pages.append(loaded.page)
            found[path] += [*_page(loaded.page, known), *_double(path, first.setdefault(loaded.page.id, path))]
    for page, problem in _greedy(pages):
        if all(each.line != problem.line for each in found[page.path]):
            found[page.path].append(problem)
    return {path: sorted(problems, key=lambda problem: problem.line) for path, problems in found.items()}


def _double(path: Path, other: Path) -> Iterator[Problem]:
    if path.stem != HARMLESS and other.resolve() != path.resolve():
        words = Text("id “{id}” 已经被 {other} 用了", "the id “{id}” is taken by {other}")
        yield Problem(_line(path, "id:"), words.fill(id=same(path.stem), other=same(str(other))))


def _greedy(pages: Iterable[Page]) -> Iterator[tuple[Page, Problem]]:
    """Pages that speak of logs in which nothing failed."""
    harmless = failures.load(builtin_dir() / FAILURES / f"{HARMLESS}.md").page
    book = Book([*pages, *([harmless] if harmless else [])])
    told = set()
    for sample in (sample for sample in tryout.collected() if sample.healthy):
        for finding in book.diagnose(tryout.blocks(sample.path)).findings:
            if finding.page.path not in told:
                told.add(finding.page.path)
                greed = tryout.Greed(sample, finding.evidence[0], None)
                yield finding.page, Problem(_line(finding.page.path, "signs:"), greed.text)


def _page(page: Page, known: Collection[str]) -> Iterator[Problem]:
    for sign in page.signs:
        yield from _sign(sign, harmless=page.id == HARMLESS)
    means = tuple(answer.then for answer in page.probe.answers) if page.probe else ()
    for key, ids in (("near", page.near), ("explains", page.explains), ("probe", means)):
        for identity in ids:
            if identity not in known:
                near = difflib.get_close_matches(identity, known, 1, 0.5)
                hint = Text("，是不是想写 “{near}”？", ", did you mean “{near}”?").fill(near=same(near[0])) if near else same("")
                words = Text("{key} 里的 “{id}” 没有这一页{hint}", "{key}: there is no page “{id}”{hint}")
                yield Problem(_line(page.path, identity), words.fill(key=same(key), id=same(identity), hint=hint), Level.WARNING)
    if page.near and page.probe is None:
        words = Text(
            "写了 near，就要有 probe：一条只看不改、能分清它们的命令",
            "with near goes a probe: a command that only looks and tells them apart",
        )
        yield Problem(_line(page.path, "near"), words)
    for pattern in page.over:
        yield from _pattern(pattern, _line(page.path, "over"))
    for answer in page.probe.answers if page.probe else ():
        yield from _pattern(answer.prints or "x", _line(page.path, "means"))


def _sign(sign: Sign, *, harmless: bool) -> Iterator[Problem]:
    good = True
    for pattern in (*sign.lines, *sign.but, *sign.unless):
        for problem in _pattern(pattern, sign.at):
            good = False
            yield problem
    if good and not harmless and len(sign.lines) == 1 and Patterns(sign.lines).scan([tryout.HEALTHY]).places:
        words = Text("“{pattern}” 太宽：健康的日志里也有", "“{pattern}” is too wide: healthy logs have it, too")
        yield Problem(sign.at, words.fill(pattern=same(sign.lines[0])))
    for pattern in (*sign.lines, *sign.unless) if good else ():
        if Patterns((pattern,)).blind():
            words = Text(
                "“{pattern}” 有一种写法里没有固定的字词，什么都可能匹配",
                "“{pattern}”: one way to match it has no fixed words, so it may match anything",
            )
            yield Problem(sign.at, words.fill(pattern=same(pattern)))


def _pattern(pattern: str, line: int) -> Iterator[Problem]:
    try:
        empty = compiled(pattern).search(b"") is not None
    except BadPattern as error:
        yield Problem(line, Text("“{pattern}”：{why}", "“{pattern}”: {why}").fill(pattern=same(pattern), why=error.text))
        return
    if empty:
        words = Text("“{pattern}” 连空行都能匹配", "“{pattern}” matches even an empty line")
        yield Problem(line, words.fill(pattern=same(pattern)))


def _line(path: Path, word: str) -> int:
    """Where in the page a word first stands."""
    try:
        rows = path.read_text("utf-8", "replace").split("\n")
    except OSError:
        return 1
    return next((number for number, row in enumerate(rows, 1) if word in row), 1)
