"""Finds out before a step starts whether sudo will want a password there, and asks for it once.

In the middle of an installation nobody can be asked, and a sudo that finds no terminal fails half-way; so the question comes first.
"""

from __future__ import annotations

from contextlib import aclosing
from enum import StrEnum
from typing import Final
from uuid import uuid4

from tui.errors import NotApproved, Refused
from tui.judge.evidence import End
from tui.secret import Secret
from tui.target.askpass import ONCE
from tui.target.base import Asker, Ended, Job, Output, SecretQuestion, Target
from tui.texts import Text

TRIES: Final = 3
_LOOK: Final = """
if [ "$(id -u)" = 0 ]; then echo root
elif ! command -v sudo >/dev/null; then echo missing
elif why=$(LC_ALL=C sudo -n true 2>&1); then echo free
else case $why in *sudoers*|*"not allowed"*|*"may not run"*) echo denied ;; *) echo password ;; esac
fi
"""


class SudoState(StrEnum):
    """What sudo means for the user who is logged in there."""

    ROOT = "root"
    FREE = "free"
    PASSWORD = "password"  # noqa: S105  not one
    DENIED = "denied"
    MISSING = "missing"
    UNKNOWN = "unknown"


async def sudo_state(target: Target) -> SudoState:
    """Look, without changing anything there. Raises `TargetError` when not even that can be started."""
    code, said = await _run(target, Job(_job_id(), _LOOK, merge=False))
    word = said.strip()
    return SudoState(word) if code == 0 and word in set(SudoState) else SudoState.UNKNOWN


async def ask_sudo(target: Target, asker: Asker) -> Secret | None:
    """The password sudo wants there, verified; None where it wants none, or is not there to want one.

    Raises `NotApproved` when the password is not given, `Refused` when it is wrong three times or the user may not use sudo.
    """
    if target.family != "posix" or await sudo_state(target) is not SudoState.PASSWORD:
        return None
    what = Text("{address} 上 sudo 的密码", "The password for sudo on {address}").fill(address=target.address)
    for attempt in range(TRIES):
        secret = await asker.secret(SecretQuestion(what, again=attempt > 0))
        if secret is None:
            text = Text(
                "{address} 上的 sudo 要密码，没有得到；什么都没有改", "sudo on {address} wants a password and got none; nothing was changed"
            )
            raise NotApproved(text.fill(address=target.address))
        code, said = await _run(target, Job(_job_id(), "LC_ALL=C sudo true", env={ONCE: "1"}, sudo=secret))
        if code == 0:
            return secret
        if "sudoers" in said or "not allowed" in said:
            text = Text(
                "{address} 的用户不能用 sudo；请换成 root 或有 sudo 权限的用户",
                "the user of {address} may not use sudo; log in as one who may",
            )
            raise Refused(text.fill(address=target.address))
    text = Text(
        "{address} 上 sudo 的密码错了 {n} 次；什么都没有改", "the sudo password for {address} was wrong {n} times; nothing was changed"
    )
    raise Refused(text.fill(address=target.address, n=TRIES))


async def _run(target: Target, job: Job) -> tuple[int | None, str]:
    said, ended = b"", Ended(End.LOST)
    async with aclosing(target.stream(job)) as happenings:
        async for happening in happenings:
            if isinstance(happening, Output) and (job.merge or happening.channel == 1):
                said += happening.data
            elif isinstance(happening, Ended):
                ended = happening
    return ended.code, said.decode(errors="replace")


def _job_id() -> str:
    return f"sudo-{uuid4().hex[:12]}"
