"""The questions a run asks before a step starts, and who answers them.

A front end supplies one `Asker`. Without a person in front (`Nobody`), every question has one honest answer: no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tui.guide.model import Command, Guide, Input, Step, TargetSpec
from tui.secret import Secret
from tui.target.base import Asker as TargetAsker
from tui.target.base import HostKeyQuestion, SecretQuestion
from tui.texts import Text


@dataclass(frozen=True, slots=True)
class ApprovalQuestion:
    """May these commands of this document run? `before` are the commands approved the last time (empty: never seen)."""

    guide: Guide
    commands: tuple[str, ...]
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InputQuestion:
    """A value for an input is needed. `wrong` says why the last answer did not do."""

    input: Input
    wrong: Text | None = None

    @property
    def name(self) -> str:
        """The answer's key in the form."""
        return self.input.name


@dataclass(frozen=True, slots=True)
class TargetQuestion:
    """Where is the place the guide calls `spec.name`?

    Answers: `local`, `ssh://user@host[:port]`, `user@host`, a name from ~/.ssh/config.
    `last` is what was answered the last time for this document, to be offered again.
    """

    spec: TargetSpec
    wrong: Text | None = None
    last: str | None = None

    @property
    def name(self) -> str:
        """The answer's key in the form."""
        return self.spec.name


FormQuestion = InputQuestion | TargetQuestion


@dataclass(frozen=True, slots=True)
class PlaceQuestion:
    """The document does not say where a command runs: on which of `names`? Remembered for this document."""

    step: Step
    command: Command | None
    names: tuple[str, ...]


class Asker(TargetAsker, Protocol):
    """Everything a run may ask. None always means: not answered, stop here without having changed anything."""

    async def approve(self, question: ApprovalQuestion) -> bool:
        """May the document's commands run?"""
        ...

    async def form(self, questions: tuple[FormQuestion, ...]) -> Mapping[str, str | Secret] | None:
        """Everything that is missing, asked at once: answers by `name`, a Secret for an input of type `secret`."""
        ...

    async def place(self, question: PlaceQuestion) -> str | None:
        """One of the offered names."""
        ...

    async def tick(self, step: Step, text: str) -> bool:
        """Waits for the reader to do something by hand; True once ticked, False when nobody is there to do it."""
        ...


class Nobody:
    """The asker of an unattended run. `unattended` tells a target to refuse, instead of calling it the user's no."""

    unattended = True

    async def accept_host_key(self, question: HostKeyQuestion) -> bool:
        """No."""
        return False

    async def secret(self, question: SecretQuestion) -> Secret | None:
        """None."""
        return None

    async def approve(self, question: ApprovalQuestion) -> bool:
        """No."""
        return False

    async def form(self, questions: tuple[FormQuestion, ...]) -> Mapping[str, str | Secret] | None:
        """None."""
        return None

    async def place(self, question: PlaceQuestion) -> str | None:
        """None."""
        return None

    async def tick(self, step: Step, text: str) -> bool:
        """Not ticked."""
        return False
