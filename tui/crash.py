"""What happens to an exception nobody expected: its details go to a file, the reader gets one sentence with the file's name."""

from __future__ import annotations

import os
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from tui.config import private_folder
from tui.errors import ZhinanError
from tui.texts import Text

_TEXT = Text(
    "程序出了意料之外的错（{kind}）。详情在 {file}，报告问题时请附上它",
    "Something went wrong that was not foreseen ({kind}). Details are in {file}; please attach it when you report this",
)
_NOWHERE = Text("程序出了意料之外的错（{kind}：{what}）", "Something went wrong that was not foreseen ({kind}: {what})")


@dataclass(frozen=True, slots=True)
class Crash:
    """The sentence, and the file with the details (None when it could not be written)."""

    text: Text
    file: Path | None


def write(error: Exception, home: Path) -> Crash:
    """Append the details to `crash.log` in `home`. A foreseen error is only said; never raises."""
    if isinstance(error, ZhinanError):
        return Crash(error.text, None)
    kind = type(error).__name__
    file = home / "crash.log"
    try:
        private_folder(home)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as log:
            log.write(time.strftime("%Y-%m-%d %H:%M:%S\n") + "".join(traceback.format_exception(error)) + "\n")
    except (OSError, ZhinanError):
        return Crash(_NOWHERE.fill(kind=kind, what=error), None)
    return Crash(_TEXT.fill(kind=kind, file=file), file)
