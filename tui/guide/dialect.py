"""The Markdown dialect of the program, apart from every rule about steps: a document can be shown before it is understood."""

from __future__ import annotations

from markdown_it import MarkdownIt


def reader() -> MarkdownIt:
    """CommonMark, GFM tables, strikethrough and task lists."""
    from mdit_py_plugins.tasklists import tasklists_plugin

    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(tasklists_plugin)
