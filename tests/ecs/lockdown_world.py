"""A lockdown in a world of its own: the practice cloud, ways in that can fail, a clock that costs nothing, and a death on order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ecs_stage import GROUP, REGION, SERVER, Stage

from tui.act.lockdown_back import Hand, Left, Nobody
from tui.act.lockdown_close import Closing, Proved
from tui.act.lockdown_cloud import EcsCloud
from tui.act.lockdown_record import Record, begin, records, take
from tui.cloud.ecs_wall import read_wall
from tui.judge.evidence import Status
from tui.judge.firewall import Wall
from tui.judge.firewall_change import Change
from tui.judge.firewall_plan import Mode, Plan, Wide, plan
from tui.judge.firewall_reach import public, reach, unsure
from tui.judge.firewall_store import change_to_map, wall_to_map
from tui.judge.lockdown import Next, Phase, Story
from tui.practice.ecs.state import Eni, Group, Instance, Listing, Rule
from tui.texts import Text, same


class Died(BaseException):
    """The program is gone, in the middle of a line."""


@dataclass
class World:
    """What is true: the cloud, the ways in. `events` counts what happens; at number `die_at` of them the program dies.

    `probe` is whether the public side can be tried from here at all.
    """

    stage: Stage
    home: Path
    login: bool = True
    assistant: bool = True
    probe: bool = True
    die_at: int | None = None
    events: int = 0
    slept: float = 0.0
    stop: bool = False
    at_sleep: Callable[[float], None] = lambda _: None
    at_proof: Callable[[str], None] = lambda _: None
    shown: list[tuple[str, Text | None]] = field(default_factory=list)
    troubles: list[Text] = field(default_factory=list)
    first: list[Rule] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.first = self.rules()

    def rules(self) -> list[Rule]:
        """All rules there are, in all groups, without their ids."""
        return sorted((rule.tuple for group in self.stage.region.groups.values() for rule in group.rules), key=repr)

    def happened(self) -> None:
        """One more event; the last one, if it is that one's turn."""
        self.events += 1
        if self.die_at is not None and self.events == self.die_at:
            raise Died

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.at_sleep(self.slept)
        await asyncio.sleep(0)

    async def wall(self) -> Wall:
        """The truth, without faults and delays."""
        self.stage.service.faults.clear()
        for group in self.stage.region.groups.values():
            group.lag = 0
        return await read_wall(self.stage.api(), REGION, SERVER)

    async def open(self) -> bool:
        """Whether somebody on the internet gets in."""
        found = reach(await self.wall(), 22)
        assert not unsure(found)
        return bool(public(found))

    # What the change is handed

    async def phase(self, phase: Phase, why: Text | None = None) -> None:
        self.shown.append((phase, why))

    async def call(self, change: Change, state: str, *, back: bool) -> None:
        self.shown.append((state, None))

    async def trouble(self, why: Text | None, tries: int, pause: float) -> None:
        if why:
            self.troubles.append(why)

    async def public(self) -> Proved:
        if not self.probe:
            return Proved(Status.UNKNOWN, same("the way there is the tailnet"))
        return Proved(Status.FAIL if self._lets_in() else Status.PASS, same("public"))

    async def echo(self) -> Proved | None:
        return Proved(Status.PASS if self.assistant else Status.FAIL, same("assistant"))

    async def told(self, name: str, proved: Proved) -> None:
        self.at_proof(name)
        self.shown.append((name, proved.say))

    def _lets_in(self) -> bool:
        """A crude knock: an Accept rule for 22 from a public network. Good enough for the walls here, which have no Drop rules of use."""
        from test_lockdown_end import lets_in

        return lets_in(self.stage)


class Ways:
    """The proofs, as the change wants them."""

    def __init__(self, world: World) -> None:
        self.public, self.echo, self._world = world.public, world.echo, world

    async def login(self) -> Proved:
        return Proved(Status.PASS if self._world.login else Status.FAIL, same("login"))


