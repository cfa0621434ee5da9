"""First paint, measured from outside: whole processes on a pseudo-terminal, from the start to the first words on the screen.

The rival is the smallest app Textual can show. A guide's time holds everything a reader waits for: Python, imports, reading the
document, laying it out, painting. Rows marked `view` leave out what the
parser takes to be imported and to read, which the child measures itself.
"""

from __future__ import annotations

import os
import select
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "guides" / "tailscale-ecs.md"
WORDS = "words at once"
_ROWS, _COLUMNS = 40, 140

_BARE = f"""
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("{WORDS}")
Bare().run()
"""

_READER = """
import sys, time
from pathlib import Path
from textual.app import App
from tui.ui.document.view import DocumentView
start = time.perf_counter()
from tui.guide.parse import load
guide = load(Path(sys.argv[1]))
Path(sys.argv[2]).write_text(str(time.perf_counter() - start))
class Reader(App):
    def compose(self):
        yield DocumentView(guide)
Reader().run()
"""


def rows(runs: int = 7) -> list[tuple[str, float, float, float]]:
    """`(name, ours, rival, ratio)`, medians of `runs` runs, in seconds."""
    body = GUIDE.read_text(encoding="utf-8").split("---\n", 2)[2]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        guides = [("built-in guide", grown(body, 1)), ("4,260 lines", grown(body, 4_260)), ("100,000 lines", grown(body, 100_000))]
        table: list[tuple[str, float, float, float]] = []
        for number, (name, text) in enumerate(guides):
            path, note = place / f"{number}.md", place / "parse"
            path.write_text(f"# {WORDS}\n\n{text}", encoding="utf-8")
            bare, reader = [sys.executable, "-c", _BARE], [sys.executable, "-c", _READER, str(path), str(note)]
            first_words(bare, place / "cache")
            first_words(reader, place / "cache")
            rival, whole, view = [], [], []
            for _ in range(runs if number < 2 else 3):
                rival.append(first_words(bare, place / "cache"))
                whole.append(first_words(reader, place / "cache"))
                view.append(whole[-1] - float(note.read_text()))
            base = statistics.median(rival)
            for what, times in (("first paint", whole), ("first paint, view", view)):
                ours = statistics.median(times)
                table.append((f"{what}: {name}", ours, base, ours / base))
        return table


def grown(body: str, lines: int) -> str:
    """The guide's text over and over, until it has that many lines."""
    times = -(-lines // body.count("\n"))
    return "\n".join(body.replace("Q1", f"Q{number}") for number in range(times))


def first_words(command: Sequence[str], cache: Path, limit: float = 120.0) -> float:
    """Seconds from the start of a process to the first time its terminal shows `WORDS`. TimeoutError if it never does.

    `cache` keeps compiled modules, as an installed program has them.
    """
    import fcntl
    import pty
    import signal
    import termios

    start = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ.update(
            TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8", PYTHONPATH=str(ROOT), PYTHONPYCACHEPREFIX=str(cache)
        )
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.execvp(command[0], list(command))
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        return _until_words(terminal, start, limit)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.close(terminal)
        os.waitpid(pid, 0)


def _until_words(terminal: int, start: float, limit: float) -> float:
    seen = b""
    while (now := time.perf_counter()) - start < limit:
        if not select.select([terminal], [], [], 0.05)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        seen = seen[-200:] + data
        if WORDS.encode() in seen:
            return time.perf_counter() - start
    raise TimeoutError(f"no words after {now - start:.1f} s: {seen[-300:]!r}")


if __name__ == "__main__":
    for name, ours, rival, ratio in rows():
        print(f"{name:40} {ours:8.3f} s  {rival:8.3f} s  {ratio:5.2f} x")
