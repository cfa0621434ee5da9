"""What layout needs to know beside the document, without knowing what a run is: a document is on the screen before that is imported."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.run.state import RunState


class Facts:
    """The run (None: nothing ran yet), where the places are, and the time (Unix seconds)."""

    def __init__(
        self,
        state: RunState | None = None,
        places: Mapping[str, str] = MappingProxyType({}),
        now: float = 0.0,
    ) -> None:
        self._state, self.places, self.now = state, places, now

    @property
    def state(self) -> RunState:
        """The run."""
        if self._state is None:
            from tui.run.state import RunState

            self._state = RunState()
        return self._state

    def address(self, name: str) -> str:
        """Where `name` is: as the run has it, else as the reader filled it in; empty if unknown."""
        return self.state.targets.get(name) or self.places.get(name, "")
