"""When a key of the guide screen makes sense: one table, asked for every redraw of the key bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tui.guide.model import Manual, Step, is_offered
from tui.run.events import Outcome
from tui.run.plan import Request
from tui.run.state import Phase
from tui.ui.screens.guide.links import told
from tui.ui.screens.guide.reading import GuideReading


def on_offer(screen: GuideReading, action: str) -> bool:
    """Whether the action makes sense now; those not in the table always do."""
    asked = _TABLE.get(action)
    return asked is None or asked(screen)


def done(screen: GuideReading, step: Step) -> bool:
    """Whether the step ended well in this run."""
    state = screen.runner.state.step(step.id)
    return state.phase is Phase.ENDED and state.outcome in (Outcome.PASSED, Outcome.ALREADY)


def failed(screen: GuideReading) -> bool:
    """Whether the step under the cursor ended badly."""
    step = screen.step_here
    seen = screen.runner.state.step(step.id) if step is not None else None
    return seen is not None and seen.phase is Phase.ENDED and seen.outcome in (Outcome.FAILED, Outcome.UNKNOWN)


def offered_here(screen: GuideReading, step: Step) -> int | None:
    """The index of the offered command or action the cursor stands on."""
    stop = screen.document.current
    if stop is None or stop.item is None:
        return None
    item = step.items[stop.item]
    return stop.item if is_offered(item) else None


def offered_beside(screen: GuideReading) -> Request | None:
    """The offered command or action under the cursor, if the run only waits for its reader: nothing else is in its way."""
    step = screen.step_here
    awaited = screen.asker.waiting or any(each.wait is not None for each in screen.runner.state.steps.values())
    if step is None or not awaited or screen.runner.aside:
        return None
    item = offered_here(screen, step)
    return None if item is None else Request(steps=(step.id,), item=item)


def _free(screen: GuideReading) -> Step | None:
    return None if screen.runner.busy else screen.step_here


def _again(screen: GuideReading) -> bool:
    step = _free(screen)
    return step is not None and done(screen, step)


def _undoable(screen: GuideReading) -> bool:
    """The step ended, in whatever way, and its document says how to take it back."""
    step = _free(screen)
    return step is not None and bool(step.undo) and screen.runner.state.step(step.id).phase is Phase.ENDED


def _checks(screen: GuideReading) -> bool:
    step = _free(screen)
    return step is not None and bool(step.checks)


def _copyable(screen: GuideReading) -> bool:
    return told(screen.runner) is not None or (screen.step_here is not None and bool(screen.step_here.commands))


def _mendable(screen: GuideReading) -> bool:
    return screen.cause_here is not None or screen.again_here is not None or screen.way_here is not None


def _tickable(screen: GuideReading) -> bool:
    """The run waits for a tick, or the cursor is on a thing to do by hand."""
    if screen.asker.waiting:
        return True
    step, stop = _free(screen), screen.document.current
    return step is not None and stop is not None and stop.item is not None and isinstance(step.items[stop.item], Manual)


_TABLE: Mapping[str, Callable[[GuideReading], bool]] = {
    "run": lambda screen: _free(screen) is not None or offered_beside(screen) is not None,
    "enter": lambda screen: _free(screen) is not None or offered_beside(screen) is not None,
    "run_from": lambda screen: _free(screen) is not None,
    "stop": lambda screen: screen.runner.busy and not screen.runner.stopping,
    "force": _again,
    "undo": _undoable,
    "check_only": _checks,
    "tick": _tickable,
    "mend": lambda screen: screen.mend_here is not None or screen.remedy_here is not None or screen.cause_here is not None,
    "repair": lambda screen: not screen.runner.busy and _mendable(screen),
    "others": lambda screen: bool(screen.others_here),
    "probe": lambda screen: not screen.runner.busy and screen.probe_here is not None,
    "ask": failed,
    "teach": lambda screen: failed(screen) and not screen.runner.busy,
    "copy": _copyable,
    "full_log": lambda screen: bool(screen.runner.logs),
    "find_next": lambda screen: bool(screen.search_words),
    "find_previous": lambda screen: bool(screen.search_words),
    "way_back": lambda screen: screen.panels.has_way_back,
    "go_on": lambda screen: screen.unfinished is not None,
    "save_report": lambda screen: bool(screen.runner.state.run) and screen.runner.journal is not None,
    "next_tab": lambda screen: screen.has_class("-narrow"),
}
