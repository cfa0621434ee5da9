"""`zhinan runs`: what was run in the past, the newest first."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from tui.config import Settings
from tui.guide import library
from tui.run.clean import clean
from tui.run.journal import Journal, RunRow
from tui.run.past import Past, past
from tui.texts import Text

_NONE: Final = Text(
    "还没有执行过什么。用 zhinan run 指南 执行一份，或直接输入 zhinan", "Nothing has been run yet: try zhinan run GUIDE, or just zhinan"
)
_NONE_OF: Final = Text("“{guide}”还没有执行过", "“{guide}” has not been run yet")
_STEPS: Final = Text("{done}/{all} 步", "{done}/{all} steps")
_MENDS: Final = Text("↳ 修 {cause}：{run} 的步骤 {step}", "↳ mends {cause}: step {step} of {run}")
_HINT: Final = Text(
    "zhinan report 编号 看一次，zhinan resume 编号 接着做", "zhinan report RUN tells of one, zhinan resume RUN goes on with it"
)


def listed(settings: Settings, guide: str, limit: int, *, as_json: bool) -> None:
    """Print the latest `limit` runs (0: all), of `guide` if it is not empty: a file, a name from the library, or its title."""
    journal = Journal(settings.home)
    try:
        everything = journal.runs()
        rows = [row for row in everything if not guide or _is_of(row, guide)]
        found = list(past(journal, rows[: limit or None], everything))
    finally:
        journal.close()
    if as_json:
        click.echo(json.dumps([wire(each) for each in found], ensure_ascii=False, indent=2))
        return
    short = {each.row.run: each.short for each in found}
    for each in found:
        for line in _lines(each, short):
            click.echo(clean(line))
    if not found:
        click.echo(str(_NONE_OF.fill(guide=guide) if guide and everything else _NONE))
    elif len(rows) > len(found):
        click.echo(str(Text("还有 {n} 次；--limit 0 全部列出", "{n} more; --limit 0 lists all").fill(n=len(rows) - len(found))), err=True)
    else:
        click.echo(str(_HINT), err=True)


def wire(each: Past) -> dict[str, Any]:
    """A run in plain values, as `--json` prints it."""
    mends = each.row.mends
    return {
        "run": each.row.run, "short": each.short, "guide": each.row.guide, "title": each.row.title,
        "at": each.row.at, "last": each.row.last,
        "stands": str(each.stands), "steps": len(each.asked), "passed": len(each.passed), "undone": list(each.undone),
        "places": dict(each.state.targets),
        "mends": {"run": mends.run, "step": mends.step, "cause": mends.cause} if mends else None,
    }  # fmt: skip


def when(at: float) -> str:
    """A moment in local time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def _lines(each: Past, short: dict[str, str]) -> Iterator[str]:
    mark, word = each.words
    count = _STEPS.fill(done=len(each.passed), all=len(each.asked))
    places = "  ".join(f"{name}={address}" for name, address in each.state.targets.items() if address != name)
    yield f"{each.short}  {when(each.row.at)}  {mark} {word}  {count}  {each.row.title}  {places}".rstrip()
    if mends := each.row.mends:
        run = short.get(mends.run, mends.run)
        yield " " * 8 + str(_MENDS.fill(cause=mends.cause, run=run, step=mends.step))


def _is_of(row: RunRow, guide: str) -> bool:
    path = Path(guide)
    if path.exists():
        return library.family(path.absolute()) == library.family(Path(row.guide))
    return guide.casefold() in (row.title.casefold(), Path(row.guide).stem.casefold(), Path(row.guide).name.casefold())
