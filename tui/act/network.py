"""Action `aliyun.network`: does the server still reach Alibaba Cloud's own services, before the login, after it, and a while later.

The drop begins with the login, but connections that were open and answers that were kept hide it for a while; so the look after the login
is made twice (where anything answers at all), and each is compared with what answered before. Where the trap bites the step fails and names
the ways out; what can't be decided is said and does not fail the step.

Options: phase (before, after, later; default after), again_after (how long `after` waits for its second look, default 130s), token (name
of the secret input with a Tailscale token, default TAILSCALE_API_TOKEN; it only decides which ways out are offered). Observes topic
`network` (see network_look). Learns network_before, network_after (for the next look) and network_region.
"""

from __future__ import annotations

import time
from typing import Final

from tui.act.network_look import AFTER, BEFORE, check_names, choice, earlier, log, seconds, take_look, tell
from tui.errors import Refused
from tui.judge.cgnat import Conclusion, Health, Probe, judge, recall
from tui.judge.cgnat_mends import Mend
from tui.judge.evidence import Status
from tui.run.action import Stage
from tui.texts import Text

AGAIN_AFTER: Final = 130.0
_EVERY: Final = 10.0
"""Seconds between two tellings of the countdown."""


async def network(stage: Stage) -> None:
    """Look, compare, and say what it comes to. Raises Refused where the trap bites, Unreachable where nothing could be seen."""
    check_names(stage.spec)
    phase = choice(stage.spec, "phase", ("before", "after", "later"), "after")
    wait = seconds(stage.spec, "again_after", AGAIN_AFTER)
    before = None if phase == "before" else earlier(stage)
    first = recall(stage.values.get(AFTER, "")) if phase == "later" else None
    now = await take_look(stage)
    health = judge(before, first, now) if first else judge(before, now)
    if phase == "after" and not bites(health, now) and could_change(health):
        await log(stage, health)
        await _wait(stage, health, now, wait)
        first, now = now, await take_look(stage)
        health = judge(before, first, now)
        phase = "later"
    offered = await tell(stage, phase, health, now)
    await log(stage, health)
    if bites(health, now):
        raise refused(health, offered)
    stage.learn(**{BEFORE if phase == "before" else AFTER: now.remember()})


async def _wait(stage: Stage, health: Health, now: Probe, wait: float) -> None:
    """Let the time go by before the second look, counting down for the panel. Raises Cancelled when stopped."""
    wait = await stage.wait_of(wait)
    text = Text("{seconds} 秒后再看一次：已有的连接和缓存会把问题盖住一阵", "looking again in {seconds} seconds: open connections and caches hide it for a while")  # fmt: skip # noqa: E501
    await stage.note(text.fill(seconds=f"{wait:.0f}"))
    until = time.time() + wait
    while (left := until - time.time()) > 0:
        await tell(stage, "after", health, now, again_at=until)
        await stage.sleep(min(_EVERY, left))


def could_change(health: Health) -> bool:
    """Whether a later look could show something else: on an Alibaba server, where anything at all answers now."""
    return health.conclusion is not Conclusion.NOT_ALIBABA and any(row.status is Status.PASS for row in health.rows)


def bites(health: Health, probe: Probe) -> bool:
    """Whether something of this server's is cut off. Elsewhere than on Alibaba, one stray packet from that range is nothing yet."""
    if health.conclusion is Conclusion.OTHER_NETWORK:
        return bool(probe.others and health.risen)
    return health.conclusion is Conclusion.TRAP


def refused(health: Health, offered: tuple[Mend, ...]) -> Refused:
    """The sentence with which a trap ends the step: what was seen, and the ways out by name."""
    if not offered:
        return Refused(health.say, cause=health.cause)
    ways = Text("；".join(f"{each.id}：{each.title.zh}" for each in offered), "; ".join(f"{each.id}: {each.title.en}" for each in offered))
    text = Text("{say}。处理办法：{ways}", "{say}. Ways out: {ways}")
    return Refused(text.fill(say=health.say, ways=ways), cause=health.cause)
