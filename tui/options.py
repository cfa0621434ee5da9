"""What several commands have in common: options, and what their words mean. The language of the help is the environment's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui import texts
from tui.door import complain
from tui.errors import UsageError
from tui.texts import Text

if TYPE_CHECKING:
    from tui.guide.model import Guide


def said(zh: str, en: str) -> str:
    """Help is read before anything else is known: its language is the environment's."""
    return zh if texts.from_environment() == "zh" else en


WHERE = click.option(
    "--on", "places", multiple=True, metavar="NAME=TARGET",
    help=said("目标在哪里，如 ecs=ssh://root@1.2.3.4 或 ecs=local", "where a target is: ecs=ssh://root@1.2.3.4, ecs=local"),
)  # fmt: skip
INPUTS = click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help=said("填一个输入", "give an input's value"))
YES = click.option(
    "--yes", is_flag=True,
    help=said("批准这份文档的命令（不接受主机密钥，也不打开闸门）", "approve the document's commands (accepts no host key, opens no gate)"),
)  # fmt: skip
HOST_KEY = click.option(
    "--accept-new-host-key", is_flag=True, help=said("接受第一次见到的主机密钥", "accept a host key seen for the first time")
)
EVENTS = click.option("--json", "as_json", is_flag=True, help=said("每个事件一行 JSON", "one event a line, as JSON"))
JUNIT = click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=said("写一份 JUnit 报告", "write a JUnit report")
)


def pairs(words: tuple[str, ...], option: str) -> dict[str, str]:
    """`NAME=VALUE` words as a mapping. Raises UsageError, naming the option."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(
                Text("{option} 要写成 名字=值，不是“{word}”", "{option} is written NAME=VALUE, not “{word}”").fill(option=option, word=word)
            )
        found[name] = value
    return found


def inputs_of(document: Guide, given: dict[str, str]) -> dict[str, Any]:
    """Values for inputs; a secret on the command line is taken, with a warning that others can see it there."""
    from tui.secret import Secret

    kinds = {each.name: each.type for each in document.inputs}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in kinds:
            known = "、".join(kinds) or "—"
            text = Text("{file} 没有输入“{name}”；有的是：{known}", "{file} has no input “{name}”; it has: {known}")
            raise UsageError(text.fill(file=document.path.name, name=name, known=known))
        if kinds[name] == "secret":
            text = Text(
                "注意：命令行上的 {name} 别人看得到；用环境变量 {name} 更好",
                "note: others can see {name} on the command line; better set the variable {name}",
            )
            complain(str(text.fill(name=name)))
        values[name] = Secret(value) if kinds[name] == "secret" else value
    return values
