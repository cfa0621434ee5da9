"""`zhinan undo`: the old rules back, or what was opened for a while shut, by the same engine and action that a guide would use."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from tui import config
from tui.act.lockdown_record import Found, records
from tui.errors import UsageError
from tui.guide import parse
from tui.headless.runner import Ways, run_headless
from tui.judge.lockdown import OPENING, Next, Phase
from tui.run import events as ev
from tui.run.journal import Journal
from tui.run.plan import Given, Request
from tui.texts import Text

_GUIDE: Final = """# {title}

<!-- step
id: undo
on: local
changes: true
-->
## {title}

<!-- action
use: {use}
{option}: "{name}"
-->
"""


def undo(run: str) -> int:
    """Restore what that run, or that lockdown, has closed ("": the latest); the exit code. Raises UsageError where there is none."""
    home = config.home()
    there = records(home)
    names = [each.id for each in there]
    name = run if not run or any(each.startswith(run) for each in names) else _of_run(home, run)
    if not names or (run and not name):
        text = Text("没有可以恢复的关闭记录“{run}”；有：{names}", "no lockdown “{run}” to undo; there are: {names}")
        raise UsageError(text.fill(run=run, names=", ".join(names) or "—"))
    meant = next((each for each in there if each.id.startswith(name)) if name else (each for each in there if _to_undo(each)), None)
    title, use, option = Text("恢复关闭前的规则", "Put the old rules back"), "aliyun.restore", "lockdown"
    if meant and meant.story and meant.story.kind == OPENING:
        title, use, option, name = Text("关上临时打开的端口", "Shut what was opened for a while"), "aliyun.shut", "opening", meant.id
    guide = parse.parse(_GUIDE.format(title=title, use=use, option=option, name=name), Path("undo.md"))
    return asyncio.run(run_headless(guide, Request(("undo",)), Given(approved=True), Ways()))


def _to_undo(found: Found) -> bool:
    """Whether there is something of it to take back."""
    return found.story is not None and (found.story.phase is Phase.CLOSED or found.story.next in (Next.WAIT, Next.ROLL_BACK))


def _of_run(home: Path, run: str) -> str:
    """The lockdown, or else the opening, that a run of a guide made."""
    journal = Journal(home)
    try:
        learned = [event.values for event in journal.events(run) if isinstance(event, ev.Learned)]
    finally:
        journal.close()
    names = ("lockdown_id", "opening_id")
    return next((values[name] for values in reversed(learned) for name in names if name in values), "")