class Mortal(EcsCloud):
    """The cloud through a program that can die before and after each change."""

    world: World

    async def make(self, change: Change, token: str) -> None:
        self.world.happened()
        await super().make(change, token)
        self.world.happened()

    async def unmake(self, change: Change, token: str) -> None:
        self.world.happened()
        await super().unmake(change, token)
        self.world.happened()


def mortal(world: World, record: Record) -> None:
    """Have the program be able to die before and after each entry."""
    add = record.add

    def added(phase: Phase, **facts: Any) -> Story:
        world.happened()
        story = add(phase, **facts)
        world.happened()
        return story

    record.add = added  # type: ignore[method-assign]


def cloud(world: World) -> Mortal:
    """The cloud for one process."""
    found = Mortal(world.stage.api(sleep=world.sleep), REGION, SERVER)
    object.__setattr__(found, "world", world)
    return found


async def lock_down(world: World, made: Plan) -> BaseException | None:
    """One process that carries the plan out; what it ended with."""
    record = begin(world.home, region=REGION, instance=SERVER, server="web-1", port=22)
    mortal(world, record)
    try:
        record.add(Phase.SAVED, before=wall_to_map(made.before), plan=[change_to_map(each) for each in made.changes])
        hand = Hand(record, cloud(world), world, sleep=world.sleep)
        closing = Closing(
            hand, made, Ways(world), world.told, sleep=world.sleep, stopped=lambda: world.stop, taken=lambda: setattr(world, "stop", False)
        )
        await closing.run()
    except BaseException as error:  # noqa: BLE001  an end like any other here
        return error
    finally:
        record.close()
    return None


async def start_again(world: World, rounds: int | None = 40) -> Left | None:
    """Another process, which finds the record and does what it says."""
    found = records(world.home)
    if not found:
        return None
    with take(found[0]) as record:
        mortal(world, record)
        if record.story.next is Next.FORGET:
            record.add(Phase.DROPPED)
        if record.story.next is Next.ROLL_BACK:
            return await Hand(record, cloud(world), Nobody(), sleep=world.sleep).back(same("it died"), rounds=rounds)
    return None


def story(world: World) -> Story | None:
    found = records(world.home)
    return found[0].story if found else None


def furnished(stage: Stage, dice: random.Random) -> None:
    """A wall in which the port is open in several ways at once, and other things are open, too."""
    group = stage.group
    extra = [
        Rule("sgr-six", priority=100, cidr6="::/0", description="v6"),
        Rule("sgr-home", priority=5, cidr="203.0.113.7/32", description="home"),
        Rule("sgr-wide", priority=50, ports="1/65535", cidr="0.0.0.0/0", description="all of TCP"),
        Rule("sgr-all", priority=70, protocol="ALL", ports="-1/-1", cidr="198.51.100.0/24", description="office"),
        Rule("sgr-web", priority=1, ports="443/443", cidr="0.0.0.0/0"),
        Rule("sgr-list", priority=60, ports="", port_list="prl-1", cidr="0.0.0.0/0"),
        Rule("sgr-twin", priority=100, cidr="127.0.0.1/32"),
    ]
    group.rules += dice.sample(extra, dice.randrange(len(extra) + 1))
    stage.region.port_lists["prl-1"] = Listing("prl-1", ["22/22", "443/443"])
    stage.region.prefix_lists["pl-1"] = Listing("pl-1", ["198.51.100.0/24"])
    if dice.random() < 0.5:
        stage.region.groups["sg-2"] = Group("sg-2", "second", rules=[Rule("sgr-pre", prefix_list="pl-1")])
        stage.region.instances[SERVER].enis[0].groups.append("sg-2")
    if dice.random() < 0.3:
        stage.region.instances["i-2"] = Instance("i-2", "db", enis=[Eni("eni-2", [GROUP], "172.16.0.6")])


async def planned(stage: Stage, dice: random.Random) -> Plan:
    mode = dice.choice(list(Mode))
    before = await read_wall(stage.api(), REGION, SERVER)
    allowed = ("203.0.113.7/32",) if mode is Mode.NARROW else ()
    made = plan(before, 22, mode, allowed, Wide.SPLIT)
    return made if made.ready else replace(plan(before, 22, Mode.REMOVE, (), Wide.SPLIT))
