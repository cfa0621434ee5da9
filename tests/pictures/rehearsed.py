"""The full screen in a practice world on the eve of the last step: both hosts are in the tailnet, nothing collides, no key expires.

`rehearsed.py [FAULT…]` opens the world's guide there, approved, so that a picture of the last step does not have to be waited for through
all the others.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from tui import config, texts  # noqa: E402
from tui.practice import world as practice  # noqa: E402
from tui.practice.folder import place_tailscale  # noqa: E402
from tui.practice.tools.ground import log_in  # noqa: E402
from tui.rehearse import rehearsal  # noqa: E402
from tui.ui.app import ZhinanApp  # noqa: E402
from tui.ui.seams import Practice, World  # noqa: E402
from tui.ui.starts import PracticeStart  # noqa: E402


class Eve(practice.World):
    """A world in which everything before the last step has been done."""

    def _start(self) -> None:
        super()._start()
        for name, ground in self._grounds.items():
            place_tailscale(ground)
            with ground.change() as host:
                host.update(listed=True, installed=True, enabled=True, service="active", service_since=1.0, been_up=True)
                host.update(attribute=True, never_expires=True)
                log_in(host)
            assert name in practice.HOSTS


def eve(faults: Sequence[str]) -> Practice:
    """Starts it."""

    @asynccontextmanager
    async def started() -> AsyncGenerator[World, None]:
        practice.World = Eve  # type: ignore[misc]
        async with rehearsal(faults)() as world:
            yield replace(world, given=replace(world.given, approved=True))

    return started


def main(faults: Sequence[str]) -> int:
    """Open it; the exit code."""
    settings = config.load()
    texts.use(settings.language)

    def none(*_: object) -> None:
        raise AssertionError("everything happens in the world")

    return ZhinanApp(PracticeStart(), none, practice=eve(faults), theme=settings.theme, home=settings.home).run() or 0  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
