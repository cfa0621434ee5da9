"""Scrolling over rows that are laid out only when wanted, without the reader ever seeing a guess corrected."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from markdown_it.token import Token
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.ui.document.layout import column
from tui.ui.document.line import Line
from tui.ui.document.store import Block, Store


class Spot(NamedTuple):
    """The words at the top: their block's first source line, the place in its text (-1: a row that is not its text), the row in it."""

    line: int
    at: int
    inside: int


class LazyScroll(ScrollView):
    """A view over a `Store`. Who inherits lays out blocks (`_draw`) and paints rows (`render_line`, which may keep strips in `_strips`)."""

    def __init__(self, tokens: Sequence[Token], blocks: list[Block] | None = None, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._store = Store(tokens, self._draw, blocks)
        self._laid_width = 0
        self._seen_height = 0
        self._strips: dict[tuple[int, int], Strip] = {}
        self._later: Callable[[], None] | None = None

    @abstractmethod
    def _draw(self, block: Block) -> list[Line]:
        """The rows of a block at `_laid_width`."""

    def scroll_to_line(self, source_line: int) -> None:
        """Bring a line of the source to the top."""
        if self._too_early(lambda: self.scroll_to_line(source_line)) or not self._store.blocks:
            return
        index = self._store.of_line(source_line)
        block, lines = self._store.blocks[index], self._store.lay(index)
        inside = (source_line - block.first) * len(lines) // max(1, block.last - block.first + 1)
        self._go(self._store.top(index) + max(0, min(inside, len(lines) - 1)))

    @property
    def laid_width(self) -> int:
        """The cells it was laid out for; 0 before its first size is known."""
        return self._laid_width

    @property
    def spot(self) -> Spot | None:
        """What stands at the top, to be found again in another view of the same document; None at the beginning."""
        if (place := self._reading()) is None:
            return None
        return Spot(self._store.blocks[place[0]].first, *place[1:])

    def expect(self, width: int, spot: Spot | None = None) -> None:
        """Before the view is mounted: it will be `width` cells wide, and stand where another one stood.

        So that its very first frame shows words; a wrong guess is laid out again, as for any other size.
        """
        if width > 0 and self._store.blocks:
            self._laid_width = width
            self._store.reset(column(width))
            self._stand_at(self._row_again(self._store.of_line(spot.line), spot.at, spot.inside) if spot else 0)

    @property
    def _view_height(self) -> int:
        return max(1, self.scrollable_content_region.height)

    def on_resize(self) -> None:
        """Lay out anew for another width, the same words at the top; for another height just show more."""
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        held = self._holds()
        if width == self._laid_width:
            self._settle()
        else:
            self._lay_again(width)
        self._seen_height = self._view_height
        self._stood()
        if held is not None:
            held()
            self.call_after_refresh(held)

    def _holds(self) -> Callable[[], None] | None:
        """What brings back into view what must stay in it; who inherits may have such a thing."""
        return None

    def _look(self) -> None:
        """The view stands elsewhere, at a size it was laid out for: the time to see what is in it."""

    def _stood(self) -> None:
        """Not between two sizes: there Textual may have moved the view, which says nothing of what was read."""
        if (self.scrollable_content_region.width, self._view_height) == (self._laid_width, self._seen_height):
            self._look()

    def _lay_again(self, width: int) -> None:
        place = self._reading()
        self._laid_width = width
        self._strips.clear()
        self._store.reset(column(width))
        self._stand_at(self._store.settle(self._row_again(*place) if place else 0, self._view_height, 0))
        self.call_after_refresh(self._settle)
        if self._later is not None:
            self._later()
            self._later = None

    def _reading(self) -> tuple[int, int, int] | None:
        """The block at the top, the place in its text (-1 on a row that is not its text) and the row in it; None at the beginning."""
        row = self.scroll_offset.y
        if not self._laid_width or not row or not self._store.blocks:
            return None
        index, inside = self._store.at(row)
        lines = self._store.lay(index)[inside : inside + 1]
        return index, next((piece.at for line in lines for piece in line.pieces if piece.at >= 0), -1), inside

    def _row_again(self, index: int, at: int, inside: int) -> int:
        """The row for what `_reading` found, after another layout."""
        if at >= 0:
            return self._row_of(index, at)
        return self._store.top(index) + min(inside, len(self._store.lay(index)))

    def _row_of(self, index: int, at: int) -> int:
        """The row that shows the character at `at` in a block's text."""
        lines = self._store.lay(index)
        row = 0
        for number, line in enumerate(lines):
            if any(0 <= piece.at <= at for piece in line.pieces):
                row = number
        return self._store.top(index) + row

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Lay out what came into view before it is drawn."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._settle(upward=new_value < old_value)
            self._stood()

    def scroll_to(self, x: float | None = None, y: float | None = None, **options: Any) -> None:
        """At once: a moving target could not be corrected when a guess above it turns out wrong."""
        super().scroll_to(x, y, **{**options, "animate": False})

    def action_scroll_end(self) -> None:
        """To the very end, whose height is not known before it is laid out."""
        if self._laid_width and self._store.blocks:
            self._store.settle(max(0, self._store.total - 1), 1, self._view_height)
            self._go(self._store.total)

    def _settle(self, *, upward: bool = False) -> None:
        if self._laid_width:
            height = self._view_height
            self._stand_at(self._store.settle(self.scroll_offset.y, height, height, upward=upward))

    def _stand(self, row: int) -> None:
        height = self._view_height
        self._stand_at(self._store.settle(row, height, height))

    def _stand_at(self, row: int) -> None:
        self.virtual_size = Size(self._laid_width, self._store.total)
        if row != self.scroll_offset.y:
            self.set_reactive(ScrollView.scroll_y, float(self.validate_scroll_y(row)))
            self.set_reactive(ScrollView.scroll_target_y, self.scroll_y)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.position = self.scroll_y
        self._stood()
        self.refresh()

    def _too_early(self, later: Callable[[], None]) -> bool:
        """Nothing has a row before the first size is known: then `later` runs as soon as it is."""
        if not self._laid_width:
            self._later = later
        return not self._laid_width

    def _go(self, row: int) -> None:
        self._stand(max(0, min(row, self._store.total - self._view_height)))

    def _line(self, row: int) -> Line | None:
        if not 0 <= row < self._store.total:
            return None
        index, inside = self._store.at(row)
        lines = self._store.lay(index)
        return lines[inside] if inside < len(lines) else None

    def _renew(self, blocks: Iterable[int]) -> None:
        if not self._laid_width or not self._store.blocks:
            return
        top, inside = self._store.at(self.scroll_offset.y)
        renewed = [index for index in blocks if self._store.renew(index)]
        if renewed:
            self._strips.clear()
            self._stand(self._store.top(top) + inside)

    def _renew_all(self) -> None:
        self._renew([index for index, block in enumerate(self._store.blocks) if block.lines is not None])
