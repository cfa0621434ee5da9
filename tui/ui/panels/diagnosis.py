"""Why a step failed: the failure pages that fit, each with the line that proves it, the likeliest on top.

It comes by itself when a step has failed. What to do stands on the page itself, which one key opens.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.reactive import reactive

from tui.judge.failure import Sure
from tui.run.events import PROBE, Cause, Proof
from tui.run.state import Phase, RunState
from tui.texts import Text
from tui.ui.panels.heading import Heading
from tui.ui.panels.table import Cell, Table
from tui.ui.panels.topic import TopicPanel
from tui.ui.widgets.cells import visible

_DIAGNOSIS = Text("诊断", "Diagnosis")
_SURE = {
    Sure.SURE.value: Text("确定", "sure"),
    Sure.LIKELY.value: Text("很可能", "likely"),
    Sure.MAYBE.value: Text("有可能", "possible"),
}
_SEEN = Text("看到 ", "seen: ")
_LINE = Text("第 {n} 行 ", "line {n} ")
_NEAR = Text("也可能是 {ids}；D 打开它们的页", "it may be {ids}, too; D opens their pages")
_PROBE = Text("p 看一眼就能分清：{run}", "p looks, and tells them apart: {run}")
_PROVED = Text("确定：看过了", "sure: a look has decided")
_RULED_OUT = Text("{title}（看过了，不是它）", "{title} (a look has ruled it out)")
_OPEN = Text("看过一眼，没有分出来", "a look has decided nothing")
_FOLLOWS = Text("{title}（由上面的引起）", "{title} (follows from the above)")
_TITLE = Text("{title}（{sure}）", "{title} ({sure})")
_MENDED = Text("修好了：按 m 再做这一步", "mended: press m to do this step again")
_BEST, _OTHER, _MAYBE = Cell("✗", "$bad"), Cell("◦", "$faint"), Cell("?", "$decide")
_UNKNOWN = Text("没有认识的原因；这几行像是错误：", "no known cause; these lines look like errors:")
_TEACH = Text("T 教会程序认它", "T teaches the program to know it")
_MOST = 3
_PROVEN = 2
"""Proving lines shown of the first cause."""

Row = tuple[Cell, Cell]


class DiagnosisPanel(TopicPanel):
    """The causes of the failure of step `step_id`."""

    DEFAULT_CSS = """
    DiagnosisPanel { height: auto; padding-left: 1; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    mended: reactive[frozenset[str]] = reactive(frozenset)
    """The steps whose failure was mended since; what explained it is history then."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = Heading(_DIAGNOSIS)
        self._table = Table((0.03,))

    def compose(self) -> ComposeResult:
        """Heading, then a few rows a cause."""
        yield self._heading
        yield self._table

    def tell(self) -> None:
        """Show what is known."""
        found = causes(self.state, self.step_id)
        self._heading.facts = (visible(found[0].id),) if found else ()
        if self.step_id in self.mended:
            was = tuple((_OTHER, Cell(visible(str(cause.title)), "$muted")) for cause in found[:1])
            self._table.rows = ((Cell("✓", "$ok"), Cell(str(_MENDED), "bold $ink")), *was)
            return
        self._table.rows = tuple(rows(found) if found else unknown(suspects(self.state, self.step_id)))

    def watch_mended(self) -> None:
        """What was to mend is mended."""
        if self.is_mounted:
            self.tell()


def causes(state: RunState, step_id: str) -> tuple[Cause, ...]:
    """What explains that the step failed; nothing while it runs again."""
    step = state.step(step_id)
    return step.causes if step.phase is Phase.ENDED else ()


def suspects(state: RunState, step_id: str) -> tuple[Proof, ...]:
    """The lines that look like errors, of a step that failed for a cause nobody knows."""
    step = state.step(step_id)
    return step.suspects if step.phase is Phase.ENDED else ()


def has(state: RunState, step_id: str) -> bool:
    """Whether there is anything to show."""
    return bool(causes(state, step_id) or suspects(state, step_id))


def unknown(lines: tuple[Proof, ...]) -> Iterator[Row]:
    """What is known of a failure nobody knows: its last lines that look like errors, and that it can be taught."""
    yield _MAYBE, Cell(str(_UNKNOWN), "bold $ink")
    for proof in lines[-_MOST:]:
        yield Cell(""), Cell(_said(proof), "$muted")
    yield Cell(""), Cell(str(_TEACH), "$muted")


def rows(found: tuple[Cause, ...]) -> Iterator[Row]:
    """The first causes with their proofs; what only follows from one is named and no more."""
    for number, cause in enumerate(found[:_MOST]):
        sure = _PROVED if cause.probed == "proved" else _SURE.get(cause.sure, _SURE[Sure.MAYBE.value])
        if cause.probed == "ruled out":
            yield _OTHER, Cell(visible(str(_RULED_OUT.fill(title=cause.title))), "$muted")
            continue
        if cause.follows:
            yield _OTHER, Cell(visible(str(_FOLLOWS.fill(title=cause.title))), "$muted")
            continue
        mark = _OTHER if number else _MAYBE if cause.sure == Sure.MAYBE else _BEST
        yield mark, Cell(visible(str(_TITLE.fill(title=cause.title, sure=sure))), "$muted" if number else "bold $ink")
        for proof in cause.evidence[: 1 if number else _PROVEN]:
            yield Cell(""), Cell(_said(proof), "$muted")
        if cause.near and not number and cause.sure != Sure.SURE:
            yield Cell(""), Cell(visible(str(_NEAR.fill(ids=", ".join(cause.near)))), "$muted")
        if not number and cause.probed == "open":
            yield Cell(""), Cell(str(_OPEN), "$muted")
        elif cause.probe and cause.near and not number and cause.sure != Sure.SURE:
            yield Cell(""), Cell(visible(str(_PROBE.fill(run=" ".join(cause.probe.split())))), "$muted")


def _said(proof: Proof) -> str:
    if proof.item == PROBE:
        return str(_SEEN) + visible(proof.text)
    where = "" if proof.line is None else str(_LINE.fill(n=proof.line))
    return where + visible(proof.text)
