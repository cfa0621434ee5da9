"""What stands before the document: id, title, targets, inputs, in YAML (`---`), TOML (`+++`) or JSON (`{`).

Broken front matter is not swallowed: it stays visible as text, and the problem names its line.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from tui.guide.model import Input, InputType, Level, Problem, TargetSpec
from tui.guide.yamls import BadYaml, Tree, read_yaml
from tui.texts import Text, same

_KEYED = re.compile(r"^[\w\"'-]+\s*[:=]", re.MULTILINE)
_ID = re.compile(r"[\w.-]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TYPES: tuple[str, ...] = get_args(InputType)


@dataclass(slots=True)
class Front:
    """`lines` is how many lines it takes (0: there is none); `broken` says that it could not be read.

    `data` is all it holds, `tree` the same with the lines of its keys.
    """

    lines: int = 0
    broken: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    tree: Tree | None = None
    id: str = ""
    title: str = ""
    summary: str = ""
    language: Literal["zh", "en"] | None = None
    inputs: tuple[Input, ...] = ()
    targets: tuple[TargetSpec, ...] = ()
    problems: list[Problem] = field(default_factory=list)


def read_front(text: str) -> Front:
    """Find and read the front matter of a document; never raises."""
    for finder in (_fenced, _json):
        front = finder(text)
        if front is not None:
            return front
    return Front()


def _fenced(text: str) -> Front | None:
    """YAML between `---` lines, TOML between `+++` lines."""
    match = re.match(r"(---|\+\+\+)[ \t]*\n", text)
    if not match:
        return None
    mark = match[1]
    end = re.compile(r"^(?:---|\.\.\.)[ \t]*$" if mark == "---" else r"^\+\+\+[ \t]*$", re.MULTILINE).search(text, match.end())
    second = text[match.end() : match.end() + 200].split("\n", 1)[0]
    if end is None:
        if not _KEYED.match(second):
            return None
        words = Text(
            "文档开头的 {mark} 没有结束：缺少一行 {mark}", "the front matter opened with {mark} never ends: a line {mark} is missing"
        )
        return Front(problems=[Problem(1, words.fill(mark=same(mark)))])
    body = text[match.end() : end.start()]
    lines = text.count("\n", 0, end.start()) + 1
    if not body.strip():
        return Front(lines)
    try:
        tree = read_yaml(body, 2) if mark == "---" else _toml(body)
    except BadYaml as error:
        return _broken(lines, error) if _KEYED.search(body) else None
    if not isinstance(tree.value, dict):
        return None
    return _fill(Front(lines), tree)


def _toml(body: str) -> Tree:
    try:
        return _located(tomllib.loads(body), body, 2)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        found = re.search(r"at line (\d+)", str(error))
        words = Text("TOML 写错了：{what}", "bad TOML: {what}").fill(what=same(str(error)))
        raise BadYaml(1 + int(found[1]) if found else 2, words) from error


def _json(text: str) -> Front | None:
    """A JSON object at the very beginning, ending on a line of its own."""
    if not re.match(r"\{\s*(?:\"|\})", text):
        return None
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        close = re.search(r"^\}[ \t]*$", text, re.MULTILINE)
        if close is None:
            return None
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        lines = text.count("\n", 0, close.start()) + 1
        return _broken(lines, BadYaml(min(line, lines), Text("JSON 写错了：{what}", "bad JSON: {what}").fill(what=same(str(error)))))
    if text[end : end + 200].split("\n", 1)[0].strip():
        return None
    return _fill(Front(text.count("\n", 0, end) + 1), _located(value, text[:end], 1))


def _located(value: Any, source: str, first: int) -> Tree:
    """A tree for values read without places: the line of a key is the first that begins with it."""
    if not isinstance(value, dict):
        return Tree(value, first)
    children = {}
    lines = {}
    for key, child in value.items():
        found = re.search(rf"^[\s\[\"'{{]*(?:[\w\"'-]+\.)*[\"']?{re.escape(str(key))}\b", source, re.MULTILINE)
        skipped = len(found[0]) - len(found[0].lstrip()) if found else 0
        lines[key] = first + (source.count("\n", 0, found.start() + skipped) if found else 0)
        children[key] = _located(child, source, first)
    return Tree(value, first, lines, children)


def _broken(lines: int, error: BadYaml) -> Front:
    words = Text("文档开头的设置读不懂，按正文显示。{why}", "the front matter can't be read and is shown as text. {why}")
    return Front(lines, broken=True, problems=[Problem(error.line, words.fill(why=error.text))])


def _fill(front: Front, tree: Tree) -> Front:
    data = tree.value
    front.tree = tree
    front.data = {str(key): value for key, value in data.items()}
    front.title = _word(data.get("title"))
    front.summary = _word(data.get("summary") or data.get("description"))
    front.id = _word(data.get("id"))
    if front.id and not _ID.fullmatch(front.id):
        front.problems.append(Problem(tree.at("id"), bad_id(front.id)))
        front.id = ""
    language = _word(data.get("language") or data.get("lang")).lower()
    if language:
        front.language = "zh" if language.startswith("zh") or "中" in language else "en"
    front.targets = tuple(_targets(front, tree))
    front.inputs = tuple(_inputs(front, tree))
    return front


def bad_id(word: str) -> Text:
    """The sentence for an id that could not be typed on a command line."""
    words = Text("id “{word}” 只能用文字、数字、“-”、“_” 和 “.”", "the id “{word}” may hold letters, digits, “-”, “_” and “.” only")
    return words.fill(word=same(word))


def unknown_key(word: str, known: tuple[str, ...]) -> Text:
    """The sentence for a key nobody knows, with the nearest one that exists."""
    near = difflib.get_close_matches(word, known, 1, 0.5)
    if near:
        return Text("不认识的键 “{word}”，是不是想写 “{near}”？", "unknown key “{word}”, did you mean “{near}”?").fill(
            word=same(word), near=same(near[0])
        )
    return Text("不认识的键 “{word}”；可以用：{known}", "unknown key “{word}”; known are: {known}").fill(
        word=same(word), known=same(", ".join(known))
    )


def _word(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _mapping(front: Front, tree: Tree, key: str) -> list[tuple[str, Tree]]:
    section = tree.children.get(key)
    if section is None or section.value is None:
        return []
    if not isinstance(section.value, dict):
        front.problems.append(
            Problem(tree.at(key), Text("{key} 应该是 “名字: 设置” 的列表", "{key} should map names to settings").fill(key=same(key)))
        )
        return []
    return [(str(name), Tree(child.value, section.at(name), child.lines, child.children)) for name, child in section.items()]


def _targets(front: Front, tree: Tree) -> list[TargetSpec]:
    known = ("ask", "example", "address", "default", "same_as", "found_by")
    found = []
    for name, node in _mapping(front, tree, "targets"):
        value = node.value if isinstance(node.value, dict) else {}
        front.problems += [Problem(node.at(key), unknown_key(str(key), known), Level.WARNING) for key in value if key not in known]
        address = _word(value.get("address") or value.get("default")) or (_word(node.value) if not isinstance(node.value, dict) else "")
        same_as, found_by = _word(value.get("same_as")), _word(value.get("found_by"))
        found.append(TargetSpec(name, _word(value.get("ask")), address or None, _word(value.get("example")), node.line, same_as, found_by))
    names = [spec.name for spec in found]
    for spec in found:
        if spec.same_as and spec.same_as not in names:
            near = difflib.get_close_matches(spec.same_as, names, 1, 0)[0]
            words = Text("没有叫 “{name}” 的目标，是不是想写 “{near}”？", "there is no target “{name}”, did you mean “{near}”?")
            front.problems.append(Problem(spec.line, words.fill(name=same(spec.same_as), near=same(near))))
    return found


def _inputs(front: Front, tree: Tree) -> list[Input]:
    known = ("type", "of", "ask", "default", "help", "optional")
    found = []
    for name, node in _mapping(front, tree, "inputs"):
        value = node.value if isinstance(node.value, dict) else {"type": node.value} if node.value in TYPES else {}
        front.problems += [Problem(node.at(key), unknown_key(str(key), known)) for key in value if key not in known]
        if not _NAME.fullmatch(name):
            words = Text(
                "输入 “{name}” 要作为环境变量名：只能用字母、数字和下划线",
                "the input “{name}” becomes an environment variable: letters, digits and _ only",
            )
            front.problems.append(Problem(node.line, words.fill(name=same(name))))
            continue
        kind = _word(value.get("type")) or "text"
        if kind not in TYPES:
            front.problems.append(Problem(node.at("type"), _bad_type(kind)))
            kind = "text"
        of = value.get("of")
        choices = tuple(map(_word, of)) if isinstance(of, list) else ()
        if kind == "choice" and not choices:
            words = Text(
                "输入 “{name}” 是 choice，要用 of: [...] 写出可选的值", "the input “{name}” is a choice: list its values with of: [...]"
            )
            front.problems.append(Problem(node.line, words.fill(name=same(name))))
        optional = value.get("optional", False)
        if not isinstance(optional, bool):
            words = Text("optional 只能是 true 或 false", "optional must be true or false")
            front.problems.append(Problem(node.at("optional"), words))
        ask, hint, default = _word(value.get("ask")), _word(value.get("help")), _text(value.get("default"))
        found.append(Input(name, cast("InputType", kind), ask, choices, default, hint, node.line, optional is True))
    return found


def _text(value: Any) -> str | None:
    """A default as the text that a command will see; YAML's `true` is written as it is there."""
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _bad_type(word: str) -> Text:
    near = difflib.get_close_matches(word, TYPES, 1, 0.4) or ["text"]
    words = Text(
        "不认识的输入类型 “{word}”，是不是想写 “{near}”？可以用：{known}",
        "unknown input type “{word}”, did you mean “{near}”? Known: {known}",
    )
    return words.fill(word=same(word), near=same(near[0]), known=same(", ".join(TYPES)))
