"""Public SSH closed for real: the rules drive a packet filter on the server's link, and every end is judged by logins from outside.

The first test takes its time. Those after it disturb one lockdown each, of a program in which only the waiting is shorter: faults of the
cloud at each kind of call, ways in that die after the change, a program that is killed. Two ends are allowed: closed and proven, or the
old rules back; and what the reader was told is the one that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from guarded import KILL, RULES, STOP, Ended, Guarded, Running, greets
from lab import Lab, Tailnet
from lab.tailnet import ASSISTANT

from tui.judge.lockdown import Next, Phase
from tui.practice.ecs.errors import ApiError
from tui.practice.ecs.faults import Fault, Raw, throttled
from tui.practice.ecs.state import Rule

INSTALL = "set -o pipefail; curl -fsSL https://tailscale.com/install.sh | sh"
EVERYBODY = {"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]}
SPARED = {**EVERYBODY, "nodeAttrs": [{"target": ["*"], "attr": ["disable-linux-cgnat-drop-rule"]}]}
WRITE, READ, RUN = "ModifySecurityGroupRule", "DescribeSecurityGroupAttribute", "RunCommand"
REFUSES = "iptables {} INPUT -i tailscale0 -p tcp --dport 22 -j REJECT --reject-with tcp-reset"


@dataclass
class Both:
    """Two servers: `guarded` for what goes wrong, and `patient`, whose lockdown takes all the time it takes beside that."""

    guarded: Guarded
    patient: Guarded
    home: Path
    running: Running


@pytest.fixture(scope="module")
def both(lab: Lab, tailnet: Tailnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Both in the tailnet, each behind a wall of its own, and the reader's computer, which reaches them from the internet."""
    control, laptop = tailnet.control, tailnet.laptop
    control.clear()
    control.policy(SPARED)
    laptop.exec(f"tailscale up --timeout=40s --auth-key={control.preauth_key()}")
    with ExitStack() as stack:
        hosts = [stack.enter_context(tailnet.bare(name)) for name in ("guarded", "patient")]
        two = [stack.enter_context(Guarded(lab, host, laptop, place)) for host, place in zip(hosts, (8, 9), strict=True)]
        with ThreadPoolExecutor() as pool:
            list(pool.map(join, two, [control.preauth_key() for _ in two]))
        for each in two:
            control.disable_expiry(each.host.name)
            assert (each.public(), each.inner()) == (True, True)
        home = tmp_path_factory.mktemp("patient")
        running = two[1].lock_down(home, hasty=False, typed="")
        stack.callback(running.close)
        yield Both(*two, home, running)
        laptop.exec("tailscale logout")
    laptop.write_client()
    control.policy(EVERYBODY)
    control.clear()


def join(guarded: Guarded, key: str) -> None:
    """Have Tailscale on a server, logged in."""
    guarded.host.exec(INSTALL, check=True, timeout=120)
    guarded.host.exec(f"tailscale up --timeout=40s --auth-key={key}", check=True)
    guarded.tailnet = guarded.host.exec("tailscale ip -4", check=True).stdout.strip()


