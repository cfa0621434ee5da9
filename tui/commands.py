"""The commands of `zhinan`, as click reads them. Nothing heavy is imported before a command needs it.

Exit codes: 0 all passed; 1 a step or check failed (`search`: nothing found); 2 wrong usage or a bad document; 3 ended unknown
(lost, timed out); 4 refused (not approved, gate closed); 130 cancelled.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui import __version__, config
from tui.commands_past import report, resume, runs, undo
from tui.door import mended, screen, stoppable
from tui.errors import UsageError
from tui.options import EVENTS, HOST_KEY, INPUTS, JUNIT, WHERE, YES, inputs_of, pairs, said
from tui.texts import Text

if TYPE_CHECKING:
    from tui.guide.model import Guide
    from tui.run.plan import Request


class _Front(click.Group):
    """`zhinan FILE.md` is short for opening it: a first word that is no command is a document."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            args = ["open", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Front, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]},
             help=said("打开一份 Markdown 指南，边读边执行。不带参数时打开知识库；zhinan 文件.md 打开那一份。",
                    "Open a Markdown guide, read it and run it. Without arguments: the library; zhinan FILE.md: that guide."))  # fmt: skip
@click.version_option(__version__, prog_name="zhinan", help=said("显示版本", "show the version"))
@click.pass_context
def cli(ctx: click.Context) -> None:
    """See `help`."""
    if ctx.invoked_subcommand is None:
        sys.exit(screen(None))


@cli.command("open", hidden=True)
@click.argument("file")
def open_(file: str) -> None:
    """Open a guide on the full screen."""
    from tui.guide import library

    sys.exit(screen(library.find(file, config.load().folders)))


@cli.command(help=said("不用全屏界面，执行指南的步骤。", "Run a guide's steps without the screen."))
@click.argument("guide")
@click.option("--step", "steps", multiple=True, metavar="ID", help=said("只执行这一步，可重复", "run just this step; repeatable"))
@click.option("--from", "start", metavar="ID", help=said("从这一步执行到最后", "run from this step to the last"))
@WHERE
@INPUTS
@click.option("--force", is_flag=True, help=said("已经是这样的步骤也再做一次", "run steps that are already done, too"))
@YES
@HOST_KEY
@EVENTS
@JUNIT
def run(guide: str, steps: tuple[str, ...], start: str | None, places: tuple[str, ...], inputs: tuple[str, ...], junit: Path | None,
        **flags: bool) -> None:  # fmt: skip
    """Run a guide headless."""
    import asyncio

    from tui.guide import library, parse
    from tui.headless.runner import Ways, run_headless
    from tui.run.plan import Given

    mended()
    document = parse.load(library.find(guide, config.load().folders))
    request = _request(document, steps, start, force=flags["force"])
    where = pairs(places, "--on")
    only = next(iter(where)) if len(where) == 1 else None
    given = Given(where, inputs_of(document, pairs(inputs, "--input")), approved=flags["yes"], place=only)
    ways = Ways(json=flags["as_json"], accept_new_host_key=flags["accept_new_host_key"], junit=junit)
    sys.exit(asyncio.run(run_headless(document, request, given, ways)))


@cli.command(help=said("列出指南的步骤和命令。", "List a guide's steps and commands."))
@click.argument("guide")
@click.option("--json", "as_json", is_flag=True, help=said("输出 JSON", "print JSON"))
def steps(guide: str, as_json: bool) -> None:
    """Show what a document means to the program."""
    from tui.guide import library, parse
    from tui.guide.model import ActionSpec, is_offered
    from tui.guide.outline import outline
    from tui.run.clean import clean
    from tui.run.plan import approved_lines

    document = parse.load(library.find(guide, config.load().folders))
    rows = outline(document)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for step, row in zip(document.steps, rows, strict=True):
        where = row["on"] or Text("在哪里？", "where?")
        click.echo(clean(f"{step.line:>5}  {step.id}  [{where}]  {f'{step.label} {step.title}'.strip()}"))
        for item in step.items:
            for line in approved_lines(item):
                mark = "·" if is_offered(item) else "▸" if isinstance(item, ActionSpec) else "$"
                click.echo(f"         {mark} {clean(line)}")
    if not rows:
        click.echo(str(Text("这份文档里没有步骤", "this document has no steps")))


