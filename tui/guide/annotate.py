"""Annotation: HTML comments that hold one word and YAML, `<!-- step … -->`, `check`, `action`, `command`.

A comment that merely begins with one of these words ("<!-- check this later -->") is an ordinary comment: only YAML makes it an annotation.
"""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.guide.blocks import Block
from tui.guide.frontmatter import bad_id, unknown_key
from tui.guide.model import ActionSpec, CheckSpec, Level, Problem
from tui.guide.yamls import BadYaml, Tree, read_yaml
from tui.judge.checks import KINDS
from tui.texts import Text, same

WORDS = ("step", "check", "action", "command")
_STEP = ("id", "on", "changes", "undo", "timeout")
_COMMAND = ("on", "explicit", "name", "interactive", "background")
_ACTION = ("use", "timeout", "explicit", "name", "on", "say", "spares")
"""What the program reads of an action; all else goes to the action itself."""
_COMMENT = re.compile(r"<!--(?P<body>.*?)(?P<end>-->|\Z)", re.DOTALL)
_WORD = re.compile(r"\s*([A-Za-z]+)(?=\s|\Z)")
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\s*")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


@dataclass(frozen=True, slots=True)
class StepNote:
    """What `<!-- step -->` says; None and empty where it does not."""

    line: int
    id: str = ""
    on: str | None = None
    changes: bool | None = None
    undo: str = ""
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class CommandNote:
    """What `<!-- command -->` says about the fence that follows."""

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def on(self) -> str | None:
        """The place, if it names one."""
        return self.values.get("on")


Note = StepNote | CommandNote | ActionSpec | CheckSpec


def notes_in(block: Block) -> tuple[list[Note], list[Problem]]:
    """All annotations in a comment block, in order, and what is wrong in them."""
    notes: list[Note] = []
    problems: list[Problem] = []
    for line, word, body, closed in _comments(block):
        if not closed:
            words = Text(
                "注释没有结束：缺少 -->，后面的正文都看不到了", "the comment never ends: --> is missing, and hides all that follows"
            )
            problems.append(Problem(line, words))
            continue
        tree = _read(line, word, body, problems)
        if tree is not None:
            notes += _NOTES[word](tree, problems)
    return notes, problems


def _comments(block: Block) -> Iterator[tuple[int, str, str, bool]]:
    """(line of the word, word, YAML after it, whether it is closed) of every comment that begins with a word that could be ours."""
    counted, place = block.line, 0
    for match in _COMMENT.finditer(block.content):
        word = _WORD.match(match["body"])
        if not word:
            continue
        start = match.start("body") + word.start(1)
        counted += block.content.count("\n", place, start)
        place = start
        yield counted, word[1], match["body"][word.end() :], bool(match["end"])


def _read(line: int, word: str, body: str, problems: list[Problem]) -> Tree | None:
    """The YAML of an annotation; None for an ordinary comment and for one that can't be read."""
    looks = re.search(r"(?:^|\n)\s*(?:-\s+)?[\w\"']+:(?:\s|$)", body)
    if word not in WORDS:
        near = difflib.get_close_matches(word.lower(), WORDS, 1, 0.75)
        if near and looks:
            words = Text("不认识的注释 “{word}”，是不是想写 “{near}”？", "unknown annotation “{word}”, did you mean “{near}”?")
            problems.append(Problem(line, words.fill(word=same(word), near=same(near[0]))))
        return None
    head, newline, rest = body.partition("\n")
    try:
        tree = read_yaml(head.strip() + newline + textwrap.dedent(rest.replace("\t", "  ") if rest.startswith("\t") else rest), line)
    except BadYaml as error:
        if looks:
            problems.append(Problem(error.line, error.text))
        return None
    if isinstance(tree.value, (dict, list)) or (tree.value is None and word == "step"):
        return tree if tree.value is not None else Tree({}, line)
    if tree.value is None:
        problems.append(Problem(line, Text("注释 {word} 是空的", "the annotation {word} is empty").fill(word=same(word)), Level.WARNING))
    return None


def _mapping(tree: Tree, word: str, problems: list[Problem]) -> bool:
    if isinstance(tree.value, dict):
        return True
    words = Text("注释 {word} 应该是 “键: 值”，不是列表", "the annotation {word} should hold “key: value”, not a list")
    problems.append(Problem(tree.line, words.fill(word=same(word))))
    return False


def _unknown(tree: Tree, known: tuple[str, ...], problems: list[Problem]) -> None:
    problems += [Problem(tree.at(key), unknown_key(str(key), known)) for key in tree.value if key not in known]


