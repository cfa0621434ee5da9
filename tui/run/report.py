"""A run as Markdown that can be pasted into a ticket: what was to be done, what happened, in which order, and what proves it.

It is told by the journal alone, so it is the same when the document or the server are gone. Failure, its cause, the mend (a run of its
own) and the try that passed stand in one section, in the order of time. Secrets were masked before they came into the journal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.errors import UsageError
from tui.run import report_step
from tui.run.events import Mends
from tui.run.journal import Journal
from tui.run.markdown import code, masked, words
from tui.run.outcome import OUTCOMES
from tui.run.past import Past, family, past
from tui.run.plan import LOCAL
from tui.run.story import Kind, Story, Try, story
from tui.target.ssh_address import is_public, parse
from tui.texts import Text, same

Lockdowns = Callable[[str], Sequence[tuple[float, Text]]]
"""What the record of a lockdown, named by its id, says: moments (Unix seconds) and sentences, in order; empty where there is none."""

_RUN: Final = Text("执行 {run}", "Run {run}")
_WHEN: Final = Text("{began} 到 {ended}（{zone}）", "{began} to {ended} ({zone})")
_FACTS: Final[Mapping[str, Text]] = {
    "run": Text("执行", "Run"),
    "when": Text("时间", "Time"),
    "guide": Text("指南", "Guide"),
    "content": Text("命令的内容", "Content of its commands"),
    "program": Text("程序", "Program"),
    "places": Text("地方", "Places"),
    "inputs": Text("输入", "Inputs"),
    "mends": Text("为了修好", "To mend"),
}
_CHANGED: Final = Text("（接着做时文档已经改过：{digest}）", " (the document had changed when the run went on: {digest})")
_MENDS: Final = Text("执行 {run} 的步骤 {step}：{cause}", "step {step} of the run {run}: {cause}")
_STORY: Final = Text("经过", "What happened")
_STEPS: Final = Text("每一步", "Step by step")
_VALUES: Final = Text("得到的数值", "Values found")
_VALUE: Final = Text("{name} = {value}，来自步骤 {step}", "{name} = {value}, from step {step}")
_LOCKDOWN: Final = Text("关闭和打开公网 SSH", "Closing and opening public SSH")
_RECORDS: Final = ("lockdown_id", "opening_id")
"""The values in which a run tells the names of its records."""
_NOTHING: Final = Text("没有执行任何步骤。", "No step was run.")
_FAILED: Final = Text("{step}：{word}", "{step}: {word}")
_FOUND: Final = Text("找到原因：{title}（{cause}，{sure}）", "cause found: {title} ({cause}, {sure})")
_MENDING: Final = Text("修（执行 {run}）：{step}：{word}", "mend (run {run}): {step}: {word}")
_UNDONE: Final = Text("撤销 {step}：{word}", "undo of {step}: {word}")
_ITEM: Final = Text("单独执行 {step} 的一条：{word}", "one item of {step}, run by itself: {word}")
_LOOK: Final = Text("看了一眼 {step} 分清原因", "a look at {step}, to tell its causes apart")
_ASKED: Final = Text("问：{question} 答：{answer}", "asked: {question} answered: {answer}")
_WENT_ON: Final = Text("接着做", "the run went on")


@dataclass(frozen=True, slots=True)
class _Told:
    past: Past
    story: Story


def report(journal: Journal, run: str, lockdowns: Lockdowns = lambda _: (), *, mask: bool = False) -> str:
    """The report of a run that is on record, in the language of the moment. `mask`: without public addresses and names of hosts."""
    rows = journal.runs()
    kin = [_Told(each, story(journal.events(each.row.run, printed=False))) for each in past(journal, family(rows, run), rows)]
    main = next(each for each in kin if each.past.row.run == run)
    lines = [*_head(main, kin), *_happened(main, kin), *_steps(journal, main), *_values(main.story), *_closing(main.story, lockdowns)]
    text = "\n".join(lines).rstrip() + "\n"
    return masked(text, _hosts(kin)) if mask else text


def clock(at: float) -> str:
    """A moment in local time, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _head(main: _Told, kin: Sequence[_Told]) -> Iterator[str]:
    row, started = main.past.row, main.story.started
    mark, word = main.past.words
    yield f"# {mark} {words(row.title)} · {words(word)}"
    yield ""
    span = _WHEN.fill(began=clock(row.at), ended=clock(row.last), zone=time.strftime("%z", time.localtime(row.at)))
    yield _fact("run", code(row.run))
    yield _fact("when", words(span))
    yield _fact("guide", code(Path(row.guide).name))
    if started is not None:
        later = next((each.digest for each in reversed(main.story.resumed) if each.digest not in ("", started.digest)), "")
        changed = words(_CHANGED.fill(digest=f"sha256:{later[:12]}")) if later else ""
        yield _fact("content", code(f"sha256:{started.digest}") + changed)
        if started.program:
            yield _fact("program", words(f"zhinan {started.program}, {started.system}"))
    places = {name: address for name, address in main.past.state.targets.items() if address and address != name}
    if places:
        yield _fact("places", ", ".join(f"{code(name)} = {code(address)}" for name, address in places.items()))
    inputs = {name: value.text for name, value in main.past.state.values.items() if value.source == "input"}
    if inputs:
        yield _fact("inputs", ", ".join(f"{code(name)} = {code(value)}" for name, value in inputs.items()))
    if row.mends is not None:
        yield _fact("mends", words(_MENDS.fill(run=_short(kin, row.mends), step=row.mends.step, cause=row.mends.cause)))


