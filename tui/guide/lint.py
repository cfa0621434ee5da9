"""What is wrong in a document, beyond what parsing met: names that lead nowhere, checks that can't work, places that can't be told.

An error keeps the guide from running; a warning is for its author. Both name the line to mend.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from tui.guide.model import ActionSpec, Command, Guide, Level, Problem, Step
from tui.guide.pictures import is_remote, resolve
from tui.guide.places import LOCAL
from tui.guide.reads import reads, variables
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
        "SSH_CONNECTION",
        "SSH_CLIENT",
    ]
)
_ASSIGNED = re.compile(
    r"(?:^|[\s;(])(?:export\s+|local\s+|readonly\s+)?([A-Za-z_]\w*)=|\bread\s+(?:-\w+\s+)*(\w+)|\bfor\s+(\w+)\s+in\b|\$env:(\w+)\s*=",
    re.MULTILINE,
)
_GROUP = re.compile(r"\(\?P<(\w+)>")


def lint(guide: Guide, actions: Mapping[str, Sequence[str]] | None = None) -> list[Problem]:
    """All problems of a guide, by line. Looks whether pictures exist, touches nothing else.

    `actions` are the actions there are, each with its options; without it what a guide asks of actions is not judged.
    """
    found = list(guide.problems)
    if not guide.steps:
        found.append(Problem(1, Text("没有找到可以执行的步骤", "no steps to run were found"), Level.WARNING))
    for rule in (_targets, _found, _checks, _pictures, _inputs, _unsure):
        found += rule(guide)
    if actions is not None:
        found += _actions(guide, actions)
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
        for name, line in [(step.on, step.line), *((part.on, part.line) for part in step.placed if part.on != step.on)]:
            if name and name not in known and name != "server":
                near = difflib.get_close_matches(name, known, 1, 0.4) or known[:1]
                words = Text("没有叫 “{name}” 的目标，是不是想写 “{near}”？", "there is no target “{name}”, did you mean “{near}”?")
                yield Problem(line, words.fill(name=same(name), near=same(near[0])))


def _found(guide: Guide) -> Iterator[Problem]:
    """A place that is found in the run must name the step that finds it."""
    ids = [step.id for step in guide.steps]
    for spec in guide.targets:
        if spec.value and not spec.found_by:
            words = Text(
                "地址 {address} 由哪一步得到？用 found_by 写出它的 id", "which step finds the address {address}? Name its id with found_by"
            )
            yield Problem(spec.line, words.fill(address=same(spec.address or "")), Level.WARNING)
        elif spec.found_by and spec.found_by not in ids and ids:
            text = Text("没有 id 是“{name}”的步骤，最接近的是“{near}”", "there is no step “{name}”; the nearest one is “{near}”")
            yield Problem(spec.line, _nearest(text, spec.found_by, ids))


def _checks(guide: Guide) -> Iterator[Problem]:
    """Each check must be one that `judge` can make: known keys, valid patterns."""
    for step in guide.steps:
        for check in step.checks:
            try:
                make(check.kind, check.args)
            except BadCheck as error:
                words = Text("检查 {kind}：{why}", "check {kind}: {why}").fill(kind=same(check.kind), why=error.text)
                yield Problem(check.line, words)


def _actions(guide: Guide, known: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Each action must be there, and have the options that are given to it."""
    for spec in (spec for step in guide.steps for spec in step.actions):
        if spec.use not in known:
            yield Problem(spec.line, _nearest(_NO_ACTION, spec.use, list(known)))
            continue
        for name in spec.options:
            if name not in known[spec.use]:
                yield Problem(spec.lines.get(name, spec.line), unknown_option(spec.use, name, known[spec.use]))


_NO_ACTION = Text("没有叫“{name}”的动作，最接近的是“{near}”", "there is no action “{name}”; the nearest one is “{near}”")


def unknown_option(use: str, name: str, known: Sequence[str]) -> Text:
    """The sentence for an option that an action does not have."""
    if not known:
        return Text("{use} 没有选项", "{use} has no options").fill(use=same(use))
    text = Text("{use} 没有“{name}”这个选项，最接近的是“{near}”", "{use} has no option “{name}”; the nearest one is “{near}”")
    return _nearest(text.fill(use=same(use)), name, known)


def _nearest(text: Text, name: str, known: Sequence[str]) -> Text:
    return text.fill(name=same(name), near=same(difflib.get_close_matches(name, known, 1, 0)[0]))


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
    used: set[str] = set().union(*(reads(spec) for step in guide.steps for spec in step.actions))
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
        if entry.name not in used:
            words = Text("输入 {name} 没有被任何命令或动作用到", "the input {name} is used by no command or action")
            yield Problem(entry.line, words.fill(name=same(entry.name)), Level.WARNING)


def _texts(step: Step) -> Iterator[tuple[int, str]]:
    """Everything of a step that takes values, with its line."""
    for item in step.items:
        if isinstance(item, Command):
            yield item.line, item.text
        elif isinstance(item, ActionSpec):
            yield item.line, "\n".join(map(str, item.options.values()))
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
