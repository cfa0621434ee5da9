"""The guide is rehearsed as it is written: its commands and checks run on the practice world's two hosts, through the real engine.

Only the Chinese one: another test proves that its twin runs the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from tui.guide import parse
from tui.guide.model import Command, Guide
from tui.practice.world import World
from tui.run import events as ev
from tui.run.ask import Nobody
from tui.run.engine import Session
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.plan import Given, Request

GUIDES = Path(__file__).resolve().parents[2] / "guides"


class Rehearsal:
    """A session in a practice world: `run` gives the outcome by step, and keeps what was found and said."""

    def __init__(self, guide: Guide, session: Session, world: World) -> None:
        self.guide = guide
        self.session = session
        self.world = world
        self.values: dict[str, str] = {}
        self.printed = ""
        self.failed: list[str] = []
        self.verdict: Outcome | None = None

    async def run(self, *steps: str, item: int | None = None) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        self.printed, self.failed = "", []
        async with aclosing(self.session.run(Request(steps, item=item))) as events:
            async for event in events:
                match event:
                    case ev.StepEnded():
                        outcomes[event.step] = event.outcome
                    case ev.RunEnded():
                        self.verdict = event.verdict
                    case ev.Printed():
                        self.printed += event.text
                    case ev.Checked():
                        self.values |= event.values
                        self.failed += [event.say.en] if event.status != "pass" else []
                    case _:
                        pass
        return outcomes

    async def offered(self, step: str, words: str) -> Outcome:
        """Run the first offered command of a step that contains the words."""
        commands = [each for each in self.guide.step(step).commands if each.explicit and words in each.text]
        return await self._alone(step, commands[0])

    async def by_itself(self, step: str, place: int) -> Outcome:
        """Run one of the commands that run with the step, without looking at anything else. Checks would knock at a public address."""
        return await self._alone(step, [each for each in self.guide.step(step).commands if not each.explicit][place])

    async def _alone(self, step: str, command: Command) -> Outcome:
        await self.run(step, item=self.guide.step(step).items.index(command))
        assert self.verdict is not None
        return self.verdict


@pytest.fixture
async def rehearsal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rehearsal]:
    guide = parse.load(GUIDES / "tailscale-ecs.md")
    async with World(login_after=0) as world:
        monkeypatch.setenv("HOME", str(world.ssh_home))
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        journal = Journal(tmp_path)
        session = Session(guide, Nobody(), journal=journal, given=Given(world.targets(), world.inputs(), approved=True))
        try:
            yield Rehearsal(guide, session, world)
        finally:
            await session.close()
            journal.close()


async def test_from_installing_to_the_gates(rehearsal: Rehearsal) -> None:
    assert await rehearsal.run("install") == {"install": Outcome.FAILED}  # nobody has logged in yet
    assert "Installation complete" in rehearsal.printed
    assert await rehearsal.offered("install", "tailscale up") is Outcome.PASSED
    assert await rehearsal.run("install") == {"install": Outcome.ALREADY}
    assert rehearsal.values["ts_ip"].startswith("100.")

    assert await rehearsal.offered("local-install", "install.sh") is Outcome.PASSED
    assert await rehearsal.run("local-install") == {"local-install": Outcome.ALREADY}

    assert (await rehearsal.run("verify"), rehearsal.failed) == ({"verify": Outcome.ALREADY}, [])
    assert [await rehearsal.by_itself("verify", place) for place in range(3)] == [Outcome.PASSED] * 3

    # the gates: the login must not expire, and the colliding addresses must be mended
    assert await rehearsal.by_itself("lockdown", 0) is Outcome.FAILED
    assert '"KeyExpiry"' in rehearsal.printed
    rehearsal.world.disable_key_expiry("ecs")
    assert await rehearsal.by_itself("lockdown", 0) is Outcome.FAILED
    assert '"KeyExpiry"' not in rehearsal.printed
    assert await rehearsal.offered("install", "getent hosts") is Outcome.FAILED
    assert await rehearsal.offered("install", "--netfilter-mode=off") is Outcome.PASSED
    assert await rehearsal.offered("install", "getent hosts") is Outcome.PASSED
    assert [await rehearsal.by_itself("lockdown", place) for place in range(2)] == [Outcome.PASSED] * 2
