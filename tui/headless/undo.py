"""`zhinan undo`: the old rules back, by the same engine and the same action that a guide would use."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from tui import config
from tui.act.lockdown_record import records
from tui.errors import UsageError
from tui.guide import parse
from tui.headless.runner import Ways, run_headless
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
use: aliyun.restore
lockdown: "{name}"
-->
"""


def undo(run: str) -> int:
    """Restore what that run, or that lockdown, has closed ("": the latest); the exit code. Raises UsageError where there is none."""
    home = config.home()
    names = [each.id for each in records(home)]
    name = run if not run or any(each.startswith(run) for each in names) else _of_run(home, run)
    if not names or (run and not name):
        text = Text("没有可以恢复的关闭记录“{run}”；有：{names}", "no lockdown “{run}” to undo; there are: {names}")
        raise UsageError(text.fill(run=run, names=", ".join(names) or "—"))
    title = Text("恢复关闭前的规则", "Put the old rules back")
    guide = parse.parse(_GUIDE.format(title=title, name=name), Path("undo.md"))
    return asyncio.run(run_headless(guide, Request(("undo",)), Given(approved=True), Ways()))


def _of_run(home: Path, run: str) -> str:
    """The lockdown that a run of a guide made."""
    journal = Journal(home)
    try:
        learned = [event.values for event in journal.events(run) if isinstance(event, ev.Learned)]
    finally:
        journal.close()
    return next((values["lockdown_id"] for values in reversed(learned) if "lockdown_id" in values), "")
