"""Whether the gates let the change through, and which of them a person opened.

A person may open a gate by typing its words, which is recorded; but not those without which there would be no way back, and never while no
way in is proven at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tui.judge import gates_words as words
from tui.judge.evidence import Status
from tui.judge.gates import IDS, Gate
from tui.texts import Text


@dataclass(frozen=True, slots=True)
class Override:
    """What a person typed to open a gate, and when: for the journal."""

    gate: str
    typed: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the change may be made. `shut` are the gates in the way, `opened` those a person opened by words."""

    opens: bool
    say: Text
    shut: tuple[Gate, ...] = ()
    opened: tuple[tuple[Gate, Override], ...] = ()


def phrase(gate: str) -> str:
    """The words that open a gate; the same in both languages, so that they are typed and not picked."""
    return f"open {gate} anyway"


def decide(found: Iterable[Gate], overrides: Iterable[Override] = ()) -> Decision:
    """Whether it may be done. An override counts for a gate that words can open, and while at least one way in is proven."""
    every = tuple(found)
    given = {each.gate: each for each in overrides if each.typed.strip() == phrase(each.gate)}
    way_in = any(gate.status is Status.PASS for gate in every if gate.id in ("tailnet-ssh", "second-way"))
    shut = [gate for gate in every if gate.status is not Status.PASS]
    opened = tuple((gate, given[gate.id]) for gate in shut if gate.id in given and not gate.final and way_in)
    left = tuple(gate for gate in shut if gate not in [each for each, _ in opened])
    complete = {gate.id for gate in every} >= set(IDS)
    if complete and not left:
        return Decision(opens=True, say=words.OPEN_BY_WORDS.fill(count=len(opened)) if opened else words.OPEN, opened=opened)
    names = Text("、".join(gate.title.zh for gate in left), ", ".join(gate.title.en for gate in left))
    return Decision(opens=False, say=words.SHUT.fill(gates=names) if left else words.MISSING, shut=left, opened=opened)
