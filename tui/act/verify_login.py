"""A fresh login by the program's own client, where OpenSSH's could not finish: it wants a password, or is not installed.

The question whether the unknown host key is right is not put to the reader: the server's own keys are the answer. So a password is only
asked for by a machine that has proven to be the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.errors import Cancelled, HostKeyRejected, ZhinanError
from tui.judge.evidence import End, Evidence
from tui.judge.ssh_proof import BOOT, Proof, Server, judge
from tui.run.action import Stage
from tui.run.look import capture
from tui.target.base import Job

if TYPE_CHECKING:
    from tui.target.ssh import SshTarget
    from tui.target.ssh_auth import Memory

_PATIENCE: Final = 20.0


async def own_login(stage: Stage, known: Server, address: str, memory: Memory | None = None) -> Proof | None:
    """Log in to `address` anew, accepting the server's own keys only. None where this proves nothing more: no login, or an old record.

    `address` is `ssh://user@host[:port]`. A key that is accepted is remembered, as it is proven; a password is asked for
    unless it is in `memory`, where it is kept. Raises Cancelled when the step is stopped.
    """
    from tui.target.comparing import Comparing
    from tui.target.ssh import SshTarget

    target = SshTarget("verify", address, memory=memory)
    asker = Comparing(stage.asker, frozenset(key.fingerprint for key in known.keys))
    where = address.removeprefix("ssh://")
    if not _records_fit(target, known):
        return None
    try:
        await stage.unless_stopped(target.open(asker))
        seen = await stage.unless_stopped(capture(target, Job(stage.teller.job_id(), BOOT, merge=False), _PATIENCE))
    except HostKeyRejected:
        return judge(known, Evidence(End.EXITED, 255, "", f"Host key verification failed. {asker.wrong}"), where) if asker.wrong else None
    except ZhinanError as error:
        if isinstance(error, Cancelled) and stage.stop.is_set():
            raise
        return judge(known, Evidence(End.EXITED, 255, "", "Permission denied ("), where) if asker.shown else None
    finally:
        await target.close()
    return judge(known, seen, where)


def _records_fit(target: SshTarget, known: Server) -> bool:
    """Whether every key on record for that address is the server's: the client would accept any of these without a question."""
    from tui.target.ssh_hostkeys import entries, fingerprint

    right = {key.fingerprint for key in known.keys}
    return all(fingerprint(entry.blob) in right for entry in entries(target.host))
