"""Which blocks make a step: numbered steps where the document has them, else lists and headings that hold commands.

Steps written by annotation count as numbered ones, but do not turn the rest of an unnumbered document into an appendix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tui.guide.annotate import StepNote
from tui.guide.blocks import Block, Entry
from tui.guide.labels import Label, clean, item_title, numbered
from tui.guide.sections import Part, split

LINE = 7  # the rank of a bold line or list item: below every heading


@dataclass(slots=True, eq=False)
class Sketch:
    """A step on its way. `rank` is its heading's level, or more for items and bold lines; `path` the titles of the headings above."""

    title: str
    line: int
    rank: int
    label: str = ""
    number: str = ""
    path: tuple[str, ...] = ()
    note: StepNote | None = None
    elsewhere: bool = False
    blocks: list[Block] = field(default_factory=list)
    above: tuple[Block, ...] = ()


class Outline:
    """The headings that stand over the block being looked at. The first heading of level 1 is the document's title, no chapter."""

    def __init__(self) -> None:
        self._stack: list[Block] = []
        self._title: Block | None = None

    def meet(self, heading: Block) -> None:
        """Go on to this heading."""
        if self._title is None:
            self._title = heading
        while self._stack and self._stack[-1].level >= heading.level:
            self._stack.pop()
        self._stack.append(heading)

    def above(self, *, itself: bool) -> tuple[Block, ...]:
        """The headings above, outermost first; without the last when it is the step's own."""
        return tuple(self._stack if itself else self._stack[:-1])

    def path(self, *, itself: bool) -> tuple[str, ...]:
        """Their titles, without the document's."""
        return tuple(heading_title(block) for block in self.above(itself=itself) if not (block is self._title and block.level == 1))

    @property
    def last(self) -> Block | None:
        """The nearest heading."""
        return self._stack[-1] if self._stack else None


def heading_title(block: Block) -> str:
    """A heading's text on one line."""
    return " ".join(block.plain.split())


def sketch(blocks: Sequence[Block], holding: set[int], notes: Mapping[int, StepNote], title: str) -> list[Sketch]:
    """The steps of a document. `holding`: indexes of blocks with something to run; `notes`: annotations by block."""
    markers = _markers(blocks, holding)
    make = _Numbered if markers else _Sections
    return make(blocks, holding, notes, markers, title).steps()


def _markers(blocks: Sequence[Block], holding: set[int]) -> dict[int, Label]:
    """Numbered headings, items and bold lines by block index, without tables of contents."""
    found: dict[int, Label] = {}
    for block in blocks:
        if block.quoted:
            continue
        text = own_text(blocks, block)
        if text is None or (block.kind == "item" and text.linked):
            continue
        first = text.index > 0 and blocks[text.index - 1].kind == "item" and text.kind == "text"
        if block.kind == "text" and (first or not _bold_line(block)):
            continue
        label = numbered(text.plain)
        if label:
            found[block.index] = label
    return {index: label for index, label in found.items() if not _listed(index, found, blocks, holding)}


def own_text(blocks: Sequence[Block], block: Block) -> Block | None:
    """The block that holds the words of a heading, a paragraph or a list item."""
    if block.kind in ("heading", "text"):
        return block
    if block.kind == "item" and block.index + 1 < len(blocks):
        following = blocks[block.index + 1]
        if following.kind == "text" and following.entry is block.entry:
            return following
    return None


def _bold_line(block: Block) -> bool:
    if not block.bold or "\n" in block.plain:
        return False
    rest = block.plain[len(block.bold) :]
    return not rest.strip(" ：:") or (rest.lstrip()[:1] in "：:、-—" and numbered(block.bold) is not None)


def _listed(index: int, found: Mapping[int, Label], blocks: Sequence[Block], holding: set[int]) -> bool:
    """Is this item or bold line only an overview of numbered headings that follow?"""
    if blocks[index].kind == "heading":
        return False
    later = [other for other in found if other > index]
    end = later[0] if later else len(blocks)
    if any(number in holding for number in range(index, end)):
        return False
    heads = [other for other in found if blocks[other].kind == "heading"]
    return bool(heads) and index < heads[0]


