"""`zhinan teach`: a log of a failure nobody knew in, a failure page out, tried out before it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import click

from tui.config import Settings
from tui.errors import UsageError
from tui.guide import failure_store
from tui.guide.folders import failure_pages
from tui.guide.taught import Wish
from tui.headless.logs import blocks, opened
from tui.judge.patterns import lines_at
from tui.judge.teach import bare
from tui.run.clean import clean
from tui.run.teaching import Shelves, lesson
from tui.texts import Text, same

_CHOSEN: Final = Text("第 {n} 行  {line}", "line {n}  {line}")
_KNOWN: Final = Text(
    "这份日志的原因已经认识：{title}。它不对的话，用 --line 指出真正说明问题的行",
    "the cause of this log is known already: {title}; if that is wrong, name the lines that tell with --line",
)
_NO_LINES: Final = Text(
    "没有看到像错误的行；用 --line 指出说明问题的行", "no line looks like an error; name the lines that tell with --line"
)  # fmt: skip
_TOO_FAR: Final = Text("日志里没有第 {n} 行，一共 {all} 行", "the log has no line {n}; it has {all}")
_SIGN: Final = Text("认它的样子：{pattern}", "known by: {pattern}")
_KEPT: Final = Text("已写好：{path}", "written: {path}")
_NOT_KEPT: Final = Text(
    "没有写：换几行（--line），或者加 --anyway 照样写下", "not written: choose other lines (--line), or write it all the same with --anyway"
)  # fmt: skip
_OUTSIDE: Final = Text(
    "诊断还不会用到它：它不在知识库某个文件夹的 failures 里", "no diagnosis will use it yet: it is in no folder `failures` of the library"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ways:
    """What the command line says: `lines` are numbers from 1, `folder` where the page goes (None: the reader's own)."""

    lines: tuple[int, ...] = ()
    folder: Path | None = None
    anyway: bool = False


def teach(file: str, wish: Wish, ways: Ways, settings: Settings) -> int:
    """Make the page and say what came of it; the exit code: 0 written, 1 not, because it would speak of other logs, too.

    Raises UsageError: a log or lines that are not there, an id that is taken, a folder that can't be written.
    """
    shelves = Shelves(settings.folders, settings.home)
    with opened(file, again=True) as log:
        own = _again(log)
        chosen = _lines(own, ways.lines, settings)
        for number, line in chosen:
            click.echo(str(_CHOSEN.fill(n=number, line=same(clean(bare(line)[:200])))))
        made = lesson(
            [line for _, line in chosen], wish, own, shelves, into=ways.folder or shelves.new, language=settings.language,
            without=() if file == "-" else (Path(file),),
        )  # fmt: skip
    for sign in made.draft.page.signs:
        for pattern in sign.lines:
            click.echo(str(_SIGN.fill(pattern=same(pattern))))
    for said in made.says:
        click.echo(clean(str(said)))
    if not made.good and not ways.anyway:
        click.echo(str(_NOT_KEPT))
        return 1
    path = made.keep(settings.home)
    click.echo(str(_KEPT.fill(path=path)))
    if path.resolve() not in (each.resolve() for each in failure_pages(settings.folders)):
        click.echo(str(_OUTSIDE))
    return 0


def _again(log: IO[bytes]) -> Callable[[], Iterable[bytes]]:
    def own() -> Iterable[bytes]:
        log.seek(0)
        return blocks(log)

    return own


def _lines(own: Callable[[], Iterable[bytes]], wanted: Sequence[int], settings: Settings) -> list[tuple[int, str]]:
    """The lines to learn from: those named, else those that look like errors."""
    if not wanted:
        found = failure_store.shelf(settings)().diagnose(own())
        if found.findings:
            raise UsageError(_KNOWN.fill(title=found.findings[0].page.title))
        if not found.suspects:
            raise UsageError(_NO_LINES)
        wanted = [place.line for place in found.suspects[-3:]]
    there, count = lines_at(own(), wanted)
    missing = [number for number in wanted if number not in there]
    if missing:
        raise UsageError(_TOO_FAR.fill(n=missing[0], all=count))
    return [(number, there[number]) for number in sorted(set(wanted))]
