"""A server behind security groups that are real: what the practice cloud's interface is told to change, the packet filter on its link does.

The interface answers on the reader's computer, the wall stands on the server's link, and Cloud Assistant is on the server and reaches
the cloud over the cloud's inner network, or is silent. Every end is judged from outside: by rules, by logins, by the record.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from headless_lab import act, small
from lab import Host, Lab, Laptop, Wall, inside
from lab.tailnet import ASSISTANT, INSTANCE, REGION

from tui.act.lockdown_record import records
from tui.judge.lockdown import Next, Phase, Story
from tui.practice.ecs.agent import Agent
from tui.practice.ecs.faults import Fault
from tui.practice.ecs.invocation import Task, Trouble
from tui.practice.ecs.server import EcsServer
from tui.practice.ecs.service import Service
from tui.practice.ecs.signature import Key
from tui.practice.ecs.state import Cloud, Eni, Group, Instance, Rule

KEY = Key("LTAI-lab", "secret-lab")
GROUP = "sg-lab0001"
RULES = (
    Rule("sgr-ssh", priority=100, cidr="0.0.0.0/0", description="System created rule."),
    Rule("sgr-six", priority=100, cidr6="::/0", description="v6"),
    Rule("sgr-web", priority=1, ports="443/443", cidr="0.0.0.0/0"),
    Rule("sgr-ping", priority=100, protocol="ICMP", ports="-1/-1", cidr="0.0.0.0/0"),
    Rule("sgr-bad", policy="Drop", priority=50, cidr="192.0.2.0/24"),
)
HASTY = str(Path(__file__).with_name("hasty.py"))


class Held(threading.Event):
    """The gate of a call that is kept waiting: `arrived` is set once it came."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.arrived.set()
        return super().wait(timeout)


def greets(address: str, port: int = 22) -> bool:
    """Whether SSH greets whoever knocks there."""
    try:
        with socket.create_connection((address, port), timeout=1) as line:
            line.settimeout(5)
            return line.recv(4) == b"SSH-"
    except OSError:
        return False


@dataclass(frozen=True)
class Ended:
    """One run of the program: its exit code (negative: the signal), and all it said."""

    code: int
    said: str


class Running:
    """The program on the reader's computer, at a terminal on which `typed` was typed beforehand."""

    def __init__(self, laptop: Laptop, words: Sequence[str], environment: dict[str, str], typed: str = "") -> None:
        self._line, end = os.openpty()
        os.write(self._line, typed.encode())
        self._process = laptop.popen(*words, env=environment, stdin=end, stderr=subprocess.STDOUT)
        os.close(end)
        self._said: list[str] = []
        self._heard = threading.Condition()
        self._reader = threading.Thread(target=self._listen)
        self._reader.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while piece := os.read(self._process.stdout.fileno(), 65536):
            with self._heard:
                self._said.append(piece.decode(errors="replace"))
                self._heard.notify_all()

    def said(self) -> str:
        """All so far."""
        return "".join(self._said)

    def hears(self, words: str, seconds: float = 240.0) -> None:
        """Until it says that."""
        with self._heard:
            found = self._heard.wait_for(lambda: words in self.said() or not self._reader.is_alive(), seconds)
        assert found, self.said()
        assert words in self.said(), self.said()

    def type(self, text: str) -> None:
        """At its terminal."""
        os.write(self._line, text.encode())

    def signal(self, number: int) -> None:
        """To the program itself."""
        self._process.send_signal(number)

    def end(self, seconds: float = 240.0) -> Ended:
        """Its end, which must come within so many seconds."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"not over after {seconds:g} s; it said:\n{self.said()}") from error
        finally:
            self.close()
        return Ended(code, self.said())

    def close(self) -> None:
        """End it if it runs."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if self._line >= 0:
            os.close(self._line)
            self._line = -1


