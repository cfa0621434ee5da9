"""A guide of actions, played in a practice world by the real engine, the program's own SSH target and nobody at the keyboard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.act import ACTIONS
from tui.act.network_look import TOKEN
from tui.guide.model import ActionSpec, Guide, Input, Step, TargetSpec
from tui.practice.world import World
from tui.rehearse import HASTE
from tui.run import events as ev
from tui.run.ask import Asker, ConfirmQuestion, Nobody
from tui.run.engine import Session
from tui.run.events import AnyEvent, Outcome
from tui.run.journal import Journal
from tui.run.places import Places
from tui.run.plan import Given, Request
from tui.target.ssh import SshTarget


class Agreeing(Nobody):
    """Says yes to what an action shows."""

    async def confirm(self, question: ConfirmQuestion) -> bool:
        """Yes."""
        return True


@dataclass
class Done:
    """How one action ended, what it said and observed, and which links it waited for."""

    outcome: Outcome | None = None
    why: str = ""
    log: str = ""
    facts: list[Any] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


class Play:
    """Runs one action after another on the two hosts; what one learns the next one knows (`known`)."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.known: dict[str, Any] = {}
        self.token = False
        """Whether the reader has a token of the admin API."""
        self.asker: Asker = Agreeing()
        self._journal = Journal(folder)

    async def do(
        self, use: str, *, on: str = "ecs", seconds: float = 60.0, watch: Callable[[AnyEvent], object] = lambda _: None, **options: Any
    ) -> Done:
        """Run it. A login link is opened by nobody but `watch`."""
        inputs = (*map(Input, self.known), *([Input(TOKEN, "secret", optional=True)] if self.token else []))
        names, targets = tuple(each.name for each in inputs), tuple(map(TargetSpec, self.world.targets()))
        step = Step("s", "S", 1, 9, on=on, items=(ActionSpec(use, 2, options, seconds),), changes=True, inputs=names)
        guide = Guide(Path("g.md"), "g", "G", source="", tokens=(), digest="d", steps=(step,), inputs=inputs, targets=targets)
        places = Places(Nobody(), {name: SshTarget(name, address, home=self.world.ssh_home) for name, address in self._places()})
        given = Given(self.world.targets(), dict(self.known), approved=True, environ=self.world.environ())
        session = Session(guide, self.asker, journal=self._journal, given=given, places=places, actions=ACTIONS, haste=HASTE * 10)
        done = Done()
        async with aclosing(session.run(Request(("s",)))) as events:
            async for event in events:
                watch(event)
                _hear(done, event)
        self.known |= session.found
        await session.close()
        return done

    def visit(self, event: AnyEvent) -> None:
        """Open every link that is waited for, as the reader would."""
        if isinstance(event, ev.Waited) and self.world.is_practice_link(event.url):
            self.world.visit(event.url)

    def close(self) -> None:
        self._journal.close()

    def _places(self) -> list[tuple[str, str]]:
        return list(self.world.targets().items())


def _hear(done: Done, event: AnyEvent) -> None:
    match event:
        case ev.Observed():
            done.facts.append(event.facts)
        case ev.Waited():
            done.links.append(event.url)
        case ev.Printed():
            done.log += event.text
        case ev.StepEnded():
            done.why = event.why.en if event.why else ""
        case ev.RunEnded():
            done.outcome = event.verdict
        case _:
            pass


@asynccontextmanager
async def playing(folder: Path, *faults: str, **more: Any) -> AsyncIterator[Play]:
    """A world with these faults, and somebody to play in it."""
    async with World(faults, **more) as world:
        play = Play(world, folder)
        try:
            yield play
        finally:
            play.close()