@cli.command(help=said("在知识库的所有文档里查找；每个词都要有，可以写拼音或首字母。",
                    "Search all documents of the library; all words must be there; pinyin works, too."))  # fmt: skip
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--lines", is_flag=True, help=said("列出每一行，而不是每份文档里最好的一行", "every line, not just the best of each document")
)
@click.option("--json", "as_json", is_flag=True, help=said("输出 JSON", "print JSON"))
def search(words: tuple[str, ...], lines: bool, as_json: bool) -> None:
    """Search like grep does: exit code 1 where nothing is found."""
    from tui.headless.search import search as look

    sys.exit(look(config.load(), " ".join(words), every_line=lines, as_json=as_json))


@cli.command(help=said("检查文档写得对不对，指出文件和行。", "Check documents; say file and line of what is wrong."))
@click.argument("paths", nargs=-1, required=True)
def lint(paths: tuple[str, ...]) -> None:
    """Lint files and folders."""
    from tui.headless.lint import lint as examine

    sys.exit(examine(paths, config.load().folders))


@cli.command(help=said("从日志找出失败的原因；- 是标准输入。", "Find out from a log why something failed; - is standard input."))
@click.argument("file", default="-")
@click.option("--step", metavar="ID", help=said("失败的是哪一步", "which step failed"))
@click.option("--json", "as_json", is_flag=True, help=said("输出 JSON", "print JSON"))
@click.option("--ask", is_flag=True, help=said("再问模型，先给你看要发的文字", "then ask a model; shows what would be sent first"))
@click.option("--yes", is_flag=True, help=said("同意发给模型，不再问", "agree to sending it to the model"))
def diagnose(file: str, step: str | None, **flags: bool) -> None:
    """Diagnose a log; 0 whatever was found, because looking succeeded. With `--ask` the model's answer must be whole, too."""
    from tui.headless.diagnosis import diagnose_and_ask, diagnose_file

    if flags["ask"]:
        diagnose_and_ask(file, step, config.load(), **flags)
    else:
        click.echo(diagnose_file(file, step, config.load(), as_json=flags["as_json"]))


@cli.command(help=said("从一份没人认识的失败日志写出一页故障页，以后就认识它；- 是标准输入。"
                       "退出码：0 写好了；1 没写，因为别的日志也会对上。",
                       "Write a failure page from the log of a failure nobody knew, so that it is known from now on; - is standard input."
                       " Exit codes: 0 written; 1 not written, as other logs would match it, too."))  # fmt: skip
@click.argument("file")
@click.option("--line", "lines", type=click.IntRange(1), multiple=True, metavar="N",
              help=said("说明问题的行，可重复；不写就用像错误的那几行",
                        "a line that tells, repeatable; else those like errors"))  # fmt: skip
@click.option("--title", default="", help=said("标题；不写就用第一行", "the title; else the first line"))
@click.option(
    "--id", "identity", default="", metavar="ID", help=said("页的 id；不写就由标题得出", "the page's id; else made from the title")
)
@click.option("--why", default="", help=said("为什么会这样", "why it happens"))
@click.option("--mend", default="", help=said("怎么修；以“$ ”开头的是命令", "how to mend it; a command if it begins with “$ ”"))
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help=said("写到哪个文件夹；不写就是你自己的故障页", "the folder to write to; else your own failure pages"))  # fmt: skip
@click.option("--anyway", is_flag=True, help=said("太宽也照样写下", "write it though it is too wide"))
def teach(file: str, lines: tuple[int, ...], title: str, identity: str, why: str, mend: str, output: Path | None, anyway: bool) -> None:
    """Teach the program a failure."""
    from tui.guide.taught import Wish
    from tui.headless.teach import Ways
    from tui.headless.teach import teach as learn

    stoppable()
    sys.exit(learn(file, Wish(title, identity, why, mend), Ways(lines, output, anyway), config.load()))