class _Walk:
    """What both ways of finding steps share: walking the blocks with the headings above them, and starting a step at a marker."""

    def __init__(
        self, blocks: Sequence[Block], holding: set[int], notes: Mapping[int, StepNote], markers: Mapping[int, Label], title: str
    ) -> None:
        self.blocks, self.holding, self.notes, self.markers, self.title = blocks, holding, notes, markers, title
        self.outline = Outline()
        self.found: list[Sketch] = []
        self.now: Sketch | None = None

    def start(self, block: Block, label: Label | None) -> None:
        """Begin the step that this heading, item or bold line opens."""
        heading = block.kind == "heading"
        text = own_text(self.blocks, block)
        words = " ".join(text.plain.split("\n", 1)[0].split()) if text else ""
        entry = block.entry
        mark = entry.mark if entry and block.kind == "item" else ""
        self.now = Sketch(
            title=label.title if label else (clean(words) if heading else item_title(words)),
            line=block.line,
            rank=block.level if heading else LINE + (entry.depth if entry else 0),
            label=label.label if label else mark,
            number=label.number if label else "",
            path=self.outline.path(itself=not heading),
            note=self.notes.get(block.index),
            blocks=[block],
            above=self.outline.above(itself=not heading),
        )
        self.found.append(self.now)

    def loose(self, blocks: list[Block], *, elsewhere: bool) -> Sketch:
        """A step named after the nearest heading, or after the document where there is none."""
        heading = self.outline.last
        title = heading_title(heading) if heading else self.title
        line = heading.line if heading and heading in blocks else blocks[0].line
        made = Sketch(
            clean(title), line, heading.level if heading else 0, path=self.outline.path(itself=False), elsewhere=elsewhere,
            blocks=blocks, above=self.outline.above(itself=False),
        )  # fmt: skip
        self.found.append(made)
        return made


class _Numbered(_Walk):
    """The document's own numbered steps; commands outside them are offered, in steps named after their headings."""

    def steps(self) -> list[Sketch]:
        self._parts = False
        other: Sketch | None = None
        for block in self.blocks:
            label = self.markers.get(block.index)
            if block.kind == "heading":
                self.outline.meet(block)
            if block.index in self.notes or (label and not self._is_part(block, label)):
                over = self.now if self.now and block.kind != "heading" and self.now.rank < LINE else None
                self.start(block, label)
                if over and self.now and label:
                    self.now.path, self.now.above = over.path, over.above
                self._parts, other = False, None
                continue
            if block.kind == "heading":
                other = None
                if self.now and (self.now.rank >= LINE or block.level <= self.now.rank):
                    self.now = None
            if self.now:
                self.now.blocks.append(block)
            elif other:
                other.blocks.append(block)
            elif block.index in self.holding:
                heading = self.outline.last
                blocks = [heading, block] if heading and heading is not block and not self._taken(heading) else [block]
                other = self.loose(blocks, elsewhere=True)
        return self.found

    def _taken(self, heading: Block) -> bool:
        return bool(self.found) and heading in self.found[-1].blocks

    def _is_part(self, block: Block, label: Label) -> bool:
        """A deeper number inside a step is a part of it, unless it plainly goes on counting (第1步 as a heading, 第2步 in bold)."""
        rank = block.level if block.kind == "heading" else LINE + (block.entry.depth if block.entry else 0)
        now = self.now
        if now is None or rank <= now.rank or (block.kind == "heading" and now.rank >= LINE):
            return False
        counts_on = now.number.isdigit() and label.number == str(int(now.number) + 1) and not self._parts
        self._parts = True
        return not counts_on


class _Sections(_Walk):
    """Section by section: ordered lists whose items hold commands, else the heading that directly holds one."""

    def steps(self) -> list[Sketch]:
        section: list[Block] = []
        for block in self.blocks:
            noted = block.index in self.notes
            if block.kind == "heading":
                if self.now and not noted and self.now.rank < block.level:
                    self.outline.meet(block)
                    self.now.blocks.append(block)
                    continue
                self._close(section)
                section, self.now = [], None
                self.outline.meet(block)
            if noted:
                self._close(section)
                section = []
                self.start(block, None)
            elif self.now:
                self.now.blocks.append(block)
            else:
                section.append(block)
        self._close(section)
        return self.found

    def _close(self, section: list[Block]) -> None:
        """Turn a section (a heading and what stands directly under it) into steps."""
        if not any(block.index in self.holding for block in section):
            return
        for part in split(section, self.holding):
            if part.mark is None:
                if any(block.index in self.holding for block in part.blocks):
                    self.loose(part.blocks, elsewhere=False)
            else:
                self._item(part)

    def _item(self, part: Part) -> None:
        assert part.mark is not None  # noqa: S101  checked by the caller
        first = part.blocks[0]
        above = self.outline.above(itself=True)
        rank = LINE + (first.entry.depth if first.entry else 0)
        self.found.append(
            Sketch(
                part.mark.title,
                first.line,
                rank,
                part.mark.label,
                part.mark.number,
                self.outline.path(itself=True),
                blocks=part.blocks,
                above=above,
            )
        )


def entries(block: Block) -> Iterable[Entry]:
    """The list items around a block, innermost first."""
    entry = block.entry
    while entry is not None:
        yield entry
        entry = entry.parent
