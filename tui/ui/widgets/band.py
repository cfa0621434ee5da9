"""A line across the screen that says one thing plainly: this is practice, the connection is lost, how the run ended."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


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

    def render(self) -> Content:
        """The sentence."""
        return self.says or Content("")
