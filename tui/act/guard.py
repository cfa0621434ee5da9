"""Waits beside the program: for the end of an opening, to shut it; and for a lockdown let go half done, to bring the old rules back.

An opening is waited for in a thread while the program lives, and both in a small process of their own. That process is detached from the
terminal and from the program, so that closing or killing either leaves it at its work; there is one for each record, and it ends by
itself: when nothing is left to do, when the record is gone, or when it has tried for days. What kept it from its work is in the record,
and a fault of its own in `guard.log` beside it; what it did is told by the next start (`guard_news`). If this computer itself dies, that
next start does the work instead.

    python -m tui.act.guard HOME RECORD [key]     with `key`, an AccessKey that was typed comes as JSON on standard input
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tui.act.guard_news import leave
from tui.act.guard_start import LOCK, beside, typed
from tui.act.lockdown_record import Found, Taken, again, held
from tui.act.lockdown_recover import bring_back
from tui.act.opening_end import finish
from tui.cloud.ecs_keys import Keys
from tui.judge.lockdown import OPENING, Next
from tui.texts import Text

Sleep = Callable[[float], object]
_LOOK: Final = 5.0
"""Seconds at most between two looks at the record and the clock: a computer that slept, an opening that was made longer or ended."""
_GLANCE: Final = 1.0
"""Seconds between two looks whether the program still holds its lockdown: nobody gets in from outside until the old rules are back."""
_SLOWEST: Final = 600.0
_PATIENCE: Final = 72 * 3600.0
"""Seconds for which it is tried; later starts of the program go on."""


def keep(found: Found, environ: Mapping[str, str] = os.environ, *, sleep: Sleep = time.sleep) -> Text | None:
    """Wait for the end of an opening and shut it. Returns once nothing is left to do here; the last that there is to say of it."""
    tries, said = 0, None
    while (found := again(found)).story is not None:
        story, now = found.story, time.time()
        match story.at(now):
            case Next.WAIT:
                sleep(max(0.05, min(_LOOK, story.until - now)))
            case Next.ROLL_BACK:
                ended = asyncio.run(finish(found, environ))
                said = ended.say if ended else said
                if (ended and (ended.gone or ended.others)) or now - story.until > _PATIENCE:
                    break
                tries += 1
                sleep(_pause(tries))
            case _:
                break
    return said


def stand_by(found: Found, environ: Mapping[str, str] = os.environ, *, sleep: Sleep = time.sleep) -> Text | None:
    """While a program holds the lockdown there is nothing to do; one that was let go half done is taken back. Returns as `keep` does."""
    tries, waited = 0, 0.0
    said: Text | None = None
    while _unfinished(found := again(found)) and waited < _PATIENCE:
        tried = asyncio.run(bring_back(found, environ))
        if tried is None:
            sleep(_GLANCE)
            continue
        said, tries = tried, tries + 1
        if _unfinished(again(found)):
            waited += _pause(tries)
            sleep(_pause(tries))
    return said


def _unfinished(found: Found) -> bool:
    return found.story is not None and found.story.next is not Next.NOTHING


def _pause(tries: int) -> float:
    return min(_SLOWEST, _LOOK * (1 << min(tries, 10)))


def start(found: Found, keys: Keys, environ: Mapping[str, str] = os.environ) -> bool:
    """Have the opening closed in time: by a thread of this program, and by a process that outlives it. Whether that one is there."""
    threading.Thread(target=keep, args=(found, {**environ, **typed(keys)}), daemon=True, name="zhinan-opening").start()
    return beside(found, keys)


def main(words: list[str]) -> int:
    """The process. One that is at work on the record already is enough."""
    home, ident, *more = words
    found = again(Found(Path(home) / "lockdown" / ident, None))
    given = json.loads(sys.stdin.read()) if more else {}
    try:
        handle = held(found.folder / LOCK)
    except (Taken, OSError):
        return 0
    try:
        work = keep if found.story is None or found.story.kind == OPENING else stand_by
        said = work(found, {**os.environ, **given})
        if said is not None:
            leave(found, said)
    finally:
        os.close(handle)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
