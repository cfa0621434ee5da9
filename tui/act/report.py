"""The report of a run with what only the actions know: what became of a lockdown stands in its own record. And the report as a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tui import whole
from tui.act.lockdown_record import FOLDER, read
from tui.errors import UsageError
from tui.judge.firewall_read import NotFirewall
from tui.judge.lockdown import Phase
from tui.run import report
from tui.run.journal import Journal
from tui.texts import Text

_PHASES: Final = {
    Phase.INTENDED: Text("打算关闭", "meant to close"),
    Phase.SAVED: Text("旧规则存好了", "the old rules were saved"),
    Phase.WRITING: Text("要改一条规则", "about to change a rule"),
    Phase.WRITTEN: Text("改好了", "changed"),
    Phase.PROVING: Text("在证明", "proving"),
    Phase.CLOSED: Text("关闭了，并且证明过", "closed, and proven"),
    Phase.OPEN: Text("临时开着", "open for a while"),
    Phase.ROLLING_BACK: Text("在恢复旧规则", "putting the old rules back"),
    Phase.RESTORED: Text("旧规则恢复了，并且看到了", "the old rules are back, and were seen to be"),
    Phase.NEEDS_HAND: Text("没能自己恢复完，要亲手做", "could not put everything back: needs a person's hand"),
    Phase.DROPPED: Text("什么都没发出就结束了", "ended before anything was sent"),
}
_TRIES: Final = 1000
_UNREADABLE: Final = Text("记录 {folder} 看不懂", "the record {folder} can't be understood")


def text(journal: Journal, home: Path, run: str, *, mask: bool = False) -> str:
    """The report of the run `run`, in Markdown."""

    def lockdown(identity: str) -> Sequence[tuple[float, Text]]:
        return _told(home / FOLDER / identity)

    return report.report(journal, run, lockdown, mask=mask)


def _told(folder: Path) -> list[tuple[float, Text]]:
    if not folder.is_dir():
        return []
    try:
        entries = read(folder)
    except (OSError, NotFirewall):
        return [(folder.stat().st_mtime, _UNREADABLE.fill(folder=folder.name))]
    told: list[tuple[float, Text]] = []
    for entry in entries:
        sentence = _PHASES[entry.phase]
        if not told or told[-1][1] != sentence:
            told.append((entry.at, sentence))
    return told


def save(file: Path, words: str, *, replace: bool = False) -> None:
    """Write a file, whole or not at all, for its owner alone. Raises UsageError: it is there already (unless `replace`), or can't be."""
    try:
        whole.write(file, words, replace=replace)
    except FileExistsError as error:
        there = Text("{file} 已经有了；换个名字，或加 --force 覆盖", "{file} is there already; name another, or add --force")
        raise UsageError(there.fill(file=file)) from error
    except OSError as error:
        why = Text("写不了 {file}：{why}", "can't write {file}: {why}").fill(file=file, why=error.strerror)
        raise UsageError(why) from error


def keep(words: str, run: str) -> Path:
    """Save the report of `run` in the working folder, under a name that is free; the file. Raises UsageError where it can't be written."""
    stem = f"zhinan-report-{run.rpartition('-')[2]}"
    for number in range(1, _TRIES):
        file = Path.cwd() / (f"{stem}.md" if number == 1 else f"{stem}-{number}.md")
        if not os.path.lexists(file):
            break
    save(file, words)
    return file
