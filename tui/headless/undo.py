"""`zhinan undo`: what a run did is taken back, last things first: a lockdown or what was opened for a while by its record, then steps by
the undo of their document.

A lockdown goes alone: while public SSH is closed, taking back the steps before it could cut the only way in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from tui import config
from tui.act.lockdown_record import Found, records
from tui.errors import UsageError
from tui.guide import parse
from tui.guide.model import Guide
from tui.headless.resume import known
from tui.headless.runner import Ways, run_headless
from tui.judge.lockdown import OPENING, Next, Phase
from tui.run import events as ev
from tui.run.ask import ConfirmLine, ConfirmQuestion
from tui.run.clean import clean
from tui.run.journal import Journal
from tui.run.past import LAST, Past, find
from tui.run.plan import LOCAL, Given, Request, chosen, refuse_final
from tui.run.state import Phase as StepPhase
from tui.texts import Text, same

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
_TITLE: Final = Text("恢复关闭前的规则", "Put the old rules back")
_SHUTTING: Final = Text("关上临时打开的端口", "Shut what was opened for a while")
_IDS: Final = ("lockdown_id", "opening_id")
"""The values in which a run tells the names of its records."""
_NONE: Final = Text(
    "没有执行“{run}”，也没有这样的关闭记录；关闭记录有：{names}，执行见 zhinan runs",
    "there is no run “{run}” and no lockdown of that name; lockdowns: {names}; zhinan runs lists the runs",
)
_ASK: Final = Text("按这个顺序撤销 {n} 步？", "take these {n} steps back, in this order?")
_ONE: Final = Text("撤销这一步？", "take this step back?")
_STEP: Final = Text("{n}. {title}，在 {place} 上：", "{n}. {title}, on {place}:")
_SHUT: Final = Text(
    "注意：{server} 的公网 SSH 关着（{id}）；撤销这些步骤可能切断唯一的路。先 zhinan undo {id}，或输入服务器的名字表示知道",
    "careful: public SSH of {server} is closed ({id}); taking steps back may cut the only way in. First zhinan undo {id}, or type the "
    "server's name to say that you know",
)
_NO_UNDO: Final = Text("文档没有写怎样撤销，没有动：{steps}", "the document does not say how to undo these, they stay: {steps}")
_ALREADY: Final = Text("本来就是那样，不是这次做的，没有动：{steps}", "they were so before this run, they stay: {steps}")
_UNSURE: Final = Text(
    "没有做成，可能改了一半：{steps}；要撤销就用 --step 指明",
    "not finished, perhaps half done: {steps}; name one with --step to take it back",
)
_CHANGED: Final = Text(
    "文档在那次执行之后改过，撤销的命令以现在的为准：{steps}", "the document was changed since, its undo is today's: {steps}"
)
_NOTHING: Final = Text("执行 {run} 没有什么可以撤销的", "there is nothing of the run {run} to take back")
_MORE: Final = Text("还有步骤可以撤销：zhinan undo {run}", "there are steps to take back, too: zhinan undo {run}")
_NOT_DONE: Final = Text(
    "步骤“{step}”在执行 {run} 里没有做过，没有什么可撤销", "the run {run} has not done the step “{step}”: nothing to undo"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line says: the steps ((): all that can be taken back), places in place of the run's, and `--yes`."""

    steps: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    approved: bool = False


def undo(word: str, choice: Choice, ways: Ways) -> int:
    """Take back what `word` means: a lockdown by its name, a run by its own ("": the latest lockdown); the exit code.

    Raises UsageError where there is no such thing, NotApproved on a no.
    """
    locks = records(config.home())
    if not choice.steps and word != LAST and (not word or any(each.id.startswith(word) for each in locks)):
        return _restore(locks, word)
    journal = Journal(config.home())
    try:
        row = find(journal, word or LAST)
        learned = [event.values for event in journal.events(row.run, printed=False) if isinstance(event, ev.Learned)]
        mine = {values[name] for values in learned for name in _IDS if name in values}
    except UsageError as error:
        if word in ("", LAST) or any(each.run.startswith(word) for each in journal.runs()):
            raise
        raise UsageError(_NONE.fill(run=word, names=_names(locks))) from error
    finally:
        journal.close()
    first = next((each for each in locks if each.id in mine and _to_undo(each)), None)
    if first is not None and not choice.steps:
        code = _restore(locks, first.id)
        if code == 0:
            click.echo(f"zhinan: {_MORE.fill(run=word)}", err=True)
        return code
    return _steps(row.run, choice, ways, [each for each in locks if _is_shut(each)])


