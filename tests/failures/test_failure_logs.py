"""Logs against all pages: `<id>/*.log` must lead to the page of that id, `none/*.log` to none. Adding a case needs no Python.

Most were captured by making the failure happen (their tools in English and in Chinese); the rest are as the tools word them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tui.guide import failure_store
from tui.judge.diagnose import Book, Diagnosis
from tui.judge.failure import HARMLESS

HERE = Path(__file__).resolve().parent
GUIDES = HERE.parents[1] / "guides"
LOGS = sorted(HERE.glob("*/*.log"))
FAILED = [path for path in LOGS if path.parent.name != HARMLESS]
HEALTHY = [path for path in LOGS if path.parent.name == HARMLESS]


@cache
def book() -> Book:
    return Book(failure_store.pages([GUIDES]))


@cache
def diagnosed(path: Path) -> Diagnosis:
    return book().diagnose([path.read_bytes()])


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def test_there_are_cases() -> None:
    assert FAILED
    assert HEALTHY


@pytest.mark.parametrize("path", FAILED, ids=name)
def test_its_own_page_comes_first(path: Path) -> None:
    found = diagnosed(path).findings
    assert [finding.page.id for finding in found[:1]] == [path.parent.name], [(f.page.id, f.score, f.evidence[0]) for f in found]


@pytest.mark.parametrize("path", FAILED, ids=name)
def test_what_else_is_found_is_near_or_follows(path: Path) -> None:
    own, *others = diagnosed(path).findings
    related = {*own.page.near, *own.page.explains}
    strangers = [other for other in others if other.page.id not in related and own.page.id not in other.page.near]
    assert [(other.page.id, other.score, other.evidence[0]) for other in strangers] == []


@pytest.mark.parametrize("path", HEALTHY, ids=name)
def test_a_healthy_log_gives_nothing(path: Path) -> None:
    assert [(finding.page.id, finding.evidence[0]) for finding in diagnosed(path).findings] == []
