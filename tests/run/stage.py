"""A guide made in code and a place that replays, for tests of the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from tui.guide.model import CheckSpec, Command, Guide, Item, Step
from tui.run.ask import Nobody
from tui.run.engine import Session
from tui.run.events import AnyEvent
from tui.run.journal import Journal
from tui.run.places import Places
from tui.run.plan import Given, Request
from tui.target.replay import Recorded, ReplayTarget


def command(text: str, line: int, **more: Any) -> Command:
    return Command(text, "bash", line, line, on="ecs", **more)


def step(step_id: str, line: int, *items: Item, checks: tuple[CheckSpec, ...] = (), **more: Any) -> Step:
    return Step(step_id, step_id.title(), line, line + 9, on="ecs", items=items, checks=checks, **more)


def probe(text: str, line: int, say: str = "", **expect: Any) -> CheckSpec:
    return CheckSpec("probe", {"": text, "expect": expect}, line, say)


def guide(*steps: Step, **more: Any) -> Guide:
    facts: dict[str, Any] = {"path": Path("g.md"), "id": "g", "title": "G", "source": "", "tokens": (), "digest": "d1", **more}
    return Guide(steps=steps, **facts)


class Stage:
    """Runs a guide on one replaying place called `ecs` and keeps what was told."""

    def __init__(self, journal: Journal, document: Guide, recorded: tuple[Recorded, ...], asker: Any = None, **given: Any) -> None:
        self.target = ReplayTarget("ecs", "replay://", recorded)
        self.asker = asker or Nobody()
        facts: dict[str, Any] = {"places": {"ecs": "replay://"}, "approved": True, **given}
        self.session = Session(document, self.asker, journal=journal, given=Given(**facts), places=Places(self.asker, {"ecs": self.target}))
        self.events: list[AnyEvent] = []

    async def run(self, *steps: str, watch: Callable[[AnyEvent], None] = lambda _: None, **request: Any) -> list[AnyEvent]:
        told: list[AnyEvent] = []
        async with aclosing(self.session.run(Request(steps, **request))) as events:
            async for event in events:
                told.append(event)
                watch(event)
        self.events += told
        return told

    @property
    def scripts(self) -> list[str]:
        return [job.script for job in self.target.ran]

    @property
    def environment(self) -> Mapping[str, str]:
        return self.target.ran[-1].env
