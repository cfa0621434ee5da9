"""`zhinan lint`: what is wrong in documents and failure pages, one line each with file and line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from tui.act import OPTIONS
from tui.errors import ZhinanError
from tui.guide import library, parse
from tui.guide.folders import builtin_dir, failure_pages, is_failure_page, is_twin
from tui.guide.lint import lint as examine
from tui.guide.model import Level, Problem
from tui.texts import Text


def lint(paths: Sequence[str], folders: Sequence[Path]) -> int:
    """Print the problems; the exit code is 2 where one is an error. `folders` are the library's own. Raises UsageError."""
    bad = False
    files = _documents(paths, folders)
    pages = _page_problems(files, folders)
    for file in files:
        try:
            document = parse.load(file)
        except ZhinanError as error:
            click.echo(f"{file}: {error}")
            bad = True
            continue
        for problem in sorted([*examine(document, OPTIONS), *pages.get(file, [])], key=lambda each: each.line):
            word = Text("错误", "error") if problem.level is Level.ERROR else Text("提醒", "warning")
            click.echo(f"{file}:{problem.line}: {word}: {problem.text}")
            bad = bad or problem.level is Level.ERROR
    return 2 if bad else 0


def _documents(paths: Sequence[str], folders: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for word in paths:
        path = Path(word)
        files += sorted(path.rglob("*.md")) if path.is_dir() else [library.find(word, folders)]
    return files


def _page_problems(files: Sequence[Path], folders: Sequence[Path]) -> dict[Path, list[Problem]]:
    """What is wrong in those of the files that are failure pages."""
    pages = [file for file in files if is_failure_page(file) and not is_twin(file)]
    if not pages:
        return {}
    from tui.guide.failure_lint import lint_pages

    own = failure_pages(folders)  # one of these may take the place of a built-in page, but not of another
    return lint_pages(pages, {path.stem for path in (*own, *failure_pages([builtin_dir()]), *pages)}, own)
