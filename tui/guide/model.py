"""What a parsed document is: the nouns that parser, engine, panels and command line share.

Everything is frozen. Line numbers are 1-based and refer to the source file as an editor shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from markdown_it.token import Token

from tui.texts import Text

InputType = Literal["host", "text", "secret", "choice", "cidr", "file"]


class Level(StrEnum):
    """How bad a `Problem` is. An `error` makes `lint` exit 2 and keeps `run` from starting; a `warning` does neither."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a document: where (`line`), what, and what instead."""

    line: int
    text: Text
    level: Level = Level.ERROR


@dataclass(frozen=True, slots=True)
class Input:
    """One `inputs:` entry of the front matter. `ask` is the question; `of` the choices; `default` is offered, never assumed silently.

    An `optional` one may stay empty: a step never asks for it, only an offered command or action that reads it does.
    """

    name: str
    type: InputType = "text"
    ask: str = ""
    of: tuple[str, ...] = ()
    default: str | None = None
    help: str = ""
    line: int = 0
    optional: bool = False


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """One `targets:` entry of the front matter: a place the guide speaks of by name. `address` is a default (for example `local`).

    An address `$name` is not known before the run finds that value; the step `found_by` finds it. `same_as` is the target that is the
    same machine: it must show one of the host keys that are on record for that one.
    """

    name: str
    ask: str = ""
    address: str | None = None
    example: str = ""
    line: int = 0
    same_as: str = ""
    found_by: str = ""

    @property
    def value(self) -> str:
        """The name of the value that is the address; empty where the address does not wait for one."""
        return self.address[1:].strip("{}") if self.address and self.address.startswith("$") else ""


@dataclass(frozen=True, slots=True)
class Command:
    """One runnable piece of text.

    `text` is exactly what will run (prompts of a transcript removed, nothing else changed). `explicit` commands are offered only:
    they never run with their step, just by their own key press. `on` is a target name, `local`, or None where unsure.
    `line` is the source line of the first line of the text, `end` that of its last.
    """

    text: str
    language: str
    line: int
    end: int
    explicit: bool = False
    on: str | None = None
    name: str = ""
    interactive: bool = False
    background: bool = False
    inline: bool = False


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """One check as written in the document: its `kind` (a name in `judge.checks`), the arguments, the sentence to say.

    `on` overrides the step's target.
    """

    kind: str
    args: Mapping[str, Any]
    line: int
    say: str = ""
    on: str | None = None


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One `<!-- action -->`: `use` names an action in `act`, `options` go to it, `timeout` is in seconds.

    An `explicit` action is offered only, like such a command. `on` overrides the step's target, `say` is what the author calls it (empty:
    what `act` calls it). One that `spares` does what the step's things to do by hand are for: once it has
    passed, none of them is asked for. `lines` are those of the options' names.
    """

    use: str
    line: int
    options: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    explicit: bool = False
    name: str = ""
    on: str | None = None
    say: str = ""
    spares: bool = False
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Manual:
    """Something the reader does by hand and ticks: a task list item (`- [ ] …`) inside a step."""

    text: str
    line: int
    end: int


Item = Command | Manual | ActionSpec


def is_offered(item: Item) -> bool:
    """Whether an item never runs with its step, just by its own key press."""
    return isinstance(item, Command | ActionSpec) and item.explicit


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do. `items` are in document order: commands, things to do by hand, actions; `checks` judge the whole afterwards.

    `id` is unique in the guide. `label` is the document's own numbering (`第2步`, `Step 2`, `1.`) or empty; `title` is without it.
    `on` is a target name, `local`, or None where unsure. Lines `line` to `end` (inclusive) belong to the step. `named` says that
    the id was given by the author. `timeout` is in seconds, for each command. `changes` is the author's word that the step changes
    something on its target (None: not said). `inputs` names the inputs that its commands use. A step without any runnable
    item and with `label` is one the reader does by hand as a whole.
    """

    id: str
    title: str
    line: int
    end: int
    label: str = ""
    level: int = 0
    chapter: str = ""
    on: str | None = None
    items: tuple[Item, ...] = ()
    checks: tuple[CheckSpec, ...] = ()
    changes: bool | None = None
    undo: str = ""
    timeout: float | None = None
    named: bool = False
    inputs: tuple[str, ...] = ()

    @property
    def commands(self) -> tuple[Command, ...]:
        """All commands, the offered ones too, in document order."""
        return tuple(item for item in self.items if isinstance(item, Command))

    @property
    def action(self) -> ActionSpec | None:
        """The first action that runs with the step, if it has one."""
        return next((item for item in self.actions if not item.explicit), None)

    @property
    def placed(self) -> tuple[Command | ActionSpec | CheckSpec, ...]:
        """All that runs or looks somewhere: commands, actions, checks."""
        return (*self.commands, *self.actions, *self.checks)

    @property
    def actions(self) -> tuple[ActionSpec, ...]:
        """All actions, the offered ones too, in document order."""
        return tuple(item for item in self.items if isinstance(item, ActionSpec))


@dataclass(frozen=True, slots=True)
class Guide:
    """A whole document.

    `tokens` are markdown-it's, in order, with front matter, annotations and lines kept, for whoever draws the document. `source` is the
    decoded text with LF line ends. `digest` is a SHA-256 over all that could run, in order (commands, where they run, actions,
    checks, undo): approval is remembered by it, so that correcting a sentence of prose asks nothing again. `encoding` is `utf-8`,
    `utf-8-sig`, `utf-16` or `gb18030`.
    """

    path: Path
    id: str
    title: str
    source: str
    tokens: tuple[Token, ...]
    steps: tuple[Step, ...]
    digest: str
    language: Literal["zh", "en"] = "zh"
    encoding: str = "utf-8"
    inputs: tuple[Input, ...] = ()
    targets: tuple[TargetSpec, ...] = ()
    problems: tuple[Problem, ...] = ()
    summary: str = ""

    def step(self, step_id: str) -> Step:
        """The step with that id; KeyError if there is none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)
