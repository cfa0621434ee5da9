"""What a check must have captured before it can judge. Only described here; `run.look` does the looking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from tui.judge.evidence import Evidence, Verdict
from tui.texts import Text


@dataclass(frozen=True, slots=True)
class Script:
    """Run `text` with bash on the target; output and errors apart. Changes nothing there.

    `windows` is the same in PowerShell, for a target that is Windows; without it bash is used there too.
    """

    text: str
    windows: str = ""


@dataclass(frozen=True, slots=True)
class Connect:
    """Open one new TCP connection from the target. The evidence's code is a `Knock`; `seconds` is how long to wait for an answer."""

    host: str
    port: int
    seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Fetch:
    """GET `url` from the target, following no redirect. The evidence's code is a `Knock`, `out` the status number."""

    url: str
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Own:
    """The step's own output and last exit code; nothing is run."""


Look = Script | Connect | Fetch | Own


class Knock(IntEnum):
    """How a connection attempt ended, used as exit code so that scripts on a target can say it too."""

    OPEN = 0
    REFUSED = 1
    SILENT = 2
    NO_WAY = 3
    """Name unknown, no route, no tool to knock with: nothing is known about the port."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check, ready: `look` first, then `decide`. `title` says what is asked, for as long as there is no answer."""

    title: Text
    look: Look
    decide: Callable[[Evidence], Verdict]
