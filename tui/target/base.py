"""The one seam between the engine and a place: `open`, `stream`, `close`.

`stream` starts (or finds again) one job and yields what happens until exactly one `Ended`. Whoever closes the generator early, or
cancels the task that reads it, ends the job's whole process group on the target before `stream` returns; use `contextlib.aclosing`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tui.judge.evidence import End
from tui.secret import Secret
from tui.texts import Text


@dataclass(frozen=True, slots=True)
class Job:
    """One script to run in a process of its own.

    `id` is unique on the target, made of `[a-z0-9-]`: streaming a job whose id is already there reattaches to it instead of running it
    again. `script` runs unchanged with `set -euo pipefail` semantics under bash (or under PowerShell where `language` says so). `env` is
    added to the environment; names are shell identifiers. Standard input is empty. `merge` sends standard error into the same
    channel as output, in true order; without it, channel 2 carries it. `sudo` answers sudo's question, if it asks.
    """

    id: str
    script: str
    language: Literal["bash", "powershell", "cmd"] = "bash"
    env: Mapping[str, str] = field(default_factory=dict)
    merge: bool = True
    sudo: Secret | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes the job wrote. `offset` is the place of the first one in its channel, from 0; nothing is ever skipped or sent twice."""

    data: bytes
    offset: int
    channel: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The connection broke while the job ran; it goes on there, and the target tries to reach it again."""

    why: Text


@dataclass(frozen=True, slots=True)
class LinkRestored:
    """The connection is back; output goes on where it stopped."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a job.

    `code` is the exit code (None unless `exited`; a death by signal N is 128 + N). `why` explains an end that is not `exited`.
    """

    end: End
    code: int | None = None
    why: Text | None = None


Happening = Output | LinkLost | LinkRestored | Ended


@dataclass(frozen=True, slots=True)
class HostKeyQuestion:
    """An unknown host key. `fingerprint` is `SHA256:…` as OpenSSH prints it; `kind` is `ssh-ed25519` and the like."""

    host: str
    kind: str
    fingerprint: str
    known_hosts: str


@dataclass(frozen=True, slots=True)
class SecretQuestion:
    """A password, passphrase or one-time code is needed. `what` says for what; `again` is set when the one before was wrong."""

    what: Text
    again: bool = False
    echo: bool = False


class Asker(Protocol):
    """Whoever sits in front: the screen's dialogs, the terminal's prompts, or nobody (then both say no)."""

    async def accept_host_key(self, question: HostKeyQuestion) -> bool:
        """True: accept and remember the key. False stops the connection with `HostKeyRejected`."""
        ...

    async def secret(self, question: SecretQuestion) -> Secret | None:
        """The secret, or None when it is not given: then the step ends as cancelled, or refused where nobody can be asked."""
        ...


class Target(Protocol):
    """A place where jobs run. `name` is the guide's word for it, `address` the user's; `family` decides which scripts fit.

    `public` says that it is reached over a public address (the badge is red then).
    """

    name: str
    address: str
    family: Literal["posix", "windows"]
    public: bool

    async def open(self, asker: Asker) -> None:
        """Connect and log in. Idempotent. Raises `TargetError` or `Cancelled`, one clear sentence each."""
        ...

    def stream(self, job: Job, offset: int = 0) -> AsyncGenerator[Happening, None]:
        """Run `job`, or reattach to it from byte `offset` of its merged output. Raises `TargetError` only before the first item."""
        ...

    async def close(self) -> None:
        """Leave: connections closed, nothing of ours left running that was not asked to. Idempotent."""
        ...