def _step(tree: Tree, problems: list[Problem]) -> list[Note]:
    if not _mapping(tree, "step", problems):
        return []
    _unknown(tree, _STEP, problems)
    identity = _text(tree, "id")
    if identity and not re.fullmatch(r"[\w.-]+", identity):
        problems.append(Problem(tree.at("id"), bad_id(identity)))
        identity = ""
    changes = _flag(tree, "changes", problems)
    return [StepNote(tree.line, identity, _text(tree, "on") or None, changes, _text(tree, "undo"), _seconds(tree, problems))]


def _command(tree: Tree, problems: list[Problem]) -> list[Note]:
    if not _mapping(tree, "command", problems):
        return []
    _unknown(tree, _COMMAND, problems)
    values: dict[str, Any] = {}
    for key in _COMMAND:
        if key in ("on", "name"):
            values |= {key: _text(tree, key)} if _text(tree, key) else {}
        else:
            flag = _flag(tree, key, problems)
            values |= {key: flag} if flag is not None else {}
    return [CommandNote(tree.line, values)]


def _action(tree: Tree, problems: list[Problem]) -> list[Note]:
    if not _mapping(tree, "action", problems):
        return []
    use = _text(tree, "use")
    if not use:
        problems.append(
            Problem(tree.line, Text("注释 action 要用 use: 写出动作的名字", "the annotation action must name its action with use:"))
        )
        return []
    options = {str(key): value for key, value in tree.value.items() if key not in _ACTION}
    return [
        ActionSpec(
            use, tree.line, options, _seconds(tree, problems), explicit=bool(_flag(tree, "explicit", problems)), name=_text(tree, "name"),
            on=_text(tree, "on") or None, say=_text(tree, "say"), spares=bool(_flag(tree, "spares", problems)),
            lines={name: tree.at(name) for name in options},
        )
    ]  # fmt: skip


def _check(tree: Tree, problems: list[Problem]) -> list[Note]:
    if isinstance(tree.value, dict):
        return _one_check(tree, problems)
    found: list[Note] = []
    for index, child in tree.items():
        found += _one_check(Tree(child.value, tree.at(index), child.lines, child.children), problems)
    return found


def _one_check(tree: Tree, problems: list[Problem]) -> list[Note]:
    """One entry: the first key that is a kind of check says which; `judge.checks` validates the rest."""
    if not isinstance(tree.value, dict) or not tree.value:
        words = Text("检查应该写成 “种类: 内容”，种类可以是：{known}", "a check is written “kind: …”; kinds are: {known}")
        problems.append(Problem(tree.line, words.fill(known=same(", ".join(KINDS)))))
        return []
    kind = next((key for key in tree.value if key in KINDS), None)
    if kind is None:
        word = next((str(key) for key in tree.value if key not in ("say", "on", "expect")), str(next(iter(tree.value))))
        near = difflib.get_close_matches(word, list(KINDS), 1, 0.5)
        if near:
            words = Text("不认识的检查 “{word}”，是不是想写 “{near}”？", "unknown check “{word}”, did you mean “{near}”?").fill(
                word=same(word), near=same(near[0])
            )
        else:
            words = Text("不认识的检查 “{word}”；可以用：{known}", "unknown check “{word}”; known are: {known}").fill(
                word=same(word), known=same(", ".join(KINDS))
            )
        problems.append(Problem(tree.at(word), words))
        return []
    inner = tree.value[kind]
    args = dict(inner) if isinstance(inner, dict) else {"": inner}
    args |= {str(key): value for key, value in tree.value.items() if key not in (kind, "say", "on")}
    return [CheckSpec(kind, args, tree.line, _text(tree, "say"), _text(tree, "on") or None)]


def _text(tree: Tree, key: str) -> str:
    value = tree.value.get(key)
    return str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _flag(tree: Tree, key: str, problems: list[Problem]) -> bool | None:
    value = tree.value.get(key)
    if value is None or isinstance(value, bool):
        return value
    problems.append(Problem(tree.at(key), Text("{key} 只能是 true 或 false", "{key} must be true or false").fill(key=same(key))))
    return None


def _seconds(tree: Tree, problems: list[Problem]) -> float | None:
    value = tree.value.get("timeout")
    if value is None:
        return None
    match = _SPAN.fullmatch(str(value)) if not isinstance(value, bool) else None
    if match and float(match[1]) > 0:
        return float(match[1]) * _UNITS[match[2]]
    words = Text("timeout “{word}” 读不懂，请写成 90s、10m 或 1h", "can't read the timeout “{word}”; write it like 90s, 10m or 1h")
    problems.append(Problem(tree.at("timeout"), words.fill(word=same(str(value)))))
    return None


_NOTES = {"step": _step, "check": _check, "action": _action, "command": _command}
