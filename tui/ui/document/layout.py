"""From tokens and a width to rows of styled text: pure, so that what the reader sees is tested as plain text.

One call lays out one top-level block. Rows that speak of the run (a command's status, checks, badges) stand where the document has
the command, so a step that moves on changes its own rows and no others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

from tui.guide.model import Command, Manual
from tui.ui.document.facts import Facts
from tui.ui.document.fence import Part, fence_lines
from tui.ui.document.inline import Pictures, clean, flow
from tui.ui.document.line import MARGIN, Flow, Line, Look, Piece, Stop
from tui.ui.document.stops import Plan
from tui.ui.document.table import Cell, alignment, table_lines
from tui.ui.document.tokens import alert_of, closing, is_apart, shown_html, start_of
from tui.ui.linebreak import width_of, wrap

COLUMN = 76
"""Prose is never wider than this, however wide the terminal."""
_NARROW = 8

_BOX = len("[ ] ")
_TASK = re.compile(r"\[[ xX]\](?=\s)")

STOP = "stop:"
"""Begins the address of an inline command's stop, where a link has its address; its index in `Plan.stops` follows."""


def column(width: int) -> int:
    """The cells of the text column in a view `width` cells wide."""
    return max(_NARROW, min(COLUMN, width - MARGIN - 1))


