"""Guides for the document's tests, built by hand so that they hold exactly the steps a test speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from tui.guide.model import ActionSpec, CheckSpec, Command, Guide, Item, Manual, Step

_STEP = re.compile(r"^(第\d+步|Step \d+)\s*[:：]?\s*(.*)$")
_PAIR = re.compile(r"^(\w+): (.+)$", re.MULTILINE)
_ORDER = re.compile(r"(?:执行|运行)\s*$")


def parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(front_matter_plugin)


def guide(source: str, checks: Mapping[str, Sequence[CheckSpec]] | None = None, places: Mapping[str, str] | None = None) -> Guide:
    """Every heading `第N步 …` is a step `sN`; shell fences, task items, `<!-- action` and inline code after 执行 are its items."""
    tokens = parser().parse(source)
    steps: list[Step] = []
    heads = [
        (token.map[0] + 1, int(token.tag[1:]), match)
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.map and (match := _STEP.match(inline.content))
    ]
    for number, (line, level, match) in enumerate(heads):
        end = heads[number + 1][0] - 1 if number + 1 < len(heads) else source.count("\n") + 1
        step_id = f"s{number + 1}"
        on = (places or {}).get(step_id, "ecs")
        items = tuple(_items(tokens, line, end, on))
        steps.append(Step(step_id, match[2], line, end, match[1], level, on=on, items=items, checks=tuple((checks or {}).get(step_id, ()))))
    return Guide(Path("guide.md"), "guide", "Guide", source, tuple(tokens), tuple(steps), "")


def _items(tokens: Sequence[Token], first: int, last: int, on: str) -> list[Item]:
    items: list[Item] = []
    for token in tokens:
        if token.map is None or not first <= token.map[0] + 1 <= last:
            continue
        line = token.map[0] + 1
        if token.type == "fence" and token.info.startswith("bash"):
            text = token.content.rstrip("\n")
            items.append(Command(text, "bash", line + 1, line + 1 + text.count("\n"), on="local" if "local" in token.info else on))
        elif token.type == "html_block" and token.content.startswith("<!-- action"):
            said = dict(_PAIR.findall(token.content))
            action = ActionSpec(said.pop("use"), line, explicit="explicit" in said, on=said.pop("on", None), say=said.pop("say", ""))
            items.append(replace(action, options={name: word for name, word in said.items() if name != "explicit"}))
        elif token.type == "inline" and token.content.startswith("[ ] "):
            items.append(Manual(token.content[4:], line, line))
        elif token.type == "inline":
            children = token.children or []
            items += [
                Command(code.content, "bash", line, line, explicit=True, on=on, inline=True)
                for before, code in pairwise(children)
                if code.type == "code_inline" and _ORDER.search(before.content)
            ]
    return items
