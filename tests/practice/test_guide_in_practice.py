"""The guides are rehearsed as they are written: their actions, commands and checks run on the practice hosts, through the real engine.

Only the Chinese ones: another test proves that a twin runs the same.
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

    async def run(self, *steps: str, item: int | None = None, undo: bool = False, watch: Watch | None = None) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        self.printed, self.failed, self.started = "", [], []
        async with aclosing(self.session.run(Request(steps, item=item, undo=undo))) as events:
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

    async def undo(self, step: str) -> Outcome:
        """Take a step back."""
        await self.run(step, undo=True)
        assert self.verdict is not None
        return self.verdict

    async def alone(self, step: str, name: str) -> Outcome:
        """Run one item of a step by its name."""
        items = self.guide.step(step).items
        place = next(i for i, item in enumerate(items) if isinstance(item, Command | ActionSpec) and item.name == name)
        await self.run(step, item=place)
        assert self.verdict is not None
        return self.verdict


@asynccontextmanager
async def rehearsing(folder: Path, world: World, name: str = "tailscale-ecs", **answers: str) -> AsyncIterator[Rehearsal]:
    """A day of its own in the world: a new session with the journal that was there. `answers` are more inputs.

    The practice world has no Cloud Assistant; a place that is reached by it is the server all the same.
    """
    guide, reader, journal = parse.load(GUIDES / f"{name}.md"), Reader(), Journal(folder)
    addresses = {**world.targets(), "rescue": world.targets()["ecs"]}

    def inside(name: str, address: str) -> SshTarget:
        return SshTarget(name, address, home=world.ssh_home)

    addresses = {name: address for name, address in addresses.items() if name in {"local", *(spec.name for spec in guide.targets)}}
    places = Places(reader, {name: inside(name, address) for name, address in addresses.items()}, inside)
    given = Given(addresses, {**world.inputs(), **answers}, environ=world.environ(), approved=True)
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


async def test_deleting_the_leftovers_and_installing_again(tmp_path: Path) -> None:
    """The step's undo takes all of it along, the way out of the trap too, and the step goes its whole way a second time."""
    async with World() as world, rehearsing(tmp_path, world) as day:
        assert await day.run("install") == {"install": FAILED}
        assert await day.alone("install", "trap-nodivert") is PASSED, day.why
        assert await day.undo("install") is PASSED, (day.why, day.printed)
        assert (world.state("ecs")["installed"], world.state("ecs")["backend"]) == (False, "NeedsLogin"), day.printed
        assert await day.run("install") == {"install": FAILED}
        assert day.started == ["aliyun.network", "tailscale.install", "tailscale.login", "aliyun.network"]
        assert "nodivert" in day.why


async def test_with_a_token_the_attribute_mends_it(tmp_path: Path) -> None:
    """The world's own admin API is asked: the attribute comes first, and is taken back."""
    async with World() as world, rehearsing(tmp_path, world) as day:
        await day.run("install")
        assert day.why.index("attribute") < day.why.index("nodivert")
        assert await day.alone("install", "trap-attribute") is PASSED, day.why
        assert await day.run("install") == {"install": ALREADY}, day.failed
        assert await day.alone("install", "trap-undo") is PASSED, day.why
        assert await day.alone("install", "trap-look") is FAILED


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


async def test_dead_names_are_seen_mended_proven_over_a_restart_and_taken_back(tmp_path: Path) -> None:
    async with World() as world:
        await into_the_trap(tmp_path, world)
        async with rehearsing(tmp_path, world, "tailscale-dns-dead") as day:
            assert await day.run("look") == {"look": FAILED}
            assert "100.100.2.136  0/3" in day.printed
            assert "nodivert" in day.why
            assert await day.alone("mend", "nodivert") is PASSED, day.why
            assert await day.run("look", "mend", "resolver") == {"look": ALREADY, "mend": ALREADY, "resolver": ALREADY}, day.failed
            assert await day.run("restart") == {"restart": PASSED}, day.why
            assert "100.100.2.136  3/3" in day.printed
            assert await day.alone("mend", "undo") is PASSED, day.why
            assert await day.run("mend") == {"mend": FAILED}


async def into_the_trap(folder: Path, world: World) -> None:
    """The server joins the tailnet, and nobody looks at what that costs it."""
    async with rehearsing(folder, world) as day:
        for place, item in enumerate(day.guide.step("install").items):
            if isinstance(item, ActionSpec) and item.use in ("tailscale.install", "tailscale.login") and not item.explicit:
                await day.run("install", item=place)
                assert day.verdict is PASSED, day.why


