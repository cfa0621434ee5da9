"""A large log against all failure pages, the program's start included, divided by ripgrep with the same patterns."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tui.guide import failure_store, folders
from tui.judge.logtext import pattern_text

ROOT = Path(__file__).resolve().parents[2]
SIZE = 100_000_000
TRIES = 3
LIMIT = 30.0
"""Seconds the rival gets; with so many lines that match, it may take minutes."""
BUDGETS = {
    "diagnose 100 MB, healthy": ("max", 2.0),
    "diagnose 100 MB, with trouble": ("max", 4.0),  # ripgrep only counts; here each line of trouble is also read in every form
}


def rows() -> Iterator[tuple[str, float, float, float]]:
    """Seconds of ours, of ripgrep's, and the ratio: a healthy log, and one with a line of trouble here and there."""
    ripgrep = shutil.which("rg")
    if ripgrep is None:
        raise SystemExit("this bench needs ripgrep (rg)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        patterns = folder / "patterns"
        patterns.write_text("\n".join(sorted(all_patterns())) + "\n", encoding="utf-8")
        for what, trouble in (("diagnose 100 MB, healthy", 0.0), ("diagnose 100 MB, with trouble", 0.002)):
            log = folder / "log"
            make_log(log, trouble)
            env = {**os.environ, "ZHINAN_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
            ours = [sys.executable, "-m", "tui", "diagnose", str(log), "--json"]
            theirs = [ripgrep, "-i", "-c", "-f", str(patterns), str(log)]
            subprocess.run(ours, env=env, capture_output=True, check=True)  # fills the cache of the pages, as any first use does
            mine, other = best(ours, env), best(theirs, env, LIMIT)
            yield what, mine, other, mine / other


def all_patterns() -> set[str]:
    """Those of the pages that are no half of a sign: a word that only counts beside another one would match a healthy log."""
    pages = failure_store.pages([folders.builtin_dir()])
    return {pattern_text(sign.lines[0]) for page in pages for sign in page.signs if len(sign.lines) == 1}


def make_log(path: Path, trouble: float) -> None:
    """Lines of a busy server; `trouble` is the share of lines taken from the captured logs of failures."""
    rng = random.Random(7)
    lines = [
        line for log in sorted((ROOT / "tests" / "failures").glob("*/*.log")) for line in log.read_text("utf-8", "replace").split("\n")
    ]
    block = "".join(
        f"Nov 28 21:{n % 60:02d}:01 iZbp1 "
        + (
            rng.choice(lines)
            if rng.random() < trouble
            else f"app[{rng.randrange(9999)}]: request {rng.random()} took {n % 300} ms, status 200"
        )
        + "\n"
        for n in range(100_000)
    ).encode()
    path.write_bytes(block * (SIZE // len(block)))


def best(command: list[str], env: dict[str, str], limit: float | None = None) -> float:
    """The shortest of a few runs, in seconds; one that is stopped after `limit` counts as that long, and is not tried again."""
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        try:
            subprocess.run(command, env=env, capture_output=True, check=False, timeout=limit)
        except subprocess.TimeoutExpired:
            return min([*took, time.perf_counter() - began])
        took.append(time.perf_counter() - began)
    return min(took)
