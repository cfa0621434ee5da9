"""The guide is rehearsed as it is written: its actions, commands and checks run on the practice world's two hosts, through the real engine.

Only the Chinese one: another test proves that its twin runs the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from tui.act import ACTIONS
from tui.guide import parse
from tui.guide.model import ActionSpec, Command, Guide, Step
from tui.practice.world import World
from tui.rehearse import HASTE
from tui.run import events as ev
from tui.run.ask import ConfirmQuestion, Nobody
from tui.run.engine import Session
from tui.run.events import AnyEvent, Outcome
from tui.run.journal import Journal
from tui.run.places import Places
from tui.run.plan import Given, Request
from tui.target.ssh import SshTarget

GUIDES = Path(__file__).resolve().parents[2] / "guides"
PASSED, FAILED, ALREADY = Outcome.PASSED, Outcome.FAILED, Outcome.ALREADY

Watch = Callable[[AnyEvent], Awaitable[None]]


class Reader(Nobody):
    """Ticks what is to be done by hand, and says yes to what an action shows; counts how often it was asked to tick."""

    def __init__(self) -> None:
        self.ticks = 0

    async def tick(self, step: Step, text: str) -> bool:
        """Done."""
        self.ticks += 1
        return True

    async def confirm(self, question: ConfirmQuestion) -> bool:
        """Yes."""
        return True


class Rehearsal:
    """A session in a practice world. `run` gives the outcome by step, and keeps what was said; a login link is opened at once."""

    def __init__(self, guide: Guide, session: Session, world: World, reader: Reader) -> None:
        self.guide, self.session, self.world, self.reader = guide, session, world, reader
        self.printed, self.why, self.started = "", "", list[str]()
        self.failed: list[str] = []
        self.verdict: Outcome | None = None

    async def run(self, *steps: str, item: int | None = None, watch: Watch | None = None) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        self.printed, self.failed, self.started = "", [], []
        async with aclosing(self.session.run(Request(steps, item=item))) as events:
            async for event in events:
                match event:
                    case ev.StepEnded():
                        outcomes[event.step] = event.outcome
                        self.why = event.why.en if event.why else ""
                    case ev.RunEnded():
                        self.verdict = event.verdict
                        self.why = event.why.en if event.why else ""
                    case ev.CommandStarted():
                        self.started.append(event.text.strip())
                    case ev.Printed():
                        self.printed += event.text
                    case ev.Waited() if self.world.is_practice_link(event.url):
                        self.world.visit(event.url)
                    case ev.Checked():
                        self.failed += [event.say.en] if event.status != "pass" else []
                    case _:
                        pass
                if watch:
                    await watch(event)
        return outcomes

    async def alone(self, step: str, name: str) -> Outcome:
        """Run one item of a step by its name."""
        items = self.guide.step(step).items
        place = next(i for i, item in enumerate(items) if isinstance(item, Command | ActionSpec) and item.name == name)
        await self.run(step, item=place)
        assert self.verdict is not None
        return self.verdict


@asynccontextmanager
async def rehearsing(folder: Path, world: World) -> AsyncIterator[Rehearsal]:
    """A day of its own in the world: a new session with the journal that was there."""
    guide, reader, journal = parse.load(GUIDES / "tailscale-ecs.md"), Reader(), Journal(folder)

    def inside(name: str, address: str) -> SshTarget:
        return SshTarget(name, address, home=world.ssh_home)

    places = Places(reader, {name: inside(name, address) for name, address in world.targets().items()}, inside)
    given = Given(world.targets(), world.inputs(), approved=True)
    session = Session(guide, reader, journal=journal, given=given, places=places, actions=ACTIONS, haste=HASTE * 10)
    try:
        yield Rehearsal(guide, session, world, reader)
    finally:
        await session.close()
        journal.close()


async def test_from_registering_to_the_gates_and_nothing_to_do_the_second_time(tmp_path: Path) -> None:
    async with World() as world:
        async with rehearsing(tmp_path, world) as day:
            assert await day.run("register") == {"register": PASSED}
            await through_the_trap(day)
            await at_home(day)
            assert await day.run("verify") == {"verify": PASSED}, day.why
            assert await day.alone("verify", "ssh-entry") is PASSED, day.why
            await at_the_gates(day)
        async with rehearsing(tmp_path, world) as day:
            steps = ("register", "install", "local-install", "verify")
            assert await day.run(*steps) == dict.fromkeys(steps, ALREADY), (day.why, day.failed)
            assert (day.started, day.reader.ticks) == ([], 0)
            assert await day.alone("lockdown", "gate-server") is PASSED, day.why  # the tunnel's address is known from the other day


async def through_the_trap(day: Rehearsal) -> None:
    """The server: what collides is found after the login, mended by the reader's choice, and only then the step is done."""
    assert await day.run("install") == {"install": FAILED}
    assert day.started == ["aliyun.network", "tailscale.install", "tailscale.login", "aliyun.network"]
    assert "$ curl -fsSL https://tailscale.com/install.sh | sh\n" in day.printed
    assert "nodivert" in day.why
    assert await day.run("install") == {"install": FAILED}  # trapped still, so it is not taken for done
    assert await day.alone("install", "trap-look") is FAILED
    assert await day.alone("install", "trap-nodivert") is PASSED, day.why
    assert await day.alone("install", "trap-look") is PASSED
    assert await day.run("install") == {"install": ALREADY}, day.failed
    assert await day.alone("install", "dns-own") is PASSED, day.why
    assert "$ sudo tailscale set --accept-dns=false" in day.printed


async def at_home(day: Rehearsal) -> None:
    """The reader's computer: the step waits while its reader installs and logs in beside it."""
    helping: list[asyncio.Task[None]] = []

    async def help_out() -> None:
        for name in ("local-linux", "local-login"):
            assert await day.alone("local-install", name) is PASSED, day.why

    async def watch(event: AnyEvent) -> None:
        if isinstance(event, ev.Waited) and not helping:
            helping.append(asyncio.create_task(help_out()))

    assert await day.run("local-install", watch=watch) == {"local-install": PASSED}, day.why
    await asyncio.gather(*helping)
    assert helping


async def at_the_gates(day: Rehearsal) -> None:
    """The login must not expire; the gate's own connection comes through the tunnel. The checks would knock at a public address."""
    assert await day.alone("lockdown", "gate-server") is FAILED
    assert '"KeyExpiry"' in day.printed
    day.world.disable_key_expiry("ecs")
    assert await day.alone("lockdown", "gate-server") is PASSED, day.printed
    address = day.session.places.address("ecs-tailnet")
    assert address == day.session.found["server_tailnet"]
    assert address.startswith("ssh://practice@100.")
