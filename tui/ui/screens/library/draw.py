"""How a row of the library looks: mark, title, remark at the right edge; of what was found also the line, with what matched lit."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from textual.content import Content

from tui.guide.folders import FAILURES
from tui.guide.library import Entry
from tui.guide.search.find import Hit
from tui.run.recent import Used
from tui.texts import Text
from tui.ui.screens.library.shelf import Row
from tui.ui.widgets.cells import fit, visible, width
from tui.ui.widgets.marks import ENDINGS, TODO, Mark

_STEPS = Text("{n} 步", "{n} steps")
_STEP = Text("1 步", "1 step")
_QUESTIONS = Text("{n} 个问题", "{n} questions")
_UNREADABLE = Text("打不开", "unreadable")
_TODAY = Text("今天 {time}", "today {time}")
_YESTERDAY = Text("昨天 {time}", "yesterday {time}")
_CUT_OFF = Mark("?", "$decide", Text("没做完", "cut off"))
_READ = Mark("◦", "$faint", Text("看过", "read"))
_BEFORE = 12
"""Cells of a long line to show before what matched."""


def draw(row: Row, room: int) -> Content:
    """One row (two lines for a hit) in `room` cells."""
    if row.hit is not None:
        return _hit(row.hit, room)
    if row.used is not None:
        return _used(row.used, room)
    if row.question is not None:
        return _line("      ", TODO, row.question.title, Content(""), room)
    if row.entry is not None:
        return _entry(row.entry, room)
    words = visible(str(row.heading))
    if row.folded is None:
        return Content.styled(words, "$muted")
    return Content.assemble(("▸ " if row.folded else "▾ ", "$alive"), (words, "$muted"))


def _entry(entry: Entry, room: int) -> Content:
    if entry.problem is not None:
        return _line("  ", Mark("✗", "$bad", _UNREADABLE), entry.title, Content.styled(str(_UNREADABLE), "$bad"), room)
    if FAILURES in entry.path.parts[:-1]:
        remark = visible(entry.id)
    elif entry.questions:
        remark = str(_QUESTIONS.fill(n=len(entry.questions)))
    else:
        remark = str(_STEP if entry.steps == 1 else _STEPS.fill(n=entry.steps)) if entry.steps else ""
    return _line("  ", TODO, entry.title, Content.styled(fit(remark, room // 2), "$muted"), room)


def _used(used: Used, room: int) -> Content:
    mark = _READ if not used.ran else ENDINGS[used.verdict] if used.verdict is not None else _CUT_OFF
    remark = Content.assemble((str(mark.word), mark.role if used.ran else "$muted"), (f"  {when(used.at)}", "$muted"))
    return _line("  ", mark, used.title, remark, room)


def when(at: float) -> str:
    """A clock time today and yesterday, before that a date."""
    then, now = datetime.fromtimestamp(at).astimezone(), datetime.fromtimestamp(time.time()).astimezone()
    clock = then.strftime("%H:%M")
    if then.date() == now.date():
        return str(_TODAY.fill(time=clock))
    if then.date() == now.date() - timedelta(days=1):
        return str(_YESTERDAY.fill(time=clock))
    return then.strftime("%Y-%m-%d")


def _hit(hit: Hit, room: int) -> Content:
    place = Content.styled(fit(f"{visible(hit.path.name)}:{hit.line}", room // 2), "$muted")
    if hit.text == hit.title:
        return _line("  ", TODO, hit.title, place, room, _lit(hit, room - place.cell_length - 6, "$ink"))
    first = _line("  ", TODO, hit.title, place, room)
    return Content("\n").join([first, Content.assemble("    ", _lit(hit, room - 5, "$muted"))])


def _lit(hit: Hit, room: int, style: str) -> Content:
    """The matching line cut so that the first match is in it, what matched lit."""
    text, spans = hit.text, hit.spans
    start = 0
    if spans and width(text[: spans[0][1]]) > room - 1:
        start = spans[0][0]
        while start and width(text[start - 1 : spans[0][0]]) <= _BEFORE:
            start -= 1
    parts: list[Content] = [Content.styled("… ", style)] if start else []
    at = start
    for begin, end in spans:
        parts += [Content.styled(visible(text[at:begin]), style), Content.styled(visible(text[max(at, begin) : end]), "bold $alive")]
        at = end
    return Content("").join([*parts, Content.styled(visible(text[at:]), style)]).truncate(max(1, room), ellipsis=True)


def _line(indent: str, mark: Mark, title: str, remark: Content, room: int, words: Content | None = None) -> Content:
    left = room - remark.cell_length - width(indent) - 4
    shown = words if words is not None else Content.styled(fit(visible(title), left), "$ink")
    gap = " " * max(2, room - remark.cell_length - width(indent) - 2 - shown.cell_length)
    return Content.assemble(indent, (f"{mark.sign} ", mark.role), shown, gap, remark)
