"""Search in the page: count at once, light up what is drawn, lay out only the match that is shown."""

from __future__ import annotations

from tui.ui.document.find import Finder, Hit
from tui.ui.document.inline import Pictures
from tui.ui.document.prepared import Prepared
from tui.ui.document.scroll import LazyScroll


class SearchScroll(LazyScroll):
    """A lazy view whose text can be searched."""

    def __init__(self, prepared: Prepared, pictures: Pictures | None, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(prepared.guide.tokens, prepared.blocks, id=id)
        self._finder = Finder(self._store, pictures)

    def search(self, query: str) -> int:
        """Light up every match; gives how many there are. Nothing is laid out for it."""
        count = self._finder.search(query)
        self._strips.clear()
        self.refresh()
        return count

    def next_match(self) -> int:
        """Show the next match, round the end; gives its number from 1, or 0 without matches."""
        return self._show_match(1)

    def previous_match(self) -> int:
        """Show the match before."""
        return self._show_match(-1)

    def clear_search(self) -> None:
        """No match is lit any more."""
        self._finder.clear()
        self._strips.clear()
        self.refresh()

    def _show_match(self, by: int) -> int:
        here = self._store.at(self.scroll_offset.y)[0] if self._laid_width and self._store.blocks else 0
        hit = self._finder.step(by, here)
        if hit is None:
            return 0
        self._strips.clear()
        if not self._too_early(lambda: self._show_hit(hit)):
            self._show_hit(hit)
        return self._finder.current + 1

    def _show_hit(self, hit: Hit) -> None:
        row, top, height = self._row_of(hit.block, hit.start), self.scroll_offset.y, self._view_height
        if not top <= row < top + height:
            self._go(row - height // 3)
        self.refresh()
