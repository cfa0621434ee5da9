"""A line across the screen that says one thing plainly: this is practice, the connection is lost, how the run ended."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from tui.ui.linebreak import wrap


class Band(Widget):
    """One row (more when the sentence is long), shown only while it has something to say."""

    DEFAULT_CSS = """
    Band { height: auto; max-height: 3; padding: 0 1; display: none; }
    Band.-says { display: block; }
    """

    says: reactive[Content | None] = reactive(None, layout=True)

    def watch_says(self, says: Content | None) -> None:
        """Nothing to say, nothing shown."""
        self.set_class(says is not None, "-says")

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Rows that the sentence takes."""
        return len(rows(self.says, width)) if self.says is not None else 0

    def render(self) -> Content:
        """The sentence."""
        return Content("\n").join(rows(self.says, self.content_size.width)) if self.says is not None else Content("")


def rows(says: Content, width: int) -> list[Content]:
    """A sentence in rows of `width` cells, broken as Chinese may be: Textual breaks at blanks only, and leaves a row of one sign."""
    plain = says.plain
    return [says[start : start + len(plain[start:end].rstrip())] for start, end in wrap(plain, max(1, width))]
