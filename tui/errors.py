"""Every error the program raises on purpose, as a table of contents.

    ZhinanError                 what went wrong, as one sentence in both languages
    ├── UsageError              2  a wrong option, an unknown step or target name
    ├── ConfigError             2  the settings file: file, key, nearest known key
    ├── DocumentError           2  a document that can't be opened: missing, a folder, binary, undecodable
    ├── TargetError             1  the place where a step should run is not usable
    │   ├── Refused             1  the host answered: connection refused, login denied
    │   ├── Unreachable         3  the host did not answer in time, or its name is unknown
    │   ├── HostKeyRejected     4  unknown key not accepted, or the key has changed
    │   └── Unusable            1  logged in, but nothing can run there: no bash, full disk, read-only home
    ├── Unfinished              3  waited for somebody or something, and the time was over
    ├── NotApproved             4  the user did not approve the document's commands, or closed a gate
    └── Cancelled             130  the user said stop (also: declined to answer a needed question)

Errors of libraries are translated once, at the edge where they appear, with the foreign error as `__cause__`.
The number is the exit code of the command line (see the README).
"""

from __future__ import annotations

from tui.texts import Text


class ZhinanError(Exception):
    """Base of all: `text` is the one sentence the user reads, saying what, where, and what to do instead.

    `cause` is the id of the failure page that explains it ("" where none is known).
    """

    exit_code = 1
    insists = False
    """Whether it says how things were left: then a step ends with it although the user stopped that step."""

    def __init__(self, text: Text, *, cause: str = "") -> None:
        super().__init__(text.en)
        self.text = text
        self.cause = cause

    def __str__(self) -> str:
        return str(self.text)


class UsageError(ZhinanError):
    """A wrong option, or a name the program does not know."""

    exit_code = 2


class ConfigError(ZhinanError):
    """A wrong key or value in the settings file."""

    exit_code = 2


class DocumentError(ZhinanError):
    """A document that can't be opened."""

    exit_code = 2


class TargetError(ZhinanError):
    """The place where a step should run is not usable."""


class Refused(TargetError):
    """The host answered no: connection refused, login denied, jump host denied."""


class Unreachable(TargetError):
    """The host did not answer in time, or its name is not known."""

    exit_code = 3


class HostKeyRejected(TargetError):
    """The host's key is unknown and was not accepted, or it differs from the one on record."""

    exit_code = 4


class Unusable(TargetError):
    """Logged in, but nothing can run there."""


class Unfinished(ZhinanError):
    """What was waited for did not come in time."""

    exit_code = 3


class NotApproved(ZhinanError):
    """The document's commands were not approved."""

    exit_code = 4


class Cancelled(ZhinanError):
    """The user stopped it."""

    exit_code = 130
