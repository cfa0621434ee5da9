"""The document as it is read: laid out lazily, drawn row by row, with the state of its steps in the margin."""

from tui.ui.document.line import Stop
from tui.ui.document.view import DocumentView

__all__ = ["DocumentView", "Stop"]
