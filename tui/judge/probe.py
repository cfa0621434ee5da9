"""What a failure page's probe has decided, and how that ranks the causes anew.

A log often can't tell two causes apart; one look at the machine can. What was seen there outweighs what the log only suggests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tui.judge import logtext
from tui.judge.evidence import End, Evidence
from tui.judge.failure import Answer, Page, Probe, Sure
from tui.judge.patterns import BadPattern, matches

PROVEN: Final = 99
"""The score of a cause that a probe has proved."""
_RULED_OUT: Final = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """How a cause stands: `score` 0 to 100, `follows` the id of the one it only follows from, `probed` what a probe said of it:
    `proved`, `ruled out`, or nothing.
    """

    id: str
    score: int
    sure: Sure
    follows: str = ""
    probed: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer that fits, with the number (1-based) and words of the line that shows it; line 0 where no single one does."""

    answer: Answer
    line: int = 0
    text: str = ""


def decided(probe: Probe, seen: Evidence) -> Decision | None:
    """The first answer that fits what the probe's command did. None where none fits, or the command never came to its end."""
    if seen.end is not End.EXITED:
        return None
    rows = [row.decode("utf-8", "replace").strip() for row in logtext.even(logtext.plain(seen.out.encode())).split(b"\n")]
    return next((found for answer in probe.answers if (found := _fits(answer, seen, rows))), None)


def _fits(answer: Answer, seen: Evidence, rows: Sequence[str]) -> Decision | None:
    if answer.exit is not None and answer.exit != seen.code:
        return None
    if answer.prints is None:
        return Decision(answer) if answer.exit is not None else None
    if not answer.prints:
        return None if any(rows) else Decision(answer)
    try:
        found = next(((number, row) for number, row in enumerate(rows, 1) if matches(answer.prints, row)), None)
    except BadPattern:
        return None  # a mistake in a page, which its lint tells; it decides nothing
    return Decision(answer, *found) if found else None


def reranked(causes: Sequence[Standing], page: Page, then: str) -> tuple[Standing, ...]:
    """The causes after the probe of `page` has spoken for `then`: that one first, those it was told apart from last, all others between.

    A cause that the log never spoke for joins them. An earlier probe's word gives way to the later one's.
    """
    told_apart = (answer.then for answer in page.probe.answers) if page.probe else ()
    rivals = {page.id, *page.near, *told_apart} - {then}
    known = {cause.id: cause for cause in causes}
    proved = replace(known.get(then, Standing(then, 0, Sure.SURE)), score=PROVEN, sure=Sure.SURE, follows="", probed="proved")
    rest = [_beside(cause, rivals) for cause in causes if cause.id != then]
    return (proved, *sorted(rest, key=lambda cause: -cause.score))


def _beside(cause: Standing, rivals: set[str]) -> Standing:
    if cause.id in rivals:
        return replace(cause, score=min(cause.score, _RULED_OUT), sure=Sure.MAYBE, follows="", probed="ruled out")
    follows = "" if cause.follows in rivals else cause.follows
    probed = "" if cause.probed == "proved" else cause.probed
    return replace(cause, score=min(cause.score, PROVEN - 1), follows=follows, probed=probed)
