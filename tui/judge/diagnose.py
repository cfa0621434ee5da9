"""From a log and the failure pages to findings: which causes the log proves, with the very lines, the likeliest first.

What decides, in this order: how specific the sign is; a cause before what only follows from it (`explains`); signs of the step that
failed before those of others; the earlier line. A log whose only loud lines are known to be harmless gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tui.judge.failure import HARMLESS, SCORES, Page, Sign, Sure
from tui.judge.patterns import Patterns, Place, Seen, is_good, matches
from tui.texts import Text

_STEP: Final = 4
_FOLLOWS: Final = 30
_CLOSE: Final = 12
_PROOFS: Final = 4
_ERRORS: Final = (
    "error|fatal|failed|failure|cannot|can't|couldn't|could not|unable to|denied|refused|timed out|unreachable|no such file|not found|panic"
    "|exception|traceback|aborted|segmentation fault"
)
_SUSPICIOUS: Final = (
    rf"(?:^|[^\w-])(?:{_ERRORS})(?:[^\w-]|$)",
    "错误|失败|无法|不能|拒绝|超时|未找到|找不到|异常|没有那个文件",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause the log speaks for. `score` is 0 to 100; `evidence` the lines that prove it, first the best; `near` what else it may be."""

    page: Page
    score: int
    sure: Sure
    evidence: tuple[Place, ...]
    follows: str = ""

    @property
    def confidence(self) -> Text:
        """How far the log proves it, in words."""
        return CONFIDENCE[self.sure]


