"""What a link in a document means when it is followed.

A document is not trusted because it was opened: only web pages go to the browser, only Markdown files open here, and everything
else is named and left alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tui.texts import Text

OPENED = Text("已在浏览器里打开（也复制了）：{url}", "Opened in the browser (and copied): {url}")
COPIED = Text("这里没有图形浏览器，链接已复制：{url}", "There is no graphical browser here; the link was copied: {url}")
_NOT_FOUND = Text("没有文件 {path}", "There is no file {path}")
_OTHER = Text(
    "只打开网页和 Markdown 文档，这个链接不是：{href}",
    "Only web pages and Markdown documents are opened, and this is neither: {href}",
)


@dataclass(frozen=True, slots=True)
class Page:
    """A web page."""

    url: str


@dataclass(frozen=True, slots=True)
class Document:
    """A Markdown file that is there."""

    path: Path


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Not to be followed, and why."""

    why: Text


def resolve(href: str, document: Path) -> Page | Document | Nowhere:
    """Where `href`, written in `document`, leads."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return Nowhere(_OTHER.fill(href=href))
    if parts.scheme in ("http", "https") and parts.netloc:
        return Page(href)
    if (parts.scheme and len(parts.scheme) > 1) or parts.netloc:
        return Nowhere(_OTHER.fill(href=href))
    name = unquote(href.partition("#")[0]).replace("\\", "/")
    if not name.lower().endswith((".md", ".markdown")):
        return Nowhere(_OTHER.fill(href=href))
    path = document.parent / name
    return Document(path) if path.is_file() else Nowhere(_NOT_FOUND.fill(path=path))


def can_browse(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a graphical browser can show up: a text browser would paint over the screen."""
    if platform in ("win32", "darwin"):
        return True
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
