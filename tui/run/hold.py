"""One program at a time works on a thing that has a file: the system lets go of the hold when the program dies, whatever it dies of."""

from __future__ import annotations

import os


def hold(handle: int) -> None:
    """Hold the open file `handle` for this program, until it is closed. Raises OSError where somebody else holds it."""
    if os.name == "nt":  # pragma: no cover
        import msvcrt

        at = os.lseek(handle, 0, os.SEEK_CUR)
        os.lseek(handle, 1 << 30, os.SEEK_SET)  # a byte nobody reads: a lock there keeps no one from reading the file
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        os.lseek(handle, at, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
