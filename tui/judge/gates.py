"""The gates before public SSH is closed: what must have been proven in this run, so that nobody is ever locked out.

Each gate is a judgement of what was seen, with its evidence and what to run where it is shut. What was not looked at, and what was seen too
long ago, is unknown; and unknown never opens. What follows from them is in `gates_open`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tui.judge import gates_words as words
from tui.judge.addresses import SHARED, of
from tui.judge.cgnat import Conclusion, Health
from tui.judge.evidence import Status
from tui.judge.firewall import Wall
from tui.judge.firewall_plan import Plan, sharing
from tui.judge.firewall_read import NotFirewall
from tui.judge.firewall_store import wall_from_json
from tui.judge.peers import Expiry
from tui.judge.ssh_proof import Proof, Reached
from tui.texts import Text, same

FRESH: Final = timedelta(minutes=30)
"""How old a proof may be."""
SETTLED: Final = timedelta(seconds=130)
"""How long after the login the trap shows at the latest: Cloud Assistant counts as alive for two minutes after its last heartbeat."""
IDS: Final = ("tailnet-ssh", "boot", "expiry", "trap", "second-way", "shared", "saved", "plan")
DAYS: Final = 30
"""A key must live longer than that."""


@dataclass(frozen=True, slots=True)
class Login:
    """A fresh SSH login to `address`, and when."""

    proof: Proof
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Boot:
    """tailscaled: whether it starts at boot (None: could not look), when it was restarted on purpose, and the login after that."""

    enabled: bool | None
    restarted: datetime | None = None
    login: Login | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A look at the server's network after the login to Tailscale."""

    health: Health
    logged_in: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Echo:
    """A word sent through Cloud Assistant, and what came back, if anything; `why` says how it ended otherwise."""

    sent: str
    back: str
    seconds: float
    at: datetime
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class ByHand:
    """Another way in that a person tried just now: the console's VNC, Session Manager. `code` is what they brought back from there."""

    way: Text
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """The old rules on disk: where, and the file's text as it was read back."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was looked at in this run; None where nobody looked. `accepted` are the ids of other members the reader agreed to touch."""

    now: datetime
    login: Login | None = None
    boot: Boot | None = None
    expiry: Expiry | None = None
    network: Network | None = None
    echo: Echo | None = None
    by_hand: ByHand | None = None
    plan: Plan | None = None
    accepted: frozenset[str] = frozenset()
    saved: Saved | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate. `evidence` is what carries the judgement; `remedy` the id of what to run where it is shut ("" where it is open).

    The remedies: `verify`, `enable`, `restart`, `expiry`, `network`, `wait`, `assistant`, `accept`, `save`, `plan`.
    """

    id: str
    status: Status
    title: Text
    say: Text
    evidence: str = ""
    remedy: str = ""
    final: bool = False
    """Whether no words open it."""


def gates(seen: Seen) -> tuple[Gate, ...]:
    """All gates, in the order in which they are shown."""
    return tuple(judge(seen) for judge in _GATES)


def _tailnet_ssh(seen: Seen) -> Gate:
    return _login("tailnet-ssh", words.SSH, seen.login, seen.now)


def _login(gate: str, title: Text, login: Login | None, now: datetime) -> Gate:
    if login is None:
        return Gate(gate, Status.UNKNOWN, title, words.NOT_TRIED, remedy="verify")
    try:
        inside = of(login.address) <= SHARED
    except ValueError:
        inside = False
    if not inside:
        return Gate(gate, Status.FAIL, title, words.NOT_TAILNET.fill(address=login.address), login.address, "verify")
    if not _fresh(login.at, now):
        return Gate(gate, Status.UNKNOWN, title, words.OLD.fill(at=_clock(login.at)), login.address, "verify")
    if login.proof.reached is Reached.SAME:
        return Gate(gate, Status.PASS, title, words.LOGGED_IN.fill(address=login.address), login.address)
    unsure = login.proof.reached in (Reached.KEY_ONLY, Reached.UNKNOWN, Reached.NO_CLIENT)
    return Gate(gate, Status.UNKNOWN if unsure else Status.FAIL, title, login.proof.say, login.address, "verify")


def _boot(seen: Seen) -> Gate:
    boot, title = seen.boot, words.BOOT
    if boot is None or boot.enabled is None:
        return Gate("boot", Status.UNKNOWN, title, words.BOOT_UNSEEN, remedy="enable")
    if not boot.enabled:
        return Gate("boot", Status.FAIL, title, words.NOT_ENABLED, "is-enabled: disabled", "enable")
    if boot.restarted is None:
        return Gate("boot", Status.UNKNOWN, title, words.NOT_RESTARTED, "is-enabled: enabled", "restart")
    if boot.login is None or boot.login.at <= boot.restarted:
        return Gate("boot", Status.UNKNOWN, title, words.NOT_BACK.fill(at=_clock(boot.restarted)), remedy="verify")
    after = _login("boot", title, boot.login, seen.now)
    if after.status is not Status.PASS:
        return after
    seconds = int((boot.login.at - boot.restarted).total_seconds())
    return Gate("boot", Status.PASS, title, words.BACK.fill(seconds=seconds), f"restart {_clock(boot.restarted)}")


def _expiry(seen: Seen) -> Gate:
    key, title = seen.expiry, words.EXPIRY
    if key is None or key.state == "unread":
        return Gate("expiry", Status.UNKNOWN, title, key.say if key else words.EXPIRY_UNSEEN, key.at if key else "", "expiry")
    lives = key.state == "never" or (key.state == "valid" and key.days is not None and key.days > DAYS)
    return Gate("expiry", Status.PASS if lives else Status.FAIL, title, key.say, key.at, "" if lives else "expiry")


def _trap(seen: Seen) -> Gate:
    look, title = seen.network, words.TRAP
    if look is None:
        return Gate("trap", Status.UNKNOWN, title, words.TRAP_UNSEEN, remedy="network")
    proof = "; ".join(look.health.proof)
    if look.health.conclusion in (Conclusion.TRAP, Conclusion.OTHER_NETWORK):
        return Gate("trap", Status.FAIL, title, look.health.say, proof, "network")
    rows = {row.id: row for row in look.health.rows}
    alive = any(rows[each].status is Status.PASS for each in words.DNS_ROWS if each in rows)
    needed = [rows[each].status if each in rows else Status.UNKNOWN for each in ("metadata", "assistant")]
    if look.health.conclusion is not Conclusion.FINE or not alive or any(each is not Status.PASS for each in needed):
        fine = look.health.conclusion is Conclusion.FINE
        dead = fine and Status.FAIL in needed
        say = words.TRAP_DEAD if dead else words.TRAP_PARTLY if fine else look.health.say
        return Gate("trap", Status.FAIL if dead else Status.UNKNOWN, title, say, proof, "network")
    if not _fresh(look.at, seen.now):
        return Gate("trap", Status.UNKNOWN, title, words.OLD.fill(at=_clock(look.at)), proof, "network")
    if look.logged_in is None or not _settled(look.logged_in, look.at):
        return Gate("trap", Status.UNKNOWN, title, words.TOO_EARLY.fill(seconds=int(SETTLED.total_seconds())), proof, "wait")
    seconds = int((look.at - look.logged_in).total_seconds())
    return Gate("trap", Status.PASS, title, words.TRAP_MENDED.fill(seconds=seconds), proof)


def _second_way(seen: Seen) -> Gate:
    echo, title = seen.echo, words.SECOND
    logged_in = seen.network.logged_in if seen.network else None
    hand = seen.by_hand
    if hand and _fresh(hand.at, seen.now) and _settled(logged_in, hand.at):
        return Gate("second-way", Status.PASS, title, words.BY_HAND.fill(way=hand.way), f"{hand.code} {_clock(hand.at)}")
    if echo is None:
        return Gate("second-way", Status.UNKNOWN, title, words.SECOND_UNSEEN, remedy="assistant")
    if not echo.sent or echo.back.strip() != echo.sent:
        return Gate("second-way", Status.FAIL, title, words.NO_ECHO.fill(why=echo.why or same(echo.back[:80] or "—")), remedy="assistant")
    if not _fresh(echo.at, seen.now):
        return Gate("second-way", Status.UNKNOWN, title, words.OLD.fill(at=_clock(echo.at)), remedy="assistant")
    if not _settled(logged_in, echo.at):
        text = words.TOO_EARLY.fill(seconds=int(SETTLED.total_seconds()))
        return Gate("second-way", Status.UNKNOWN, title, text, remedy="wait")
    return Gate("second-way", Status.PASS, title, words.ECHO.fill(seconds=f"{echo.seconds:.1f}"), echo.back.strip())


def _shared(seen: Seen) -> Gate:
    others, title = sharing(seen.plan) if seen.plan else None, words.SHARED
    if others is None:
        return Gate("shared", Status.UNKNOWN, title, words.SHARED_UNSEEN, remedy="accept")
    left = [each for each in others if each.id not in seen.accepted]
    names = Text("、".join(each.name or each.id for each in left or others), ", ".join(each.name or each.id for each in left or others))
    evidence = " ".join(each.id for each in others)
    if left:
        return Gate("shared", Status.FAIL, title, words.SHARED_WITH.fill(names=names), evidence, "accept")
    say = words.ACCEPTED.fill(names=names) if others else words.ALONE
    return Gate("shared", Status.PASS, title, say, evidence)


def _saved(seen: Seen) -> Gate:
    title = words.SAVED
    if seen.saved is None or seen.plan is None:
        return Gate("saved", Status.UNKNOWN, title, words.NOT_SAVED, remedy="save", final=True)
    found = _read(seen.saved.text)
    if found != seen.plan.before:
        return Gate("saved", Status.FAIL, title, words.SAVED_WRONG.fill(path=seen.saved.path), seen.saved.path, "save", final=True)
    return Gate("saved", Status.PASS, title, words.SAVED_AT.fill(path=seen.saved.path), seen.saved.path, final=True)


def _planned(seen: Seen) -> Gate:
    plan, title = seen.plan, words.PLAN
    if plan is None:
        return Gate("plan", Status.UNKNOWN, title, words.NO_PLAN, remedy="plan", final=True)
    if plan.ready:
        return Gate("plan", Status.PASS, title, words.PLANNED.fill(count=len(plan.changes), port=plan.port), final=True)
    why = plan.blocked[0] if plan.blocked else plan.choices[0].say
    return Gate("plan", Status.FAIL, title, why, remedy="plan", final=True)


def _fresh(at: datetime, now: datetime) -> bool:
    return timedelta() <= now - at <= FRESH


def _settled(since: datetime | None, at: datetime) -> bool:
    """Whether a collision would have shown by then."""
    return since is not None and at - since >= SETTLED


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}"


def _read(text: str) -> Wall | None:
    try:
        return wall_from_json(text)
    except NotFirewall:
        return None


_GATES: Final[tuple[Callable[[Seen], Gate], ...]] = (
    _tailnet_ssh, _boot, _expiry, _trap, _second_way, _shared, _saved, _planned,
)  # fmt: skip
