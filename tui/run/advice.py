"""The commands in a model's answer, as a document of their own, so that they meet what every document meets: approval, places, journal.

Nothing of the answer but the text of its shell fences and a few plain words before each gets in, so that no annotation, front matter or
fence attribute in it can be anything more than words. Every command is only offered: none runs but by its own key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tui.guide.dialect import reader
from tui.guide.languages import read_info
from tui.run.clean import clean
from tui.texts import Text

_TITLE: Final = Text("模型建议的命令（猜测）", "Commands a model suggests (guesses)")
_INTRO: Final = Text(
    "下面的命令是模型猜的，没有人核实过。看懂一条，再执行一条；每条都会先问你。",
    "A model guessed these commands; nobody has verified them. Understand one before you run it; each asks first.",
)
_STEP: Final = Text("建议 {n}", "Suggestion {n}")
_PLAIN: Final = re.compile(r"[^\w\s，。；：、！？（）“”,.;:!?()'/=+%-]")
_WORDS: Final = 120
_MOST: Final = 20
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Suggested:
    """One command of an answer: its language as fenced, its text, and the words before it."""

    language: str
    text: str
    words: str


def suggested(answer: str) -> tuple[Suggested, ...]:
    """The shell commands in an answer, in order; at most twenty. A fence that its end was cut from is left out."""
    found: list[Suggested] = []
    words = ""
    source = answer.replace("\r\n", "\n").replace("\r", "\n")
    lines = source.split("\n")
    for token in reader().parse(source):
        if token.type == "inline":
            words = token.content
        elif token.type == "fence":
            info = read_info(token.info)
            text = clean(token.content).strip("\n")
            last = lines[token.map[1] - 1] if token.map and token.map[1] <= len(lines) else ""
            if info.shell and _closes(last, token.markup) and text.strip() and len(found) < _MOST:
                found.append(Suggested(info.word, text, _plain(words)))
            words = ""
    return tuple(found)


def document(commands: tuple[Suggested, ...], on: str) -> str:
    """The Markdown of a guide that offers `commands` on the place `on`."""
    rows = ["---", "id: model-answer", f"title: {_TITLE}", "---", "", f"# {_TITLE}", "", str(_INTRO), ""]
    for number, each in enumerate(commands, 1):
        rows += ["<!-- step", f"id: suggestion-{number}", f"on: {on}", "-->", f"## {_STEP.fill(n=number)}", ""]
        rows += [each.words, ""] if each.words else []
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", each.text)), default=0))
        rows += ["<!-- command", "explicit: true", f"on: {on}", "-->", fence + each.language, each.text, fence, ""]
    return "\n".join(rows)


def _closes(line: str, markup: str) -> bool:
    bare = line.strip(" \t>")
    return bare.startswith(markup) and not bare.strip(markup[0])


def _plain(words: str) -> str:
    """Words that are nothing but words in any Markdown."""
    kept = _SPACE.sub(" ", _PLAIN.sub("", clean(words))).strip(" -+=")
    return kept if len(kept) <= _WORDS else kept[:_WORDS] + "…"
