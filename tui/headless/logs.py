"""Logs from outside: a file, a pipe or standard input, opened with one sentence for whatever keeps it from being read."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Final, cast

from tui.errors import UsageError
from tui.texts import Text, same

_BLOCK: Final = 1024 * 1024
_HEAD: Final = 64 * 1024
_CANT: Final = Text("读不了日志 {file}：{why}", "can't read the log {file}: {why}")
_CLOSED: Final = Text("标准输入是关着的", "standard input is closed")
_PACKED: Final = Text(
    "{file} 是压缩过的，不是日志本身：先解开，例如 zcat 文件 | zhinan diagnose -",
    "{file} is compressed and no log by itself: unpack it, for example zcat FILE | zhinan diagnose -",
)
_BINARY: Final = Text("{file} 像是二进制文件，不是日志", "{file} looks like a binary file, not a log")
_MAGIC: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")
_UNPRINTED: Final = bytes(code for code in range(32) if code not in b"\0\b\t\n\f\r\x1b") + b"\x7f"


@contextmanager
def opened(file: str, *, again: bool = False) -> Iterator[IO[bytes]]:
    """The log named on the command line, `-` being standard input. `again`: it will be read more than once, so a pipe is kept meanwhile.

    Raises UsageError where it can't be read, also while it is read.
    """
    try:
        if file == "-":
            if sys.stdin is None:
                raise UsageError(_CANT.fill(file=same(file), why=_CLOSED))
            log: IO[bytes] = sys.stdin.buffer
        else:
            log = Path(file).open("rb")  # noqa: SIM115  closed below; standard input is not ours to close
        try:
            if again and not log.seekable():
                with tempfile.TemporaryFile() as kept:
                    kept.writelines(blocks(log))
                    yield kept
            else:
                yield log
        finally:
            if file != "-":
                log.close()
    except (OSError, ValueError) as error:
        why = same(getattr(error, "strerror", None) or str(error))
        raise UsageError(_CANT.fill(file=same(file), why=why)) from error


def blocks(log: IO[bytes]) -> Iterator[bytes]:
    """From where it stands to its end, each as soon as it is there: who waits for a whole block does not hear that he should stop."""
    at_once = cast("BufferedIOBase", log).read1
    while block := at_once(_BLOCK):
        yield block


class Watched:
    """The blocks of a log on their way to somebody; afterwards it says what kind of file that was no log."""

    def __init__(self, log: Iterable[bytes]) -> None:
        self._log = log
        self._head = b""

    def __iter__(self) -> Iterator[bytes]:
        for block in self._log:
            if len(self._head) < _HEAD:
                self._head += block[: _HEAD - len(self._head)]
            yield block

    def no_log(self, file: str) -> Text | None:
        """Why there is nothing to be found in it: packed or binary; None where it is text."""
        if self._head.startswith(_MAGIC):
            return _PACKED.fill(file=same(file))
        head = self._head.replace(b"\0", b"")
        strange = len(head) - len(head.translate(None, _UNPRINTED))
        return _BINARY.fill(file=same(file)) if strange > 0.02 * len(head) and b"\0" in self._head else None
