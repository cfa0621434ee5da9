"""What was captured of one look or one command, and nothing more than that.

A check is a pure function of evidence. Whether the looking itself worked is part of the evidence (`end`), so that "could not
look" can never be taken for "nothing there".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tui.texts import Text


class End(StrEnum):
    """How a command ended. Only `exited` has an exit code."""

    EXITED = "exited"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    LOST = "lost"


class Status(StrEnum):
    """A check's verdict. `unknown` means: could not look, or what was seen decides nothing."""

    PASS = "pass"  # noqa: S105  not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one command showed.

    `code` is the exit code, None unless `end` is `exited`. `out` and `err` are the decoded streams (invalid bytes replaced), each
    cut to `LIMIT` characters, the middle left out and `cut` set. `seconds` is wall time. `why` says why nothing could be seen.
    """

    end: End
    code: int | None = None
    out: str = ""
    err: str = ""
    seconds: float = 0.0
    cut: bool = False
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one check: its status, a sentence, the words that prove it, and the values it found (regex groups, JSON)."""

    status: Status
    say: Text
    proof: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
