"""From a log and the failure pages to findings: which causes the log proves, with the very lines, the likeliest first.

What decides, in this order: how specific the sign is; a cause before what only follows from it (`explains`); signs of the step that
failed before those of others; what showed last, because a log that went on after a trouble may have got over it, and it ended after the
last. A log whose only loud lines are known to be harmless gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tui.judge.failure import HARMLESS, SCORES, Page, Says, Sign, Sure
from tui.judge.patterns import Patterns, Place, Seen, is_good, matches
from tui.judge.retried import got_over
from tui.judge.retyped import retyped, shown
from tui.texts import Text

_STEP: Final = 4
_FOLLOWS: Final = 30
_CLOSE: Final = 12
_PROOFS: Final = 4
_WANTED: Final = 3
_VERDICT: Final = 6
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
    """A cause the log speaks for. `score` is 0 to 100; `evidence` the lines that prove it, first the best; `last` is where it last showed.

    `follows` is the id of the page whose cause this only follows from.
    """

    page: Page
    score: int
    sure: Sure
    evidence: tuple[Place, ...]
    last: int
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
        self._endings = tuple((sign, frozenset(steps)) for sign, steps in harmless if sign.says is Says.DONE)
        by = {says: tuple(sign for sign, _ in harmless if sign.says is says) for says in Says}
        self._says = by
        self._context = tuple(pattern for sign in by[Says.NOTHING] for pattern in sign.lines)
        self._harmless = (*self._context, *(pattern for sign in by[Says.TYPED] for pattern in sign.lines))
        self._causes = _causes(self.pages)

    def diagnose(self, log: Iterable[bytes], step: str | None = None) -> Diagnosis:
        """Read a log, given as blocks of bytes cut anywhere. `step`: the id of the step that failed."""
        seen = self._patterns.scan(log)
        past = self._past(seen)
        found = [finding for page in self.pages if page.id != HARMLESS and (finding := self._finding(page, seen, step, past))]
        return Diagnosis(seen.lines, _ranked(found, self._causes), () if found else self._suspects(seen, (*past, *self._done((), seen))))

    def _places(self, pattern: str, seen: Seen) -> list[Place]:
        return seen.places.get(self._numbers[pattern], [])

    def _past(self, seen: Seen) -> tuple[range, ...]:
        """The stretches of lines that tell of no trouble, or of one that was got over.

        What a command only showed, what was to fail or was called harmless by whoever sat there; a command that tried again and went
        well, one of which the last word is that all is well, and one that was typed again: what it said then counts.
        """
        typed = {place.line: place.text for sign in self._says[Says.TYPED] for p in sign.lines for place in self._places(p, seen)}
        again, attempts, well, done, wanted = (
            self._lines(self._says[says], seen) for says in (Says.AGAIN, Says.ATTEMPT, Says.WELL, Says.COMMAND_DONE, Says.WANTED)
        )
        loud = {place.line for place in self._loud(seen)} - wanted
        found = [*shown(typed, seen.lines), *retyped(typed, seen.lines), *got_over(again, attempts, well, loud, typed, seen.lines)]
        found += [range(line - 1, line + _WANTED) for line in wanted]
        ended = [line for line in done if line > seen.lines - _VERDICT]
        ended += self._lines(self._says[Says.JUDGED], seen)
        found += [range(max((each for each in typed if each < line), default=0), line + 1) for line in ended]
        return tuple(found)

    def _lines(self, signs: Iterable[Sign], seen: Seen) -> set[int]:
        """Where one of these signs of the harmless page stands."""
        fit = (sign for sign in signs if not any(self._places(pattern, seen) for pattern in sign.unless))
        places = ((place, sign) for sign in fit for pattern in sign.lines for place in self._places(pattern, seen))
        return {place.line for place, sign in places if not any(matches(pattern, place.text) for pattern in sign.but)}

    def _finding(self, page: Page, seen: Seen, step: str | None, past: tuple[range, ...]) -> Finding | None:
        best: tuple[int, Sure, tuple[Place, ...]] | None = None
        last = 0
        over, done = self._over(page, seen), self._done(page.steps, seen)
        for sign in page.signs:
            proof = self._proof(sign, seen, over, past if sign.lasting else (*past, *done))
            if proof and not self._spoilt(sign):
                last = max(last, *(place.line for place in proof))
                score = SCORES[sign.sure] + min(2 * (len(sign.lines) - 1), 4)
                if best is None or (score, -proof[0].line) > (best[0], -best[2][0].line):
                    best = (score, sign.sure, proof)
        if best is None:
            return None
        score, sure, proof = best
        if step and page.steps:
            score += _STEP if step in page.steps else -_STEP
        return Finding(page, score, sure, proof[:_PROOFS], last)

    def _done(self, steps: Iterable[str], seen: Seen) -> tuple[range, ...]:
        """The stretches of lines of which one says that all these steps came to a good end, each from where a command was typed last."""
        typed = self._lines(self._says[Says.TYPED], seen)
        ends = self._lines([sign for sign, its in self._endings if not its or its.issuperset(steps)], seen)
        return tuple(range(max((each for each in typed if each < line), default=0), line) for line in ends)

    def _over(self, page: Page, seen: Seen) -> int:
        """The last line that says the page's failure is past, or 0."""
        return max((place.line for pattern in page.over for place in self._places(pattern, seen)), default=0)

    def _proof(self, sign: Sign, seen: Seen, after: int, past: tuple[range, ...]) -> tuple[Place, ...]:
        """The lines behind line `after`, those in `past` left out, that fulfil the sign, or nothing."""
        if any(self._places(pattern, seen) for pattern in sign.unless):
            return ()
        groups = []
        for pattern in sign.lines:
            places = [
                p
                for p in self._places(pattern, seen)
                if p.line > after and not any(p.line in each for each in past) and not self._excused(p, sign)
            ]
            if not places:
                return ()
            groups.append(places)
        if sign.within and not all(groups := _together(groups, sign.within)):
            return ()
        first = tuple(group[0] for group in groups)
        more = sorted({place for group in groups for place in group} - set(first))
        return (*first, *more)

    def _spoilt(self, sign: Sign) -> bool:
        """Is it a sign that can't be meant: a pattern that is none, or one that may match anything? The page's other signs still count."""
        return not self._anything.isdisjoint(sign.lines) or not all(map(is_good, (*sign.lines, *sign.but, *sign.unless)))

    def _excused(self, place: Place, sign: Sign | None = None) -> bool:
        """Is it a line that means nothing here? One that was typed still counts where a sign needs other lines beside it."""
        harmless = self._context if sign and len(sign.lines) > 1 else self._harmless
        return any(is_good(pattern) and matches(pattern, place.text) for pattern in (*(sign.but if sign else ()), *harmless))

    def _loud(self, seen: Seen) -> set[Place]:
        """The lines that look like errors, whatever they are about."""
        return {place for pattern in _SUSPICIOUS for place in self._places(pattern, seen)}

    def _suspects(self, seen: Seen, past: tuple[range, ...]) -> tuple[Place, ...]:
        return tuple(sorted(p for p in self._loud(seen) if not any(p.line in each for each in past) and not self._excused(p)))[-5:]


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
    return tuple(sorted(placed, key=lambda each: (-each.score, -each.last, each.page.id)))


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