class Guarded:
    """`host` behind `wall`, `cloud` and its `service`, and how it looks from outside. `tailnet` is the host's address there.

    A context manager; `fresh` makes all whole again.
    """

    def __init__(self, lab: Lab, host: Host, laptop: Laptop, place: int) -> None:
        self.host, self.laptop, self.wall = host, laptop, Wall(lab.internet, host, place, [laptop.space])
        self.tailnet = ""
        self.cloud = Cloud()
        self.group = Group(GROUP, "sg-lab")
        region = self.cloud.region(REGION)
        region.groups[GROUP] = self.group
        card = Eni("eni-lab0001", [GROUP], "172.16.0.5", [self.wall.six])
        region.instances[INSTANCE] = Instance(INSTANCE, host.name, public_ip=host.ip, enis=[card])
        self.service = Service(self.cloud, self._execute)
        self.service.gate.add(KEY)
        self.server = inside(laptop.space, lambda: EcsServer(self.service))
        self.written: Callable[[], object] = lambda: None
        self.cloud.on_rules = self._follow
        self.begin(*RULES)

    def __enter__(self) -> Guarded:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__(None, None, None)
        self.wall.remove()

    @contextmanager
    def fresh(self) -> Iterator[Guarded]:
        """As it was in the beginning, before and after the block, whatever was done to it."""
        try:
            yield self
        finally:
            self.service.faults.clear()
            self.wall.settle()
            self.wall.late, self.wall.deaf, self.wall.cuts, self.wall.polite = 0.0, False, False, False
            self.cloud.lag = 0
            self.written = lambda: None
            self.begin(*RULES)
            self.laptop.mend()

    def begin(self, *rules: Rule) -> None:
        """These are the rules from now on, and the ones that count as the old ones."""
        self.before = rules
        self.group.rules, self.group.lag = list(rules), 0
        self.wall.apply(rules)

    def _follow(self, group: Group) -> None:
        self.wall.apply(group.rules)
        self.written()

    def _execute(self, task: Task) -> int:
        """As its agent does: it asks the cloud for work over the inner network, and one that gets no answer there does nothing."""
        if self.host.exec(f"timeout 2 bash -c '</dev/tcp/{ASSISTANT}/443'").returncode:
            raise Trouble("ClientNotOnline")
        return Agent(self.host.enter)(task)

    # The program

    def environment(self, home: Path) -> dict[str, str]:
        """What the program is given."""
        return {
            "ZHINAN_HOME": str(home),
            "ZHINAN_LANG": "en",
            "ZHINAN_ECS_ENDPOINT": self.server.endpoint,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY.id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY.secret,
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        }

    def lock_down(self, home: Path, *, hasty: bool = True, typed: str | None = None, at: str = "", **options: str) -> Running:
        """`zhinan run` of a guide whose one step is the lockdown, which reaches the server `at` its tailnet address or by its name.

        The server's name is typed unless something else is.
        """
        home.mkdir(exist_ok=True)
        guide = small(home / "guide.md", [act("aliyun.lockdown", server="ecs", local="local", **options)])
        words = ("run", str(guide), "--on", f"ecs=ssh://root@{at or self.host.name}", "--yes", "--accept-new-host-key")
        return self.zhinan(home, *words, hasty=hasty, typed=f"{self.host.name}\n" if typed is None else typed)

    def zhinan(self, home: Path, *words: str, hasty: bool = True, typed: str = "") -> Running:
        """The program on the reader's computer."""
        program = (HASTY,) if hasty else ("-m", "tui")
        return Running(self.laptop, (sys.executable, *program, *words), self.environment(home), typed)

    def holds(self, api: str, number: int = 1) -> Held:
        """From here on, call number so-and-so of an action is kept waiting."""
        gate = Held()
        self.service.faults.add(Fault("late", api, first=number, gate=gate, seconds=120.0))
        return gate

    # The truth

    @property
    def writes(self) -> list[str]:
        """The calls so far that change rules."""
        return [action for action, _ in self.service.faults.asked if action.startswith(("Modify", "Authorize", "Revoke"))]

    def public(self) -> bool:
        """Whether the internet gets in: a login from the reader's computer, a stranger's knock, another over IPv6 must all say the same."""
        with ThreadPoolExecutor() as pool:
            login = pool.submit(self._login, self.host.ip, 3)
            stranger = pool.submit(greets, self.host.ip)
            six = pool.submit(inside, self.laptop.space, partial(greets, self.wall.six))
        found = {"login": login.result(), "stranger": stranger.result(), "six": six.result()}
        assert len(set(found.values())) == 1, (found, self.wall.shown())
        return found["login"]

    def inner(self) -> bool:
        """Whether a login through the tailnet works."""
        return self._login(self.tailnet, 20)  # two that have not spoken yet take a moment to find each other

    def _login(self, address: str, patience: int) -> bool:
        ssh = f"ssh -o BatchMode=yes -o ConnectTimeout={patience} -o HostKeyAlias={self.host.ip} root@{address} hostname"
        return self.laptop.exec(ssh).stdout == f"{self.host.name}\n"

    def story(self, home: Path) -> Story:
        """What the record tells."""
        story = records(home)[0].story
        assert story is not None
        return story

    def judge(self, home: Path, ended: Ended, *, told: bool = True) -> Phase:
        """The one thing that must hold whatever was done: closed and proven, or open as before; and what was said and kept is what is.

        `told` is whether the program lived to tell that it is closed, if it is.
        """
        self.wall.settle()
        story = self.story(home)
        now = [each.tuple for each in self.group.rules]
        gone = [each for each in self.before if each.tuple not in now]
        assert ("public SSH is closed" in ended.said) is (told and story.phase is Phase.CLOSED), ended.said
        assert story.next is Next.NOTHING, story.phase
        if story.phase is Phase.CLOSED:
            assert not self.public(), self.wall.shown()
            assert self.inner()
            assert gone
        else:
            assert not gone
            assert self.public(), self.wall.shown()
        return story.phase


KILL, STOP = signal.SIGKILL, signal.SIGINT
