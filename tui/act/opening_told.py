"""What is open for whom until when, by the records on the disk: for a panel, `zhinan doctor`, and whoever reads topic `firewall`.

[{id, instance, server, address, port, until, at, state, rule, group, link, why {zh, en} or null}], the newest first
state    open; closing (its time is up, it was not seen closed yet); stuck (it could not be closed, `why`); closed
until    Unix seconds; `at` when the state was last told
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tui.act.lockdown_record import Found, records
from tui.judge.firewall_console import LINK
from tui.judge.lockdown import OPENING, Next, Phase, Story
from tui.judge.opening import plain

_REMEMBERED: Final = 3600.0
"""Seconds for which it is still told that one was closed."""


def standings(home: Path, now: float, instance: str = "") -> list[dict[str, Any]]:
    """All of them, or those of one instance."""
    found = ((each.id, each.story) for each in records(home) if each.story is not None and each.story.kind == OPENING)
    return [
        _told(ident, story, now)
        for ident, story in found
        if story.own and instance in ("", story.instance) and (story.next is not Next.NOTHING or now - story.ended < _REMEMBERED)
    ]


def openings(home: Path) -> tuple[Found, ...]:
    """The records of openings that may have left a rule, the newest first."""
    found = (each for each in records(home) if each.story is not None and each.story.kind == OPENING and each.story.own)
    return tuple(each for each in found if each.story and each.story.next in (Next.WAIT, Next.ROLL_BACK))


def state(story: Story, now: float) -> str:
    """How it stands, in a word."""
    match story.at(now):
        case Next.WAIT:
            return "open"
        case Next.ROLL_BACK:
            return "stuck" if story.phase is Phase.NEEDS_HAND else "closing"
        case _:
            return "closed"


def _told(ident: str, story: Story, now: float) -> dict[str, Any]:
    stands = state(story, now)
    return {
        "id": ident, "instance": story.instance, "server": story.server or story.instance, "address": plain(story.source),
        "port": story.port, "until": story.until, "at": story.ended, "state": stands, "rule": story.opened.id if story.opened else "",
        "group": story.group, "link": LINK.format(region=story.region), "why": dict(story.why) if stands == "stuck" and story.why else None,
    }  # fmt: skip
