"""A real program on a real terminal, driven from outside: what a reader types goes in, what a reader sees comes out.

`Terminal` is the bare line and gives bytes as they come, for measuring. `Display` reads them as a terminal would, for looking. Nobody
sleeps here: the next thing is done when the words it needs are on the screen. POSIX only; nothing POSIX-only is imported before it is used.
"""

from __future__ import annotations

import os
import select
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import pyte

ROOT = Path(__file__).resolve().parents[1]

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
}

_ANSWERS = {
    b"\x1b[c": b"\x1b[?62;22c",  # who are you? a VT220 with colours
    b"\x1b[6n": b"\x1b[1;1R",  # where is the cursor?
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",  # do you take whole frames? yes
}


class Terminal:
    """`command` on a pseudo-terminal of `rows` × `columns`, begun in `folder` with `environ` over the one here."""

    def __init__(
        self, command: Sequence[str], *, rows: int = 40, columns: int = 140, environ: Mapping[str, str] | None = None, folder: Path = ROOT
    ) -> None:
        import pty

        self.pid, self._line = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **(environ or {})})
            os.execvp(command[0], list(command))
        self.resize(rows, columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size; the program is told."""
        import fcntl
        import termios

        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, wait: float) -> bytes | None:
        """What the program wrote: empty if nothing came within `wait` seconds, None once it has ended."""
        if not select.select([self._line], [], [], wait)[0]:
            return b""
        try:
            data = os.read(self._line, 65536)
        except OSError:  # how Linux says that the other side has closed
            return None
        for asked, answer in _ANSWERS.items():
            if asked in data:
                os.write(self._line, answer)
        return data or None

    def send(self, text: str) -> None:
        """Type `text` as it is."""
        os.write(self._line, text.encode())

    def press(self, *keys: str) -> None:
        """Press keys by name: those of `KEYS`, `ctrl+x`, or a character."""
        for name in keys:
            self.send(chr(ord(name[-1]) & 31) if name.startswith("ctrl+") else KEYS.get(name, name))

    def close(self) -> None:
        """End the program if it has not ended, and let go of the terminal."""
        import signal

        os.kill(self.pid, signal.SIGKILL)
        os.close(self._line)
        os.waitpid(self.pid, 0)


class Display(Terminal):
    """A terminal that shows: `screen` has the cells."""

    def __init__(
        self, command: Sequence[str], *, rows: int = 40, columns: int = 140, environ: Mapping[str, str] | None = None, folder: Path = ROOT
    ) -> None:
        import pyte

        super().__init__(command, rows=rows, columns=columns, environ=environ, folder=folder)
        self.screen: pyte.Screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)

    def resize(self, rows: int, columns: int) -> None:
        """Give terminal and display another size."""
        super().resize(rows, columns)
        if hasattr(self, "screen"):
            self.screen.resize(rows, columns)

    def rows(self) -> list[list[tuple[pyte.screens.Char, int]]]:
        """The characters of each row with their columns; half a wide character, the other half painted over, is a blank."""
        return [list(self._row(y)) for y in range(self.screen.lines)]

    def text(self) -> str:
        """What is shown, row by row."""
        return "\n".join("".join(char.data for char, _ in row).rstrip() for row in self.rows())

    def shows(self, words: str) -> bool:
        """Whether the words stand there, blanks and line breaks aside."""
        return "".join(words.split()) in "".join(self.text().split())

    def wait(self, *words: str, limit: float = 60.0) -> None:
        """Until all the words are shown. TimeoutError, with what is shown instead."""
        self._until(lambda: all(map(self.shows, words)), f"no {words!r}", limit)

    def wait_gone(self, words: str, limit: float = 60.0) -> None:
        """Until the words are no longer shown."""
        self._until(lambda: not self.shows(words), f"still {words!r}", limit)

    def settle(self, quiet: float = 0.4, limit: float = 10.0) -> None:
        """Until nothing has been painted for `quiet` seconds, or `limit` is over: some things, like a clock, go on painting."""
        end = time.monotonic() + limit
        while time.monotonic() < end and self._feed(quiet):
            pass

    def finish(self, limit: float = 60.0) -> None:
        """Until the program has ended by itself."""
        end = time.monotonic() + limit
        while (data := self.read(0.1)) is not None:
            self._stream.feed(data)
            if time.monotonic() > end:
                raise TimeoutError(f"still running after {limit:.0f} s; it shows:\n{self.text()}")

    def _row(self, y: int) -> Iterator[tuple[pyte.screens.Char, int]]:
        from wcwidth import wcwidth

        line, x = self.screen.buffer[y], 0
        while x < self.screen.columns:
            char = line[x]
            wide = bool(char.data) and wcwidth(char.data[0]) == 2
            whole = wide and x + 1 < self.screen.columns and not line[x + 1].data
            yield (char, 2) if whole else (char._replace(data=" " if wide or not char.data else char.data), 1)
            x += 2 if whole else 1

    def _until(self, true: Callable[[], bool], what: str, limit: float) -> None:
        end = time.monotonic() + limit
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"{what} after {limit:.0f} s; it shows:\n{self.text()}")
            self._feed(0.1)

    def _feed(self, wait: float) -> bool:
        data = self.read(wait)
        if data is None:
            raise EOFError(f"the program has ended; it showed:\n{self.text()}")
        self._stream.feed(data)
        return bool(data)
