"""The rows that speak of the run: a command's status above its fence, an action, a step's checks, a badge at the right edge."""

from __future__ import annotations

from tui.act import ACTIONS
from tui.guide.model import ActionSpec, Command, Step
from tui.run.plan import approved_lines
from tui.run.state import Phase
from tui.texts import Text
from tui.ui.document.facts import Facts
from tui.ui.document.inline import clean
from tui.ui.document.line import Flow, Line, Look, Mark, Piece, Stop
from tui.ui.document.status import Said, badge, check_status, item_status
from tui.ui.document.stops import Plan
from tui.ui.linebreak import width_of, wrap
from tui.ui.widgets.cells import fit

_ACTION = Text("动作", "Action")
_BLANK = Look()
_RAISED = Look("ink", "raised")


def status_rows(plan: Plan, stop: Stop, facts: Facts, w: int) -> list[Line]:
    """`▸ 执行中 00:12  第 2.1 步 · 安装`, with a badge where the command runs elsewhere than its step."""
    step = plan.steps[stop.step_id]
    item = plan.item(stop)
    said = item_status(step, stop.item or 0, facts)
    pieces = [Piece(said.words, _word_look(said))] if said.words else []
    if label := clean(plan.label(stop)):
        pieces.append(Piece(label, Look("muted")))
    lines = _flowing(pieces, w)
    if (isinstance(item, Command) or (isinstance(item, ActionSpec) and item.on)) and item.on != step.on:
        name, look = badge(item.on, facts)
        put_right(lines, name, look, w)
    for line in lines:
        line.stops = (stop,)
    lines[0].mark = said.mark
    return lines


def action_rows(plan: Plan, stop: Stop, facts: Facts, w: int) -> list[Line]:
    """The status of an action; on a raised surface what it does, as the author or else the program says it, and its name and options."""
    item = plan.item(stop)
    if not isinstance(item, ActionSpec):
        return []
    lead, known = f" {_ACTION} ", ACTIONS.get(item.use)
    title = clean(item.say or (str(known.title) if known else item.use))
    told = clean(approved_lines(item)[0])
    hang, room = " " * width_of(lead), max(4, w - width_of(lead) - 1)
    rows = [[Piece(title[a:b].rstrip(), Look("program", "raised"))] for a, b in wrap(title, room)]
    rows[0] = [Piece(lead, Look("muted", "raised")), *rows[0]]
    rows[1:] = [[Piece(hang, _RAISED), *row] for row in rows[1:]]
    if told != title:
        used = sum(width_of(piece.text) for piece in rows[-1])
        look = Look("muted", "raised")
        if used + 2 + width_of(told) < w:
            rows[-1] += [Piece(" " * (w - 1 - used - width_of(told)), _RAISED), Piece(told, look)]
        else:
            rows += [[Piece(hang, _RAISED), Piece(told[a:b].rstrip(), look)] for a, b in wrap(told, room)]
    for row in rows:
        row.append(Piece(" " * max(0, w - sum(width_of(piece.text) for piece in row)), _RAISED))
    return [*status_rows(plan, stop, facts, w), *(Line(row, stops=(stop,)) for row in rows)]


def check_rows(step: Step, stop: Stop, facts: Facts, w: int) -> list[Line]:
    """A step's checks, two beside each other where they fit; one that did not pass stands alone with what was seen."""
    state = facts.state.step(step.id)
    looking = state.phase in (Phase.LOOKING, Phase.CHECKING)
    half = (w - 2) // 2
    lines: list[Line] = []
    waiting: list[Piece] = []
    for index, spec in enumerate(step.checks):
        mark, words, more = check_status(spec, state.checks.get(index), looking=looking)
        pieces = _check(mark, clean(words), clean(more))
        used = sum(width_of(piece.text) for piece in pieces)
        if not more and used <= half:
            if waiting:
                fill = half + 2 - sum(width_of(piece.text) for piece in waiting)
                lines.append(Line([*waiting, Piece(" " * fill, _BLANK), *pieces]))
                waiting = []
            else:
                waiting = pieces
            continue
        if waiting:
            lines.append(Line(waiting))
            waiting = []
        lines += _flowing(pieces, w, hang=2, gap="")
    if waiting:
        lines.append(Line(waiting))
    for line in lines:
        line.stops = (stop,)
    return lines


def put_right(lines: list[Line], words: str, look: Look, w: int) -> None:
    """Set words at the right edge of the first row, or of a row of their own before it where there is no room."""
    size = width_of(words)
    used = width_of(lines[0].text) if lines else w
    if used + 2 + size <= w:
        lines[0].pieces = [*lines[0].pieces, Piece(" " * (w - used - size), _BLANK), Piece(words, look)]
    else:
        shown = fit(words, w)
        start = lines[0].start if lines else 0
        lines.insert(0, Line([Piece(" " * (w - width_of(shown)), _BLANK), Piece(shown, look)], start))


def append_words(line: Line, said: Said, w: int) -> None:
    """The words of a status after the text of a row, where they fit."""
    if said.words and width_of(line.text) + 2 + width_of(said.words) <= w:
        line.pieces = [*line.pieces, Piece("  ", _BLANK), Piece(said.words, _word_look(said))]


def _word_look(said: Said) -> Look:
    return Look("muted" if said.mark.role == "faint" else said.mark.role)


def _check(mark: Mark, words: str, more: str) -> list[Piece]:
    bad = mark.role in ("bad", "decide")
    role = mark.role if bad else "muted" if mark.sign == "◦" else "ink"
    pieces = [Piece(mark.sign + " ", Look(mark.role)), Piece(words, Look(role))]
    return [*pieces, Piece("  " + more, Look("muted"))] if more else pieces


def _flowing(pieces: list[Piece], w: int, hang: int = 0, gap: str = "  ") -> list[Line]:
    """Pieces one after the other, broken into rows where they must be."""
    text, spans = "", []
    for number, piece in enumerate(pieces):
        text += (gap if number else "") + piece.text
        spans.append((len(text), piece.look))
    run = Flow(text, spans)
    lines = []
    for number, (start, end) in enumerate(wrap(text, max(4, w - hang), w)):
        kept = start + len(text[start:end].rstrip(" "))
        cut = [Piece(piece.text, piece.look) for piece in run.cut(start, kept, 0)]
        lines.append(Line([Piece(" " * hang, _BLANK), *cut] if number and hang else cut, glue=" " if number else None))
    return lines
