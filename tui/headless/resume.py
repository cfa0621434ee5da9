"""`zhinan resume`: a run goes on where it stopped, failed or was cut off: the same guide, places and inputs, the steps not passed yet.

It stays the same run, so that its journal and its report tell one story. Secrets were never kept: they come from where they came before,
or are asked for anew. Nothing runs that the run was not to do: the rest of the guide is named, and comes with `--from`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import click

from tui.config import Settings
from tui.errors import UsageError
from tui.guide import parse
from tui.guide.model import Guide
from tui.headless.runner import Ways, run_headless
from tui.run.clean import clean
from tui.run.journal import Journal
from tui.run.past import End, Past, find, past
from tui.run.plan import Given, Request, chosen
from tui.run.state import CUT_OFF
from tui.secret import Secret
from tui.texts import Text

_UNDER_WAY: Final = Text("执行 {run} 正由另一个 zhinan 进行", "another zhinan is at work on the run {run}")
_CHANGED: Final = Text(
    "文档在那次执行之后改过；这些步骤的命令变了，会再做一次：{steps}",
    "the document was changed since; these steps have other commands now and are done again: {steps}",
)
_GONE: Final = Text("文档里已经没有这些步骤：{steps}", "the document no longer has these steps: {steps}")
_CUT: Final = Text(
    "上次做到“{step}”时程序断了，它的命令可能在 {place} 上继续跑完了；这一步会再看一次、再做一次",
    "the program was cut off in the middle of “{step}”, and its command may have gone on at {place}; the step is looked at and done again",
)
_DONE: Final = Text("执行 {run} 要做的步骤都已经通过", "all steps of the run {run} have passed")
_REST: Final = Text("；文档里还有：zhinan resume {run} --from {step}", "; the document has more: zhinan resume {run} --from {step}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line says beside the run: the step from which on everything is done ("": only what the run was to do), and more."""

    start: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str | Secret] = field(default_factory=dict)
    approved: bool = False


def known(settings: Settings, word: str) -> tuple[Past, Guide]:
    """The run that `word` means, and its document as it is now. Raises UsageError, DocumentError where the document is gone."""
    journal = Journal(settings.home)
    try:
        [found] = past(journal, (find(journal, word),))
    finally:
        journal.close()
    if found.stands is End.UNDER_WAY:
        raise UsageError(_UNDER_WAY.fill(run=found.short))
    return found, parse.load(Path(found.row.guide))


def resume(found: Past, document: Guide, wish: Wish, ways: Ways) -> int:
    """Go on with it; the exit code."""
    pending = _wanted(found, document, wish.start)
    for sentence in _remarks(found, document, pending):
        click.echo(f"zhinan: {clean(str(sentence))}", err=True)
    if not pending:
        rest = _DONE.fill(run=found.short)
        after = _next(found, document)
        more = _REST.fill(run=found.short, step=after) if after else Text("", "")
        click.echo(f"zhinan: {Text(rest.zh + more.zh, rest.en + more.en)}", err=True)
        return 0
    given = Given(wish.places, wish.inputs, approved=wish.approved, mends=found.row.mends)
    return asyncio.run(run_headless(document, Request(pending), given, replace(ways, resumes=found.row.run)))


def _wanted(found: Past, document: Guide, start: str) -> tuple[str, ...]:
    pending = found.pending(document)
    if not start:
        return pending
    chosen(document, Request((start,)))
    ids = [step.id for step in document.steps]
    later = ids[ids.index(start) :]
    again = {step.id for step in document.steps} - set(found.passed) | {step.id for step in found.changed(document)} | {start}
    return tuple(step for step in ids if step in pending or (step in later and step in again))


def _next(found: Past, document: Guide) -> str:
    """The step after those that the run has been through; "" where there is none."""
    ids = [step.id for step in document.steps]
    last = max((ids.index(step) for step in found.asked if step in ids), default=len(ids))
    return ids[last + 1] if last + 1 < len(ids) else ""


def _remarks(found: Past, document: Guide, pending: tuple[str, ...]) -> list[Text]:
    said = []
    changed = [step.id for step in found.changed(document) if step.id in pending]
    if changed:
        said.append(_CHANGED.fill(steps=", ".join(changed)))
    if gone := found.gone(document):
        said.append(_GONE.fill(steps=", ".join(gone)))
    for step in pending:
        state = found.state.step(step)
        if state.why == CUT_OFF and any(command.why == CUT_OFF for command in state.commands.values()):
            said.append(_CUT.fill(step=found.titles.get(step, step), place=state.address or state.on))
    return said
