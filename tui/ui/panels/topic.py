"""What the panels have in common that show what actions told: which step they look at, and when they tell it anew."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.reactive import reactive

from tui.run.state import RunState


class TopicPanel(VerticalScroll):
    """Shows a topic of the step `step_id`, else of the step that runs, as far as `state` knows. A panel says how in `tell`."""

    state: reactive[RunState] = reactive(RunState)
    step_id: reactive[str] = reactive("")

    def tell(self) -> None:
        """Show what is known."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show what is known already."""
        self.tell()

    def watch_state(self, before: RunState, now: RunState) -> None:
        """Redraw only when a step's part is a new one."""
        if before.steps is not now.steps and self.is_mounted:
            self.tell()

    def watch_step_id(self) -> None:
        """Another step."""
        if self.is_mounted:
            self.tell()

    def speak(self) -> None:
        """The other language."""
        self.tell()
