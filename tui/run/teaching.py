"""Teaching the program a failure: from the lines somebody chose to a page, tried out on every log at hand.

Screen and command line do the same here; where the lines come from and how the outcome is told is theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from tui.config import private_folder
from tui.guide import failure_store, taught, tryout
from tui.guide.folders import FAILURES, builtin_dir
from tui.guide.taught import Draft, Wish
from tui.guide.tryout import Log, Trial, Trials
from tui.run import collected
from tui.texts import Language, Text

_NOT_FOUND: Final = Text(
    "这份日志自己也对不上它：选的那几行出现在最后一次成功之前，或者是已知无害的",
    "its own log does not lead to it: the lines stand before the last success, or are known to be harmless",
)
_INSTEAD: Final = Text("这份日志先对上的是“{title}”，不是它", "the log leads to “{title}” first, not to it")
_FIRST: Final = Text("这份日志现在先对上它", "the log leads to it first now")
_ALSO: Final = Text("另有 {n} 份没人认识的日志也对上它", "it fits {n} more logs that nobody knew")
_TRIED: Final = Text("在另外 {n} 份日志上试过", "tried on {n} other logs")


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where pages are: `folders` are the library folders of the reader's own, the first of which gets new pages; `home` has the journal."""

    folders: Sequence[Path]
    home: Path

    @property
    def new(self) -> Path:
        """Where a new page goes."""
        return self.folders[0] / FAILURES


@dataclass(frozen=True, slots=True)
class Lesson:
    """A page that is not kept yet, and what came of trying it out."""

    draft: Draft
    trial: Trial

    @property
    def good(self) -> bool:
        """Whether its own log leads to it, and no log that is none of its business does."""
        return self.trial.found is not None and not self.trial.greeds

    @property
    def says(self) -> tuple[Text, ...]:
        """What there is to say, the bad news first."""
        trial = self.trial
        told = [greed.text for greed in trial.greeds]
        if trial.found is None:
            told.append(_NOT_FOUND)
        else:
            told.append(_FIRST if trial.instead is None else _INSTEAD.fill(title=trial.instead.page.title))
        if trial.also:
            told.append(_ALSO.fill(n=trial.also))
        return tuple(told) if trial.greeds else (*told, _TRIED.fill(n=trial.tried))

    def keep(self, home: Path) -> Path:
        """Save it. Raises UsageError, and ConfigError where the program's own folder can't be made."""
        if home in self.draft.page.path.parents:
            private_folder(home)
        return taught.save(self.draft)


def lesson(
    lines: Iterable[str], wish: Wish, own: Log, shelves: Shelves, *, into: Path, language: Language, without: Collection[Path] = ()
) -> Lesson:
    """A page for these lines of the log `own`, to be kept in the folder `into`. `without` are the files that log is from.

    What the log was known as before is taken as following from the new page's cause, where it would come first otherwise: who teaches
    has seen that it was not the answer. Raises UsageError.
    """
    chosen = tuple(lines)
    pages = failure_store.pages([*shelves.folders, builtin_dir()], shelves.home / "cache")
    trials = Trials(pages)
    without_files = {path.resolve() for path in without}
    others = [each for each in chain(collected.kept(shelves.home, without), tryout.collected()) if each.path.resolve() not in without_files]
    made = taught.draft(chosen, wish, into, pages, language=language)
    trial = trials.of(made.page, own, others)
    if trial.instead is not None:
        known = [finding.page.id for finding in trials.before.diagnose(own()).findings]
        made = taught.draft(chosen, wish, into, pages, language=language, explains=known)
        trial = trials.of(made.page, own, others)
    return Lesson(made, trial)
