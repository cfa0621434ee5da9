"""Markdown in, Guide out: one pass of markdown-it, then rules over a flat row of blocks. No I/O but `load`, and no text makes it raise.

The rules live beside this module, each in its own: `blocks` (the row), `fences` and `inline` (commands), `steps` and `sections` (which
blocks make a step), `places` and `whereabouts` (where it runs), `annotate` and `frontmatter` (what the author says outright).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from markdown_it.token import Token

from tui.guide import fences, inline
from tui.guide.annotate import CommandNote, StepNote, notes_in
from tui.guide.blocks import Block, blocks
from tui.guide.dialect import reader
from tui.guide.digest import digest
from tui.guide.fences import Draft
from tui.guide.frontmatter import Front, read_front
from tui.guide.ids import Ids, path_id
from tui.guide.model import ActionSpec, CheckSpec, Command, Guide, Input, Item, Level, Manual, Problem, Step
from tui.guide.places import LOCAL
from tui.guide.reads import reads, variables
from tui.guide.source import read
from tui.guide.steps import Sketch, own_text, sketch
from tui.guide.whereabouts import Words, text_before
from tui.texts import Text

_CJK = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]+")


@dataclass(slots=True)
class _Found:
    """What one look over the blocks found, by block index; `step` and `command` are notes that wait for the block they describe."""

    drafts: dict[int, list[Draft]] = field(default_factory=dict)
    actions: dict[int, list[ActionSpec]] = field(default_factory=dict)
    checks: dict[int, list[CheckSpec]] = field(default_factory=dict)
    steps: dict[int, StepNote] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    step: StepNote | None = None
    command: CommandNote | None = None


def load(path: Path) -> Guide:
    """Read and parse a document. Raises `DocumentError` where it can't be read."""
    text, encoding = read(path)
    return parse(text, path, encoding)


def parse(text: str, path: Path, encoding: str = "utf-8") -> Guide:
    """Parse a document's text; `path` gives the id and title where the document does not. Never raises."""
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    front = read_front(source)
    tokens = _tokens(source, front)
    row = blocks(tokens)
    found = _look(row)
    found.problems[:0] = front.problems
    title = front.title or _title(row) or path.stem
    holding = {index for index, drafts in found.drafts.items() if drafts} | set(found.actions)
    sketches = sketch(row, holding, found.steps, title)
    named = [target.name for target in front.targets if target.name != LOCAL and target.address != LOCAL and not target.value]
    words = Words(row, named[0] if len(named) == 1 else "server", front.title)
    steps = _Builder(row, found, words, front.inputs).steps(sketches)
    problems = tuple(sorted(found.problems, key=lambda problem: problem.line))
    return Guide(
        path, front.id or path.stem, title, source, tuple(tokens), steps, digest(steps), front.language or _language(row), encoding,
        front.inputs, front.targets, problems, front.summary,
    )  # fmt: skip


def _tokens(source: str, front: Front) -> list[Token]:
    """markdown-it's tokens; the front matter is the first one: hidden when it was read, a code block when it could not be."""
    lines = front.lines
    if not lines:
        return reader().parse(source)
    cut = 0
    for _ in range(lines):
        cut = source.find("\n", cut) + 1 or len(source)
    tokens = reader().parse("\n" * lines + source[cut:])
    kind = "code_block" if front.broken else "front_matter"
    meta = {"front_matter": "broken" if front.broken else "read"}
    head = Token(
        kind, "code" if front.broken else "", 0, content=source[:cut], block=True, hidden=not front.broken, map=[0, lines], meta=meta
    )
    return [head, *tokens]


def _title(row: Sequence[Block]) -> str:
    heads = [block for block in row if block.kind == "heading" and block.plain]
    first = next((block for block in heads if block.level == 1), heads[0] if heads and heads[0].index == 0 else None)
    return " ".join(first.plain.split()) if first else ""


def _language(row: Sequence[Block]) -> Literal["zh", "en"]:
    """Mostly Chinese or not, by the words outside code."""
    chinese = latin = 0
    for block in row:  # one by one: a search through the whole text at once would hold up every other thread
        if block.kind in ("heading", "text", "cell"):
            chinese += len(_CJK.findall(block.words))
            latin += len(_LATIN.findall(block.words))
    return "zh" if chinese * 2 >= latin else "en"


def _look(row: Sequence[Block]) -> _Found:
    """Find commands and annotations, block by block."""
    found = _Found()
    for block in row:
        if block.kind == "comment":
            _note(block, found)
            continue
        step, found.step = found.step, None
        if step and (block.kind in ("heading", "item") or (block.kind == "text" and block.bold)):
            found.steps[block.index] = step
        else:
            _lost(step, found)
        if block.kind == "item":
            continue
        command, found.command = found.command, None
        if block.kind == "code":
            before = text_before(row, block)
            drafts, problems = fences.commands(block, before.plain if before else "", command.values if command else None)
            for draft in drafts:
                draft.on = command.on if command else None
            found.problems += problems
        else:
            _lost(command, found)
            drafts = inline.offered(block)
        if drafts:
            found.drafts[block.index] = drafts
    _lost(found.step, found)
    _lost(found.command, found)
    return found


def _note(block: Block, found: _Found) -> None:
    """Take down the annotations of a comment."""
    notes, problems = notes_in(block)
    found.problems += problems
    for note in notes:
        if isinstance(note, StepNote):
            _lost(found.step, found)
            found.step = note
        elif isinstance(note, CommandNote):
            _lost(found.command, found)
            found.command = note
        elif isinstance(note, ActionSpec):
            found.actions.setdefault(block.index, []).append(note)
        else:
            found.checks.setdefault(block.index, []).append(note)


