"""The log view against Textual's own widgets: lines a second taken in and shown, and the memory of ten million lines.

Seconds are those of the processor, so that other work on the machine does not count; the three widgets work in one thread alike.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

from rich.text import Text as RichText
from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import Log, RichLog

from tui.ui.log.lines import LogView
from tui.ui.log.store import LogStore
from tui.ui.theme import DARK

BUDGETS = {
    "log: lines/s, at least 200,000": ("min", 1.0),
    "log: coloured lines/s, at least 200,000": ("min", 1.0),
    "log: lines/s against Log": ("min", 1.0),
    "log: lines/s against RichLog": ("min", 1.0),
    "log: 10,000,000 lines, at most 150 MB": ("max", 1.0),
    "log: a frame of 10,000,000 lines over one of 100": ("max", 3.0),
}
_CHUNK = 1000  # lines fed at once, about what a frame brings


class _One(App[None]):
    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


def _lines(count: int) -> list[str]:
    chance = random.Random(1)
    pattern = "2026-03-01 10:{:02}:{:02} INFO worker-{} request {} took {:.4f} s"
    return [
        pattern.format(chance.randrange(60), chance.randrange(60), chance.randrange(9), chance.randrange(10**8), chance.random())
        for _ in range(count)
    ]


async def _rate(widget: Widget, feed: object, lines: list[str]) -> float:
    """Lines a second, from the first chunk to the last one's frame, on a screen of 140 by 40."""
    async with _One(widget).run_test(size=(140, 40)) as pilot:
        start = time.process_time()
        for at in range(0, len(lines), _CHUNK):
            feed(lines[at : at + _CHUNK])  # type: ignore[operator]
            await asyncio.sleep(0)
        await pilot.pause()
        return len(lines) / (time.process_time() - start)


def _ours(lines: list[str]) -> float:
    store = LogStore()
    return asyncio.run(_rate(LogView(store), lambda chunk: store.feed("\n".join(chunk) + "\n"), lines))


def _log(lines: list[str]) -> float:
    log = Log()
    return asyncio.run(_rate(log, log.write_lines, lines))


def _rich_log(lines: list[str]) -> float:
    log = RichLog()
    return asyncio.run(_rate(log, lambda chunk: [log.write(RichText(line)) for line in chunk], lines))


_MEMORY = """
import asyncio, sys, time
sys.path.insert(0, {folder!r})
from log_lines import _One, _lines, LogStore, LogView

async def main():
    lines = _lines(20_000)
    store = LogStore()
    async with _One(LogView(store)).run_test(size=(140, 40)) as pilot:
        for i in range(10_000_000 // len(lines)):
            store.feed("".join(f"{{i}} {{line}}\\n" for line in lines))
            await asyncio.sleep(0)
        await pilot.pause()
        assert len(store) == 10_000_000 and store.dropped == 0, (len(store), store.dropped)
        view = pilot.app.widget
        view.reveal(5_000_000)
        times = []
        for _ in range(50):
            start = time.perf_counter()
            view.move(-20)
            [view.render_line(y) for y in range(40)]
            times.append(time.perf_counter() - start)
        peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
        print(int(peak.split()[1]) / 1024, sorted(times)[25] * 1000)

asyncio.run(main())
"""


def _ten_million() -> tuple[float, float]:
    """Peak memory in MB of a process that holds and shows ten million lines, and the milliseconds of one frame in their middle."""
    code = _MEMORY.format(folder=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    memory, frame = map(float, done.stdout.split())
    return memory, frame


async def _frame(lines: list[str]) -> float:
    store = LogStore()
    store.feed("\n".join(lines) + "\n")
    view = LogView(store)
    async with _One(view).run_test(size=(140, 40)):
        times = []
        for step in [-20, 20] * 25:
            start = time.perf_counter()
            view.move(step)
            for y in range(40):
                view.render_line(y)
            times.append(time.perf_counter() - start)
    return sorted(times)[25] * 1000


def rows() -> list[tuple[str, float, float, float]]:
    """(what, ours, the other's or the budget, ours / other)."""
    lines = _lines(200_000)
    ours = _ours(lines)
    coloured = _ours([line.replace("INFO", "\x1b[32mINFO\x1b[0m") for line in lines])
    log, rich_log = _log(lines[:50_000]), _rich_log(lines[:8_000])
    memory, frame = _ten_million()
    small = asyncio.run(_frame(lines[:100]))
    table = [
        ("log: lines/s, at least 200,000", ours, 200_000.0),
        ("log: coloured lines/s, at least 200,000", coloured, 200_000.0),
        ("log: lines/s against Log", ours, log),
        ("log: lines/s against RichLog", ours, rich_log),
        ("log: 10,000,000 lines, at most 150 MB", memory, 150.0),
        ("log: a frame of 10,000,000 lines over one of 100", frame, small),
    ]
    return [(name, mine, other, mine / other) for name, mine, other in table]
