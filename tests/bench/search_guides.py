"""Searching 10,000 guides while typing, beside what one would use else: reading them all, and SQLite's own trigram index.

The guides are made of the built-in ones' lines, shuffled, with words of their own, so that common words are common, rare ones rare, and the
vocabulary grows as it does in real libraries. A key press is one search for what is typed so far; each is timed in three programs'
lives, none of which has seen it before, and the best counts, so that what else the machine does is left out.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from tui.guide.search.index import Index

ROOT = Path(__file__).resolve().parents[2]
GUIDES = 10_000
KEY_PRESS = 0.030
TYPED = (
    "登录", "防火墙", "服务器连不上", "安全组 端口", "tailscale", "tialscale", "ssh timeout", "denglu", "fanghuoqiang", "dl", "fhq",
    "100.64.0.0/10", "--accept-dns", "sudo apt-get install", "nebula7 登录", "ECS 内网 地址",
)  # fmt: skip
BUDGETS = {
    "search 10,000 guides, p95 of key presses against 30 ms": 1.0,
    "search 10,000 guides, p95 of key presses against reading them all": 0.2,
}


def rows() -> list[tuple[str, float, float, float]]:
    """`(what, ours, the other's, ratio)`: seconds of key presses, bytes on disk, seconds to build."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "guides"
        size = write(folder, GUIDES)
        index = Index(Path(place) / "home", [folder])
        ours_built = timed(index.update)
        ours_again = timed(index.update)
        file = Path(place) / "home" / "search.db"
        index.close()
        ours = best(lambda: typing(Index(Path(place) / "home", [folder])))
        read = [timed(lambda typed=typed: scan(folder, typed)) for typed in islice(key_presses(), 0, None, 9)]
        trigram = Trigram(Path(place) / "trigram.db")
        trigram_built = timed(lambda: trigram.build(folder))
        theirs = best(lambda: [timed(lambda typed=typed: trigram.find(typed)) for typed in key_presses()])
        once = shutil.copy(next(folder.rglob("*.md")), folder / "new.md")
        changed = timed(index.update)
        index.close()
        return [
            row("search 10,000 guides, p95 of key presses against 30 ms", p95(ours), KEY_PRESS),
            row("search 10,000 guides, p95 of key presses against reading them all", p95(ours), p95(read)),
            row("search 10,000 guides, p95 of key presses against FTS5 trigrams", p95(ours), p95(theirs)),
            row("search 10,000 guides, slowest key press against 30 ms", max(ours), KEY_PRESS),
            row("search: index built, against FTS5 trigrams", ours_built, trigram_built),
            row("search: nothing changed, against building", ours_again, ours_built),
            row(f"search: one guide more ({Path(once).stem}), against building", changed, ours_built),
            row("search: bytes of the index, against the guides'", file.stat().st_size, size),
            row("search: bytes of the index, against FTS5 trigrams", file.stat().st_size, trigram.file.stat().st_size),
        ]


def typing(index: Index) -> list[float]:
    """Seconds of each key press; the first one of a program's life, which loads the index, is not among them."""
    index.find("warm", language="zh", limit=50)
    times = [timed(lambda typed=typed: index.find(typed, language="zh", limit=50)) for typed in key_presses()]
    index.close()
    return times


def best(measure: Callable[[], list[float]], times: int = 3) -> list[float]:
    """Of several measurements the shortest of each."""
    return [min(each) for each in zip(*(measure() for _ in range(times)), strict=True)]


def row(what: str, ours: float, other: float) -> tuple[str, float, float, float]:
    return what, ours, other, ours / other


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def key_presses() -> Iterator[str]:
    """What stands in the search line after each key."""
    for words in TYPED:
        for end in range(1, len(words) + 1):
            if words[:end].strip() and not words[:end].endswith(" "):
                yield words[:end]


def write(folder: Path, count: int) -> int:
    """`count` guides of 20 to 120 lines; gives their bytes."""
    chance = random.Random(7)
    lines = [
        line for path in sorted((ROOT / "guides").glob("*.md")) for line in path.read_text("utf-8").split("\n") if line[:1] not in "`<-"
    ]
    size = 0
    for number in range(count):
        own = f"{chance.choice(('nebula', 'orion', 'vega', 'lyra', 'draco'))}{number % 4000}"
        body = chance.choices(lines, k=chance.randint(20, 120))
        body.insert(len(body) // 2, f"```bash\nsudo systemctl restart {own}\n```")
        text = f"# {own} {chance.choice(lines)[:40].strip('# ')}\n\n" + "\n\n".join(body) + "\n"
        path = folder / f"{number % 100:02}" / f"{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_text(text, "utf-8")
    return size


def scan(folder: Path, typed: str) -> list[Path]:
    """Every guide, read and looked through: what grep does."""
    words = typed.lower().split()
    found = []
    for path in folder.rglob("*.md"):
        text = path.read_text("utf-8").lower()
        if all(word in text for word in words):
            found.append(path)
    return found


class Trigram:
    """FTS5 with its trigram tokenizer; words of one or two characters it has to scan for."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._db = sqlite3.connect(file)
        self._db.execute("CREATE VIRTUAL TABLE guides USING fts5(path UNINDEXED, body, tokenize='trigram')")

    def build(self, folder: Path) -> None:
        with self._db:
            self._db.executemany(
                "INSERT INTO guides VALUES (?, ?)", ((str(path), path.read_text("utf-8")) for path in folder.rglob("*.md"))
            )

    def find(self, typed: str) -> list[str]:
        words = typed.split()
        long = " ".join('"' + word.replace('"', '""') + '"' for word in words if len(word) > 2)
        sql, values = ["SELECT path FROM guides WHERE"], []
        if long:
            sql.append("guides MATCH ? AND")
            values.append(long)
        for word in words:
            if len(word) < 3:
                sql.append("body LIKE ? AND")
                values.append(f"%{word}%")
        sql.append("1 ORDER BY rank LIMIT 50" if long else "1 LIMIT 50")
        return [path for (path,) in self._db.execute(" ".join(sql), values)]


if __name__ == "__main__":
    for what, ours, other, ratio in rows():
        print(f"{what:70} {ours:14,.4f} {other:14,.4f} {ratio:6.2f} x")
