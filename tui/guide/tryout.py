"""A new failure page tried out before it is kept: does the log it was made from get it first, and which other logs would it speak of, too?

A page that finds what is not there is worse than none. So it is looked for in every log at hand, healthy ones above all. A log that nobody
knew and that it fits is what it is for; one that was fine, or whose cause is known, makes it greedy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from tui.guide.folders import builtin_dir
from tui.judge.diagnose import Book, Finding
from tui.judge.failure import HARMLESS, Page
from tui.judge.patterns import Place
from tui.texts import Text, same

_BLOCK: Final = 1024 * 1024
_MOST: Final = 256 * 1024 * 1024
"""Bytes of logs that are read: healthy ones first, then in the order they are given."""
_ENOUGH: Final = 3
"""Greedy for so many logs is greedy enough: the rest is not looked at."""

HEALTHY: Final = """\
Hit:1 http://mirrors.cloud.aliyuncs.com/ubuntu jammy InRelease
Get:2 http://mirrors.aliyun.com/debian bookworm-updates InRelease [55.4 kB]
Reading package lists...
Building dependency tree...
正在读取软件包列表... 完成
0 upgraded, 1 newly installed, 0 to remove and 12 not upgraded.
Setting up tailscale (1.84.0) ...
+ curl -fsSL https://pkgs.tailscale.com/stable/ubuntu/jammy.noarmor.gpg
Created symlink /etc/systemd/system/multi-user.target.wants/tailscaled.service
Installation complete! Log in to start using Tailscale by running:
Complete!
active (running) since Mon 2026-01-05 10:00:00 CST; 3s ago
100.64.0.1 ecs linux -
pong from ecs (100.64.0.1) via 203.0.113.10:41641 in 12ms
debug1: Connection established.
root@203.0.113.10's password:
2026/01/05 10:00:00 magicsock: home is now derp-20 (hkg)
""".encode()
"""Lines of logs in which nothing failed, for where the collected ones are not at hand."""

Log = Callable[[], Iterable[bytes]]
"""Opens a log anew, as blocks of bytes."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A log at hand. `healthy`: nothing went wrong there."""

    name: str
    path: Path
    healthy: bool = False


_MADE: Final = Sample("healthy.log", Path("healthy.log"), healthy=True)


@dataclass(frozen=True, slots=True)
class Greed:
    """A log the page has no business in: the line that it fits, and whose log it is (None: a healthy one)."""

    sample: Sample
    place: Place
    owner: Page | None

    @property
    def text(self) -> Text:
        """One sentence."""
        words = _FINE if self.owner is None else _OWNED.fill(owner=self.owner.title)
        return words.fill(log=same(self.sample.name), n=self.place.line, line=same(self.place.text[:120]))


_FINE: Final = Text(
    "太宽：没有出错的日志 {log} 也会对上，第 {n} 行“{line}”", "too wide: it fits a log in which nothing failed, {log}, line {n}: “{line}”"
)  # fmt: skip
_OWNED: Final = Text(
    "太宽：日志 {log} 的原因是“{owner}”，它也会对上，第 {n} 行“{line}”",
    "too wide: {log} failed because of “{owner}”, and it fits there, too, line {n}: “{line}”",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it. `found`: the finding in its own log (None: it is not found there); `instead`: the one that comes before it.

    `also` counts the logs it fits that nobody knew, `tried` those that were looked at.
    """

    found: Finding | None
    instead: Finding | None
    greeds: tuple[Greed, ...]
    also: int
    tried: int


class Trials:
    """Tries pages out, against the pages there are. Can be used for one page after the other."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._pages = tuple(pages)

    @cached_property
    def before(self) -> Book:
        """The pages without the new one."""
        return Book(self._pages)

    def of(self, page: Page, own: Log, samples: Iterable[Sample]) -> Trial:
        """Try a page on the log it was made from and on others. Logs that can't be read are passed over."""
        found = Book((page, *self._pages)).diagnose(own()).findings
        mine = next((finding for finding in found if finding.page is page), None)
        instead = found[0] if mine is not None and found[0] is not mine else None
        alone = Book((page, *(each for each in self._pages if each.id == HARMLESS)))
        greeds = [Greed(_MADE, each.evidence[0], None) for each in alone.diagnose([HEALTHY]).findings]
        also = tried = 0
        for sample in _bounded(sorted(samples, key=lambda each: not each.healthy)):
            try:
                fits = alone.diagnose(blocks(sample.path)).findings
                tried += 1
                if not fits:
                    continue
                known = () if sample.healthy else self.before.diagnose(blocks(sample.path)).findings
            except OSError:
                continue
            if sample.healthy or (known and known[0].page.id not in page.explains):
                greeds.append(Greed(sample, fits[0].evidence[0], known[0].page if known else None))
                if len(greeds) >= _ENOUGH:
                    break
            else:
                also += 1
        return Trial(mine, instead, tuple(greeds), also, tried)


def blocks(path: Path) -> Iterator[bytes]:
    """A file, piece by piece. Raises OSError."""
    with path.open("rb") as log:
        while block := log.read(_BLOCK):
            yield block


def collected() -> Iterator[Sample]:
    """The captured logs that come with the sources (a folder for each cause, that of the harmless ones among them); none when installed."""
    folder = builtin_dir().parent / "tests" / "failures"
    for path in sorted(folder.glob("*/*.log")):
        yield Sample(f"{path.parent.name}/{path.name}", path, healthy=path.parent.name == HARMLESS)


def _bounded(samples: Iterable[Sample]) -> Iterator[Sample]:
    left = _MOST
    for sample in samples:
        try:
            left -= sample.path.stat().st_size
        except OSError:
            continue
        if left >= 0:
            yield sample
