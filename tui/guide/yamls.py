"""YAML with lines: what ruamel read, as plain Python values, and where each key stands.

ruamel is imported here alone and late: a guide without annotation never pays for it. Nor does a flat annotation (`on: ecs`), which is what
most are: reading one with all of YAML in mind takes twenty times as long as reading the Markdown around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from tui.texts import Text, same

if TYPE_CHECKING:
    from ruamel.yaml import YAML

DEEPEST = 40  # nested collections; deeper ones are an attack or an accident
_FLAT = re.compile(
    r"([A-Za-z_][\w-]*): +((?:[A-Za-z_\u3400-\u9fff][\w\u3400-\u9fff./-]*|\d+(?:ms|[smh]))(?: [\w\u3400-\u9fff./-]+)*) *", re.ASCII
)
_BOOLS = {"true": True, "false": False}
_NO_WORDS = frozenset(word for name in ("true", "false", "null") for word in (name, name.title(), name.upper()))


@dataclass(frozen=True, slots=True)
class Tree:
    """A value with the lines (1-based) of its keys (`lines`) and, below it, of its children (`children`, by key or index)."""

    value: Any
    line: int
    lines: Mapping[Any, int] = field(default_factory=dict)
    children: Mapping[Any, Tree] = field(default_factory=dict)

    def at(self, key: Any) -> int:
        """The line of a key or an index; the tree's own line where it is not known."""
        return self.lines.get(key, self.line)

    def items(self) -> Iterator[tuple[Any, Tree]]:
        """The entries of a list, or the keys of a mapping, with their trees."""
        yield from self.children.items()


class BadYaml(Exception):
    """`line` (1-based, in the document) and what is wrong there."""

    def __init__(self, line: int, text: Text) -> None:
        super().__init__(text.en)
        self.line, self.text = line, text


def read_yaml(text: str, line: int) -> Tree:
    """Read YAML whose first line is line `line` of the document. Raises `BadYaml`."""
    return flat(text, line) or full(text, line)


def flat(text: str, line: int) -> Tree | None:
    """Plain `key: word` lines and nothing else; None for whatever could mean more."""
    children: dict[Any, Tree] = {}
    for number, row in enumerate(text.split("\n"), line):
        if not row:
            continue
        match = _FLAT.fullmatch(row)
        if match is None or match[1] in children or match[1] in _NO_WORDS or (match[2] in _NO_WORDS and match[2] not in _BOOLS):
            return None
        children[match[1]] = Tree(_BOOLS.get(match[2], match[2]), number)
    if not children:
        return None
    return Tree({key: child.value for key, child in children.items()}, line, {key: child.line for key, child in children.items()}, children)


@cache
def _reader() -> type[YAML]:
    from ruamel.yaml import YAML

    class Reader(YAML):
        def official_plug_ins(self) -> list[str]:
            return []  # there are none; looking for them means reading folders each time

    return Reader


def full(text: str, line: int) -> Tree:
    """All of YAML."""
    from ruamel.yaml.error import MarkedYAMLError

    yaml = _reader()(typ="rt", pure=True)
    yaml.allow_duplicate_keys = False
    try:
        return _tree(yaml.load(text), line, line, 0)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = str(error.problem or error.context or "").split("\n", 1)[0]
        raise BadYaml(line + (mark.line if mark else 0), Text("YAML 写错了：{what}", "bad YAML: {what}").fill(what=same(what))) from error
    except BadYaml:
        raise
    except Exception as error:  # ruamel lets many kinds through on hostile text; all mean the same here
        what = str(error).split("\n", 1)[0] or type(error).__name__
        raise BadYaml(line, Text("YAML 读不懂：{what}", "unreadable YAML: {what}").fill(what=same(what))) from error


def _tree(node: Any, line: int, first: int, depth: int) -> Tree:
    if depth > DEEPEST:
        raise BadYaml(line, Text("YAML 嵌套太深", "YAML nested too deeply"))
    if isinstance(node, dict):
        lines = {_plain(key): _where(node, key, line, first) for key in node}
        children = {_plain(key): _tree(child, lines[_plain(key)], first, depth + 1) for key, child in node.items()}
        return Tree({key: child.value for key, child in children.items()}, line, lines, children)
    if isinstance(node, list):
        spots = [_where(node, index, line, first) for index in range(len(node))]
        trees = [_tree(child, spot, first, depth + 1) for child, spot in zip(node, spots, strict=True)]
        return Tree([tree.value for tree in trees], line, dict(enumerate(spots)), dict(enumerate(trees)))
    return Tree(_plain(node), line)


def _where(node: Any, key: Any, line: int, first: int) -> int:
    try:
        return int(first + node.lc.data[key][0])
    except (AttributeError, KeyError, IndexError, TypeError):
        return line


def _plain(node: Any) -> Any:
    """The library's own scalars as plain ones; dates and other rarities as the text they were written as."""
    if node is None or isinstance(node, bool):
        return node
    if type(node).__name__ == "ScalarBoolean":
        return bool(node)
    for kind in (str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return str(node)
