"""Small questions about markdown-it's tokens: where a block ends, how it begins, what of it is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token

from tui.texts import Text
from tui.ui.document.inline import clean

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_ALERT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*")
_ALERTS = {
    "NOTE": Text("说明", "Note"),
    "TIP": Text("提示", "Tip"),
    "IMPORTANT": Text("重要", "Important"),
    "WARNING": Text("注意", "Warning"),
    "CAUTION": Text("当心", "Caution"),
}


def closing(tokens: Sequence[Token], index: int) -> int:
    """The index after the block that begins at `index`."""
    if tokens[index].nesting != 1:
        return index + 1
    level = tokens[index].level
    for end in range(index + 1, len(tokens)):
        if tokens[end].nesting == -1 and tokens[end].level == level:
            return end + 1
    return len(tokens)


def is_apart(item: Sequence[Token]) -> bool:
    """Does a list item want a blank row after it: written loosely, or holding more than words?"""
    return any(
        (token.type == "paragraph_open" and not token.hidden) or token.type in ("fence", "code_block", "table_open", "blockquote_open")
        for token in item
    )


def shown_html(token: Token) -> str:
    """What is shown of an HTML block: all but its comments, as it is written."""
    return _COMMENT.sub("", clean(token.content)).strip()


def start_of(inline: Token) -> str:
    """How an inline token begins, a checkbox made by a plug-in written as in the source."""
    if inline.children and inline.children[0].type == "html_inline" and "checkbox" in inline.children[0].content:
        return "[ ] "
    return inline.content


def alert_of(tokens: Sequence[Token]) -> tuple[Text | None, int]:
    """The label of a GitHub alert (`> [!TIP]`), and how many characters of the text it takes."""
    inline = tokens[1] if len(tokens) > 1 and tokens[0].type == "paragraph_open" else None
    match = _ALERT.match(inline.content) if inline is not None else None
    return (_ALERTS[match[1]], len(match[0].rstrip()) + 1) if match else (None, 0)
