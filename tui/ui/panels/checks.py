"""What a step's checks say: one line each, a mark, a sentence, and what proves it.

A check not looked at is neither passed nor failed, and a look from before the step ran speaks only of then; the panel keeps these apart.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive

from tui.guide.model import CheckSpec, Guide, Step
from tui.judge.checks import BadCheck, make
from tui.judge.evidence import Status
from tui.run.state import CheckState, Phase, RunState, StepState
from tui.texts import Text, same
from tui.ui.panels.heading import Heading
from tui.ui.panels.table import Cell, Table
from tui.ui.widgets.cells import visible

_CHECKS = Text("检查", "Checks")
_NONE = Text("这一步没有检查", "This step has no checks")
_NO_STEP = Text("光标不在步骤上", "The cursor is on no step")
_LOOKING = Text("正在看", "looking")
_AFTER_COMMAND = Text("等命令结束", "when the command has ended")
_AFTER_YOU = Text("等你做完", "when you are done")
_NOT_LOOKED = Text("没有看", "not looked at")
_BEFORE = Text("执行前：{what}", "before the step: {what}")
_ALREADY = Text("本来就是", "was so already")

_AWAITED = {
    Phase.LOOKING: _LOOKING,
    Phase.CHECKING: _LOOKING,
    Phase.RUNNING: _AFTER_COMMAND,
    Phase.WAITING: _AFTER_YOU,
    Phase.ENDED: _NOT_LOOKED,
}
_SIGNS = {Status.PASS: Cell("✓", "$ok"), Status.FAIL: Cell("✗", "$bad"), Status.UNKNOWN: Cell("?", "$decide")}
_TODO = Cell("◦", "$faint")
_NOW = Cell("▸", "$alive")
_WAS_SO = Cell("»", "$ok")

Entry = tuple[Cell, Cell, Cell]
"""Mark, sentence, proof."""


class ChecksPanel(Vertical):
    """The checks of the step `step_id` of `guide`, as far as `state` knows."""

    DEFAULT_CSS = """
    ChecksPanel { height: auto; padding-left: 1; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    state: reactive[RunState] = reactive(RunState)
    guide: reactive[Guide | None] = reactive[Guide | None](None)
    step_id: reactive[str] = reactive("")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = Heading(_CHECKS)
        self._table = Table((0.03, 0.45))

    def compose(self) -> ComposeResult:
        """Heading, then one row a check."""
        yield self._heading
        yield self._table

    def on_mount(self) -> None:
        """Show what is known already."""
        self._tell()

    def watch_state(self, before: RunState, now: RunState) -> None:
        """Redraw only when this step's part is a new one."""
        if before.step(self.step_id) is not now.step(self.step_id):
            self._tell()

    def watch_guide(self) -> None:
        """Another document."""
        self._tell()

    def watch_step_id(self) -> None:
        """Another step."""
        self._tell()

    def speak(self) -> None:
        """The other language."""
        self._tell()

    def _tell(self) -> None:
        step = next((step for step in self.guide.steps if step.id == self.step_id), None) if self.guide else None
        if step is None or not step.checks:
            self._heading.facts = ()
            self._table.rows = ((Cell(str(_NO_STEP if step is None else _NONE), "$muted"),),)
            return
        seen = self.state.step(step.id)
        passed = sum(check.status is Status.PASS for check in seen.checks.values())
        self._heading.facts = (f"{passed} / {len(step.checks)}",)
        self._table.rows = tuple(entries(step, seen))


def entries(step: Step, seen: StepState) -> list[Entry]:
    """One row for each check of `step`."""
    rows: list[Entry] = []
    looking = False  # one mark moves; what is behind it waits
    for i, spec in enumerate(step.checks):
        known = seen.checks.get(i)
        if known is not None and not (known.before and known.status is not Status.PASS and seen.phase is not Phase.ENDED):
            rows.append(_judged(spec, known, ended=seen.phase is Phase.ENDED))
        elif known is not None and seen.phase is Phase.LOOKING:
            rows.append((_TODO, Cell(str(title(spec)), "$muted"), Cell(_said(known), "$muted")))
        else:
            rows.append(_awaited(spec, seen.phase, first=not looking))
            looking = True
    return rows


def _judged(spec: CheckSpec, known: CheckState, *, ended: bool) -> Entry:
    sentence = known.say if known.status is Status.PASS and spec.say else title(spec)
    said = _said(known, without=str(sentence))
    if known.before and known.status is Status.PASS:
        return _WAS_SO, Cell(visible(str(sentence))), Cell(said or str(_ALREADY), "$muted")
    if known.before and ended:  # how it was before says nothing of how it is now: no verdict
        return _TODO, Cell(visible(str(sentence)), "$muted"), Cell(str(_BEFORE.fill(what=said)), "$muted")
    return _SIGNS[known.status], Cell(visible(str(sentence))), Cell(said, "$muted")


def _said(known: CheckState, without: str = "") -> str:
    """What was seen: the proof of a pass; the reason of anything else, and its proof."""
    proof = known.proof.strip().partition("\n")[0].strip()
    say = str(known.say)
    if known.status is Status.PASS:
        return visible(proof or (say if say != without else ""))
    return visible(say if not proof or proof in say else f"{say} · {proof}")


def _awaited(spec: CheckSpec, phase: Phase, *, first: bool) -> Entry:
    words = _AWAITED.get(phase)
    name = visible(str(title(spec)))
    if words is None or not (first or phase is Phase.ENDED):
        return _TODO, Cell(name, "$muted"), Cell("")
    if phase is Phase.ENDED:
        return _TODO, Cell(name, "$muted"), Cell(str(words), "$faint")
    return _NOW, Cell(name), Cell(str(words), "$muted")


def title(spec: CheckSpec) -> Text:
    """What a check asks, for as long as there is no answer."""
    try:
        return make(spec.kind, spec.args, spec.say).title
    except BadCheck:  # lint has told the author where; here its own words must do
        return same(spec.say or spec.kind)
