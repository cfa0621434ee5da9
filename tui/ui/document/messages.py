"""What the document tells its screen; the screen decides what comes of it."""

from __future__ import annotations

from textual.message import Message

from tui.ui.document.line import Stop


class CursorMoved(Message, namespace="document_view"):
    """The cursor is on another stop, `at`."""

    def __init__(self, at: Stop) -> None:
        super().__init__()
        self.at = at


class Activated(Message, namespace="document_view"):
    """Enter, or a double click, on the stop `at`."""

    def __init__(self, at: Stop) -> None:
        super().__init__()
        self.at = at


class LinkClicked(Message, namespace="document_view"):
    """A link was clicked; `href` as the document has it."""

    def __init__(self, href: str) -> None:
        super().__init__()
        self.href = href
