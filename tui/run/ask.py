"""The questions a run asks, and who answers them.

A front end supplies one `Asker`. Without a person in front (`Nobody`), every question has one honest answer: no. All are asked before a
step starts but one: an action may put a `ConfirmQuestion` once it has looked and before it changes anything, because only then it can
show what the change is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from tui.guide.model import Command, Guide, Input, Step, TargetSpec
from tui.secret import Secret
from tui.target.base import Asker as TargetAsker
from tui.target.base import HostKeyQuestion, SecretQuestion
from tui.texts import Text, same


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


Mark = Literal["", " ", "+", "-"]
"""What a line is: prose (empty), or a line of a change that stays, comes or goes."""


@dataclass(frozen=True, slots=True)
class ConfirmLine:
    """One line of what a question shows. A line of a change is shown as it is, letter by letter; prose is broken to fit."""

    text: Text
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class ConfirmQuestion:
    """May this be done? `lines` show exactly what; `danger` marks what can't simply be taken back.

    `typed` is a word that must be typed to agree, so that no habit answers (the short name of the server, say). A question with danger
    or a word to type is only ever answered by a person in front, never by an option on the command line.
    """

    title: Text
    lines: tuple[ConfirmLine, ...] = ()
    danger: bool = False
    typed: str = ""

    @property
    def guarded(self) -> bool:
        """Whether only a person may answer it."""
        return self.danger or bool(self.typed)

    def agrees(self, typed: str) -> bool:
        """Whether that is the word; names of hosts are the same in small and capital letters."""
        return typed.strip().casefold() == self.typed.casefold()

    @property
    def wants(self) -> Text | None:
        """What is to be typed, as a prompt; None where a yes will do."""
        return _TYPE.fill(word=self.typed) if self.typed else None

    def wrong(self, typed: str) -> Text:
        """What is wrong with an answer that does not agree."""
        return _NOT_THE_WORD.fill(word=self.typed)

    def shown(self) -> Text:
        """All lines as one text, each line of a change behind its mark."""
        lines = [(f"{each.mark} " if each.mark else "", each.text) for each in self.lines]
        return Text("\n".join(mark + text.zh for mark, text in lines), "\n".join(mark + text.en for mark, text in lines))

    def masked(self, mask: Callable[[str], str]) -> ConfirmQuestion:
        """The same without its secrets."""
        lines = tuple(replace(each, text=Text(mask(each.text.zh), mask(each.text.en))) for each in self.lines)
        return replace(self, title=Text(mask(self.title.zh), mask(self.title.en)), lines=lines)


@dataclass(frozen=True, slots=True)
class ProofQuestion(ConfirmQuestion):
    """Something a person does outside the program, proven by a code that only who has done it can know.

    `command` prints the code over there, `link` leads there. The code is never shown, logged or journalled; no habit and no option can
    answer. `slips` are codes that come from doing it in a wrong place, each with what to say then.
    """

    command: str = ""
    link: str = ""
    code: str = field(default="", repr=False)
    slips: tuple[tuple[str, Text], ...] = field(default=(), repr=False)

    @property
    def guarded(self) -> bool:
        """Always: a person has to do it."""
        return True

    def agrees(self, typed: str) -> bool:
        """Whether that is the code."""
        return bool(self.code) and _bare(typed) == self.code

    @property
    def wants(self) -> Text | None:
        """The code."""
        return _TYPE_CODE

    def wrong(self, typed: str) -> Text:
        """Where a known wrong code comes from; else that it is none."""
        return next((say for code, say in self.slips if _bare(typed) == code), _NOT_THE_CODE)


@dataclass(frozen=True, slots=True)
class KeyQuestion:
    """An AccessKey of Alibaba Cloud is needed. `wrong` says why the last one did not do; `keeps`: there is a keyring to keep it in."""

    wrong: Text | None = None
    keeps: bool = True


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """The key a person typed, and whether it is to be kept in the keyring. `region` may be empty."""

    id: str
    secret: Secret
    region: str = ""
    keep: bool = False


def _bare(typed: str) -> str:
    return typed.strip().casefold()


_TYPE = Text("输入 {word} 以继续：", "Type {word} to go on:")
_NOT_THE_WORD = Text("要和 {word} 一字不差", "it must be {word}, to the letter")
_TYPE_CODE = Text("输入它显示的代码：", "Type the code that it shows:")
_NOT_THE_CODE = Text("不是这台服务器此刻会显示的代码", "that is not the code this server shows now")


def changed_lines(diff: str) -> tuple[ConfirmLine, ...]:
    """The lines of a unified diff of one file, in words where it is about places; which file it is, the question says."""
    marks: Mapping[str, Mark] = {"+": "+", "-": "-", " ": " "}
    lines = diff.splitlines()
    body = lines[2:] if diff.startswith("--- ") else lines
    return tuple(ConfirmLine(same(line[1:]), marks[line[0]]) if line[:1] in marks else ConfirmLine(_whence(line)) for line in body)


def _whence(hunk: str) -> Text:
    found = re.match(r"@@ -\S+ \+(\d+)", hunk)
    return Text("第 {line} 行起：", "from line {line}:").fill(line=found[1]) if found else same(hunk)


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

    async def access_key(self, question: KeyQuestion) -> KeyAnswer | None:
        """The key, typed unseen by a person in front; no option stands for it."""
        ...

    async def confirm(self, question: ConfirmQuestion) -> bool:
        """May an action do what it shows? Where nobody can be asked: False, or NotApproved with the way to be asked."""
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

    async def access_key(self, question: KeyQuestion) -> KeyAnswer | None:
        """None."""
        return None

    async def confirm(self, question: ConfirmQuestion) -> bool:
        """No."""
        return False
