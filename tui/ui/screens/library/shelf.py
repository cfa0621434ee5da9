"""What stands in the library, as the rows of a list: headings for folders and chapters, guides under them, the filter applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.guide import library
from tui.guide.library import Entry
from tui.texts import Language, Text, same

_BUILT_IN = Text("指南", "Guides")
_OWN = Text("我的  {folder}", "Mine  {folder}")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: a heading, or a guide with `entry` set."""

    heading: Text | None = None
    entry: Entry | None = None


def read_all(folders: Sequence[Path], language: Language) -> list[Entry]:
    """The built-in guides, then those of the reader's own folders; of twins the one in `language`."""
    return library.entries((library.builtin_dir(), *folders), language)


def rows(entries: Iterable[Entry], words: str) -> Iterator[Row]:
    """The entries that hold every one of the blank-separated words, each group under its heading."""
    wanted = words.casefold().split()
    last: Text | None = None
    for entry in entries:
        if not all(word in _searched(entry) for word in wanted):
            continue
        heading = _heading(entry)
        if heading != last:
            last = heading
            yield Row(heading=heading)
        yield Row(entry=entry)


def _searched(entry: Entry) -> str:
    return f"{entry.title} {entry.summary} {entry.path.name}".casefold()


def _heading(entry: Entry) -> Text:
    built_in = entry.folder == library.builtin_dir()
    shelf = _BUILT_IN if built_in else _OWN.fill(folder=_short(entry.folder))
    if not entry.chapter:
        return shelf
    return Text("{shelf} › {chapter}", "{shelf} › {chapter}").fill(shelf=shelf, chapter=same(entry.chapter))


def _short(folder: Path) -> str:
    """The folder as a person writes it, with `~` for the home."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(folder)
