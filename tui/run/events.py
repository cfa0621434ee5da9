"""What happened, in the past tense and in order. The only thing the engine gives and every front end takes.

Each event is a frozen dataclass whose class name is its name on the wire (`run.wire`: `run --json`, the journal).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tui.judge.evidence import End, Status
from tui.texts import Text


class Outcome(StrEnum):
    """How a step, or a whole run, ended."""

    PASSED = "passed"
    ALREADY = "already done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    CANCELLED = "cancelled"


GOOD = frozenset((Outcome.PASSED, Outcome.ALREADY))
"""The good ends."""

EXIT_CODES: Mapping[Outcome, int] = {
    Outcome.PASSED: 0,
    Outcome.ALREADY: 0,
    Outcome.FAILED: 1,
    Outcome.UNKNOWN: 3,
    Outcome.REFUSED: 4,
    Outcome.CANCELLED: 130,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`run` is the run's id, `at` the moment in Unix seconds (UTC)."""

    run: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent(Event):
    """An event of one step, named by its id."""

    step: str


@dataclass(frozen=True, slots=True)
class Mends:
    """What a run of a failure page is for: step `step` of the run `run` failed, and `cause` is the page that explained it."""

    run: str
    step: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """`targets` maps the guide's names to addresses; `values` are the inputs that are not secret; `steps` the ids that will run now.

    `mends` is told by the run of a failure page that was opened for a failed step. `digest` is the document's, `parts` that of each of
    its steps. `program` and `system` say what ran it.
    """

    guide: str
    title: str
    digest: str
    steps: tuple[str, ...]
    targets: Mapping[str, str]
    values: Mapping[str, str]
    mends: Mends | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    program: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed(Event):
    """The same run goes on with more steps (another key press, or another day). `digest` and `parts` tell of the document as it is now."""

    steps: tuple[str, ...]
    targets: Mapping[str, str]
    values: Mapping[str, str]
    digest: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)


PROBE = -2
"""The item under which the probe of a failure page runs for a step that failed; no item of a document has it."""
UNDO = -1
"""The item under which a step's undo runs; no item of a document has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(StepEvent):
    """`on` is the target's name, `address` where that is, `title` the step's number and title as the document has them."""

    on: str
    address: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStarted(StepEvent):
    """`item` is its index in the step's items, `UNDO` or `PROBE`. `text` is what runs. `log` is the raw log's path inside the run's folder.

    `alone`: run by its own key press, which says nothing about the step.
    """

    item: int
    on: str
    text: str
    log: str
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed(StepEvent):
    """Output as it came, secrets masked: any number of whole or part lines. `offset` is its place in the raw log, in bytes."""

    item: int
    text: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLost(StepEvent):
    """The link broke; the command goes on over there, and the program tries to reach it again."""

    item: int
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRestored(StepEvent):
    """The link is back after `seconds`; the log goes on where it stopped."""

    item: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandEnded(StepEvent):
    """`code` is None unless it exited; an action's is that of its error. `why` explains an end that is not `exited`, or an error's."""

    item: int
    end: End
    code: int | None
    seconds: float
    why: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualAwaited(StepEvent):
    """The reader has something to do by hand; the step waits for the tick (unless `alone`)."""

    item: int
    text: str
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualDone(StepEvent):
    """The reader ticked it (`ticked`), or nobody was there to tick it. `spared`: an action that passed has done what it is for."""

    item: int
    ticked: bool
    alone: bool = False
    spared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited(StepEvent):
    """An action has begun to wait for a person outside the program: `what` to do, at `url`, at the latest `until` (Unix seconds)."""

    item: int
    what: Text
    url: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded(StepEvent):
    """The waiting is over: the person did it (`reached`), or time or patience ran out."""

    item: int
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(StepEvent):
    """An action has put a question to the reader: `question`, and `shown` under it (lines of a change behind `+`, `-` or a blank).

    `danger`: it can't simply be taken back. `typed` is the word that must be typed to agree ("" for none).
    """

    item: int
    question: Text
    shown: Text
    danger: bool = False
    typed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(StepEvent):
    """The question of that item was answered (`yes`), refused, or taken back."""

    item: int
    yes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed(StepEvent):
    """Structured facts on a topic, for a panel. `facts` is JSON; its shape is documented by the action that tells it."""

    item: int
    topic: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned(StepEvent):
    """Values that an action found."""

    item: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(StepEvent):
    """One check's verdict. `check` is its index; `before` says it was looked at before the step ran, to see whether it was already so."""

    check: int
    before: bool
    status: Status
    say: Text
    proof: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """A line that proves a cause: `line` (1-based) of the log of item `item`; both are None where a check or the program said it."""

    text: str
    item: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """A failure page that fits what the step left behind.

    `id` and `page` name it, `score` is 0 to 100, `sure` one of `sure`, `likely`, `maybe`. `near` are causes it may be mistaken for,
    `follows` the id of the one of which it is only a consequence. `probe` is the command that tells it apart from those (empty: there
    is none), `probed` what one has said of it: `proved`, `ruled out`, `open` (looked, and nothing decided), or nothing yet.
    """

    id: str
    title: Text
    score: int
    sure: str
    page: str
    evidence: tuple[Proof, ...] = ()
    near: tuple[str, ...] = ()
    follows: str = ""
    probe: str = ""
    probed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed(StepEvent):
    """A step did not end well, and failure pages explain it: `causes`, the likeliest first.

    Where none does, `suspects` are lines of its logs that look like errors. Told before `StepEnded`, and again when a probe has looked
    or the pages were asked anew.
    """

    causes: tuple[Cause, ...]
    suspects: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded(StepEvent):
    """`why` is one sentence whenever the outcome is neither passed nor already done.

    `cause` is the id of the failure page that explains it ("" where what failed does not know one).
    """

    outcome: Outcome
    seconds: float
    why: Text | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone(StepEvent):
    """The step was taken back as its document says, and is to do again. An undo that did not get there ends with `StepEnded`."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """The last event of a pass. `verdict` is the worst outcome of its steps, `exit_code` the command line's."""

    verdict: Outcome
    exit_code: int
    why: Text | None = None


AnyEvent = (
    RunStarted
    | RunResumed
    | StepStarted
    | CommandStarted
    | Printed
    | ConnectionLost
    | ConnectionRestored
    | CommandEnded
    | ManualAwaited
    | ManualDone
    | Waited
    | WaitEnded
    | Asked
    | Answered
    | Observed
    | Learned
    | Checked
    | Diagnosed
    | StepEnded
    | Undone
    | RunEnded
)
