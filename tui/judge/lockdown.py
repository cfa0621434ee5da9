"""The story of one lockdown, told by its record: a fold from what was written down to what must be done next.

Every step is recorded before it is taken, so after a crash the record says the most that can have happened. From the first change that may
have been sent until all of them are proven, there is one safe way on, and it is back: a proof made by a program that died proves
nothing now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from tui.judge.firewall import Rule, Wall
from tui.judge.firewall_change import Authorize, Change, Modify, applied
from tui.judge.firewall_read import NotFirewall, rule_from_map
from tui.judge.firewall_store import change_from_map, wall_from_map

FORMAT = "zhinan.lockdown/1"
OPENING = "opening"
"""The `kind` of a record that is no lockdown: one address is let in for some hours (`act.opening`). Its way back shuts it out again."""
_TURNED_BACK = 300.0
"""Seconds by which the clock may have been set back since an address was let in; beyond that nobody knows how long it has been."""


class Phase(StrEnum):
    """What an entry says. `writing` comes before each change that is sent, the ones of the way back included.

    `dropped`: it ended before anything was sent. `closed`: proven, and the end. `restored`: the old rules are back, and were seen to be.
    `needs hand`: the way back did not come to its end. `open`: an address is let in, and was seen to be, until a moment that is told.
    """

    INTENDED = "intended"
    SAVED = "saved"
    WRITING = "writing"
    WRITTEN = "written"
    PROVING = "proving"
    CLOSED = "closed"
    OPEN = "open"
    ROLLING_BACK = "rolling back"
    RESTORED = "restored"
    NEEDS_HAND = "needs hand"
    DROPPED = "dropped"


class Next(StrEnum):
    """What must be done by whoever finds the record. `forget`: nothing was sent, so only that is to be noted. `wait`: not yet."""

    NOTHING = "nothing"
    WAIT = "wait"
    FORGET = "forget"
    ROLL_BACK = "roll back"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a record: what is so from `at` (Unix seconds) on, or is just about to be."""

    phase: Phase
    at: float
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A change that may have been sent, with the token under which it can be repeated. `back`: it belongs to the way back."""

    change: Change
    token: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """A record, folded. `plan` are all changes in their order, `before` the old rules; both are there from `saved` on.

    `server` is the name the reader knows, `tailnet` its address there, `endpoint` the API's where it is not the cloud's own, `why` the last
    reason told.

    Of an opening: `source` is who is let in (a CIDR), `until` when that ends (Unix seconds), `opened` the rule as the cloud has it, with
    its id, once it was seen (`seen_at`).
    """

    phase: Phase
    region: str
    instance: str
    server: str = ""
    port: int = 22
    allowed: tuple[str, ...] = ()
    endpoint: str = ""
    begun: float = 0.0
    ended: float = 0.0
    before: Wall | None = None
    plan: tuple[Change, ...] = ()
    sent: tuple[Sent, ...] = ()
    why: Mapping[str, str] | None = None
    tailnet: str = ""
    kind: str = ""
    source: str = ""
    until: float = 0.0
    opened: Rule | None = None
    seen_at: float = 0.0

    @property
    def after(self) -> Wall | None:
        """The rules as planned."""
        return applied(self.before, self.plan) if self.before else None

    @property
    def next(self) -> Next:
        """What must be done."""
        match self.phase:
            case Phase.CLOSED | Phase.RESTORED | Phase.DROPPED:
                return Next.NOTHING
            case Phase.INTENDED | Phase.SAVED:
                return Next.FORGET
            case Phase.OPEN | Phase.WRITING | Phase.WRITTEN if self.opened is not None:
                return Next.WAIT
            case _:
                return Next.ROLL_BACK

    def at(self, now: float) -> Next:
        """The same at a moment (Unix seconds): an opening waits for its end. Where the clock was set back, nobody knows: it is over."""
        over = not self.seen_at - _TURNED_BACK <= now < self.until
        return Next.ROLL_BACK if self.next is Next.WAIT and over else self.next

    @property
    def own(self) -> tuple[Rule, ...]:
        """Of an opening: the rule in each wording it was given. Only one that is still exactly so may be taken away."""
        return tuple(change.after for change in self.forward if isinstance(change, Authorize | Modify))

    @property
    def group(self) -> str:
        """Of an opening: the security group it is in."""
        return next((change.group for change in self.plan), "")

    @property
    def forward(self) -> tuple[Change, ...]:
        """The changes towards the plan that may have been made."""
        return tuple(each.change for each in self.sent if not each.back)


def fold(entries: Iterable[Entry]) -> Story:
    """The story. Raises NotFirewall for entries that tell none: no beginning, another format, rules nobody understands."""
    story: Story | None = None
    for entry in entries:
        story = _begun(entry) if story is None else _told(story, entry)
    if story is None:
        raise NotFirewall("no entry")
    return story


def _begun(entry: Entry) -> Story:
    facts = entry.facts
    if entry.phase is not Phase.INTENDED or facts.get("format") != FORMAT:
        raise NotFirewall(f"begins with {entry.phase}, format {facts.get('format')!r}")
    return Story(
        entry.phase, str(facts["region"]), str(facts["instance"]), str(facts.get("server", "")), int(facts.get("port", 22)),
        tuple(str(each) for each in facts.get("allowed", ())), str(facts.get("endpoint", "")), entry.at, entry.at,
        tailnet=str(facts.get("tailnet", "")), kind=str(facts.get("kind", "")),
        source=str(facts.get("source", "")), until=float(facts.get("until", 0)),
    )  # fmt: skip


def _told(story: Story, entry: Entry) -> Story:
    told = replace(story, phase=entry.phase, ended=entry.at, why=entry.facts.get("why", story.why))
    match entry.phase:
        case Phase.SAVED:
            changes = tuple(change_from_map(each) for each in entry.facts["plan"])
            return replace(told, before=wall_from_map(entry.facts["before"]), plan=changes)
        case Phase.WRITING:
            back = bool(entry.facts.get("back"))
            sent = Sent(change_from_map(entry.facts["change"]), str(entry.facts["token"]), back)
            return replace(told, sent=(*told.sent, sent), phase=Phase.ROLLING_BACK if back else Phase.WRITING)
        case Phase.OPEN:
            rule = rule_from_map(entry.facts["rule"])
            if not isinstance(rule, Rule):
                raise NotFirewall(rule.why)
            return replace(told, opened=rule, until=float(entry.facts["until"]), seen_at=entry.at)
        case _:
            return told
