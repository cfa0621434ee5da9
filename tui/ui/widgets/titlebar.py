"""The top line: where in the library the reader is, and on which machines this guide acts."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tui.texts import Text
from tui.ui.widgets.badges import badge
from tui.ui.widgets.cells import visible

_NARROW = 100


class TitleBar(Horizontal):
    """One row: `crumbs` at the left, the last one bright; at the right a note and one badge per place."""

    DEFAULT_CSS = """
    TitleBar { dock: top; height: 1; background: $raised; padding: 0 1; }
    TitleBar > #crumbs { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    TitleBar > #badges { width: auto; height: 1; padding-left: 2; text-wrap: nowrap; }
    """

    crumbs: reactive[tuple[str, ...]] = reactive(())
    places: reactive[Mapping[str, str]] = reactive(dict)
    note: reactive[Text | None] = reactive(None)

    def compose(self) -> ComposeResult:
        """Two parts; the left one gives way."""
        yield Static(id="crumbs", markup=False)
        yield Static(id="badges", markup=False)

    def on_mount(self) -> None:
        """Draw once all is there."""
        self.redraw()

    def on_resize(self) -> None:
        """Narrow bars say less."""
        self.redraw()

    def watch_crumbs(self) -> None:
        """Draw anew."""
        self.redraw()

    def watch_places(self) -> None:
        """Draw anew."""
        self.redraw()

    def watch_note(self) -> None:
        """Draw anew."""
        self.redraw()

    def redraw(self) -> None:
        """Say everything again, in the language of the moment."""
        if not self.is_mounted or not self.children:
            return
        narrow = self.app.size.width < _NARROW
        crumbs = [visible(crumb) for crumb in self.crumbs]
        parts: list[tuple[str, str]] = []
        if not narrow:
            for crumb in crumbs[:-1]:
                parts += [(crumb, "bold $bright" if not parts else "$muted"), (" › ", "$faint")]
        if crumbs:
            parts.append((crumbs[-1], "bold $bright"))
        self.query_one("#crumbs", Static).update(Content.assemble(*parts))
        badges = [badge(name, address, short=narrow) for name, address in self.places.items()]
        if self.note is not None and str(self.note):
            badges.insert(0, Content.styled(str(self.note), "$muted"))
        self.query_one("#badges", Static).update(Content("  " if narrow else "   ").join(badges))
