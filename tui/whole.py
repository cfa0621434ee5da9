"""A file whole or not at all: what is cut off on the way leaves nothing under the name, and nobody's file is overwritten unasked."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write(file: Path, words: str, *, replace: bool = False) -> None:
    """Write `file` for its owner alone. Raises FileExistsError where it is there already (unless `replace`), and OSError."""
    if not replace and os.path.lexists(file):
        raise FileExistsError(file)
    handle, new = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.absolute().parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(words)
        if replace:
            Path(new).replace(file)
        else:
            _name(Path(new), file)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(new)  # noqa: PTH108


def _name(new: Path, file: Path) -> None:
    """Give the whole file its name, unless somebody has taken that meanwhile: then FileExistsError."""
    try:
        os.link(new, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without a second name for a file
        new.rename(file)
