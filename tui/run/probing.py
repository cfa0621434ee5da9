"""The probe of a failure page: one look at the place where a step failed, to tell apart causes that its log could not.

It is a command as any other: it waits for approval, its log is kept, what it printed is told. What it proves is one more `Diagnosed`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tui.errors import UsageError
from tui.guide.model import Command, Guide, Step
from tui.judge.diagnose import Book
from tui.judge.failure import Page, Sure
from tui.judge.probe import Decision, Standing, reranked
from tui.run.diagnosis import probe_of
from tui.run.events import PROBE, Cause, Proof
from tui.run.plan import LOCAL
from tui.texts import Text

_PATIENCE: Final = 60.0
OPEN: Final = "open"
"""What is said of a cause whose probe has decided nothing."""


def page_of(book: Callable[[], Book] | None, identity: str) -> tuple[Page, Sequence[Page]]:
    """The page of that id, which has a probe, and all pages. Raises UsageError where there is none."""
    pages = book().pages if book else ()
    page = next((page for page in pages if page.id == identity and page.probe), None)
    if page is None:
        raise UsageError(Text("故障页“{id}”没有探针", "the failure page “{id}” has no probe").fill(id=identity))
    return page, pages


def as_guide(guide: Guide, failed: str, on: str, page: Page) -> Guide:
    """The guide reduced to one step with one command, the probe. Approving it approves just that, remembered by what it is.

    `failed` is the step that failed, on the place named `on`.
    """
    assert page.probe is not None  # noqa: S101  page_of asked
    place = LOCAL if page.probe.on == LOCAL else _server(guide, on)
    step = guide.step(failed)
    command = Command(page.probe.run, "bash", step.line, step.line, explicit=True, on=place)
    only = Step(failed, str(page.title), step.line, step.end, on=place, items=(command,), changes=False, timeout=_PATIENCE)
    digest = hashlib.sha256(f"probe {page.probe.on}\n{page.probe.run}".encode()).hexdigest()
    return replace(guide, path=Path(f"{page.path}#probe"), steps=(only,), digest=digest, problems=())


def _server(guide: Guide, on: str) -> str:
    """What pages call the server: where the step failed; if that was here, the only other place the guide knows from the start."""
    if on != LOCAL:
        return on
    others = [spec.name for spec in guide.targets if spec.name != LOCAL and not spec.value]
    if len(others) != 1:
        raise UsageError(Text("不知道该到哪台服务器上看", "it is not known on which server to look"))
    return others[0]


def weighed(causes: Sequence[Cause], page: Page, found: Decision | None, pages: Sequence[Page]) -> tuple[Cause, ...]:
    """The causes after that look: what it proved first, with the line that proves it."""
    known = {cause.id: cause for cause in causes}
    proved = next((each for each in pages if found and each.id == found.answer.then), None)
    if found is None or proved is None:
        return tuple(replace(cause, probed=OPEN) if cause.id == page.id else cause for cause in causes)
    if proved.id not in known:
        known[proved.id] = Cause(proved.id, proved.title, 0, Sure.SURE, str(proved.path), near=proved.near, probe=probe_of(proved))
    if found.line:
        proof = Proof(found.text, PROBE, found.line)
        known[proved.id] = replace(known[proved.id], evidence=(proof, *known[proved.id].evidence))
    standings = [Standing(cause.id, cause.score, Sure(cause.sure), cause.follows, cause.probed) for cause in causes]
    ranked = reranked(standings, page, proved.id)
    return tuple(
        replace(known[each.id], score=each.score, sure=each.sure, follows=each.follows, probed=each.probed) for each in ranked
    )  # fmt: skip
