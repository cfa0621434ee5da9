"""The words of a paragraph: markdown-it's inline tokens as one run of text with looks.

Nothing of a document reaches the terminal raw: control and direction characters are written out, so that a line can't read
otherwise than it runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tui.texts import Text
from tui.ui.document.line import Flow, Look
from tui.ui.widgets.cells import visible

PICTURE = Text("图", "Picture")
MISSING = Text("找不到", "missing")

Pictures = Callable[[str], str | None]
"""Gives a picture's path as it should be shown, or None where the file is missing."""

_BREAK = re.compile(r"<br\s*/?>$", re.IGNORECASE)
_CHECKBOX = re.compile(r"<input[^>]*checkbox", re.IGNORECASE)
_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200c\u200e-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_FLAGS = {"strong": "b", "em": "i", "s": "s"}


def clean(text: str) -> str:
    """`text` with what a terminal would obey written out, and tabs as four blanks."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\t", "    ")
    return visible(text) if _RAW.search(text) else text


@dataclass(slots=True)
class _Writer:
    base: Look
    pictures: Pictures | None
    offered: Mapping[str, str]
    parts: list[str] = field(default_factory=list)
    spans: list[tuple[int, Look]] = field(default_factory=list)
    size: int = 0
    stack: list[Look] = field(default_factory=list)

    @property
    def look(self) -> Look:
        return self.stack[-1] if self.stack else self.base

    def put(self, text: str, look: Look) -> None:
        if text:
            self.parts.append(text)
            self.size += len(text)
            if self.spans and self.spans[-1][1] == look:
                self.spans.pop()
            self.spans.append((self.size, look))

    def last(self) -> str:
        return self.parts[-1][-1:] if self.parts else ""


def flow(token: Token, base: Look = Look(), pictures: Pictures | None = None, offered: Mapping[str, str] = {}) -> Flow:  # noqa: B008
    """The text of an inline token. `offered` gives inline commands that a key may run the address of their stop."""
    writer = _Writer(base, pictures, offered)
    children = children_of(token)
    for index, child in enumerate(children):
        _write(writer, child, children, index)
    return Flow("".join(writer.parts), writer.spans)


def plain(token: Token, pictures: Pictures | None = None) -> str:
    """The text of an inline token without its looks, the same characters as `flow` gives."""
    return flow(token, pictures=pictures).text


def children_of(token: Token) -> Sequence[Token]:
    """An inline token's children; a token that was not parsed inside yet is parsed now."""
    if token.children is None or (not token.children and token.content):
        token.children = _parser().parseInline(token.content)[0].children
    return token.children or ()


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _write(out: _Writer, token: Token, siblings: Sequence[Token], index: int) -> None:
    kind = token.type
    if kind == "text":
        out.put(_line(token.content), out.look)
    elif kind == "softbreak":
        out.put(_joint(out.last(), siblings, index), out.look)
    elif kind == "hardbreak":
        out.put("\n", out.look)
    elif kind == "code_inline":
        _code(out, token)
    elif kind == "image":
        look = out.look._replace(role="muted", href=str(token.attrGet("src") or ""))
        out.put(_line(picture_words(token, out.pictures)), look)
    elif kind == "html_inline":
        _html(out, token.content)
    elif token.nesting:
        _turn(out, token)
    else:
        out.put(_line(token.content), out.look)


def _turn(out: _Writer, token: Token) -> None:
    """The beginning or the end of emphasis or a link."""
    if token.nesting < 0:
        del out.stack[-1:]
    elif token.type == "link_open":
        out.stack.append(out.look._replace(role="alive", href=str(token.attrGet("href") or "")).plus("u"))
    else:
        out.stack.append(out.look.plus(_FLAGS.get(token.type.removesuffix("_open"), "")))


def _code(out: _Writer, token: Token) -> None:
    stop = out.offered.get(token.content, "")
    look = out.look._replace(role="alive", href=stop or out.look.href)
    out.put(_line(token.content), look.plus("u") if stop else look)


def _line(text: str) -> str:
    return clean(text).replace("\n", " ")


def _html(out: _Writer, content: str) -> None:
    if _BREAK.match(content):
        out.put("\n", out.look)
    elif _CHECKBOX.match(content):
        out.put("[x]" if "checked=" in content else "[ ]", out.look)
    elif not content.startswith("<!--"):
        out.put(_line(content), out.look._replace(role="muted"))


def _joint(before: str, siblings: Sequence[Token], index: int) -> str:
    """What a line end inside a paragraph stands for: nothing between Chinese characters, else a blank."""
    after = next((t.content for t in siblings[index + 1 :] if t.content), "")
    return "" if _east(before or " ") and _east(after[:1] or " ") else " "


def _east(char: str) -> bool:
    return "\u2e80" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or "\uff01" <= char <= "\uff60"


def picture_words(token: Token, pictures: Pictures | None) -> str:
    """The line that stands for a picture: `▦ 图 what it shows (its path)`."""
    source = str(token.attrGet("src") or "")
    alt = token.content or "".join(child.content for child in token.children or ())
    shown = pictures(source) if pictures else source
    path = shown if shown is not None else f"{MISSING}: {source}"
    alt = alt.removeprefix(str(PICTURE)).strip()
    return f"▦ {PICTURE} {alt} ({path})" if alt else f"▦ {PICTURE} ({path})"
