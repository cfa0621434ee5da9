"""Which files are documents, and where the built-in ones are. Alone, because naming files needs nothing of what reading them does."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

SUFFIXES: Final = (".md", ".markdown")
FAILURES: Final = "failures"
"""The folder, in any library folder, that holds failure pages."""
_ENGLISH: Final = re.compile(r"\.en\.md$", re.IGNORECASE)
_SKIPPED: Final = frozenset((FAILURES, "node_modules", "__pycache__", "venv"))


def builtin_dir() -> Path:
    """The folder of the built-in guides: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_guides"
    return installed if installed.is_dir() else package.parent / "guides"


def documents(folder: Path, *, failures: bool = False) -> Iterator[Path]:
    """Markdown files under a folder, sorted, hidden and foreign folders left out; failure pages only on request."""
    for top, names in _walked(folder, failures=failures):
        yield from (Path(top) / name for name in names)


def _walked(folder: Path, *, failures: bool) -> Iterator[tuple[str, list[str]]]:
    """Each folder with the names of its documents: a path is costly, and not every document is wanted."""
    for top, below, files in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith(".") and (name not in _SKIPPED or (failures and name == FAILURES)))
        yield top, sorted(filter(is_document, files))


def is_document(name: str) -> bool:
    """Would a file of that name be listed?"""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def failure_pages(folders: Iterable[Path]) -> list[Path]:
    """The failure pages under library folders, twins in another language left out."""
    found: list[Path] = []
    for folder in folders:
        for top, names in _walked(folder, failures=True):
            if FAILURES in (folder.name, *Path(top).relative_to(folder).parts):
                found += [path for path in (Path(top, name) for name in names if not _ENGLISH.search(name)) if not is_twin(path)]
    return found


def is_failure_page(path: Path) -> bool:
    """Does the file lie where failure pages do?"""
    return FAILURES in path.resolve().parts[:-1]


def is_twin(path: Path) -> bool:
    """Is it another document in English?"""
    return path.stem.endswith(".en")


def english(path: Path) -> Path:
    """Where a document's English twin would be."""
    return path.with_suffix(".en.md")
