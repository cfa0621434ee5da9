"""Starts the process beside the program, detached from it and from its terminal: see `guard`, which is what runs there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import tui
from tui.act.lockdown_record import Found, Taken, held
from tui.cloud.ecs_keys import ID, SECRET, TOKEN, Keys

LOCK: Final = "guard.lock"
LOG: Final = "guard.log"
_MODULE: Final = "tui.act.guard"
_NEW_SESSION: Final = 0x00000008 | 0x00000200  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
_OUT_OF_JOB: Final = 0x01000000  # CREATE_BREAKAWAY_FROM_JOB, which a terminal's job may not allow
_started: list[subprocess.Popen[bytes]] = []
"""The processes of this program: kept, so that nobody takes them for forgotten."""


def beside(found: Found, keys: Keys) -> bool:
    """Start the process for a record that was just begun with these keys; whether one is there.

    A record of an API of its own (a rehearsal) gets none: that world ends with the program, and nobody could be let in to it again.
    """
    return found.story is not None and not found.story.endpoint and detach(found, typed(keys))


def detach(found: Found, given: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> bool:
    """Start the process, if none is at work on the record yet. `given` is a typed key, handed over on a pipe: in no argument and no
    environment.
    """
    try:
        os.close(held(found.folder / LOCK))
    except (Taken, OSError):
        return True
    words = [sys.executable, "-m", _MODULE, str(found.folder.parents[1]), found.id, *(["key"] if given else [])]
    paths = [str(Path(tui.__file__).parents[1]), environ.get("PYTHONPATH", "")]
    env = {**environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with (found.folder / LOG).open("ab") as log:
        process = _spawned(words, env, found.folder.parent, log.fileno(), pipe=bool(given))
    if process is None:
        return False
    _started.append(process)
    if process.stdin is not None:
        with suppress(OSError), process.stdin as line:
            line.write(json.dumps(dict(given)).encode())
    return True


def _spawned(words: list[str], env: Mapping[str, str], cwd: Path, log: int, *, pipe: bool) -> subprocess.Popen[bytes] | None:
    flags = (_NEW_SESSION | _OUT_OF_JOB, _NEW_SESSION) if os.name == "nt" else (0,)
    for each in flags:
        with suppress(OSError):
            return subprocess.Popen(
                words, env=dict(env), cwd=cwd, stdin=subprocess.PIPE if pipe else subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=os.name != "nt", creationflags=each,
            )  # fmt: skip
    return None


def typed(keys: Keys) -> dict[str, str]:
    """A key that nobody but the reader knows, by the names of its variables; nothing for one that can be found again."""
    if keys.kind != "asked" or keys.secret is None:
        return {}
    token = {TOKEN: keys.token.reveal()} if keys.token else {}
    return {ID: keys.id, SECRET: keys.secret.reveal(), **token}