def _lost(note: StepNote | CommandNote | None, found: _Found) -> None:
    """An annotation with nothing to describe."""
    if isinstance(note, StepNote):
        words = Text(
            "注释 step 后面要紧跟标题、列表项或单独一行的粗体字",
            "the annotation step must stand right before a heading, a list item or a bold line",
        )
        found.problems.append(Problem(note.line, words))
    elif isinstance(note, CommandNote):
        found.problems.append(
            Problem(note.line, Text("注释 command 后面要紧跟代码块", "the annotation command must stand right before a fence"))
        )


class _Builder:
    """From sketches to steps."""

    def __init__(self, row: Sequence[Block], found: _Found, words: Words, inputs: Sequence[Input]) -> None:
        self._row, self._found, self._words = row, found, words
        self._inputs = {entry.name for entry in inputs}
        self._checks: dict[int, list[CheckSpec]] = {}

    def steps(self, sketches: Sequence[Sketch]) -> tuple[Step, ...]:
        """All steps, with unique ids."""
        self._share_checks(sketches)
        ids = Ids(self._named(sketches))
        return tuple(self._step(one, number, ids) for number, one in enumerate(sketches))

    def _named(self, sketches: Sequence[Sketch]) -> set[str]:
        seen: set[str] = set()
        for one in sketches:
            if one.note and one.note.id:
                if one.note.id in seen:
                    words = Text("步骤 id “{id}” 重复了", "the step id “{id}” is used twice").fill(id=one.note.id)
                    self._found.problems.append(Problem(one.note.line, words))
                seen.add(one.note.id)
        return seen

    def _share_checks(self, sketches: Sequence[Sketch]) -> None:
        """Each check goes to the step around it, else to the step before it."""
        owner = {block.index: number for number, one in enumerate(sketches) for block in one.blocks}
        starts = [(one.blocks[0].index, number) for number, one in enumerate(sketches)]
        for index, checks in self._found.checks.items():
            number = owner.get(index)
            if number is None:
                number = max(((start, one) for start, one in starts if start < index), default=(0, None))[1]
            if number is None:
                words = Text("这个检查不属于任何步骤", "this check belongs to no step")
                self._found.problems.append(Problem(checks[0].line, words))
            else:
                self._checks.setdefault(number, []).extend(checks)

    def _step(self, one: Sketch, number: int, ids: Ids) -> Step:
        note = one.note
        drafts = [draft for block in one.blocks for draft in self._found.drafts.get(block.index, ())]
        commands = {id(draft): self._command(draft, one) for draft in drafts}
        identity = note.id if note and note.id and not self._used(ids, note.id) else ""
        checks = tuple(self._checks.get(number, ()))
        items = tuple(self._items(one, commands))
        return Step(
            id=identity or ids.take(path_id(one.path, one.title, one.label)),
            title=one.title,
            line=one.line,
            end=max(block.end for block in one.blocks),
            label=one.label,
            level=one.rank,
            chapter=one.path[-1] if one.path else "",
            on=note.on if note and note.on else self._place(one, [item for item in items if isinstance(item, Command)]),
            items=items,
            checks=checks,
            changes=note.changes if note else None,
            undo=note.undo if note else "",
            timeout=note.timeout if note else None,
            named=bool(identity),
            inputs=self._used_inputs(items, checks, note.undo if note else ""),
        )

    def _used(self, ids: Ids, identity: str) -> bool:
        """A named id goes to the first step that asks for it."""
        first = identity not in ids.given
        ids.given.add(identity)
        return not first

    def _items(self, one: Sketch, commands: dict[int, Command]) -> list[Item]:
        items: list[Item] = []
        for block in one.blocks:
            text = own_text(self._row, block) if block.kind == "item" else None
            if text and text.task and block is not one.blocks[0]:
                items.append(Manual(" ".join(text.plain.split()), text.line, text.end))
            items += [commands[id(draft)] for draft in self._found.drafts.get(block.index, ())]
            items += self._found.actions.get(block.index, ())
        return items

    def _used_inputs(self, items: Sequence[Item], checks: Sequence[CheckSpec], undo: str) -> tuple[str, ...]:
        """Declared inputs that the step's commands, actions, checks or undo read."""
        return tuple(sorted(self._inputs & set().union(variables(undo), *map(reads, (*items, *checks)))))

    def _command(self, draft: Draft, one: Sketch) -> Command:
        on = draft.on or (one.note.on if one.note and one.note.on else self._words.command(draft, one))
        return Command(
            draft.text, draft.language, draft.line, draft.end, draft.explicit or one.elsewhere, on,
            draft.name, draft.interactive, draft.background, draft.inline,
        )  # fmt: skip

    def _place(self, one: Sketch, commands: Sequence[Command]) -> str | None:
        """Where most of its commands run; in a tie what the title says, else the first one's place."""
        chosen = [command for command in commands if not command.explicit] or list(commands)
        if not chosen:
            return self._words.step(one)
        counts = Counter(command.on for command in chosen).most_common()
        if len(counts) == 1 or counts[0][1] > counts[1][1]:
            return counts[0][0]
        return self._words.title(one) or next((command.on for command in chosen if command.on), None)


__all__ = ["Level", "load", "parse"]
