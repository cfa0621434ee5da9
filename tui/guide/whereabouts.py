"""The circles of words around a command or a step, nearest first, for `places` to vote on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.guide import places
from tui.guide.blocks import Block
from tui.guide.fences import Draft
from tui.guide.phrases import last_sentence
from tui.guide.places import Said, say
from tui.guide.steps import LINE, Sketch, entries

FURTHEST = 60  # blocks looked back at inside a step; what is farther away is no near word


class Words:
    """All that the document's words say about places, each block asked once."""

    def __init__(self, blocks: Sequence[Block], server: str, title: str = "") -> None:
        self._blocks = blocks
        self._server = server
        self._said: dict[int, Said] = {}
        self._intros: dict[int, Said] = {}
        self._title = title
        self._opening = self._read_opening()

    def command(self, draft: Draft, sketch: Sketch) -> str | None:
        """The target's name for a command, `local`, or None where unsure."""
        if draft.follows_login:
            return self._server
        starts = places.starts_here(draft.text)
        if starts == "both":
            return None
        near = list(self._near(draft))
        if starts == "local":
            vote = next((said for said in near if said.put), None)
            return self._name("server" if vote and vote.vote == "server" else "local")
        return self._name(places.decide([*near, *self._step(draft.block, sketch), *self._upwards(sketch)]))

    def step(self, sketch: Sketch) -> str | None:
        """The place of a step that has no commands of its own."""
        return self._name(places.decide([say(sketch.title, label=True), *self._upwards(sketch)]))

    def title(self, sketch: Sketch) -> str | None:
        """What the step's title alone says."""
        return self._name(say(sketch.title, label=True).vote)

    def _name(self, vote: str) -> str | None:
        return {"server": self._server, "local": places.LOCAL}.get(vote)

    def _near(self, draft: Draft) -> Iterator[Said]:
        """The sentence before, then the words of the items around."""
        block = draft.block
        if draft.inline:
            yield say(last_sentence(draft.before))
            yield self._of(block)
        else:
            previous = self._previous(block)
            if previous is not None:
                yield say(last_sentence(previous.words), label=bool(previous.level or previous.bold))
                yield self._of(previous)
        around = {id(entry): entry for entry in entries(block)}
        if not around:
            return
        outermost = min(entry.block for entry in around.values())
        for other in reversed(self._blocks[max(outermost, block.index - FURTHEST) : block.index]):
            if other.kind == "text" and id(other.entry) in around:
                yield self._of(other)

    def _step(self, block: Block, sketch: Sketch) -> Iterator[Said]:
        """In the step: places said in so many words, sub-headings, its title, then any words."""
        start = max(sketch.blocks[0].index, block.index - FURTHEST)
        around = {id(entry) for entry in entries(block)} | {id(None)}
        before = self._blocks[start : block.index]
        texts: list[Block] = []
        level = LINE
        for other in reversed(before):
            if other is sketch.blocks[0]:
                break
            if other.kind == "heading" and other.level < level:
                level = other.level
                yield self._of(other)
            elif other.kind in ("text", "cell") and level == LINE:
                texts.append(other)
                said = self._of(other)
                if said.strong and id(other.entry) in around:
                    yield said
        yield say(sketch.title, label=True)
        yield from (self._of(other) for other in texts)

    def _upwards(self, sketch: Sketch) -> Iterator[Said]:
        for heading in reversed(sketch.above):
            yield self._of(heading)
            intro = self._intro(heading)
            if intro.strong:
                yield intro
        yield say(self._title, label=True)
        yield self._opening

    def _of(self, block: Block) -> Said:
        said = self._said.get(block.index)
        if said is None:
            label = block.kind == "heading" or (bool(block.bold) and len(block.plain) <= len(block.bold) + 2)
            said = self._said[block.index] = say(block.words, label=label)
        return said

    def _intro(self, heading: Block) -> Said:
        """The paragraphs right under a heading, before anything else."""
        said = self._intros.get(heading.index)
        if said is None:
            said = self._intros[heading.index] = say(self._prose(heading.index + 1))
        return said

    def _read_opening(self) -> Said:
        start = 1 if self._blocks and self._blocks[0].kind == "heading" else 0
        return say(self._prose(start))

    def _prose(self, start: int) -> str:
        words = []
        for block in self._blocks[start : start + FURTHEST]:
            if block.kind == "comment":
                continue
            if block.kind != "text" or block.entry is not None:
                break
            words.append(block.words)
        return "\n".join(words)[: places.FURTHEST]

    def _previous(self, block: Block) -> Block | None:
        return text_before(self._blocks, block)


def text_before(blocks: Sequence[Block], block: Block) -> Block | None:
    """The words right before a code block: a paragraph, heading or item, not another code block and not a table."""
    index = block.index - 1
    while index >= 0 and blocks[index].kind == "comment":
        index -= 1
    if index < 0 or blocks[index].kind not in ("text", "heading"):
        return None
    if blocks[index + 1].kind == "item" or block.kind == "item":
        return None
    return blocks[index]
