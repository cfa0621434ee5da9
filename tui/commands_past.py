"""The commands about what was run: go on with it, take it back, list it, tell of it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tui import config
from tui.door import mended, stoppable
from tui.options import EVENTS, HOST_KEY, INPUTS, JUNIT, WHERE, YES, inputs_of, pairs, said


@click.command(help=said("接着做一次停下、失败或断掉的执行。RUN 是 zhinan runs 里的编号，或 last。",
                    "Go on with a run that stopped, failed or was cut off. RUN is an id from zhinan runs, or last."))  # fmt: skip
@click.argument("run")
@click.option("--from", "start", default="", metavar="ID", help=said("还要从这一步做到最后", "also do all from this step to the last"))
@WHERE
@INPUTS
@YES
@HOST_KEY
@EVENTS
@JUNIT
def resume(run: str, start: str, places: tuple[str, ...], inputs: tuple[str, ...], junit: Path | None, **flags: bool) -> None:
    """Go on with a run."""
    from tui.headless.resume import Wish, known
    from tui.headless.resume import resume as go_on
    from tui.headless.runner import Ways

    mended()
    found, document = known(config.load(), run)
    wish = Wish(start, pairs(places, "--on"), inputs_of(document, pairs(inputs, "--input")), approved=flags["yes"])
    ways = Ways(json=flags["as_json"], accept_new_host_key=flags["accept_new_host_key"], junit=junit)
    sys.exit(go_on(found, document, wish, ways))


@click.command(help=said("撤销一次执行做过的步骤，或恢复关闭公网 SSH 之前的规则；不带 RUN 时恢复最近一次关闭。",
                    "Take back a run's steps, or a lockdown: the rules as they were. Without RUN: the latest lockdown."))  # fmt: skip
@click.argument("run", default="")
@click.option("--step", "steps", multiple=True, metavar="ID", help=said("只撤销这一步，可重复", "take back just this step; repeatable"))
@WHERE
@YES
@HOST_KEY
@EVENTS
def undo(run: str, steps: tuple[str, ...], places: tuple[str, ...], **flags: bool) -> None:
    """Take back what a run did, or a lockdown."""
    from tui.headless.runner import Ways
    from tui.headless.undo import Choice
    from tui.headless.undo import undo as take_back

    mended()
    choice = Choice(steps, pairs(places, "--on"), approved=flags["yes"])
    sys.exit(take_back(run, choice, Ways(json=flags["as_json"], accept_new_host_key=flags["accept_new_host_key"])))


@click.command(help=said("列出做过的执行，最近的在前。", "List past runs, the newest first."))
@click.argument("guide", default="")
@click.option(
    "--limit",
    default=20,
    show_default=True,
    metavar="N",
    type=click.IntRange(min=0),
    help=said("最多几次，0 是全部", "at most so many; 0: all"),
)
@click.option("--json", "as_json", is_flag=True, help=said("输出 JSON", "print JSON"))
def runs(guide: str, limit: int, *, as_json: bool) -> None:
    """What was run, of one guide or of all."""
    from tui.headless.runs import listed

    listed(config.load(), guide, limit, as_json=as_json)


@click.command(help=said("一次执行的报告（Markdown，可以贴进工单）。RUN 是 zhinan runs 里的编号，或 last。",
                    "A run's report, in Markdown, fit for a ticket. RUN is an id from zhinan runs, or last."))  # fmt: skip
@click.argument("run")
@click.option("-o", "--output", "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help=said("写进文件（已经有的不会覆盖）", "into a file (one that is there is not overwritten)"))  # fmt: skip
@click.option("--force", is_flag=True, help=said("覆盖已有的文件", "overwrite the file"))
@click.option("--mask", is_flag=True, help=said("公网地址和主机名换成编号", "numbers in place of public addresses and names of hosts"))
@click.option(
    "--json", "as_json", is_flag=True, help=said("每个事件一行 JSON，和 run --json 一样", "its events as JSON, one a line, like run --json")
)
def report(run: str, file: Path | None, **flags: bool) -> None:
    """Tell of a run."""
    from tui.headless.report import report as tell

    stoppable()
    tell(config.load(), run, file, **flags)
