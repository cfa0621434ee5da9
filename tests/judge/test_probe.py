"""What a probe saw decides between causes, and only what it saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.judge.evidence import End, Evidence
from tui.judge.failure import Answer, Page, Probe, Sure
from tui.judge.probe import PROVEN, Standing, decided, reranked
from tui.texts import same

PROBE = Probe("id -u", answers=(Answer("lock", prints="apt|dpkg"), Answer("user", prints=r"^[1-9]\d*$"), Answer("free", prints="")))
CODES = Probe("true", answers=(Answer("bad", exit=2), Answer("both", prints="x", exit=0)))
PAGE = Page("lock", same("lock"), Path("lock.md"), (), near=("user",), probe=PROBE)


def then(probe: Probe, out: str, code: int | None = 0, end: End = End.EXITED) -> str | None:
    found = decided(probe, Evidence(end, code, out))
    return found and found.answer.then


@pytest.mark.parametrize(
    ("out", "cause"), [("0\nroot 812 APT\n", "lock"), ("1000\n", "user"), ("1000\ndpkg\n", "lock"), (" \n", "free"), ("0\n", None)]
)
def test_the_first_answer_that_fits_counts(out: str, cause: str | None) -> None:
    assert then(PROBE, out) == cause


def test_colours_and_spaces_do_not_matter_and_the_line_is_told() -> None:
    found = decided(PROBE, Evidence(End.EXITED, 0, "0\n\x1b[31m  1000 \x1b[0m\r\n"))
    assert found is not None
    assert (found.answer.then, found.line, found.text) == ("user", 2, "1000")


def test_exit_codes_decide_alone_or_with_what_was_printed() -> None:
    assert then(CODES, "whatever", 2) == "bad"
    assert then(CODES, "x", 0) == "both"
    assert then(CODES, "y", 0) is None


@pytest.mark.parametrize("end", [End.LOST, End.TIMED_OUT, End.CANCELLED])
def test_a_look_that_did_not_end_decides_nothing(end: End) -> None:
    assert then(PROBE, "", None, end) is None
    assert then(PROBE, "apt", None, end) is None


def test_a_mistake_in_a_pattern_decides_nothing() -> None:
    assert then(Probe("x", answers=(Answer("a", prints="("), Answer("b", prints="x"))), "x") == "b"


def test_what_it_proved_comes_first_and_what_it_was_told_apart_from_last() -> None:
    causes = (Standing("lock", 90, Sure.SURE), Standing("other", 60, Sure.LIKELY), Standing("user", 45, Sure.MAYBE))
    ranked = reranked(causes, PAGE, "user")
    assert [(each.id, each.probed) for each in ranked] == [("user", "proved"), ("other", ""), ("lock", "ruled out")]
    assert (ranked[0].score, ranked[0].sure) == (PROVEN, Sure.SURE)
    assert ranked[1] == causes[1]
    assert [each.score for each in ranked] == sorted((each.score for each in ranked), reverse=True)


def test_a_cause_the_log_never_spoke_for_joins_and_nothing_follows_from_one_that_is_ruled_out() -> None:
    causes = (Standing("lock", 90, Sure.SURE), Standing("later", 60, Sure.LIKELY, follows="lock"))
    assert [(each.id, each.follows) for each in reranked(causes, PAGE, "free")] == [("free", ""), ("later", ""), ("lock", "")]


def test_a_later_probe_has_the_last_word() -> None:
    first = reranked((Standing("lock", 90, Sure.SURE), Standing("x", 70, Sure.LIKELY)), PAGE, "user")
    again = reranked(first, Page("x", same("x"), Path("x.md"), (), near=("user",), probe=Probe("y")), "x")
    assert (again[0].id, again[0].probed) == ("x", "proved")
    assert {each.id: each.probed for each in again}["user"] == "ruled out"
