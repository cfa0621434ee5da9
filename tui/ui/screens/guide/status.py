"""What the guide screen says in its one status line: what runs, what it waits for, why it ended.

Pure: the same run, request and moment give the same line. The rest of the screen shows details; this line is what a reader must not
miss, so it has the reason of a failure, and not only its colour.
"""

from __future__ import annotations

from textual.content import Content

from tui.guide.model import Guide, Manual, Step
from tui.run.events import Outcome
from tui.run.state import CommandState, Phase, RunState, StepState
from tui.texts import Text
from tui.ui.widgets.cells import clock, visible
from tui.ui.widgets.marks import ENDINGS, LIVE, RUNNING, Mark, mark

_SPIN = "|/-\\"
_LOST = Text(
    "连接断了，正在重连：命令在那边继续执行，日志不会丢。{why}",
    "Connection lost, reconnecting: the command goes on over there and no log is lost. {why}",
)
_STOPPING = Text("正在停止，等它的进程全部结束", "stopping, waiting for all its processes to end")
_AWAITED = Text("{what}  还有 {left}", "{what}  {left} left")
_ASKED = Text("等你回答：{what}", "Your answer is needed: {what}")
_BY_HAND = Text("等你动手：{text}  做完按 空格", "Your turn: {text}  press space when done")
_STEPS = Text("{n} 步", "{n} steps")
_ONE_STEP = Text("1 步", "1 step")
_DONE = Text("全部通过", "all passed")
_STARTING = Text("准备中", "getting ready")


def name(step: Step) -> str:
    """A step's number and title, as the document has them."""
    return visible(f"{step.label} {step.title}".strip())


def live_step(guide: Guide, state: RunState) -> Step | None:
    """The step that is being worked on, be it only at an item run by itself."""
    whole = next((step for step in guide.steps if state.step(step.id).phase in LIVE), None)
    return whole or next((step for step in guide.steps if any(ran.end is None for ran in state.step(step.id).commands.values())), None)


def line(guide: Guide, state: RunState, *, now: float, busy: bool, stopping: bool, fault: Text | None) -> Content | None:
    """The line, or None while there is nothing to say. `now` is in Unix seconds."""
    if fault is not None:
        return Content.assemble(("✗ ", "$bad"), (str(fault), "$ink"))
    if busy:
        return _busy(guide, state, now, stopping=stopping)
    if state.verdict is None:
        return None
    return _ended(guide, state)


def lost(state: RunState) -> Content | None:
    """The banner of a broken connection, while one is broken."""
    for step in state.steps.values():
        for command in step.commands.values():
            if not command.linked and command.end is None:
                return Content(" " + str(_LOST.fill(why=command.why or "")))
    return None


def _busy(guide: Guide, state: RunState, now: float, *, stopping: bool) -> Content:
    spin = _SPIN[int(now * 8) % len(_SPIN)]
    step = live_step(guide, state)
    if stopping:
        return Content.assemble((f"{spin} ", "$alive"), (str(_STOPPING), "$ink"))
    if step is None:
        return Content.assemble((f"{spin} ", "$alive"), (str(_STARTING), "$muted"))
    seen = state.step(step.id)
    if seen.wait is not None:
        left = clock(max(0.0, seen.wait.until - now))
        return Content.assemble(("! ", "$decide"), (str(_AWAITED.fill(what=seen.wait.what, left=left)), "$decide"))
    if seen.asked and seen.asked[-1].yes is None:
        return Content.assemble(("! ", "$decide"), (visible(str(_ASKED.fill(what=seen.asked[-1].question))), "$decide"))
    if seen.phase is Phase.WAITING:
        text = _manual_text(step, seen)
        return Content.assemble(("! ", "$decide"), (str(_BY_HAND.fill(text=text)), "$decide"))
    word = mark(seen).word if seen.phase in LIVE else RUNNING.word
    parts = [(f"{spin} ", "$alive"), (str(word), "$alive"), (f"  {name(step)}", "$ink")]
    since = _since(seen)
    if since is not None:
        parts.append((f"  {clock(now - since)}", "$muted"))
    return Content.assemble(*parts)


def _since(seen: StepState) -> float | None:
    running: list[CommandState] = [command for command in seen.commands.values() if command.end is None]
    return running[-1].started if running else seen.started


def _manual_text(step: Step, seen: StepState) -> str:
    for index, item in enumerate(step.items):
        if isinstance(item, Manual) and index not in seen.ticks:
            return visible(item.text)
    return name(step)


def _ended(guide: Guide, state: RunState) -> Content:
    assert state.verdict is not None  # noqa: S101  line() asked
    if state.verdict in (Outcome.PASSED, Outcome.ALREADY):
        return _passed(guide, state, ENDINGS[state.verdict])
    culprit = _culprit(guide, state)
    sign = ENDINGS[state.verdict]
    why = state.why or (state.step(culprit.id).why if culprit else None)
    parts = [(f"{sign.sign} ", sign.role), (str(sign.word), f"bold {sign.role}")]
    if culprit is not None:
        parts.append((f"  {name(culprit)}", "$ink"))
    if why is not None:
        parts.append((f"  {visible(str(why))}", "$ink"))
    return Content.assemble(*parts)


def _passed(guide: Guide, state: RunState, sign: Mark) -> Content:
    ended = [state.step(step.id) for step in guide.steps if state.step(step.id).phase is Phase.ENDED]
    if not ended:  # an item was run by itself
        return Content.assemble((f"{sign.sign} ", sign.role), (str(sign.word), f"bold {sign.role}"))
    count = str(_ONE_STEP) if len(ended) == 1 else str(_STEPS.fill(n=len(ended)))
    seconds = sum(step.seconds or 0 for step in ended)
    words = str(_DONE if len(ended) > 1 else sign.word)
    return Content.assemble((f"{sign.sign} ", sign.role), (words, f"bold {sign.role}"), (f"  {count} · {clock(seconds)}", "$muted"))


def _culprit(guide: Guide, state: RunState) -> Step | None:
    bad = [step for step in guide.steps if state.step(step.id).outcome is state.verdict]
    return bad[-1] if bad else None
