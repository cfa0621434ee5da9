"""Teaching the program a failure it did not know, from the failed step to the page that knows it and the diagnosis made anew."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
from pathlib import Path

from textual.app import SuspendNotSupported

from tui import texts
from tui.errors import ZhinanError
from tui.guide.model import Step
from tui.guide.taught import Wish
from tui.judge.patterns import Patterns
from tui.run.plan import Request
from tui.run.teaching import Lesson, lesson
from tui.texts import Text
from tui.ui.dialogs.teach import Chosen, Row, TeachDialog, TriedDialog
from tui.ui.panels.diagnosis import causes, suspects
from tui.ui.screens.guide.offers import failed
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.seams import front

_NOTHING = Text("这一步没有失败，没有什么可教的", "This step has not failed: there is nothing to teach")
_NO_LOG = Text("这一步没有日志，没有可以认的行", "This step has no log, so there is no line to know it by")
_TRYING = Text("正在全部日志上试……", "Trying it out on all logs…")
_KEPT = Text("已写好：{path}", "Written: {path}")
_NO_EDITOR = Text("没有设置 EDITOR，没有打开编辑器；已写好：{path}", "EDITOR is not set, so no editor was opened; written: {path}")
_EDITOR_FAILED = Text("编辑器打不开：{why}；已写好：{path}", "The editor did not open: {why}; written: {path}")
_LINES = 2000
"""Lines of the log, from its end, that can be chosen."""
_FIRST = 3
"""Lines chosen at first: the last that look like errors."""
_SUSPICIOUS = "错误|失败|无法|error|fail|cannot|can't|could not|unable|denied|refused|fatal"


async def teach(screen: GuideScreen) -> None:
    """All of it, in a worker: dialogs are waited for."""
    step = screen.step_here
    if step is None or not failed(screen) or screen.runner.busy:
        screen.say(_NOTHING)
        return
    rows, chosen = _rows(screen, step)
    if not rows:
        screen.say(_NO_LOG)
        return
    wanted = await _made(screen, step.id, rows, chosen)
    if wanted is None:
        return
    made, wish = wanted
    try:
        path = made.keep(front(screen).shelves.home)
    except ZhinanError as error:
        screen.say(error.text)
        return
    screen.say(await _edited(screen, path) if wish == "edit" else _KEPT.fill(path=path))
    screen.start(Request(steps=(step.id,), diagnose=True))


async def _made(screen: GuideScreen, step_id: str, rows: list[Row], chosen: Chosen) -> tuple[Lesson, str] | None:
    """The page the reader wants, and whether to open an editor; None for a change of mind."""
    shelves, state = front(screen).shelves, screen.runner.state
    logs = [shelves.home / "runs" / state.run / command.log for command in state.step(step_id).commands.values()]
    own = "\n".join(row.text for row in rows).encode("utf-8", "replace")
    while True:
        answer = await screen.app.push_screen_wait(TeachDialog(rows, chosen))
        if answer is None:
            return None
        chosen = answer
        lines = [row.text for row in rows if row.number in chosen.lines]
        screen.say(_TRYING)
        try:
            made = await asyncio.to_thread(
                lesson, lines, chosen.wish, lambda: [own], shelves, into=shelves.new, language=texts.language(), without=logs
            )
        except ZhinanError as error:
            screen.say(error.text)
            continue
        wish = await screen.app.push_screen_wait(TriedDialog(made))
        if wish != "change":
            return (made, wish) if wish in ("keep", "edit") else None


def _rows(screen: GuideScreen, step: Step) -> tuple[list[Row], Chosen]:
    """The lines of the failed command's log, and those that look like errors as the first choice."""
    runner = screen.runner
    proofs = suspects(runner.state, step.id) or [proof for cause in causes(runner.state, step.id) for proof in cause.evidence]
    item = next((proof.item for proof in reversed(proofs) if proof.item is not None), None)
    place = (step.id, item) if item is not None and (step.id, item) in runner.logs else runner.log_of(step.id, None)
    if place is None:
        return [], Chosen((), Wish())
    runner.flush()
    log = runner.logs[place]
    first = max(log.dropped, len(log) - _LINES)
    rows = [Row(number, text) for number, text in enumerate(log.plain(first, len(log)).split("\n"), first + 1) if text.strip()]
    there = {row.number for row in rows}
    lines = [proof.line for proof in suspects(runner.state, step.id) if proof.item == place[1]]
    wanted = [line for line in lines if line is not None and line in there]
    if not wanted:
        seen = Patterns([_SUSPICIOUS]).scan(["\n".join(row.text for row in rows).encode("utf-8", "replace")]).places.get(0, [])
        wanted = [rows[line.line - 1].number for line in seen]
    return rows, Chosen(tuple(wanted)[-_FIRST:], Wish())


async def _edited(screen: GuideScreen, path: Path) -> Text:
    """Open the reader's editor on the page, and wait for its end; what there is to say."""
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    if not editor:
        return _NO_EDITOR.fill(path=path)
    try:
        with screen.app.suspend():
            await asyncio.to_thread(subprocess.run, [*editor, str(path)], check=False)
    except (OSError, SuspendNotSupported) as error:
        return _EDITOR_FAILED.fill(path=path, why=getattr(error, "strerror", None) or str(error))
    return _KEPT.fill(path=path)
