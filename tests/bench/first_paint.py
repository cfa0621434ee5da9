"""First paint, measured from outside: whole processes on a pseudo-terminal, from the start to the first words on the screen.

The rival is the smallest app Textual can show. The program's time holds everything a reader waits for: Python, imports, reading the
document, laying it out, painting. Rows marked `view` show the view in a bare app, without what the
parser takes to be imported and to read (the child measures that itself).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "guides" / "tailscale-ecs.md"
WORDS = "words at once"

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
    table: list[tuple[str, float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, lines, times in (("built-in guide", 1, runs), ("4,260 lines", 4_260, runs), ("100,000 lines", 100_000, 3)):
            path = Path(folder) / f"{lines}.md"
            path.write_text(f"# Guide\n\n{WORDS}\n\n{grown(body, lines)}", encoding="utf-8")
            whole, view, rival = _times(path, times)
            table.append((f"first paint: {name}", whole, rival, whole / rival))
            table.append((f"first paint, view: {name}", view, rival, view / rival))
    return table


def _times(path: Path, runs: int) -> tuple[float, float, float]:
    """Medians of the program, of the view alone, and of the rival, measured in turn so that a busy moment meets all three."""
    note = path.with_suffix(".parse")
    commands = [
        [sys.executable, "-m", "tui", str(path)],
        [sys.executable, "-c", _READER, str(path), str(note)],
        [sys.executable, "-c", _BARE],
    ]
    for command in commands:
        first_words(command, path.parent)
    whole, view, rival = [], [], []
    for _ in range(runs):
        whole.append(first_words(commands[0], path.parent))
        view.append(first_words(commands[1], path.parent) - float(note.read_text()))
        rival.append(first_words(commands[2], path.parent))
    return statistics.median(whole), statistics.median(view), statistics.median(rival)


def grown(body: str, lines: int) -> str:
    """The guide's text over and over, until it has that many lines."""
    times = -(-lines // body.count("\n"))
    return "\n".join(body.replace("Q1", f"Q{number}") for number in range(times))


def first_words(command: Sequence[str], home: Path, limit: float = 120.0) -> float:
    """Seconds from the start of a process to the first time its terminal shows `WORDS`. TimeoutError if it never does.

    `home` keeps the program's files, and compiled modules as an installed program has them.
    """
    start = time.perf_counter()
    environ = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(home / "compiled"), "ZHINAN_HOME": str(home / "home")}
    with Terminal(command, environ={**environ, "PYTHONDONTWRITEBYTECODE": ""}) as terminal:
        return _until_words(terminal, start, limit)


def _until_words(terminal: Terminal, start: float, limit: float) -> float:
    seen = b""
    while (now := time.perf_counter()) - start < limit:
        data = terminal.read(0.05)
        if data is None:
            break
        seen = seen[-200:] + data
        if WORDS.encode() in seen:
            return time.perf_counter() - start
    raise TimeoutError(f"no words after {now - start:.1f} s: {seen[-300:]!r}")


if __name__ == "__main__":
    for name, ours, rival, ratio in rows():
        print(f"{name:40} {ours:8.3f} s  {rival:8.3f} s  {ratio:5.2f} x")
