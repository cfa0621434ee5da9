"""What a failure page says about logs: the signs by which its cause is known, and how it stands to other causes.

Signs are data, so that whoever can write a page can teach the program a failure; nothing here knows a single cause by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tui.texts import Text

HARMLESS: Final = "none"
"""The id of the page whose signs are lines that look bad and are not."""


class Sure(StrEnum):
    """How far a sign alone proves its cause."""

    SURE = "sure"
    LIKELY = "likely"
    MAYBE = "maybe"


SCORES: Final = {Sure.SURE: 90, Sure.LIKELY: 70, Sure.MAYBE: 45}


class Says(StrEnum):
    """What a line of the harmless page's signs tells. `done`: what the page's `steps` are for came to a good end; `command done`: all since
    a command was typed last; `again`: what failed is tried once more; `attempt`: the same, and how often at most; `well`: something went
    well; `wanted`: what fails beside it was to fail; `judged`: what the command before it printed is no failure, as somebody says;
    `typed`: it is a command, not what one printed.
    """

    NOTHING = ""
    DONE = "done"
    COMMAND_DONE = "command done"
    AGAIN = "again"
    ATTEMPT = "attempt"
    WELL = "well"
    WANTED = "wanted"
    JUDGED = "judged"
    TYPED = "typed"


@dataclass(frozen=True, slots=True)
class Sign:
    """One way in which the cause shows.

    Each pattern of `lines` must be found on some line that no pattern of `but` matches; where `within` is not 0, all of them inside so many
    lines. No pattern of `unless` may be found anywhere. `lasting`: it still holds where the log goes on to succeed.
    `says` belongs to the harmless page. `at` is its line in the page.
    """

    lines: tuple[str, ...]
    but: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    within: int = 0
    sure: Sure = Sure.SURE
    lasting: bool = False
    says: Says = Says.NOTHING
    at: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What one outcome of a probe means: output matching `prints` (empty: prints nothing; None: whatever), `exit`, the cause it proves."""

    then: str
    prints: str | None = None
    exit: int | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """A command that only looks and decides between near causes."""

    run: str
    on: str = "server"
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One failure page without its body. `near` are causes a log may not tell apart, `explains` those that only follow from this one.

    `over`: patterns of lines that say the failure is past; what the signs found before the last such line does not count.
    """

    id: str
    title: Text
    path: Path
    signs: tuple[Sign, ...]
    steps: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    probe: Probe | None = None
    risk: str = ""
    price: str = ""