CONFIDENCE: Final = {
    Sure.SURE: Text("确定", "sure"),
    Sure.LIKELY: Text("很可能", "likely"),
    Sure.MAYBE: Text("其中之一，要再看一眼才能定", "one of these; one more look decides"),
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`findings`, best first. `suspects`: lines that look like errors, told only where nothing was found. `lines` is the log's length."""

    lines: int
    findings: tuple[Finding, ...]
    suspects: tuple[Place, ...] = ()


class Book:
    """The failure pages, ready to be looked for together. Making one costs some 0.1 ms a pattern; it can be used for many logs."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = tuple(pages)
        numbers: dict[str, int] = {}
        for pattern in (*_SUSPICIOUS, *_all_patterns(pages)):
            numbers.setdefault(pattern, len(numbers))
        self._numbers = numbers
        self._patterns = Patterns(numbers)
        self._anything = frozenset(self._patterns.blind())
        harmless = [(sign, page.steps) for page in pages if page.id == HARMLESS for sign in page.signs if not self._spoilt(sign)]
        self._endings = tuple((sign, frozenset(steps)) for sign, steps in harmless if sign.done)
        self._harmless = tuple(pattern for sign, _ in harmless if not sign.done for pattern in sign.lines)
        self._causes = _causes(self.pages)

    def diagnose(self, log: Iterable[bytes], step: str | None = None) -> Diagnosis:
        """Read a log, given as blocks of bytes cut anywhere. `step`: the id of the step that failed."""
        seen = self._patterns.scan(log)
        found = [finding for page in self.pages if page.id != HARMLESS and (finding := self._finding(page, seen, step))]
        return Diagnosis(seen.lines, _ranked(found, self._causes), () if found else self._suspects(seen, self._done((), seen)))

    def _places(self, pattern: str, seen: Seen) -> list[Place]:
        return seen.places.get(self._numbers[pattern], [])

    def _finding(self, page: Page, seen: Seen, step: str | None) -> Finding | None:
        best: tuple[int, Sure, tuple[Place, ...]] | None = None
        over, done = self._over(page, seen), self._done(page.steps, seen)
        for sign in page.signs:
            proof = self._proof(sign, seen, over if sign.lasting else max(done, over))
            if proof and not self._spoilt(sign):
                score = SCORES[sign.sure] + min(2 * (len(sign.lines) - 1), 4)
                if best is None or (score, -proof[0].line) > (best[0], -best[2][0].line):
                    best = (score, sign.sure, proof)
        if best is None:
            return None
        score, sure, proof = best
        if step and page.steps:
            score += _STEP if step in page.steps else -_STEP
        return Finding(page, score, sure, proof)

    def _done(self, steps: Iterable[str], seen: Seen) -> int:
        """The last line that says all these steps came to a good end, or 0."""
        fit = [sign for sign, its in self._endings if not its or its.issuperset(steps)]
        ended = [sign for sign in fit if not any(self._places(pattern, seen) for pattern in sign.unless)]
        return max((place.line for sign in ended for pattern in sign.lines for place in self._places(pattern, seen)), default=0)

    def _over(self, page: Page, seen: Seen) -> int:
        """The last line that says the page's failure is past, or 0."""
        return max((place.line for pattern in page.over for place in self._places(pattern, seen)), default=0)

    def _proof(self, sign: Sign, seen: Seen, past: int) -> tuple[Place, ...]:
        """The lines behind line `past` that fulfil the sign, or nothing."""
        if any(self._places(pattern, seen) for pattern in sign.unless):
            return ()
        groups = []
        for pattern in sign.lines:
            places = [p for p in self._places(pattern, seen) if p.line > past and not self._excused(p, sign.but)]
            if not places:
                return ()
            groups.append(places)
        if sign.within and not all(groups := _together(groups, sign.within)):
            return ()
        first = tuple(group[0] for group in groups)
        more = sorted({place for group in groups for place in group} - set(first))
        return (*first, *more)[:_PROOFS]

    def _spoilt(self, sign: Sign) -> bool:
        """Is it a sign that can't be meant: a pattern that is none, or one that may match anything? The page's other signs still count."""
        return not self._anything.isdisjoint(sign.lines) or not all(map(is_good, (*sign.lines, *sign.but, *sign.unless)))

    def _excused(self, place: Place, but: Iterable[str] = ()) -> bool:
        return any(is_good(pattern) and matches(pattern, place.text) for pattern in (*but, *self._harmless))

    def _suspects(self, seen: Seen, done: int) -> tuple[Place, ...]:
        places = {p for pattern in _SUSPICIOUS for p in self._places(pattern, seen) if p.line > done and not self._excused(p)}
        return tuple(sorted(places))[-5:]


def _together(groups: list[list[Place]], within: int) -> list[list[Place]]:
    """Of each group the places that stand with one of every other group inside `within` lines; empty groups where there are none."""
    for anchor in groups[0]:
        close = [[place for place in group if abs(place.line - anchor.line) < within] for group in groups[1:]]
        if all(close):
            return [[anchor], *close]
    return [[] for _ in groups]


def _all_patterns(pages: Sequence[Page]) -> Iterable[str]:
    for page in pages:
        yield from page.over
        for sign in page.signs:
            yield from sign.lines
            yield from sign.unless


def _causes(pages: Sequence[Page]) -> Mapping[str, frozenset[str]]:
    """By id, the pages that explain it, directly or by way of others."""
    direct: dict[str, set[str]] = {}
    for page in pages:
        for identity in page.explains:
            direct.setdefault(identity, set()).add(page.id)
    found = {}
    for identity, nearest in direct.items():
        above: set[str] = set()
        rest = list(nearest)
        while rest:
            cause = rest.pop()
            if cause not in above:
                above.add(cause)
                rest += direct.get(cause, ())
        found[identity] = frozenset(above - {identity})
    return found


def _ranked(found: Sequence[Finding], causes: Mapping[str, frozenset[str]]) -> tuple[Finding, ...]:
    by_id = {finding.page.id: finding for finding in found}
    placed = [_placed(finding, by_id, causes.get(finding.page.id, frozenset())) for finding in found]
    return tuple(sorted(placed, key=lambda each: (-each.score, each.evidence[0].line, each.page.id)))


def _placed(finding: Finding, others: Mapping[str, Finding], causes: frozenset[str]) -> Finding:
    """The finding behind the cause it follows from, and less sure where a near cause speaks as loudly."""
    speaking = [others[i] for i in causes if i in others and others[i].sure is not Sure.MAYBE]
    if speaking:
        best = max(speaking, key=lambda each: (each.score, each.page.id))
        finding = replace(finding, score=max(1, min(finding.score, best.score) - _FOLLOWS), follows=best.page.id)
    rivals = [others[i] for i in finding.page.near if i in others and i != finding.follows]
    if finding.sure is not Sure.SURE and any(abs(rival.score - finding.score) < _CLOSE for rival in rivals):
        finding = replace(finding, sure=Sure.MAYBE)
    return finding
