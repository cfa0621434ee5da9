"""Whether commands on a target can become root, and the one question that settles it before a step starts.

The looking is a small job like any other, so it works the same on this computer and on a server. A password is tried once per answer:
a login that locks after three failures must not be locked by us.
"""

from __future__ import annotations

import contextlib
import secrets
from enum import StrEnum
from weakref import WeakKeyDictionary

from tui.errors import Cancelled, Refused, TargetError, Unusable
from tui.judge.evidence import End
from tui.secret import Secret
from tui.target.answers import unanswered
from tui.target.askpass import ONCE
from tui.target.base import Asker, Ended, Job, Output, SecretQuestion, Target
from tui.texts import Text, same

TRIES = 3

# Said in English whatever the system's language: LC_ALL is set. An old sudo asks before it says no, so that shows only with the password.
_LOOK = """
if ((EUID == 0)); then echo root; exit; fi
if ! type -P sudo >/dev/null; then echo missing; exit; fi
if words=$(LC_ALL=C sudo -n true 2>&1); then echo free; exit; fi
case $words in
*"not allowed"* | *"may not run"* | *"not in the sudoers"*) echo denied ;;
*) echo password ;;
esac
"""
_TRY = """
if words=$(LC_ALL=C sudo -k -p 'zhinan' true 2>&1); then echo right; exit; fi
case $words in
*"not allowed"* | *"may not run"* | *"not in the sudoers"*) echo denied ;;
*"incorrect password"* | *"no password"* | *"try again"* | *"password is required"*) echo wrong ;;
*) echo other; printf '%s' "$words" ;;
esac
"""

_known: WeakKeyDictionary[Target, Secret] = WeakKeyDictionary()


class SudoState(StrEnum):
    """What it takes to become root on a target."""

    ROOT = "root"
    FREE = "free"
    PASSWORD = "password"  # noqa: S105  the state, not a password
    DENIED = "denied"
    MISSING = "missing"


async def sudo_state(target: Target) -> SudoState:
    """Look what it takes. Raises `TargetError` when the target can't be looked at."""
    word = (await _words(target, _LOOK, None, {})).strip()
    return SudoState(word) if word in set(SudoState) else SudoState.FREE  # nothing to ask about that could be found out


async def ask_sudo(target: Target, asker: Asker) -> Secret | None:
    """The password for sudo on this target, asked for once and tried; None where none is needed.

    Raises `Cancelled` when it is not given (`Refused` where nobody can be asked), `Refused` when the user may not use sudo there or
    three answers were wrong, and `Unusable` where sudo is missing.
    """
    if target in _known:
        return _known[target]
    state = await sudo_state(target)
    if state in {SudoState.ROOT, SudoState.FREE}:
        return None
    if state is SudoState.MISSING:
        raise Unusable(
            Text(
                "{address} 上没有 sudo，当前用户也不是 root。请用 root 登录，或先安装 sudo。",
                "There is no sudo on {address} and the user is not root. Log in as root, or install sudo first.",
            ).fill(address=target.address),
            cause="not-root",
        )
    if state is SudoState.DENIED:
        raise _denied(target)
    what = Text("{address} 的 sudo 密码", "The sudo password for {address}").fill(address=target.address)
    for attempt in range(TRIES):
        secret = await asker.secret(SecretQuestion(what, again=attempt > 0))
        if secret is None:
            raise _unasked(asker, what)
        said = await _words(target, _TRY, secret, {ONCE: "1"})
        word, _, rest = said.partition("\n")
        if word == "right":
            _known[target] = secret
            return secret
        if word == "denied":
            raise _denied(target)
        if word == "other":
            raise Refused(
                Text("{address} 的 sudo 不能用：{why}", "sudo on {address} does not work: {why}").fill(
                    address=target.address, why=same(rest)
                )
            )
    raise Refused(
        Text("{address} 的 sudo 密码三次都不对。", "The sudo password for {address} was wrong three times.").fill(address=target.address)
    )


def _unasked(asker: Asker, what: Text) -> Cancelled | Refused:
    error = unanswered(asker, what)
    if not isinstance(error, Refused):
        return error
    instead = Text(
        "{why}用 root 登录，或者在终端里运行，就能当场问。", "{why} Log in as root, or run this in a terminal, where it can be asked."
    )
    return Refused(instead.fill(why=error.text), cause="sudo-needs-password")


def _denied(target: Target) -> Refused:
    return Refused(
        Text(
            "{address} 上的当前用户无权使用 sudo。请用 root 或有 sudo 权限的用户登录。",
            "The user on {address} may not use sudo. Log in as root or as a user who may.",
        ).fill(address=target.address),
        cause="sudo-not-permitted",
    )


async def _words(target: Target, script: str, secret: Secret | None, env: dict[str, str]) -> str:
    """What the script prints. Its job leaves nothing behind where the target can forget jobs."""
    job = Job(id=f"sudo-{secrets.token_hex(8)}", script=script, env=env, sudo=secret)
    text = b""
    ended: Ended | None = None
    async with contextlib.aclosing(target.stream(job)) as stream:
        async for item in stream:
            if isinstance(item, Output):
                text += item.data
            elif isinstance(item, Ended):
                ended = item
    forget = getattr(target, "forget", None)
    if forget is not None:
        await forget(job.id)
    if ended is None or ended.end is not End.EXITED or ended.code != 0:
        why = ended.why if ended and ended.why else Text("没有结果", "no result")
        raise TargetError(
            Text("没能查明 {address} 上的 sudo：{why}", "sudo on {address} could not be looked at: {why}").fill(
                address=target.address, why=why
            )
        )
    return text.decode("utf-8", "replace").rstrip("\n")