@cli.command(
    help=said(
        "在自带的练习世界里把指南走一遍，不会碰到真实的服务器。", "Rehearse the guide in a world of its own; no real server is touched."
    )
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    help=said("让一步像真的那样失败，可重复", "make a step fail the way it really does; repeatable"),
)
def practice(faults: tuple[str, ...]) -> None:
    """Start the practice world and open the guide on it."""
    from tui.practice.world import check_faults

    check_faults(faults)
    sys.exit(screen(None, faults))


@cli.command(help=said("看看这台电脑准备好了没有。", "See whether this computer is ready."))
@click.option("--json", "as_json", is_flag=True, help=said("输出 JSON", "print JSON"))
@click.option("--forget-key", is_flag=True, help=said("忘掉存在系统钥匙串里的阿里云 AccessKey", "forget the AccessKey kept in the keyring"))
def doctor(as_json: bool, forget_key: bool) -> None:
    """Examine this computer, or forget the AccessKey that was kept here (1 where there was none)."""
    if forget_key:
        from tui.cloud import ecs_keyring

        forgotten = ecs_keyring.forget()
        click.echo(str(_FORGOTTEN if forgotten else _NO_KEY_KEPT))
        sys.exit(0 if forgotten else 1)
    from tui.headless.doctor import examine
    from tui.judge.evidence import Status

    findings = examine(config.load())
    if as_json:
        click.echo(
            json.dumps([{"name": str(f.name), "status": f.status, "say": str(f.say)} for f in findings], ensure_ascii=False, indent=2)
        )
    else:
        marks = {Status.PASS: "✓", Status.FAIL: "✗", Status.UNKNOWN: "?"}
        for finding in findings:
            click.echo(f"{marks[finding.status]} {finding.name}: {finding.say}")
    sys.exit(1 if any(f.status is Status.FAIL for f in findings) else 0)


_FORGOTTEN = Text("已从系统钥匙串里删掉阿里云 AccessKey", "the Alibaba Cloud AccessKey was deleted from the keyring")
_NO_KEY_KEPT = Text("系统钥匙串里没有本程序存的 AccessKey", "the keyring holds no AccessKey of this program")


for _command in (resume, undo, runs, report):
    cli.add_command(_command)


def obey(argv: Sequence[str] | None) -> None:
    """Carry out a command line, the process's own for None; ends with SystemExit. Raises ZhinanError; wrong usage is said here."""
    try:
        cli.main(args=list(argv) if argv is not None else None, prog_name="zhinan", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        raise UsageError(_usage(error)) from error
    except click.Abort as error:
        raise KeyboardInterrupt from error


def _request(document: Guide, steps: tuple[str, ...], start: str | None, *, force: bool) -> Request:
    from tui.run.plan import Request, chosen

    ids = tuple(step.id for step in document.steps)
    if not ids:
        raise UsageError(Text("{file} 里没有步骤", "{file} has no steps").fill(file=document.path))
    chosen(document, Request((*steps, *([start] if start else []))))
    wanted = steps or (() if start else ids)
    later = ids[ids.index(start) :] if start else ()
    return Request(tuple(step for step in ids if step in wanted or step in later), force=force)


def _usage(error: click.ClickException) -> Text:
    match error:
        case click.NoSuchOption():
            near = f" ({', '.join(error.possibilities)})" if error.possibilities else ""
            return Text("没有选项 {name}{near}；见 zhinan --help", "no such option: {name}{near}; see zhinan --help").fill(
                name=error.option_name, near=near
            )
        case click.MissingParameter():
            name = error.param.make_metavar(error.ctx) if error.param and error.ctx else ""
            return Text("缺少 {name}；见 zhinan --help", "missing {name}; see zhinan --help").fill(name=name)
        case click.BadOptionUsage():
            return Text("选项 {name} 用错了：{why}", "option {name}: {why}").fill(name=error.option_name, why=error.format_message())
        case _:
            return Text("用法不对：{why}", "wrong usage: {why}").fill(why=error.format_message())
