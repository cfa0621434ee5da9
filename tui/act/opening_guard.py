"""Waits beside the program for the end of an opening and shuts it: in a thread while the program lives, and in a small process of its own.

That process is detached from the terminal and from the program, so that closing either leaves it at its work; there is one for each
record, and it ends by itself: when the opening is over, when the record is gone, or when it has tried for days. What kept it from
closing is in the record, and a fault of its own in `guard.log` beside it. If this computer is off when the time is up, the next start of
the program does it instead.

    python -m tui.act.opening_guard HOME RECORD [key]     with `key`, an AccessKey that was typed comes as JSON on standard input
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import tui
from tui.act.lockdown_record import Found, Taken, again, held
from tui.act.opening_end import finish
from tui.cloud.ecs_keys import ID, SECRET, TOKEN, Keys
from tui.judge.lockdown import Next

LOCK: Final = "guard.lock"
LOG: Final = "guard.log"
_LOOK: Final = 5.0
"""Seconds at most between two looks at the record and the clock: a computer that slept, an opening that was made longer or ended."""
_SLOWEST: Final = 600.0
_PATIENCE: Final = 72 * 3600.0
"""Seconds after the end for which it is tried; later starts of the program go on."""
_NEW_SESSION: Final = 0x00000008 | 0x00000200  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
_OUT_OF_JOB: Final = 0x01000000  # CREATE_BREAKAWAY_FROM_JOB, which a terminal's job may not allow
_started: list[subprocess.Popen[bytes]] = []
"""The processes of this program: kept, so that nobody takes them for forgotten."""


def keep(found: Found, environ: Mapping[str, str] = os.environ, *, sleep: Callable[[float], object] = time.sleep) -> None:
    """Wait for the end of an opening and shut it. Returns once nothing is left to do here."""
    tries = 0
    while (found := again(found)).story is not None:
        story, now = found.story, time.time()
        match story.at(now):
            case Next.WAIT:
                sleep(max(0.05, min(_LOOK, story.until - now)))
            case Next.ROLL_BACK:
                ended = asyncio.run(finish(found, environ))
                if (ended and (ended.gone or ended.others)) or now - story.until > _PATIENCE:
                    return
                tries += 1
                sleep(min(_SLOWEST, _LOOK * 2 ** min(tries, 10)))
            case _:
                return


def start(found: Found, keys: Keys, environ: Mapping[str, str] = os.environ) -> bool:
    """Have the opening closed in time: by a thread of this program, and by a process that outlives it. Whether that one was started.

    A record of an API of its own (a rehearsal) gets the thread only: that world ends with the program.
    """
    given = _typed(keys)
    threading.Thread(target=keep, args=(found, {**environ, **given}), daemon=True, name="zhinan-opening").start()
    if found.story is None or found.story.endpoint:
        return False
    return detach(found, given)


def detach(found: Found, given: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> bool:
    """Start the process, if none is at work on the record yet. `given` is a typed key, handed over on a pipe: in no argument and no
    environment.
    """
    try:
        os.close(held(found.folder / LOCK))
    except (Taken, OSError):
        return True
    words = [sys.executable, "-m", __name__, str(found.folder.parents[1]), found.id, *(["key"] if given else [])]
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


def _typed(keys: Keys) -> dict[str, str]:
    """A key that nobody but the reader knows, by the names of its variables; nothing for one that can be found again."""
    if keys.kind != "asked" or keys.secret is None:
        return {}
    token = {TOKEN: keys.token.reveal()} if keys.token else {}
    return {ID: keys.id, SECRET: keys.secret.reveal(), **token}


def main(words: list[str]) -> int:
    """The process. One that is at work on the record already is enough."""
    home, ident, *more = words
    folder = Path(home) / "lockdown" / ident
    given = json.loads(sys.stdin.read()) if more else {}
    try:
        handle = held(folder / LOCK)
    except (Taken, OSError):
        return 0
    try:
        keep(Found(folder, None), {**os.environ, **given})
    finally:
        os.close(handle)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