@dataclass(slots=True)
class Layout:
    """Lays out blocks for one width and one set of facts. `pictures` says how a picture's path is shown."""

    plan: Plan
    facts: Facts
    width: int
    pictures: Pictures | None = None
    _at: int = field(default=0, init=False)
    _drop: int = field(default=0, init=False)
    _box: int = field(default=0, init=False)

    def block(self, tokens: Sequence[Token], *, gap: bool = True, skip: int = 0, take: int | None = None) -> list[Line]:
        """The rows of one top-level block, with a blank one after it if `gap`. Of a fence, `take` lines from `skip` on."""
        self._at = self._drop = self._box = 0
        if take is not None:
            lines = self._fence(tokens[0], column(self.width), Part(skip, take))
        else:
            lines = self._blocks(tokens, column(self.width), Look(), top=True)
        return [*lines, Line()] if lines and gap else lines

    def _blocks(self, tokens: Sequence[Token], w: int, base: Look, *, top: bool = False) -> list[Line]:
        lines: list[Line] = []
        index, tight = 0, True
        while index < len(tokens):
            end = closing(tokens, index)
            token = tokens[index]
            part = self._one(tokens[index:end], w, base, top=top)
            if part and lines and not (tight and token.type in ("paragraph_open", "bullet_list_open", "ordered_list_open", "fence")):
                lines.append(Line())
            if part:
                lines += part
                tight = token.type == "paragraph_open" and token.hidden
            index = end
        return lines

    def _one(self, tokens: Sequence[Token], w: int, base: Look, *, top: bool) -> list[Line]:
        token = tokens[0]
        match token.type:
            case "heading_open":
                return self._heading(token, tokens[1], w, base, top=top)
            case "blockquote_open":
                return self._quote(tokens[1:-1], w, top=top)
            case "fence" | "code_block":
                return self._fence(token, w)
            case "html_block":
                return self._html(token, w)
            case "hr":
                return [Line([Piece("─" * w, Look("faint"))])]
            case "front_matter":
                return []
            case _:
                return self._container(tokens, w, base)

    def _container(self, tokens: Sequence[Token], w: int, base: Look) -> list[Line]:
        token = tokens[0]
        match token.type:
            case "paragraph_open":
                return self._paragraph(tokens[1], w, base)
            case "bullet_list_open" | "ordered_list_open":
                return self._list(tokens[1:-1], w, base)
            case "list_item_open":
                return self._item(tokens, w, base)
            case "table_open":
                return self._table(tokens, w, base)
            case "inline":
                return self._paragraph(token, w, base)
            case _:
                return self._blocks(tokens[1:-1], w, base) if len(tokens) > 2 else self._other(token, w)

    def _other(self, token: Token, w: int) -> list[Line]:
        text = clean(token.content).rstrip("\n")
        return self._prose(Flow(text, [(len(text), Look("muted"))]), w) if text else []

    def _prose(self, text: Flow, w: int, first: int | None = None, start: int = MARGIN) -> list[Line]:
        """Text broken into rows. Counts the text as the block's next."""
        at = self._count(text.text)
        lines: list[Line] = []
        glue: str | None = None
        for a, b in wrap(text.text, w, first):
            kept = a + len(text.text[a:b].rstrip(" \n"))
            lines.append(Line(text.cut(a, kept, at), start, glue=glue))
            glue = None if "\n" in text.text[kept:b] else text.text[kept:b]
        return lines

    def _count(self, text: str) -> int:
        at = self._at
        self._at += len(text) + 1
        return at

    def _heading(self, token: Token, inline: Token, w: int, base: Look, *, top: bool) -> list[Line]:
        level = int(token.tag[1:] or 1)
        look = base._replace(role="bright" if level <= 3 else "muted").plus("b")
        start = MARGIN - 1 if top else MARGIN
        lines = self._with_head(inline, flow(inline, look, self.pictures), w + MARGIN - start, start)
        if level == 1 and top and lines:
            lines.append(Line([Piece("─" * (w + 1), Look("faint"))], start))
        return [*lines, *self._checks_of(self._stops(inline), w)]

    def _paragraph(self, inline: Token, w: int, base: Look) -> list[Line]:
        stops = self._stops(inline)
        offered: dict[str, str] = {}
        for stop in stops:
            item = self.plan.item(stop)
            if isinstance(item, Command) and item.inline:
                offered.setdefault(item.text, f"{STOP}{self.plan.index[stop]}")
        text = flow(inline, base, self.pictures, offered)
        if self._drop:
            text, self._at, self._drop = text.tail(self._drop), self._at + self._drop, 0
        box, self._box = self._box, 0
        lines = self._with_head(inline, text, w, MARGIN, box)
        for line in lines:
            line.stops += tuple(self.plan.stops[int(p.look.href[len(STOP) :])] for p in line.pieces if p.look.href.startswith(STOP))
        for stop in stops:
            self._mark(stop, lines, w + box if len(lines) == 1 else w)
        return [*lines, *self._checks_of(stops, w)]

    def _mark(self, stop: Stop, lines: list[Line], w: int) -> None:
        """The mark of an inline command that ran, and of something to do by hand, with its word."""
        step, item = self.plan.steps[stop.step_id], self.plan.item(stop)
        if stop.item is None:
            return
        from tui.ui.document import rows
        from tui.ui.document.status import item_status

        said = item_status(step, stop.item, self.facts)
        if isinstance(item, Manual):
            for line in lines:
                line.stops = (stop,)
            lines[0].mark = said.mark
            if said.mark.sign == "✓":
                lines[0].pieces = _ticked(lines[0].pieces)
            rows.append_words(lines[-1], said, w)
        elif isinstance(item, Command) and item.inline and stop.item in self.facts.state.step(step.id).commands:
            own = next((line for line in lines if stop in line.stops), lines[0])
            own.mark = said.mark
            rows.append_words(lines[-1], said, w)

    def _with_head(self, inline: Token, text: Flow, w: int, start: int, more: int = 0) -> list[Line]:
        """Rows of text, the first with `more` cells; the first of a step with its badge at the right edge."""
        step = self.plan.heads.get((inline.map or [-1])[0] + 1)
        if step is None:
            return self._prose(text, w, w + more, start)
        from tui.ui.document import rows  # what a run is, only a guide with steps needs to know
        from tui.ui.document.status import badge, place_of, step_status

        name, look = badge(place_of(step, self.facts), self.facts)
        room = w + more - width_of(name) - 2
        lines = self._prose(text, w, room if room >= _NARROW else None, start)
        rows.put_right(lines, name, look, w + more)
        state = self.facts.state.step(step.id)
        if not step.items or state.outcome is not None:
            lines[0].mark = step_status(state).mark
        if not step.items:
            for line in lines:
                line.stops += (Stop(step.id, None),)
        return lines

    def _stops(self, token: Token) -> list[Stop]:
        if token.map is None:
            return []
        return self.plan.within(token.map[0] + 1, max(token.map[1], token.map[0] + 1))

    def _checks_of(self, stops: Sequence[Stop], w: int) -> list[Line]:
        lines: list[Line] = []
        for stop in stops:
            from tui.ui.document import rows

            step = self.plan.steps[stop.step_id]
            if step.checks and stop.item == self.plan.last(step):
                lines += rows.check_rows(step, stop, self.facts, w)
        return lines

    def _list(self, tokens: Sequence[Token], w: int, base: Look) -> list[Line]:
        lines: list[Line] = []
        index = 0
        apart = False
        while index < len(tokens):
            end = closing(tokens, index)
            part = self._item(tokens[index:end], w, base)
            if apart and lines:
                lines.append(Line())
            lines += part
            apart = is_apart(tokens[index:end])
            index = end
        return lines

    def _item(self, tokens: Sequence[Token], w: int, base: Look) -> list[Line]:
        token, inner = tokens[0], tokens[1:-1]
        first = next((t for t in inner if t.type == "inline"), None)
        task = first is not None and len(inner) > 1 and inner[1] is first and _TASK.match(start_of(first))
        marker = "" if task else f"{token.info}{token.markup} " if token.info else "- "
        hang = width_of(marker) if not task else _BOX
        if w - hang < _NARROW:
            marker, hang = "", 0
        self._box = hang if task else 0  # the box is the text's own beginning, what follows stands under its words
        lines = self._blocks(inner, w - hang, base) or [Line()]
        lead = Piece(marker, Look("muted"))
        rest = Piece(" " * hang, Look())
        for number, line in enumerate(lines):
            if hang and (line.pieces or not number) and (number or not task):
                line.pieces = [lead if not number else rest, *line.pieces]
        return lines

    def _quote(self, tokens: Sequence[Token], w: int, *, top: bool) -> list[Line]:
        inner = w - 1 if top else w - 2
        if inner < _NARROW:
            return self._blocks(tokens, w, Look("muted"))
        label, self._drop = alert_of(tokens)
        lines = self._blocks(tokens, inner, Look("muted"))
        if label:
            lines.insert(0, Line([Piece(str(label), Look("bright"))]))
        for line in lines:
            line.pieces = [Piece("│ ", Look("faint")), *line.pieces]
            line.start = MARGIN - 1 if top else MARGIN
        return lines

    def _html(self, token: Token, w: int) -> list[Line]:
        shown = shown_html(token)
        lines = self._prose(Flow(shown, [(len(shown), Look("muted"))]), w) if shown else []
        stops = self._stops(token)
        for stop in stops:
            if stop.item is not None:
                from tui.ui.document import rows

                lines += rows.action_rows(self.plan, stop, self.facts, w)
        return [*lines, *self._checks_of(stops, w)] if stops else lines

    def _fence(self, token: Token, w: int, part: Part | None = None) -> list[Line]:
        stops = [stop for stop in self._stops(token) if stop.item is not None]
        part = part or Part()
        lines = fence_lines(self.plan, self.facts, token, stops, w, self._count, part)
        return lines if part.more(token) else [*lines, *self._checks_of(stops, w)]

    def _table(self, tokens: Sequence[Token], w: int, base: Look) -> list[Line]:
        table: list[list[Cell]] = []
        head = True
        for index, token in enumerate(tokens):
            if token.type == "tr_open":
                table.append([])
            elif token.type in ("th_open", "td_open"):
                head = token.type == "th_open"
                text = flow(tokens[index + 1], base._replace(role="bright" if head else base.role), self.pictures)
                table[-1].append(Cell(text, self._count(text.text), alignment(token)))
        return table_lines(table, w)


def _ticked(pieces: Sequence[Piece]) -> list[Piece]:
    """The row with its checkbox filled."""
    first, *rest = pieces
    return [first._replace(text=first.text.replace("[ ]", "[x]", 1)), *rest]
