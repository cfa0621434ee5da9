"""What is wrong in a document, beyond what parsing met: names that lead nowhere, checks that can't work, places that can't be told.

An error keeps the guide from running; a warning is for its author. Both name the line to mend.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from tui.guide.model import Command, Guide, Level, Problem, Step
from tui.guide.parse import variables
from tui.guide.pictures import is_remote, resolve
from tui.guide.places import LOCAL
from tui.judge.checks import BadCheck, make
from tui.texts import Text, same

_GIVEN = frozenset(
    [
        "HOME",
        "USER",
        "PATH",
        "PWD",
        "SHELL",
        "LANG",
        "TERM",
        "HOSTNAME",
        "LOGNAME",
        "TMPDIR",
        "UID",
        "EUID",
        "RANDOM",
        "SECONDS",
        "OLDPWD",
        "EDITOR",
        "IFS",
        "LINENO",
        "PPID",
    ]
)
_ASSIGNED = re.compile(
    r"(?:^|[\s;(])(?:export\s+|local\s+|readonly\s+)?([A-Za-z_]\w*)=|\bread\s+(?:-\w+\s+)*(\w+)|\bfor\s+(\w+)\s+in\b|\$env:(\w+)\s*=",
    re.MULTILINE,
)
_GROUP = re.compile(r"\(\?P<(\w+)>")


def lint(guide: Guide) -> list[Problem]:
    """All problems of a guide, by line. Looks whether pictures exist, touches nothing else."""
    found = list(guide.problems)
    if not guide.steps:
        found.append(Problem(1, Text("没有找到可以执行的步骤", "no steps to run were found"), Level.WARNING))
    for rule in (_targets, _checks, _pictures, _inputs, _unsure):
        found += rule(guide)
    return sorted(found, key=lambda problem: problem.line)


def _names(guide: Guide) -> list[str]:
    """Target names that may be used: those of the front matter, `local`, and `server` where it names none."""
    named = [target.name for target in guide.targets]
    return [*named, LOCAL] if named else [LOCAL, "server"]


def _targets(guide: Guide) -> Iterator[Problem]:
    """`on` must name a target. Without `targets` in the front matter any name will do: it is asked for."""
    if not guide.targets:
        return
    known = _names(guide)
    for step in guide.steps:
        places = [(step.on, step.line), *((one.on, one.line) for one in step.commands if one.on != step.on)]
        for name, line in [*places, *((check.on, check.line) for check in step.checks)]:
            if name and name not in known and name != "server":
                near = difflib.get_close_matches(name, known, 1, 0.4) or known[:1]
                words = Text("没有叫 “{name}” 的目标，是不是想写 “{near}”？", "there is no target “{name}”, did you mean “{near}”?")
                yield Problem(line, words.fill(name=same(name), near=same(near[0])))


def _checks(guide: Guide) -> Iterator[Problem]:
    """Each check must be one that `judge` can make: known keys, valid patterns."""
    for step in guide.steps:
        for check in step.checks:
            try:
                make(check.kind, check.args)
            except BadCheck as error:
                words = Text("检查 {kind}：{why}", "check {kind}: {why}").fill(kind=same(check.kind), why=error.text)
                yield Problem(check.line, words)


def _pictures(guide: Guide) -> Iterator[Problem]:
    """Pictures that no file fits."""
    for token in guide.tokens:
        line = token.map[0] + 1 if token.map else 1
        for child in token.children or ():
            if child.type in ("softbreak", "hardbreak"):
                line += 1
            href = str(child.attrs.get("src", "")) if child.type == "image" else ""
            if href and not is_remote(href) and resolve(href, guide.path) is None:
                yield Problem(line, Text("找不到图片 {href}", "no such picture: {href}").fill(href=same(href)), Level.WARNING)


def _inputs(guide: Guide) -> Iterator[Problem]:
    """Inputs nobody uses, and variables nobody declares. Silent where the front matter has no `inputs`."""
    if not guide.inputs:
        return
    declared = {entry.name for entry in guide.inputs}
    used: set[str] = set()
    known = declared | _GIVEN | _made(guide)
    for step in guide.steps:
        for line, text in _texts(step):
            names = variables(text)
            used |= names
            for name in sorted(names - known):
                if name.isupper() and len(name) > 1:
                    near = difflib.get_close_matches(name, sorted(declared), 1, 0.6)
                    hint = Text("，是不是想写 {near}？", ", did you mean {near}?").fill(near=same(near[0])) if near else same("")
                    words = Text("变量 {name} 没有在 inputs 里声明{hint}", "the variable {name} is not declared under inputs{hint}")
                    yield Problem(line, words.fill(name=same(name), hint=hint), Level.WARNING)
    for entry in guide.inputs:
        if entry.name not in used and not _by_action(guide, entry.name):
            words = Text("输入 {name} 没有被任何命令用到", "the input {name} is used by no command")
            yield Problem(entry.line, words.fill(name=same(entry.name)), Level.WARNING)


def _texts(step: Step) -> Iterator[tuple[int, str]]:
    """Everything of a step that a shell will read, with its line."""
    for item in step.items:
        if isinstance(item, Command):
            yield item.line, item.text
    yield step.line, step.undo
    for check in step.checks:
        yield check.line, "\n".join(map(str, check.args.values()))


def _made(guide: Guide) -> set[str]:
    """Variables that commands assign, and values that checks find by named groups."""
    made: set[str] = set()
    for step in guide.steps:
        for _, text in _texts(step):
            made |= {name for match in _ASSIGNED.finditer(text) for name in match.groups() if name}
            made |= set(_GROUP.findall(text))
    return made


def _by_action(guide: Guide, name: str) -> bool:
    """Actions take inputs by name (`auth_key: TS_AUTHKEY`), or all of them: an action counts as a user of what it could read."""
    return any(step.action is not None for step in guide.steps) and bool(name)


def _unsure(guide: Guide) -> Iterator[Problem]:
    """Steps and commands whose place the words do not tell."""
    for step in guide.steps:
        if not step.commands:
            continue
        unsure = [one for one in step.commands if one.on is None]
        if unsure:
            words = Text(
                "看不出这条命令在哪里执行；在步骤前的注释里写 on: 就能确定，否则打开时会问",
                "where this command runs can't be told; write on: in a step annotation, or it is asked when opened",
            )
            yield Problem(unsure[0].line, words, Level.WARNING)
