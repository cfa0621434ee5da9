"""What kills the program it is part of, at the event of the number that was asked for: calls and entries count, before and after."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Any

from tui.act.lockdown_cloud import EcsCloud
from tui.act.lockdown_record import Record
from tui.judge.firewall_change import Change
from tui.judge.lockdown import Phase, Story


@dataclass
class Fate:
    """Dies at event `number`; at 0 it lives."""

    number: int
    count: int = 0

    def happened(self) -> None:
        """One more event."""
        self.count += 1
        if self.count == self.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, record: Record) -> None:
        """Have each entry count."""
        add = record.add

        def added(phase: Phase, **facts: Any) -> Story:
            self.happened()
            story = add(phase, **facts)
            self.happened()
            return story

        record.add = added  # type: ignore[method-assign]


class Deadly(EcsCloud):
    """The cloud, each change of which counts."""

    fate: Fate

    async def make(self, change: Change, token: str) -> None:
        self.fate.happened()
        await super().make(change, token)
        self.fate.happened()
