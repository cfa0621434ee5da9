"""Failure pages from disk: which there are, what their front matter says, and what is wrong with it.

A page with a mistake loses the sign (or the key) that is wrong; all others keep working. Each mistake is a `Problem` with its line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.errors import DocumentError
from tui.guide.folders import english
from tui.guide.frontmatter import read_front, unknown_key
from tui.guide.model import Level, Problem
from tui.guide.source import read
from tui.guide.yamls import Tree
from tui.judge.failure import HARMLESS, Answer, Page, Probe, Says, Sign, Sure
from tui.texts import Text, same

_KEYS = (
    "id", "title", "summary", "language", "steps", "signs", "near", "explains", "over", "probe", "risk", "price", "source", "targets",
    "inputs",
)  # fmt: skip
_SIGN_KEYS = ("line", "lines", "but", "unless", "within", "sure", "lasting", "says")
_PROBE_KEYS = ("run", "on", "means")
_ANSWER_KEYS = ("prints", "exit", "then")
RISKS = ("none", "low", "medium", "high")
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A page (None: unusable as a whole) and the problems met while reading it."""

    path: Path
    page: Page | None
    problems: tuple[Problem, ...] = ()


def load(path: Path) -> Loaded:
    """Read one page; of its twin `<id>.en.md` only the title. Never raises."""
    try:
        text = read(path)[0]
    except DocumentError as error:
        return Loaded(path, None, (Problem(1, error.text),))
    return understood(text, path)


def understood(text: str, path: Path) -> Loaded:
    """What a page says that is or will be at `path`. Never raises."""
    front = read_front(text)
    if front.tree is None:
        words = Text("故障页要以 --- 之间的 id、title 和 signs 开头", "a failure page begins with id, title and signs between --- lines")
        return Loaded(path, None, tuple(front.problems) or (Problem(1, words),))
    return _Reader(path, front.tree).read()


@dataclass
class _Reader:
    path: Path
    tree: Tree
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> Loaded:
        data = self.tree.value
        self._known(self.tree, _KEYS)
        identity = str(data.get("id") or self.path.stem)
        if identity != self.path.stem:
            self._say(self.tree.at("id"), Text("id 要与文件名 “{name}” 相同", "the id must be the file's name, “{name}”").fill(
                name=same(self.path.stem)))  # fmt: skip
        title = " ".join(str(data.get("title") or identity).split())
        signs = tuple(self._signs(identity))
        if not signs:
            self._say(self.tree.at("signs"), Text("没有一条能用的 signs，永远诊断不到这一页", "no usable signs: it will never be found"))
        risk = str(data.get("risk") or "")
        if risk and risk not in RISKS:
            self._say(self.tree.at("risk"), _one_of("risk", risk, RISKS))
        page = Page(
            identity, Text(title, _english_title(self.path) or title), self.path, signs, self._words("steps"), self._words("near"),
            self._words("explains"), self._words("over"), self._probe(), risk, " ".join(str(data.get("price") or "").split()),
        )  # fmt: skip
        return Loaded(self.path, page, tuple(self.problems))

    def _say(self, line: int, text: Text, level: Level = Level.ERROR) -> None:
        self.problems.append(Problem(line, text, level))

    def _known(self, node: Tree, keys: tuple[str, ...]) -> None:
        for key in node.value:
            if key not in keys:
                self._say(node.at(key), unknown_key(str(key), keys))

    def _words(self, key: str) -> tuple[str, ...]:
        value = self.tree.value.get(key)
        return _several(value)

    def _signs(self, identity: str) -> Iterator[Sign]:
        signs = self.tree.children.get("signs")
        if signs is None or not isinstance(signs.value, list):
            return
        for index, node in signs.items():
            at = signs.at(index)
            if isinstance(node.value, str):
                yield Sign((node.value,), at=at)
            elif isinstance(node.value, dict):
                sign = self._sign(Tree(node.value, at, node.lines, node.children), identity)
                if sign:
                    yield sign
            else:
                self._say(at, Text("一条 sign 是一个正则，或者带 line: 的几个键", "a sign is a pattern, or keys with line: among them"))

    def _sign(self, node: Tree, identity: str) -> Sign | None:
        self._known(node, _SIGN_KEYS)
        data = node.value
        lines = (*_several(data.get("line")), *_several(data.get("lines")))
        if not lines:
            self._say(node.line, Text("这条 sign 没有 line:（要找的正则）", "this sign has no line: (the pattern to find)"))
            return None
        sure = str(data.get("sure") or Sure.SURE)
        if sure not in list(Sure):
            self._say(node.at("sure"), _one_of("sure", sure, tuple(Sure)))
            sure = Sure.MAYBE
        within = data.get("within", 0)
        if not isinstance(within, int) or isinstance(within, bool) or within < 0:
            self._say(node.at("within"), Text("within 是行数，例如 20", "within is a number of lines, such as 20"))
            within = 0
        return Sign(
            lines, _several(data.get("but")), _several(data.get("unless")), within, Sure(sure), bool(data.get("lasting")),
            self._says(node, identity), node.line,
        )  # fmt: skip

    def _says(self, node: Tree, identity: str) -> Says:
        says = str(node.value.get("says") or "")
        if says and identity != HARMLESS:
            self._say(node.at("says"), Text("says 只能写在 none.md 里", "says belongs in none.md only"))
        if says not in list(Says):
            self._say(node.at("says"), _one_of("says", says, tuple(filter(None, Says))))
            says = ""
        return Says(says)

    def _probe(self) -> Probe | None:
        node = self.tree.children.get("probe")
        if node is None or node.value is None:
            return None
        if not isinstance(node.value, dict) or not node.value.get("run"):
            self._say(self.tree.at("probe"), Text("probe 要有 run:（一条只看不改的命令）", "probe needs run: (a command that only looks)"))
            return None
        node = Tree(node.value, self.tree.at("probe"), node.lines, node.children)
        self._known(node, _PROBE_KEYS)
        means = node.children.get("means")
        answers = [answer for _, each in means.items() if (answer := self._answer(each))] if means else []
        return Probe(str(node.value["run"]).strip(), str(node.value.get("on") or "server"), tuple(answers))

    def _answer(self, node: Tree) -> Answer | None:
        data: Any = node.value
        if not isinstance(data, dict) or not data.get("then"):
            words = Text("means 的每一条要有 then:（一个故障 id）", "each of means needs then: (a failure's id)")
            self._say(node.line, words)
            return None
        self._known(node, _ANSWER_KEYS)
        prints = data.get("prints")
        code = data.get("exit")
        return Answer(str(data["then"]), "" if prints == NOTHING else None if prints is None else str(prints),
                      code if isinstance(code, int) else None)  # fmt: skip


def _several(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(each) for each in value) if isinstance(value, list) else (str(value),)


def _one_of(key: str, word: str, known: tuple[str, ...]) -> Text:
    near = (difflib.get_close_matches(word, known, 1, 0.4) or known)[0]
    words = Text(
        "{key} 没有 “{word}”，是不是想写 “{near}”？可以用：{known}",
        "{key} knows no “{word}”, did you mean “{near}”? Known: {known}",
    )
    return words.fill(key=same(key), word=same(word), near=same(near), known=same(", ".join(known)))


def _english_title(path: Path) -> str:
    twin = english(path)
    try:
        return read_front(read(twin)[0]).title if twin.is_file() else ""
    except DocumentError:
        return ""
