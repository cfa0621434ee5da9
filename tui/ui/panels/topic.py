"""What the panels have in common that show what actions told: which step they look at, and when they tell it anew."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.reactive import reactive

from tui.run.state import RunState
from tui.ui.panels.told import Facts


class TopicPanel(VerticalScroll):
    """Shows a topic of the step `step_id`, else of the step that runs, as far as `state` knows. A panel says how in `tell`.

    It has no clock of its own: whoever shows it says what time it is (`tell_time`), so that a standing clock gives a standing picture.
    """

    state: reactive[RunState] = reactive(RunState)
    step_id: reactive[str] = reactive("")

    now = 0.0
    openings: tuple[Facts, ...] = ()
    """What is open for whom until when (`act.opening_told`), as it was told last."""

    def tell(self) -> None:
        """Show what is known."""
        raise NotImplementedError

    def tell_time(self, now: float) -> None:
        """The time in Unix seconds, told several times a second."""
        self.now = now
        self.count()

    def tell_openings(self, openings: tuple[Facts, ...]) -> None:
        """What is open for a while, told whenever it is otherwise."""
        self.openings = openings
        if self.is_mounted:
            self.tell()

    def count(self) -> None:
        """Show what changes with the time alone; a panel says how, if anything does."""

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
