"""A model's Markdown as it comes: only what is new is laid out, so nothing flickers, and nothing of it can hide or do anything.

Textual's widget paints it. What would take words away (HTML, a link's address, a definition of one) stays text, as the model wrote it, and
no link opens; Chinese is broken as the document breaks it; code too long for its line goes on in the next.
"""

from __future__ import annotations

import re
from typing import Final

from markdown_it import MarkdownIt
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Markdown
from textual.widgets.markdown import MarkdownBlock

from tui.ui.linebreak import wrap

_UNDECIDED: Final = re.compile(r"^[\s\d.)*+#>`|:=~_-]+\Z", re.MULTILINE)


def _reader() -> MarkdownIt:
    plain = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return plain.disable(["link", "image", "autolink", "reference", "html_block", "html_inline"])


class _Broken(MarkdownBlock):
    """Text broken as Chinese wants it."""

    def render(self) -> Content:
        """The text at the width there is."""
        return Content("\n").join(self._content[start:end].rstrip() for start, end in self._rows(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The rows it takes."""
        return len(self._rows(width))

    def _rows(self, width: int) -> list[tuple[int, int]]:
        text = self._content.plain
        return wrap(text, width) if width > 0 else [(0, len(text))]


class Heading(_Broken):
    """A heading of any depth."""


class Paragraph(_Broken):
    """A paragraph; one that only grew stays where it is."""

    async def _update_from_block(self, block: MarkdownBlock) -> None:
        if isinstance(block, Paragraph):
            self.set_content(block._content)  # noqa: SLF001  as Textual does
            self._copy_context(block)
        else:
            await super()._update_from_block(block)


class AnswerText(Markdown):
    """`say` shows a text; of one that only grew, the end alone is laid out anew."""

    DEFAULT_CSS = """
    AnswerText { padding: 0; color: $ink; }
    AnswerText MarkdownBlock > .code_inline { color: $alive !important; background: transparent !important; }
    AnswerText Heading { color: $bright; text-style: bold; margin: 0 0 1 0; }
    AnswerText > Paragraph { margin: 0 0 1 0; }
    AnswerText MarkdownBullet { color: $muted; }
    AnswerText MarkdownBlockQuote { background: transparent; border-left: outer $faint; margin: 0 0 1 0; }
    AnswerText MarkdownHorizontalRule { border-bottom: solid $faint; }
    AnswerText MarkdownTableContent { keyline: none; grid-gutter: 0 1; }
    AnswerText MarkdownTableContent > .header { color: $muted; padding: 0; }
    AnswerText MarkdownTableContent > .cell { padding: 0; }
    AnswerText MarkdownTable { background: transparent; }
    AnswerText MarkdownFence { background: $ground; color: $ink; margin: 0 0 1 0; overflow: hidden hidden; }
    AnswerText MarkdownFence > Label { width: 1fr; padding: 0 1; }
    """
    BULLETS = ["- "]  # noqa: RUF012  declared so by Textual; one cell wide everywhere
    BLOCKS = {  # noqa: RUF012  declared so by Textual
        **Markdown.BLOCKS,
        "paragraph_open": Paragraph,
        **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), Heading),
    }

    def __init__(self) -> None:
        super().__init__(parser_factory=_reader, open_links=False)

    async def say(self, text: str, *, more: bool = False) -> None:
        """Show the whole `text`; while `more` is to come without a last line that may become anything yet (a list, a rule, a table)."""
        if more:
            text = _UNDECIDED.sub("", text)
        if not text.startswith(self.source):  # what was the beginning of an escape sequence is gone from the text once it is whole
            await self.update("")
        if new := text[len(self.source) :]:
            await self.append(new)
