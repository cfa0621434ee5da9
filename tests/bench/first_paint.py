"""First paint, measured from outside: whole processes on a pseudo-terminal, from the start to the first words on the screen.

The rival is the smallest app Textual can show. The program's time holds everything a reader waits for: Python, imports, reading the
document's beginning, laying it out, painting. `all understood` is when the whole document is, and its steps can run; keys are
answered before that, and how fast is measured, too.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "guides" / "tailscale-ecs.md"
WORDS = "words at once"
READY = "日志"  # the guide screen's log panel
_FELT = 0.05

_BARE = f"""
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("{WORDS}")
Bare().run()
"""


def rows(runs: int = 7) -> list[tuple[str, float, float, float]]:
    """`(name, ours, rival, ratio)` in seconds: medians of `runs` runs; of key presses the slowest, beside what a reader feels."""
    body = GUIDE.read_text(encoding="utf-8").split("---\n", 2)[2]
    table: list[tuple[str, float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, lines, times in (("built-in guide", 1, runs), ("4,260 lines", 4_260, runs), ("100,000 lines", 100_000, 5)):
            path = Path(folder) / f"{lines}.md"
            path.write_text(f"# Guide\n\n{WORDS}\n\n{grown(body, lines)}", encoding="utf-8")
            first, ready, rival = _times(path, times)
            table.append((f"first paint: {name}", first, rival, first / rival))
            table.append((f"all understood: {name}", ready, rival, ready / rival))
        slowest = max(key_presses(_program(path), path.parent))
        table.append(("slowest key press while 100,000 lines are read, against 50 ms", slowest, _FELT, slowest / _FELT))
    return table


def _program(path: Path) -> list[str]:
    return [sys.executable, "-m", "tui", str(path)]


def _times(path: Path, runs: int) -> tuple[float, float, float]:
    """Medians of the program's first words, of its readiness, and of the rival, measured in turn so that a busy moment meets all three."""
    measured: tuple[list[float], list[float], list[float]] = ([], [], [])
    kinds = ((_program(path), WORDS), (_program(path), READY), ([sys.executable, "-c", _BARE], WORDS))
    for run in range(runs + 1):
        for times, (command, words) in zip(measured, kinds, strict=True):
            seconds = first_words(command, path.parent, words)
            if run:  # the first one compiles
                times.append(seconds)
    return statistics.median(measured[0]), statistics.median(measured[1]), statistics.median(measured[2])


def grown(body: str, lines: int) -> str:
    """The guide's text over and over, until it has that many lines."""
    times = -(-lines // body.count("\n"))
    return "\n".join(body.replace("Q1", f"Q{number}") for number in range(times))


def first_words(command: Sequence[str], home: Path, words: str = WORDS) -> float:
    """Seconds from the start of a process to the first time its terminal shows `words`. TimeoutError if it never does."""
    start = time.perf_counter()
    with _started(command, home) as terminal:
        _until(terminal, words)
        return time.perf_counter() - start


def key_presses(command: Sequence[str], home: Path) -> list[float]:
    """Seconds from a key press to what it changed on the screen, one after the other, from the first words until all is understood."""
    times: list[float] = []
    with _started(command, home) as terminal:
        seen = _until(terminal, WORDS)
        for key in cycle(("pagedown", "pageup")):
            while data := terminal.read(0.05):  # until nothing moves
                seen += data
            if READY.encode() in seen:
                return times
            start = time.perf_counter()
            terminal.press(key)
            seen += _until(terminal, "")
            times.append(time.perf_counter() - start)
    return times


def _started(command: Sequence[str], home: Path) -> Terminal:
    """`home` keeps the program's files, and compiled modules as an installed program has them."""
    environ = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(home / "compiled"), "ZHINAN_HOME": str(home / "home")}
    return Terminal(command, environ={**environ, "PYTHONDONTWRITEBYTECODE": "", "ZHINAN_LANG": "zh"})


def _until(terminal: Terminal, words: str, limit: float = 120.0) -> bytes:
    """What came until `words` (empty: anything) came."""
    seen, end = b"", time.perf_counter() + limit
    while time.perf_counter() < end:
        data = terminal.read(0.05)
        if data is None:
            break
        seen += data
        if data and words.encode() in seen:
            return seen
    raise TimeoutError(f"no {words!r}: {seen[-300:]!r}")


if __name__ == "__main__":
    for name, ours, rival, ratio in rows():
        print(f"{name:62} {ours:8.3f} s  {rival:8.3f} s  {ratio:5.2f} x")
