"""Every failure page that ships is read here: a writer needs no Python to have a new one tested."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tui.guide import failures, folders, parse
from tui.guide.failure_lint import lint_pages
from tui.guide.lint import lint
from tui.guide.model import Command, Guide, Level, Manual, Step
from tui.judge.failure import HARMLESS

FOLDER = Path(__file__).resolve().parents[2] / "guides" / folders.FAILURES
PAGES = folders.failure_pages([FOLDER])
KNOWN = {path.stem for path in PAGES}

by_name = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
mending = pytest.mark.parametrize("path", [path for path in PAGES if path.stem != HARMLESS], ids=lambda path: path.stem)


@cache
def read(path: Path) -> Guide:
    return parse.load(path)


def twin(path: Path) -> Path:
    return folders.english(path)


@by_name
def test_it_is_clean(path: Path) -> None:
    problems = [*lint_pages([path], KNOWN)[path], *lint(read(path)), *lint(read(twin(path)))]
    assert [(each.line, each.text.en) for each in problems if each.level is Level.ERROR] == []


def test_no_two_pages_have_one_id() -> None:
    assert [str(problem.text) for problems in lint_pages(PAGES, KNOWN).values() for problem in problems if "taken" in problem.text.en] == []


@by_name
def test_both_languages_are_complete(path: Path) -> None:
    for each, language in ((path, "zh"), (twin(path), "en")):
        guide = read(each)
        assert guide.id == path.stem
        assert guide.language == language
        assert guide.title
        assert guide.summary


@by_name
def test_twins_differ_in_words_only(path: Path) -> None:
    assert shape(read(path)) == shape(read(twin(path)))


def shape(guide: Guide) -> object:
    return [
        (step.id, step.on, step.changes, step.undo, step.timeout, *map(_shape_of, step.items), *((c.kind, c.args) for c in step.checks))
        for step in guide.steps
    ]


def _shape_of(item: object) -> object:
    match item:
        case Command():
            return (item.text, item.language, item.on, item.explicit)
        case Manual():
            return "by hand"
        case _:
            return item


@mending
def test_it_says_what_to_do(path: Path) -> None:
    page = failures.load(path).page
    assert page is not None
    assert page.steps
    assert page.risk in failures.RISKS
    assert page.price
    for each in (path, twin(path)):
        guide = read(each)
        assert any(step.id.startswith("mend") and step.items for step in guide.steps), "no step `mend` with something to do"
        for step in guide.steps:
            _well_written(step, guide)


def _well_written(step: Step, guide: Guide) -> None:
    assert step.named, f"{step.title}: has no <!-- step --> with an id"
    assert step.on, step.id
    assert step.changes is not None, step.id
    assert not (step.id.startswith("look") and step.changes), "what looks must not change anything"
    words = "\n".join(guide.source.split("\n")[step.line - 1 : step.end])
    assert ("**改动**" if guide.language == "zh" else "**Changes**") in words, step.id
    if step.changes:
        assert ("**退回**" if guide.language == "zh" else "**Going back**") in words, step.id


RECKLESS = """
rm -f /var/lib/dpkg/lock|rm /var/lib/dpkg/lock|chmod -R 777|chmod 777|apt-key adv|--allow-unauthenticated|gpgcheck=0|curl -k |--insecure
|StrictHostKeyChecking=no|killall|kill -9
"""


@mending
def test_no_command_breaks_what_it_should_mend(path: Path) -> None:
    for command in (command for step in read(path).steps for command in step.commands):
        assert [bad for bad in RECKLESS.replace("\n", "").split("|") if bad in command.text] == [], f"line {command.line}"
