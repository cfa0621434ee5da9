"""The lab's wall: the program's own reading of rules agrees with what real connections find, and connections that are there stay or not."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from functools import partial

import pytest
from lab import Host, Lab, Wall, inside

from tui.judge import firewall_reach as reading
from tui.judge.addresses import addresses
from tui.judge.firewall import Instance, Interface
from tui.judge.firewall import Wall as Rules
from tui.judge.firewall_read import groups_from_maps, port_list_from_map, prefix_list_from_map
from tui.practice.ecs.shapes import rule as shaped
from tui.practice.ecs.state import Cloud, Group, Rule

PREFIXES = {"pl-near": ["198.51.100.0/24"], "pl-far": ["203.0.113.0/24", "192.0.2.0/24"]}
PORTS = {"prl-ssh": ["22/22", "443/443"], "prl-web": ["80/80", "443/443"]}
SEEDS = 80


@pytest.fixture(scope="module")
def gate(lab: Lab) -> Iterator[Host]:
    """A host of this module's own."""
    with lab.bare("gate") as host:
        yield host


@pytest.fixture(scope="module")
def wall(lab: Lab, gate: Host) -> Iterator[Wall]:
    """The wall before it."""
    wall = Wall(lab.internet, gate, 7, [lab.hosts["jump"].space])
    wall.lists = PREFIXES | PORTS
    wall.polite = True
    yield wall
    wall.remove()


def let_in(lab: Lab, gate: Host, wall: Wall) -> dict[str, bool]:
    """Who gets in, by address: this machine, another host, and that host over IPv6."""
    jump = lab.hosts["jump"]
    six = wall.neighbours[jump.space]
    return {
        lab.internet.machine: connects(gate.ip),
        jump.ip: inside(jump.space, partial(connects, gate.ip)),
        six: inside(jump.space, partial(connects, wall.six)),
    }


def connects(address: str) -> bool:
    """Whether a connection comes about; sshd itself turns some of so many away."""
    try:
        socket.create_connection((address, 22), timeout=5).close()
    except OSError:
        return False
    return True


def drawn(dice: random.Random, sources: list[str]) -> Rule:
    """A rule that may speak of one of the three, and of port 22."""
    four, six = [each for each in sources if ":" not in each], [each for each in sources if ":" in each]
    protocol = dice.choice(("TCP", "TCP", "TCP", "ALL", "UDP"))
    ports = "-1/-1" if protocol == "ALL" else dice.choice(("22/22", "22/22", "1/65535", "20/22", "23/30", "443/443"))
    rule = Rule("", policy=dice.choice(("Accept", "Accept", "Drop")), priority=dice.choice((1, 2, 3)), protocol=protocol, ports=ports)
    if protocol == "TCP" and dice.random() < 0.2:
        rule = Rule("", policy=rule.policy, priority=rule.priority, ports="", port_list=dice.choice(list(PORTS)))
    fields = {name: getattr(rule, name) for name in ("policy", "priority", "protocol", "ports", "port_list")}
    match dice.randrange(4):
        case 0:
            return Rule("", **fields, cidr6=dice.choice(("::/0", "2001:db8::/32", f"{six[0]}/128", "2001:db8:ffff::/48")))
        case 1:
            return Rule("", **fields, prefix_list=dice.choice(list(PREFIXES)))
        case _:
            return Rule("", **fields, cidr=dice.choice(("0.0.0.0/0", "198.51.100.0/24", *(f"{each}/32" for each in four), "10.0.0.0/8")))


def read(group: Group) -> tuple[reading.Reach, ...]:
    """Who gets in to port 22 by the program's own reading of the cloud's answer."""
    page = {"SecurityGroupId": group.id, "Permissions": {"Permission": [shaped(Cloud(), each) for each in group.rules]}}
    prefixes = {
        name: prefix_list_from_map({"PrefixListId": name, "Entries": {"Entry": [{"Cidr": each} for each in some]}})
        for name, some in PREFIXES.items()
    }
    ports = {name: port_list_from_map(name, {"Entries": [{"PortRange": each} for each in some]}) for name, some in PORTS.items()}
    card = Interface("eni-1", (group.id,), ("172.16.0.5",))
    return reading.reach(Rules(Instance("i-1", "gate", "cn-hangzhou", (card,)), groups_from_maps([page]), prefixes, ports))


def test_connections_and_the_programs_reading_agree(lab: Lab, gate: Host, wall: Wall) -> None:
    """Sets of rules drawn by number, each asked by three real connections."""
    seen: set[bool] = set()
    for seed in range(SEEDS):
        dice = random.Random(seed)
        sources = [lab.internet.machine, lab.hosts["jump"].ip, *wall.neighbours.values()]
        group = Group("sg-gate", rules=[drawn(dice, sources) for _ in range(dice.randrange(5))])
        wall.apply(group.rules)
        (found,) = read(group)
        expected = {each: addresses(each) <= found.open for each in sources}
        assert let_in(lab, gate, wall) == expected, (seed, group.rules, wall.shown())
        seen |= set(expected.values())
    assert seen == {True, False}


@pytest.mark.parametrize("cuts", [False, True])
def test_a_connection_that_is_there_stays_unless_it_is_cut(gate: Host, wall: Wall, cuts: bool) -> None:
    wall.apply([Rule("", cidr="0.0.0.0/0")])
    wall.cuts, wall.polite = cuts, False
    try:
        with socket.create_connection((gate.ip, 22), timeout=5) as line:
            assert line.recv(64).startswith(b"SSH-")
            wall.apply([])
            line.sendall(b"nonsense\r\n" * 20)  # sshd has something to say to that, if it hears it
            line.settimeout(1.5)
            try:
                answered = bool(line.recv(64))
            except (TimeoutError, ConnectionError) as error:
                answered = isinstance(error, ConnectionError)
        assert answered is not cuts
    finally:
        wall.cuts, wall.polite = False, True
