r"""From a picture's link to a file, the way a reader would find it.

Guides travel: written on Windows (`.\images\F1-01.png`), moved a folder down, saved without extension or in another case. The nearest
file that could have been meant is taken; where there is none, the caller shows a placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

EXTENSIONS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg")
_REMOTE = re.compile(r"^(?:[a-z][a-z0-9+.-]+:)?//|^(?:data|mailto|https?):", re.IGNORECASE)


def is_remote(href: str) -> bool:
    """Does the link lead to the web rather than to a file?"""
    return bool(_REMOTE.match(href.strip()))


def resolve(href: str, guide_path: Path) -> Path | None:
    """The file that a picture's link means, seen from the guide; None for web addresses and where nothing fits.

    Only looks whether files exist. Absolute paths and `..` are followed as written: the author could have put them there.
    """
    href = href.strip()
    if not href or is_remote(href):
        return None
    written = unquote(href).replace("\\", "/").removeprefix("file:///")
    written = re.split(r"[?#]", written, maxsplit=1)[0] or written
    if "\0" in written:
        return None
    for candidate in _candidates(written, guide_path.parent):
        found = _file(candidate)
        if found is not None:
            return found
    return None


def _candidates(written: str, folder: Path) -> Iterator[Path]:
    """As written; then by name in `images/` beside the guide, one level up, and in the folders themselves."""
    yield folder / written
    relative = written.lstrip("./").lstrip("/")
    for base in (folder, folder.parent):
        yield base / relative
        yield base / "images" / relative
        yield base / "images" / Path(relative).name
    yield folder / Path(relative).name


def _file(path: Path) -> Path | None:
    """The file itself, or the one whose name differs by case or by a missing extension."""
    try:
        if path.is_file():
            return path
        if not path.parent.is_dir():
            return None
        name = path.name.lower()
        wanted = [name, *(name + extension for extension in EXTENSIONS)]
        beside = {entry.name.lower(): entry for entry in sorted(path.parent.iterdir(), reverse=True)}
        return next((beside[one] for one in wanted if one in beside and beside[one].is_file()), None)
    except (OSError, ValueError):
        return None