@pytest.fixture
def guarded(both: Both) -> Iterator[Guarded]:
    """The one of which everything may be broken: it is whole before and after."""
    with both.guarded.fresh():
        yield both.guarded
    both.guarded.host.exec("systemctl start tailscaled && tailscale up && tailscale wait --timeout=20s", check=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The program's own folder."""
    return tmp_path / "home"


def next_start(guarded: Guarded, home: Path) -> Ended:
    """The next time the program is started, for something else altogether."""
    return guarded.zhinan(home, "steps", str(home / "guide.md")).end()


def once(do: Callable[[], object]) -> Callable[[], None]:
    """The first time only."""
    left = [do]
    return lambda: left and left.pop()() and None  # type: ignore[func-returns-value]


BROKEN = ApiError("InternalError", status=500)
HTML, ODD = Raw(502, b"<html>bad gateway</html>", "text/html"), Raw(200, b"[]")
DISTURBED = {
    # name: (faults of the cloud, how it ends)
    "write: error, not made, four times": ([Fault("say", WRITE, times=4, error=BROKEN)], Phase.RESTORED),
    "write: error, made, four times": ([Fault("say", WRITE, times=4, error=BROKEN, after=True)], Phase.RESTORED),
    "write: throttled once, unanswered once unmade, once made": (
        [throttled(WRITE), Fault("lost", WRITE, 2), Fault("lost", WRITE, 3, after=True)], Phase.CLOSED,
    ),
    "write: silence until it times out, made, four times": ([Fault("silent", WRITE, times=4, after=True)], Phase.RESTORED),
    "second write: nonsense, made, four times": ([Fault("say", WRITE, 2, 4, after=True, reply=ODD)], Phase.RESTORED),
    "look: a proxy's pages after the write, for a while": ([Fault("say", READ, 3, 9, reply=HTML)], Phase.CLOSED),
    "look: errors after the write, until after the last look": ([Fault("say", READ, 3, 40, error=BROKEN)], Phase.RESTORED),
}  # fmt: skip


@pytest.mark.parametrize("name", DISTURBED)
def test_the_cloud_disturbs_it(guarded: Guarded, home: Path, name: str) -> None:
    faults, phase = DISTURBED[name]
    guarded.service.faults.add(*faults)
    ended = guarded.lock_down(home).end()
    assert (guarded.judge(home, ended), ended.code) == (phase, 0 if phase is Phase.CLOSED else 1), ended.said


def test_rules_that_hold_late_are_waited_for(guarded: Guarded, home: Path) -> None:
    """The cloud shows the old rules for a while, the new ones take a moment to hold, and cut the connections there are."""
    guarded.cloud.lag = 3
    guarded.wall.late, guarded.wall.cuts = 1.5, True
    ended = guarded.lock_down(home).end()
    assert guarded.judge(home, ended) is Phase.CLOSED, ended.said


def test_old_rules_are_shown_for_too_long(guarded: Guarded, home: Path) -> None:
    guarded.cloud.lag = 12
    ended = guarded.lock_down(home).end()
    assert guarded.judge(home, ended) is Phase.RESTORED, ended.said


def test_rules_that_shut_nothing_are_not_called_closed(guarded: Guarded, home: Path) -> None:
    """Something else lets the internet in: a load balancer, say."""
    guarded.wall.deaf = True
    ended = guarded.lock_down(home).end()
    assert "still gets in" in ended.said
    assert guarded.judge(home, ended) is Phase.RESTORED, ended.said


@pytest.mark.parametrize(
    ("dies", "lives"),
    [
        ("systemctl stop tailscaled", "true"),
        (f"ip route add unreachable {ASSISTANT}", f"ip route del unreachable {ASSISTANT}"),
    ],
    ids=["tailnet", "assistant"],
)
def test_a_way_in_that_dies_with_the_write_brings_the_old_rules_back(guarded: Guarded, home: Path, dies: str, lives: str) -> None:
    guarded.written = once(lambda: guarded.host.exec(dies, check=True))
    try:
        ended = guarded.lock_down(home).end()
        assert guarded.judge(home, ended) is Phase.RESTORED, ended.said
    finally:
        guarded.host.exec(lives)
    assert ended.code == 1


def test_taken_apart_and_put_back(guarded: Guarded, home: Path) -> None:
    """Rules are deleted, a wide one is split so that its other ports stay open; and all of them come back, in exactly the old words."""
    guarded.begin(*RULES, Rule("sgr-wide", priority=30, ports="1/1024", cidr="0.0.0.0/0", description="all of the small ones"))
    guarded.host.exec("/usr/sbin/sshd -p 80 -o PidFile=/run/web.pid", check=True)
    try:
        ended = guarded.lock_down(home, mode="remove", wide="split").end()
        assert guarded.judge(home, ended) is Phase.CLOSED, ended.said
        assert greets(guarded.host.ip, 80), guarded.wall.shown()
        back = guarded.zhinan(home, "undo", typed=f"{guarded.host.name}\n").end()
        assert guarded.judge(home, back) is Phase.RESTORED, back.said
        assert greets(guarded.host.ip, 80), guarded.wall.shown()
    finally:
        guarded.host.exec("kill $(cat /run/web.pid)")
    assert len(guarded.group.rules) == len(guarded.before)


def test_a_rule_that_somebody_adds_meanwhile_is_seen(guarded: Guarded, home: Path) -> None:
    running = guarded.lock_down(home)
    held = guarded.holds(RUN, 2)
    assert held.arrived.wait(120), running.said()
    guarded.cloud.write(guarded.group, [*guarded.group.rules, Rule("sgr-theirs", priority=1, cidr="0.0.0.0/0")])
    held.set()
    ended = running.end()
    assert guarded.judge(home, ended) is Phase.RESTORED, ended.said
    assert "sgr-theirs" in {each.id for each in guarded.group.rules}, "what others made is theirs"


@pytest.mark.parametrize(
    ("call", "number", "died", "left"),
    [
        (WRITE, 1, Phase.WRITING, Phase.RESTORED),
        (READ, 3, Phase.WRITTEN, Phase.RESTORED),
        (RUN, 2, Phase.PROVING, Phase.RESTORED),
        (READ, 5, Phase.CLOSED, Phase.CLOSED),
    ],
)
def test_killed_and_started_again(guarded: Guarded, home: Path, call: str, number: int, died: Phase, left: Phase) -> None:
    """The call that it is killed at still reaches the cloud, and does what it does."""
    held = guarded.holds(call, number)
    running = guarded.lock_down(home)
    assert held.arrived.wait(120), running.said()
    running.signal(KILL)
    assert running.end().code == -KILL
    held.set()
    assert guarded.story(home).phase is died
    ended = next_start(guarded, home)
    assert guarded.judge(home, ended, told=False) is left, ended.said
    assert ("old rules are back" in ended.said) is (left is Phase.RESTORED)


def test_killed_on_the_way_back(guarded: Guarded, home: Path) -> None:
    guarded.written = once(lambda: guarded.host.exec(REFUSES.format("-I"), check=True))
    held = guarded.holds(WRITE, 3)
    running = guarded.lock_down(home)
    try:
        assert held.arrived.wait(120), running.said()
        running.signal(KILL)
        running.end()
        assert guarded.story(home).phase is Phase.ROLLING_BACK
        guarded.service.faults.add(Fault("lost", "*", times=5))
        held.set()
        ended = next_start(guarded, home)
        assert guarded.judge(home, ended, told=False) is Phase.RESTORED, ended.said
    finally:
        guarded.host.exec(REFUSES.format("-D"))


def test_a_cloud_that_is_gone_on_the_way_back_is_tried_again(guarded: Guarded, home: Path) -> None:
    def dies() -> None:
        guarded.host.exec(REFUSES.format("-I"), check=True)
        guarded.service.faults.add(Fault("lost", WRITE, 2, 10), Fault("lost", READ, 3, 10))

    guarded.written = once(dies)
    try:
        ended = guarded.lock_down(home).end()
    finally:
        guarded.host.exec(REFUSES.format("-D"))
    assert "not back yet" in ended.said
    assert guarded.judge(home, ended) is Phase.RESTORED, ended.said


def test_who_stops_the_way_back_is_told_that_the_rules_are_not_back(guarded: Guarded, home: Path) -> None:
    """And the next start, with the cloud there again, brings them back."""

    def dies() -> None:
        guarded.host.exec(REFUSES.format("-I"), check=True)
        guarded.service.faults.add(Fault("lost", WRITE, 2, 1000))

    guarded.written = once(dies)
    running = guarded.lock_down(home)
    try:
        running.hears("not back yet")
        running.signal(STOP)
        ended = running.end()
    finally:
        guarded.host.exec(REFUSES.format("-D"))
    assert ended.code == 3, ended.said
    assert "the old rules are not all back" in ended.said
    assert (guarded.story(home).phase, guarded.story(home).next) == (Phase.NEEDS_HAND, Next.ROLL_BACK)
    assert not guarded.public()
    guarded.service.faults.clear()
    ended = next_start(guarded, home)
    assert guarded.judge(home, ended, told=False) is Phase.RESTORED, ended.said


def test_a_reader_who_stops_it_has_the_old_rules(guarded: Guarded, home: Path) -> None:
    held = guarded.holds(RUN, 2)
    running = guarded.lock_down(home)
    assert held.arrived.wait(120), running.said()
    running.signal(STOP)
    ended = running.end()
    held.set()
    assert ended.code == 130, ended.said
    assert "you stopped it. The old rules are back" in ended.said
    assert guarded.judge(home, ended) is Phase.RESTORED, ended.said


def test_nothing_disturbs_it(both: Both) -> None:
    """The whole of it, in its own time: closed, nothing to do a second time, and opened again weeks later."""
    patient, home = both.patient, both.home
    both.running.hears("type patient to go on")
    assert not patient.writes
    assert patient.public()
    both.running.type("patient\n")
    ended = both.running.end()
    assert ended.code == 0, ended.said
    assert patient.judge(home, ended) is Phase.CLOSED
    assert "time goes faster" not in ended.said

    again = patient.lock_down(home, hasty=False, at=patient.tailnet).end()
    assert "nothing to change" in again.said
    assert (again.code, len(patient.writes)) == (0, 2)

    away = patient.lock_down(home, hasty=False).end()  # by the address that does not answer any more
    assert away.code == 3, away.said
    assert "was closed by this program" in away.said
    assert f"by the address {patient.tailnet}" in away.said

    back = patient.zhinan(home, "undo", hasty=False, typed="patient\n").end()
    assert back.code == 0, back.said
    assert patient.judge(home, back) is Phase.RESTORED
