"""`zhinan diagnose`: a log in, findings out, as JSON or in words."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from tui.config import Settings
from tui.errors import UsageError
from tui.guide import failure_store
from tui.headless.logs import Watched, blocks, opened
from tui.judge.diagnose import Diagnosis, Finding
from tui.run.clean import clean
from tui.texts import Text, same

_SHOWN: Final = 3


def diagnose_file(file: str, step: str | None, settings: Settings, *, as_json: bool) -> str:
    """What to print for a log file, `-` being standard input. Raises UsageError where it can't be read."""
    with opened(file) as log:
        watched = Watched(blocks(log))
        found = failure_store.shelf(settings)().diagnose(watched, step)
    no_log = None if found.findings else watched.no_log(file)
    if no_log is not None:
        found = replace(found, suspects=())
    return json.dumps(to_wire(found), ensure_ascii=False) if as_json else str(no_log or in_words(found))


def diagnose_and_ask(file: str, step: str | None, settings: Settings, *, yes: bool, as_json: bool, **_: bool) -> None:
    """Print the diagnosis, then ask the model that the settings name. Raises ZhinanError."""
    if as_json:
        raise UsageError(Text("--ask 不能和 --json 一起用", "--ask and --json don't go together"))
    import asyncio

    from tui.headless import asking
    from tui.run import question

    ai, secrets = asking.chosen(settings), asking.known_secrets()
    with opened(file) as log:
        watched = asking.Watched(blocks(log), secrets)
        found = failure_store.shelf(settings)().diagnose(watched, step)
    sys.stdout.write(in_words(found) + "\n")
    sys.stdout.flush()
    asked = question.ask(replace(question.trouble_in(found, watched.end), title=step or ""), secrets)
    asyncio.run(asking.ask_model(asked, ai, yes=yes, from_terminal=file != "-" and sys.stdin.isatty()))


def to_wire(found: Diagnosis) -> dict[str, Any]:
    """The object that `diagnose --json` prints. `unexplained`: lines like errors, where nothing was found."""
    return {
        "lines": found.lines,
        "findings": [_finding(each) for each in found.findings],
        "unexplained": [{"line": place.line, "text": place.text} for place in found.suspects],
    }


def _finding(found: Finding) -> dict[str, Any]:
    page = found.page
    return {
        "id": page.id,
        "title": str(page.title),
        "score": found.score,
        "confidence": found.sure,
        "evidence": [{"line": place.line, "text": place.text} for place in found.evidence],
        "near": list(page.near),
        "follows": found.follows,
        "page": str(page.path),
    }


def in_words(found: Diagnosis) -> str:
    """The findings for a reader."""
    if not found.findings:
        return "\n".join(_nothing(found))
    rows = []
    for number, each in enumerate(found.findings[:_SHOWN], 1):
        head = Text("{n}. {title}（{sure}）", "{n}. {title} ({sure})")
        rows.append(str(head.fill(n=number, title=each.page.title, sure=each.confidence)))
        rows += [f"     {place.line:>6}  {clean(place.text)}" for place in each.evidence]
        if each.page.near and not each.follows:
            near = same(", ".join(each.page.near))
            rows.append("     " + str(Text("也可能是：{near}", "it may also be: {near}").fill(near=near)))
        if each.page.probe and each.page.near and not each.follows:
            rows.append("     " + str(Text("分清它们：{run}", "to tell them apart: {run}").fill(run=same(each.page.probe.run))))
        rows.append("     " + str(Text("怎么办：zhinan {id}", "what to do: zhinan {id}").fill(id=same(each.page.id))))
    rest = len(found.findings) - _SHOWN
    if rest > 0:
        rows.append(str(Text("另有 {n} 个较弱的结论，见 --json", "{n} weaker findings: see --json").fill(n=rest)))
    return "\n".join(rows)


def _nothing(found: Diagnosis) -> Iterator[str]:
    if not found.suspects:
        yield str(Text("看了 {n} 行，没有发现问题", "{n} lines read, nothing wrong found").fill(n=found.lines))
        return
    head = Text("看了 {n} 行，没有认识的故障；这几行像是错误：", "{n} lines read, no known failure; these lines look like errors:")
    yield str(head.fill(n=found.lines))
    for place in found.suspects:
        yield f"     {place.line:>6}  {clean(place.text)}"
