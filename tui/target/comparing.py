"""The same machine under another address: it must show a host key that is already on record for it, and nobody is asked.

A person can't compare fingerprints across two addresses better than the records can; and to be asked would teach to say yes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.errors import HostKeyRejected
from tui.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.secret import Secret
    from tui.target.base import Asker, HostKeyQuestion, SecretQuestion, Target

_OTHER = Text(
    "{address} 的主机密钥 {print} 不是“{twin}”记录在案的，那里可能是另一台机器，已停止连接",
    "the host key {print} of {address} is none of those on record for “{twin}”; it may be another machine, so the connection was stopped",
)


class Comparing:
    """Answers for the host key by comparing it; what else is asked is the reader's to answer. `right` are fingerprints.

    `shown` is the fingerprint that was asked about, `wrong` the same where it is none of those.
    """

    def __init__(self, asker: Asker, right: frozenset[str]) -> None:
        self._asker, self._right = asker, right
        self.unattended = bool(getattr(asker, "unattended", False))
        self.wrong = ""
        self.shown = ""

    async def accept_host_key(self, question: HostKeyQuestion) -> bool:
        """Whether it is one of the right ones."""
        right = question.fingerprint in self._right
        self.shown, self.wrong = question.fingerprint, "" if right else question.fingerprint
        return right

    async def secret(self, question: SecretQuestion) -> Secret | None:
        """The reader's answer."""
        return await self._asker.secret(question)


async def open_as(target: Target, twin: Target, asker: Asker) -> None:
    """Open a target that is the same machine as `twin`, by the keys on record for that one; as any other where there are none.

    Raises HostKeyRejected for another key, on record or shown, and what opening raises.
    """
    right, own = _recorded(twin), _recorded(target)
    if not right:
        await target.open(asker)
        return
    strange = next((key for kind, keys in own.items() if kind in right for key in keys - right[kind]), "")
    fingerprints = frozenset[str]().union(*right.values())
    if strange or (own and not fingerprints & frozenset[str]().union(*own.values())):
        shown = strange or next(iter(next(iter(own.values()))))
        raise HostKeyRejected(_OTHER.fill(address=target.address, print=shown, twin=twin.name))
    comparing = Comparing(asker, fingerprints)
    try:
        await target.open(comparing)
    except HostKeyRejected as error:
        if comparing.wrong:
            raise HostKeyRejected(_OTHER.fill(address=target.address, print=comparing.wrong, twin=twin.name)) from error
        raise


def _recorded(target: Target) -> Mapping[str, frozenset[str]]:
    """The fingerprints on record for a server, by kind of key; none for what is no server over SSH."""
    from tui.target.ssh import SshTarget
    from tui.target.ssh_hostkeys import entries, fingerprint

    found: dict[str, frozenset[str]] = {}
    if isinstance(target, SshTarget):
        for entry in entries(target.host):
            if not entry.marker:
                found[entry.kind] = found.get(entry.kind, frozenset()) | {fingerprint(entry.blob)}
    return found
