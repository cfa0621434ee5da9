"""The document as a widget: it scrolls, keeps a cursor on what a key can act on, and tells the screen what was asked for.

The widget decides nothing: it shows a `RunState` somebody else made and posts messages. Rows are laid out only when seen; when a
guess above the view turns out wrong, the view moves along, so that what is read stays where it is.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.selection import Selection
from textual.strip import Strip

from tui.guide.model import Guide
from tui.ui.document import messages
from tui.ui.document.draw import Pen, copied, href_at, is_link, strip
from tui.ui.document.facts import Facts
from tui.ui.document.inline import Pictures
from tui.ui.document.layout import STOP, Layout
from tui.ui.document.line import Line, Stop
from tui.ui.document.prepared import Prepared, prepare
from tui.ui.document.standing import FEW_ROWS, StopScroll
from tui.ui.document.store import Block
from tui.ui.palette import Palette

if TYPE_CHECKING:
    from tui.run.state import CommandState, RunState

_MANY_TOKENS = 20_000


class DocumentView(StopScroll, can_focus=True):
    """One guide, scrolling. Set `state` (None: nothing ran) and `places` (target name → address) as they become known."""

    DEFAULT_CSS = """
    DocumentView {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "read(1)", show=False),
        Binding("up,k", "read(-1)", show=False),
        Binding("shift+down,J", "move_step(1)", show=False),
        Binding("shift+up,K", "move_step(-1)", show=False),
        Binding("enter", "activate", show=False),
    ]

    state: reactive[RunState | None] = reactive(None, init=False)
    places: reactive[Mapping[str, str]] = reactive(dict, init=False)

    CursorMoved = messages.CursorMoved
    Activated = messages.Activated
    LinkClicked = messages.LinkClicked

    def __init__(self, guide: Guide | Prepared, *, id: str | None = None, pictures: Pictures | None = None) -> None:  # noqa: A002  Textual's name
        self._pictures = pictures or lru_cache(maxsize=512)(self._picture)
        ready = guide if isinstance(guide, Prepared) else prepare(guide)
        super().__init__(ready, self._pictures, id=id)
        self._palette = Palette()
        self._now = 0.0
        self._seconds: list[int] = []

    def _picture(self, href: str) -> str | None:
        from tui.guide.pictures import is_remote, resolve  # only for documents with pictures

        return href if is_remote(href) or resolve(href, self.guide.path) is not None else None

    # The cursor

    def validate_cursor(self, cursor: int) -> int:
        """Stay on a stop."""
        return max(0, min(cursor, len(self.plan.stops) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Redraw both stops, show the new one, and tell."""
        self._strips.clear()
        self.refresh()
        if old != new and (stop := self.current) is not None:
            self._show_stop(stop)
            self.post_message(self.CursorMoved(stop))

    def move(self, delta: int) -> None:
        """To the stop `delta` further on."""
        self.cursor += delta

    def move_step(self, delta: int) -> None:
        """To the first stop of the step `delta` steps further on."""
        if (stop := self.current) is None:
            return
        ids = list(dict.fromkeys(stop.step_id for stop in self.plan.stops))
        place = max(0, min(len(ids) - 1, ids.index(stop.step_id) + delta))
        self.goto(ids[place])

    def goto(self, step_id: str, item: int | None = None) -> None:
        """To a stop, shown even if the cursor is there already; without `item` to the step's first. KeyError for an unknown one."""
        wanted = Stop(step_id, item)
        if wanted not in self.plan.index:
            wanted = next((stop for stop in self.plan.stops if stop.step_id == step_id and item is None), wanted)
        self.cursor = self.plan.index[wanted]
        self._show_stop(wanted)

    def action_read(self, direction: int) -> None:
        """The next stop if it is in view, else a few rows on: no prose is jumped over."""
        rows = self._rows_of(self.cursor + direction)
        top, height = self.scroll_offset.y, self._view_height
        if rows is not None and top <= rows[0] < top + height - 1:
            self.move(direction)
        else:
            self._go(top + direction * FEW_ROWS)

    def action_move_step(self, delta: int) -> None:
        """See `move_step`."""
        self.move_step(delta)

    def action_activate(self) -> None:
        """Enter."""
        if (stop := self.current) is not None:
            self.post_message(self.Activated(stop))

    # What is known of the run

    def watch_state(self, old: RunState | None, new: RunState | None) -> None:
        """Lay out again what belongs to steps that changed, by identity."""
        before, after = (old.steps, new.steps) if old and new else ({}, new.steps if new else {})
        if (old.targets if old else {}) != (new.targets if new else {}):
            self._renew_all()
        else:
            self._renew_steps(step_id for step_id, step in after.items() if step is not before.get(step_id))
            self._renew_steps(step_id for step_id in before if step_id not in after)

    def speak(self) -> None:
        """Say marks, badges and actions again: everywhere they may be others now."""
        self._renew_all()

    watch_places = speak

    def _facts(self) -> Facts:
        return Facts(self.state, self.places, self._now or time.time())

    def _draw(self, block: Block) -> list[Line]:
        layout = Layout(self.plan, self._facts(), self._laid_width, self._pictures)
        return layout.block(self.guide.tokens[block.start : block.end], gap=block.gap, skip=block.skip, take=block.take)

    def _renew_steps(self, step_ids: Iterable[str]) -> None:
        blocks: set[int] = set()
        for step_id in step_ids:
            if (step := self.plan.steps.get(step_id)) is not None:
                lines = {step.line, *(item.line for item in step.items)}
                blocks |= {self._store.of_line(line) for line in lines}
        self._renew(sorted(blocks))

    def tell_time(self, now: float) -> None:
        """What is the time (Unix seconds)? Told once a frame, so that all clocks of a screen show the same second."""
        self._now = now
        seconds = [int(now - ran.started) for ran in self._alive().values()]
        if seconds != self._seconds:
            self._seconds = seconds
            self._renew_steps(self._alive())

    def _alive(self) -> dict[str, CommandState]:
        """The commands that run now, by step."""
        steps = self.state.steps if self.state is not None else {}
        return {i: ran for i, step in steps.items() for ran in step.commands.values() if ran.end is None}

    # Links

    def link_at_cursor(self) -> str | None:
        """The first link in the rows of the current stop, else the first one in view."""
        stop = self.current
        own = (line for line in self._seen() if stop is not None and stop in line.stops)
        return next(self._links(own), None) or next(self._links(self._seen()), None)

    def links(self) -> list[str]:
        """The links in view, in order, each once."""
        return list(dict.fromkeys(self._links(self._seen())))

    def _seen(self) -> Iterator[Line]:
        top = self.scroll_offset.y
        for row in range(top, min(top + self._view_height, self._store.total)):
            if (line := self._line(row)) is not None:
                yield line

    def _links(self, lines: Iterable[Line]) -> Iterator[str]:
        for line in lines:
            yield from (piece.look.href for piece in line.pieces if is_link(piece.look.href))

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """A link is followed, a stop selected, a stop clicked twice started."""
        selected = self.text_selection
        line = self._line(event.y + self.scroll_offset.y)
        if line is None or (selected is not None and selected.start != selected.end):
            return
        href = href_at(line, event.x)
        if is_link(href):
            self.post_message(self.LinkClicked(href))
            return
        stop = self.plan.stops[int(href.removeprefix(STOP))] if href else next(iter(line.stops), None)
        if stop is None:
            return
        self.cursor = self.plan.index[stop]
        if event.chain == 2:
            self.post_message(self.Activated(stop))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What the mouse selected, as the document says it: no margin, no marks, broken lines joined."""
        first = selection.start.y if selection.start else 0
        last = min(selection.end.y if selection.end else self._store.total, self._store.total - 1)
        rows: list[tuple[Line, int, int]] = []
        for row in range(first, last + 1):
            line, span = self._line(row), selection.get_span(row)
            if line is not None and span is not None:
                rows.append((line, *span))
        return copied(rows), "\n"

    def on_mount(self) -> None:
        """Colours follow the theme."""
        super().on_mount()  # type: ignore[no-untyped-call]
        if len(self.guide.tokens) > _MANY_TOKENS:
            gc.freeze()  # they live as long as the view; walking them again and again would be felt as stutter
        self.watch(self.app, "theme", self._themed)

    def _themed(self) -> None:
        theme = self.app.current_theme  # `theme_variables` are still those of the theme before
        self._palette = Palette(theme.variables, dark=theme.dark)
        self._strips.clear()
        self.refresh()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One row of the widget."""
        row, width = y + self.scroll_offset.y, self.size.width
        if not 0 <= row < self._store.total:
            return Strip.blank(width, self._palette.style("ink"))
        index, inside = self._store.at(row)
        selection = self.text_selection
        span = selection.get_span(row) if selection is not None else None
        key = (index, inside)
        if span is None and (ready := self._strips.get(key)) is not None:
            return ready.apply_offsets(0, row)
        lines = self._store.lay(index)
        if inside >= len(lines):
            return Strip.blank(width, self._palette.style("ink"))
        drawn = strip(lines[inside], self._pen(lines[inside], index, width, span))
        if span is None:
            self._strips[key] = drawn
        return drawn.apply_offsets(0, row)

    def _pen(self, line: Line, index: int, width: int, span: tuple[int, int] | None) -> Pen:
        stop, hits = self.current, self._finder.within(index)
        current = stop is not None and stop in line.stops
        address = f"{STOP}{self.cursor}" if current else ""
        return Pen(self._palette, width, current, address, hits, self._finder.now, span)