def _restore(locks: Sequence[Found], name: str) -> int:
    """Take back the lockdown or opening whose name begins so ("": the latest that there is something to take back of)."""
    if not locks:
        raise UsageError(_NONE.fill(run=name, names="—"))
    meant = next((each for each in locks if each.id.startswith(name)) if name else (each for each in locks if _to_undo(each)), None)
    title, use, option = _TITLE, "aliyun.restore", "lockdown"
    if meant and meant.story and meant.story.kind == OPENING:
        title, use, option, name = _SHUTTING, "aliyun.shut", "opening", meant.id
    guide = parse.parse(_GUIDE.format(title=title, use=use, option=option, name=name), Path("undo.md"))
    return asyncio.run(run_headless(guide, Request(("undo",)), Given(approved=True), Ways()))


def _to_undo(found: Found) -> bool:
    """Whether there is something of it to take back."""
    return found.story is not None and (found.story.phase is Phase.CLOSED or found.story.next in (Next.WAIT, Next.ROLL_BACK))


def _is_shut(found: Found) -> bool:
    """Whether it closed public SSH, and that still is so."""
    return _to_undo(found) and found.story is not None and found.story.kind != OPENING


def _names(locks: Sequence[Found]) -> str:
    return ", ".join(each.id for each in locks) or "—"


def _steps(run: str, choice: Choice, ways: Ways, shut: Sequence[Found]) -> int:
    found, guide = known(config.load(), run)
    wanted = _wanted(found, guide, choice.steps)
    for sentence in _remarks(found, guide, wanted, named=bool(choice.steps)):
        click.echo(f"zhinan: {clean(str(sentence))}", err=True)
    if not wanted:
        click.echo(f"zhinan: {_NOTHING.fill(run=found.short)}", err=True)
        return 0
    given = Given(choice.places, approved=choice.approved, mends=found.row.mends)
    question = _question(found, guide, wanted, shut)
    asked = Ways(ways.json, ways.accept_new_host_key, resumes=found.row.run, first=question)
    return asyncio.run(run_headless(guide, Request(wanted, undo=True), given, asked))


def _wanted(found: Past, guide: Guide, named: tuple[str, ...]) -> tuple[str, ...]:
    """The ids to take back, in the order in which they were done. Raises UsageError for a step that is not there or was not done."""
    if not named:
        undoable = {step.id for step in guide.steps if step.undo}
        return tuple(step for step in found.did if step in undoable)
    refuse_final(guide, chosen(guide, Request(named)))
    ran = {step for step, state in found.state.steps.items() if state.phase is StepPhase.ENDED}
    for step in named:
        if step not in ran:
            raise UsageError(_NOT_DONE.fill(step=step, run=found.short))
    return tuple(sorted(dict.fromkeys(named), key=lambda step: found.state.step(step).started or 0.0))


def _remarks(found: Past, guide: Guide, wanted: Sequence[str], *, named: bool) -> Iterator[Text]:
    changed = [step.id for step in found.changed(guide) if step.id in wanted]
    if changed:
        yield _CHANGED.fill(steps=", ".join(changed))
    if named:
        return
    steps = {step.id: step for step in guide.steps}
    kept = [step for step in found.did if step not in wanted and (step not in steps or steps[step].changes is not False)]
    if kept:
        yield _NO_UNDO.fill(steps=", ".join(kept))
    undoable = {step.id for step in guide.steps if step.undo}
    before = [step for step in found.passed if step in undoable and step not in found.did]
    if before:
        yield _ALREADY.fill(steps=", ".join(before))
    unsure = [step for step in found.asked if step in undoable and step not in (*found.did, *found.passed) and _ran(found, step)]
    if unsure:
        yield _UNSURE.fill(steps=", ".join(unsure))


def _ran(found: Past, step: str) -> bool:
    return any(item >= 0 and not command.alone for item, command in found.state.step(step).commands.items())


def _question(found: Past, guide: Guide, wanted: Sequence[str], shut: Sequence[Found]) -> ConfirmQuestion:
    """Every script with its place, in the order in which it runs."""
    lines: list[ConfirmLine] = []
    for number, step_id in enumerate(reversed(wanted), 1):
        step, state = guide.step(step_id), found.state.step(step_id)
        title = f"{step.label} {step.title}".strip()
        place = state.address or state.on or step.on or "?"
        lines.append(ConfirmLine(_STEP.fill(n=number, title=title, place=place)))
        lines += [ConfirmLine(same(line), " ") for line in step.undo.rstrip().splitlines()]
    ask = _ASK.fill(n=len(wanted)) if len(wanted) > 1 else _ONE
    away = any(found.state.step(step).on != LOCAL for step in wanted)
    for each in shut if away else ():
        server = each.story.server or each.story.instance if each.story is not None else each.id
        return ConfirmQuestion(ask, (*lines, ConfirmLine(_SHUT.fill(server=server, id=each.id))), danger=True, typed=server)
    return ConfirmQuestion(ask, tuple(lines))
