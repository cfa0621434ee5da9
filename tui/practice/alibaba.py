"""The practice host as Alibaba Cloud knows it: an account with its server, the groups that guard it, and Cloud Assistant on it.

The groups hold what the console puts into them, a shared group, and a rule that must stay. They are no mere show: while they
let nobody in from the internet, the server's public door is shut, and every other way in is as it was.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tui.cloud.ecs_keys import ID, SECRET
from tui.cloud.ecs_sdk import VARIABLE
from tui.judge.addresses import addresses
from tui.judge.firewall import Group as JudgedGroup
from tui.judge.firewall import Instance as JudgedInstance
from tui.judge.firewall import Interface, Wall
from tui.judge.firewall import Rule as JudgedRule
from tui.judge.firewall_reach import reach
from tui.judge.firewall_read import rule_from_map
from tui.practice.ecs import shapes
from tui.practice.ecs.agent import watched
from tui.practice.ecs.faults import Fault
from tui.practice.ecs.invocation import Task, Trouble
from tui.practice.ecs.server import EcsServer
from tui.practice.ecs.service import Service
from tui.practice.ecs.signature import Key
from tui.practice.ecs.state import Cloud, Eni, Group, Instance, Rule
from tui.practice.shell import Place
from tui.practice.tools.cloud import INSTANCE, REGION
from tui.practice.tools.ground import Ground

KEY: Final = Key("LTAI-practice-0001", "practice-secret-good-for-nothing")
GROUP, INNER = "sg-practice0001", "sg-practice0002"
TAILNET_DIES, API_DIES, ASSISTANT_OFFLINE = "tailnet-dies-after-close", "api-dies-on-way-back", "assistant-offline"
DEADLY: Final = frozenset({TAILNET_DIES, API_DIES})
"""Faults under which the tailnet lets nobody in from the moment the public door is shut until it opens again."""
LOST_CALLS: Final = 16
"""Calls left without an answer once the change was looked at; each question is asked four times, so the way back fails four times."""
READER: Final = "198.51.100.7"
"""The address from which the reader's computer comes to the server over the internet."""
_SYSTEM = "System created rule."


class Alibaba:
    """The account, served on loopback. `environ` leads the program to it; `is_open` is whether its groups let the reader in.

    `tailnet_answers` is False while a fault keeps the tailnet from letting anybody in. `on_door` and `on_tailnet` are told of each change.
    """

    def __init__(self, host: Ground, place: Place, on_door: Callable[[bool], None], on_tailnet: Callable[[bool], None]) -> None:
        self._host, self._place, self._on_door, self._on_tailnet = host, place, on_door, on_tailnet
        self.cloud = account(str(host.host()["public_ip"]), str(host.host()["hostname"]))
        self.is_open = True
        faults = host.host()["faults"]
        self._dies, self._api_dies = not DEADLY.isdisjoint(faults), API_DIES in faults
        self.tailnet_answers = True
        self.cloud.region(REGION).instances[INSTANCE].agent = ASSISTANT_OFFLINE not in faults
        self.cloud.on_rules = self._follow
        self._service = service = Service(self.cloud, self._execute)
        service.gate.add(KEY)
        self._server = EcsServer(service)
        self._server.__enter__()
        self.environ: Mapping[str, str] = {VARIABLE: self._server.endpoint, ID: KEY.id, SECRET: KEY.secret}

    def close(self) -> None:
        """End it."""
        self._server.__exit__(None, None, None)

    def _follow(self, _: Group) -> None:
        now = lets_in(self.cloud, READER)
        if now != self.is_open:
            self.is_open = now
            self._on_door(now)
            self._befall(closed=not now)

    def _befall(self, *, closed: bool) -> None:
        """What is to go wrong as soon as the door is shut; once, so that a second lockdown goes well. An open door ends it."""
        dead, self._dies = closed and self._dies, self._dies and not closed
        if dead and self._api_dies:
            self._service.faults.add(Fault("lost", "DescribeSecurityGroups", first=2, times=LOST_CALLS))
        if dead == self.tailnet_answers:
            self.tailnet_answers = not dead
            self._on_tailnet(not dead)

    def _execute(self, task: Task) -> int:
        """What Cloud Assistant's agent does with a script; while the server's answers are dropped, nothing reaches it."""
        if self._host.drops_replies():
            raise Trouble("ClientNotOnline", "The Cloud Assistant client is not online.")
        place = self._place
        jail, door = str(Path(__file__).with_name("jail.py")), "confined" if place.confined else "open"
        words = [sys.executable, "-I", "-S", jail, str(place.root), "pipe", door, place.bash, "-c", 'sudo bash -c "$(cat)"']
        pipe = subprocess.PIPE
        environ = {name: value for name, value in place.environ.items() if name != "SSH_CONNECTION"}
        with subprocess.Popen(
            words, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, cwd=place.home, env=environ, start_new_session=True
        ) as process:
            return watched(process, task)


def account(public_ip: str, name: str) -> Cloud:
    """The account: the practice host and a second server behind one group, and a group of its own for what comes from inside."""
    cloud = Cloud()
    region = cloud.region(REGION)
    for other in ("cn-beijing", "cn-shanghai"):
        cloud.region(other)
    anybody = "0.0.0.0/0"
    region.groups[GROUP] = Group(
        GROUP, "sg-web",
        rules=[
            Rule("sgr-practice0001", priority=100, cidr=anybody, description=_SYSTEM),
            Rule("sgr-practice0002", priority=100, protocol="ICMP", ports="-1/-1", cidr=anybody, description=_SYSTEM),
            Rule("sgr-practice0003", priority=100, ports="80/80", cidr=anybody, description="web"),
            Rule("sgr-practice0004", priority=100, ports="443/443", cidr=anybody, description="web"),
        ],
    )  # fmt: skip
    region.groups[INNER] = Group(INNER, "sg-inner", rules=[Rule("sgr-practice0005", priority=10, cidr="10.0.0.0/8", description="office")])
    card = Eni("eni-practice0001", [GROUP, INNER], "172.16.0.10")
    region.instances[INSTANCE] = Instance(INSTANCE, name, public_ip=public_ip, enis=[card])
    region.instances["i-practice0000000002"] = Instance(
        "i-practice0000000002", "web-2", public_ip="203.0.113.12", enis=[Eni("eni-practice0002", [GROUP], "172.16.0.12")]
    )
    return cloud


def lets_in(cloud: Cloud, address: str, port: int = 22) -> bool:
    """Whether the groups of the practice host let that address in, by the program's own judgement of rules."""
    region = cloud.region(REGION)
    card = region.instances[INSTANCE].primary
    groups = []
    for name in card.groups:
        rules = (rule_from_map(shapes.rule(cloud, each)) for each in region.groups[name].rules)
        groups.append(JudgedGroup(name, rules=tuple(each for each in rules if isinstance(each, JudgedRule))))
    wall = Wall(JudgedInstance(INSTANCE, interfaces=(Interface(card.id, tuple(card.groups)),)), tuple(groups))
    return any(addresses(address) <= each.public for each in reach(wall, port))