def _fact(name: str, value: str) -> str:
    return f"- {_FACTS[name]}: {value}"


def _short(kin: Sequence[_Told], mends: Mends) -> str:
    return next((each.past.short for each in kin if each.past.row.run == mends.run), mends.run)


def _happened(main: _Told, kin: Sequence[_Told]) -> Iterator[str]:
    """All that happened in the run and in those that belong to it, in the order of time."""
    yield from ("", f"## {_STORY}", "")
    moments: list[tuple[float, str]] = []
    for each in kin:
        other = each.past.short if each is not main and each.past.row.mends is not None else ""
        moments += [moment for tried in each.story.tries for moment in _moments(tried, other)]
        for refused in each.story.refused:
            mark, word = OUTCOMES[refused.verdict]
            moments.append((refused.at, f"{mark} {words(word)}: {words(refused.why)}"))
        moments += [(resumed.at, f"▸ {_WENT_ON}") for resumed in each.story.resumed if resumed.at - each.past.row.at > _LATER]
    for at, line in sorted(moments, key=lambda moment: moment[0]):
        yield f"- {clock(at)}  {line}"
    if not moments:
        yield str(_NOTHING)


_LATER: Final = 3600.0
"""Seconds after its beginning from which on it is worth saying that a run went on."""


def _moments(tried: Try, mending: str) -> Iterator[tuple[float, str]]:
    end = tried.ended if tried.ended is not None else tried.at
    for said in tried.asked:
        yield tried.at, f"! {words(_ASKED.fill(question=said.question, answer=report_step.answer(said)))}"
    mark, word = report_step.ending(tried)
    said_so = Text(f"{word.zh}：{tried.why.zh}", f"{word.en}: {tried.why.en}") if tried.why is not None else word
    step = same(tried.title)
    match tried.kind:
        case Kind.UNDO:
            line = _UNDONE.fill(step=step, word=said_so)
        case Kind.ITEM:
            line = _ITEM.fill(step=step, word=said_so)
        case Kind.LOOK:
            line = _LOOK.fill(step=step)
        case Kind.STEP:
            line = _FAILED.fill(step=step, word=said_so)
    if mending and tried.kind is Kind.STEP:
        line = _MENDING.fill(run=mending, step=step, word=said_so)
    yield end, f"{mark} {words(line)}"
    for cause in tried.causes[:1]:
        yield end, f"➜ {words(_FOUND.fill(title=cause.title, cause=cause.id, sure=report_step.sure(cause)))}"


def _steps(journal: Journal, main: _Told) -> Iterator[str]:
    if main.story.tries:
        yield from ("", f"## {_STEPS}")

    def log(tried: Try, name: str) -> Path:
        return journal.log_path(tried.run, name)

    for number, tried in enumerate(main.story.tries, 1):
        yield from report_step.lines(tried, number, log)


def _values(told: Story) -> Iterator[str]:
    if not told.learned:
        return
    yield from ("", f"## {_VALUES}", "")
    for name, (value, step) in told.learned.items():
        yield "- " + words(_VALUE.fill(name=name, value=value, step=step))


def _closing(told: Story, lockdowns: Lockdowns) -> Iterator[str]:
    """What the lockdowns of the run came to, from their own records."""
    ids = dict.fromkeys([*(_record(tried) for tried in told.tries), *(v for name, (v, _) in told.learned.items() if name in _RECORDS)])
    for identity in filter(None, ids):
        entries = lockdowns(identity)
        if entries:
            yield from ("", f"## {_LOCKDOWN}", "", f"- {code(identity)}")
            yield from (f"- {clock(at)}  {words(sentence)}" for at, sentence in entries)


def _record(tried: Try) -> str:
    folder = str(tried.firewall.get("record") or "")
    return folder.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _hosts(kin: Sequence[_Told]) -> set[str]:
    """The names of hosts that the runs' places have in their addresses."""
    found = set()
    for each in kin:
        for address in each.past.state.targets.values():
            if address == LOCAL or (":/" in address and not address.startswith("ssh://")):
                continue
            with suppress(UsageError):  # what is no host's address hides none
                found.add(parse(address).host)
    return {host for host in found if is_public(host)}