async def test_the_way_through_the_tailnet_is_looked_at_from_both_ends(tmp_path: Path) -> None:
    async with World() as world:
        await into_the_trap(tmp_path, world)
        async with rehearsing(tmp_path, world) as day:
            for name in ("local-linux", "local-login"):
                assert await day.alone("local-install", name) is PASSED, day.why
        async with rehearsing(tmp_path, world, "tailscale-slow") as day:
            steps = ("ends", "path", "open", "near", "relay")
            assert await day.run(*steps, "prove") == {**dict.fromkeys(steps, ALREADY), "prove": PASSED}, (day.why, day.failed)
            assert day.session.found["ts_path"].endswith(":41641")
            assert await day.alone("path", "ping") is PASSED
            assert "via DERP(hkg)" in day.printed
            assert await day.alone("ends", "netcheck-server") is PASSED


async def test_ssh_that_works_needs_nothing_and_each_failure_is_told_by_its_name(tmp_path: Path) -> None:
    mends = ("timeout", "refused", "host-key", "key")
    async with World() as world:
        async with rehearsing(tmp_path, world, "ssh-fails", SSH_PORT="22", LOGIN_USER="practice") as day:
            assert await day.run("look", *mends, "prove") == {**dict.fromkeys(("look", *mends), ALREADY), "prove": PASSED}, (
                day.why,
                day.failed,
            )
        for answers, kind, step in (
            ({"LOGIN_USER": "nobody"}, "key-not-accepted", "key"),
            ({"LOGIN_USER": "practice", "PUBLIC_IP": "203.0.113.99"}, "timeout", "timeout"),
        ):
            async with rehearsing(tmp_path, world, "ssh-fails", SSH_PORT="22", **answers) as day:
                assert await day.run("look") == {"look": FAILED}
                assert f"== {kind}\n" in day.printed
                assert await day.run(step) == {step: FAILED}
                others = [each for each in mends if each != step]
                for other in others:
                    assert await day.run(other) == {other: ALREADY}, day.failed


async def test_a_changed_host_key_is_recorded_only_with_the_fingerprint_seen_by_another_way(tmp_path: Path) -> None:
    async with World() as world:
        known = world.home("local") / ".ssh/known_hosts"
        known.write_text(
            f"{world.inputs()['PUBLIC_IP']} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOldOldOldOldOldOldOldOldOldOldOldOldOldOldOl\n"
        )
        before = known.read_text()
        real = str(world.state("ecs")["fingerprint"])
        async with rehearsing(tmp_path, world, "ssh-fails", SSH_PORT="22", LOGIN_USER="practice", HOST_FINGERPRINT=f"{real[:-1]}!") as day:
            assert await day.run("look") == {"look": FAILED}
            assert "== host-key-changed\n" in day.printed
            assert await day.run("host-key") == {"host-key": FAILED}
            assert await day.alone("host-key", "remember-new") is FAILED
            assert known.read_text() == before
        async with rehearsing(tmp_path, world, "ssh-fails", SSH_PORT="22", LOGIN_USER="practice", HOST_FINGERPRINT=real) as day:
            assert await day.alone("host-key", "real-fingerprint") is PASSED
            assert real in day.printed
            assert await day.alone("host-key", "forget-old") is PASSED, day.printed
            assert await day.alone("host-key", "remember-new") is PASSED, day.printed
            assert await day.run("look") == {"look": ALREADY}, day.failed
            assert (known.with_name("known_hosts.before")).read_text() == before


async def test_whoever_was_locked_out_sees_from_inside_that_all_is_well_and_stays_so(tmp_path: Path) -> None:
    async with World() as world:
        async with rehearsing(tmp_path, world, "locked-out", LOGIN_USER="practice", PUBLIC_IP="203.0.113.99") as day:
            assert await day.run("rules") == {"rules": FAILED}  # ticked, and still no answer
            assert await day.run("repair") == {"repair": FAILED}  # there is no tailscaled yet
        await into_the_trap(tmp_path, world)
        async with rehearsing(tmp_path, world, "locked-out", LOGIN_USER="practice") as day:
            outcomes = {"rules": ALREADY, "assistant": PASSED, "repair": ALREADY, "vnc": ALREADY, "prove": PASSED}
            assert await day.run(*outcomes) == outcomes, (day.why, day.failed, day.printed)
            assert await day.run("again") == {"again": FAILED}
            assert len(set(day.failed)) == 2, day.failed  # the login ends one day, and the way for Cloud Assistant is cut off
            world.disable_key_expiry("ecs")
            assert await day.alone("repair", "nodivert") is PASSED, day.why
            assert await day.run("again") == {"again": ALREADY}, day.failed
