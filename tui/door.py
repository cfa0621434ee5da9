"""What every way into the program shares: opening the full screen, and complaining in one sentence."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tui.errors import UsageError
from tui.texts import Text


def screen(path: Path | None, faults: Sequence[str] | None = None) -> int:
    """The full screen on a document, the library (None) or, given `faults`, the practice world; gives the exit code."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        zh = "全屏界面要在终端里打开；没有终端时用 zhinan run 或 zhinan steps"
        raise UsageError(Text(zh, "the full screen needs a terminal; without one use zhinan run or zhinan steps"))
    from tui.rehearse import rehearsal
    from tui.ui.fullscreen import run_app

    return run_app(path, practice=rehearsal(faults or ()), rehearse=faults is not None)


def complain(sentence: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"zhinan: {sentence}\n")
