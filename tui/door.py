"""What every way into the program shares: opening the full screen, and complaining in one sentence."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.errors import UsageError
from tui.texts import Alarm, Text

if TYPE_CHECKING:
    from tui.act.lockdown_recover import Mending

_SHORT: Final = 0.5
_LONG: Final = 60.0
"""Seconds that the end of a command waits for the old rules to be back: without a word, and at most."""
_mending: list[Mending] = []


def screen(path: Path | None, faults: Sequence[str] | None = None) -> int:
    """The full screen on a document, the library (None) or, given `faults`, the practice world; gives the exit code."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        zh = "全屏界面要在终端里打开；没有终端时用 zhinan run 或 zhinan steps"
        raise UsageError(Text(zh, "the full screen needs a terminal; without one use zhinan run or zhinan steps"))
    from tui.rehearse import rehearsal
    from tui.ui.fullscreen import run_app

    return run_app(path, practice=rehearsal(faults or ()), rehearse=faults is not None, news=_news if _mending else None)


def _news() -> list[Text] | None:
    """What came of `mending`, for the screen; None while it is under way. What is told there is not said once more at the end."""
    return _mending[-1].said() if _mending[-1].wait(0) else None


def stoppable() -> None:
    """Asked to end (`kill`), this command ends like after Ctrl-C: nothing half done is left, it says so, and the exit code is that one."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def complain(sentence: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"zhinan: {sentence}\n")


@contextmanager
def mending(home: Path) -> Iterator[None]:
    """Beside a command, bring to its end what a lockdown that died has left; reading a guide waits for nothing."""
    if not (home / "lockdown").is_dir():  # nobody without one pays for this
        yield
        return
    from tui.act.lockdown_recover import Mending

    _mending.append(Mending(home))
    _mending[-1].start()
    try:
        yield
    finally:
        mended()


def mended() -> None:
    """Wait for what `mending` began, and say what came of it: before a command that changes something, and at the end of each."""
    while _mending:
        work = _mending.pop()
        if not work.wait(_SHORT):
            complain(str(Text("正在检查上次没做完的关闭……", "looking after a lockdown that was not finished…")))
            if not work.wait(_LONG):
                complain(str(Text("还没检查完，下次启动再试", "not done yet; the next start tries again")))
        for sentence in work.said():
            complain(_coloured(sentence))


def _coloured(sentence: Text) -> str:
    """An alarm stands out in red where colours are wanted."""
    wanted = isinstance(sentence, Alarm) and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return f"\x1b[1;31m{sentence}\x1b[0m" if wanted else str(sentence)
