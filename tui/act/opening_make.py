"""Making an opening, and making it longer: one call each, read again afterwards, and the way back where it is not as planned."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from tui.act.lockdown_back import Hand, Nobody
from tui.act.lockdown_close import LOOKS, Writing
from tui.act.lockdown_cloud import EcsCloud
from tui.act.lockdown_record import Record
from tui.errors import Refused, Unfinished
from tui.judge.firewall import Rule
from tui.judge.firewall_change import Modify
from tui.judge.firewall_store import rule_to_map
from tui.judge.lockdown import Phase
from tui.judge.opening import described, effect, own_rule
from tui.texts import Text


class Letting(Writing):
    """The opening itself. Its ends are: seen to be open for exactly that address, or the rule gone again.

    There is nothing to prove but the rules: whether a connection then comes through is for the reader to see.
    """

    done = Phase.OPEN
    until = 0.0
    """When it ends; Unix seconds."""
    _seen: Rule | None = None

    async def _prove(self) -> None:
        self._check()
        if self._seen is None:
            raise Unfinished(_NOT_THERE)
        self.hand.record.add(Phase.OPEN, until=self.until, rule=rule_to_map(self._seen))

    async def _wrong(self) -> Text:
        """That the rule is there, and that without it exactly this address would be shut out, whatever others did meanwhile."""
        now = await self.hand.cloud.wall()
        story = self.hand.record.story
        group = now.group(story.group)
        rule = own_rule(group.rules, story) if group else None
        if group is None or rule is None:
            return _NOT_THERE
        without = replace(group, rules=tuple(each for each in group.rules if each is not rule))
        before = replace(now, groups=tuple(without if each is group else each for each in now.groups))
        self._seen = rule
        return next(effect(before, now, self.made.port, self.made.allowed), Text("", ""))


async def longer(record: Record, cloud: EcsCloud, until: float, *, sleep: Callable[[float], Awaitable[object]]) -> None:
    """Have an opening end at `until`: its rule says so, then the record does. Raises Refused where the rule is not ours any more.

    Whatever fails on the way, the opening stays as it was and ends when it was to end: the rule is known in either wording.
    """
    story = record.story
    was = await _own(record, cloud)
    if was is None:
        raise Refused(_GONE.fill(id=record.id))
    mark = was.description.rpartition("[")[2].rstrip("]")
    goal = replace(was, description=described(until, mark))
    if goal != was:
        await Hand(record, cloud, Nobody()).send(Modify(story.group, was, goal))
    for wait in LOOKS:
        await sleep(wait)
        seen = await _own(record, cloud)
        if seen is not None and seen.description == goal.description:
            record.add(Phase.OPEN, until=until, rule=rule_to_map(seen))
            return
    raise Unfinished(_NOT_LONGER)


async def _own(record: Record, cloud: EcsCloud) -> Rule | None:
    group = await cloud.group(record.story.group)
    return own_rule(group.rules, record.story) if group else None


_NOT_THERE: Final = Text("重新读取，没有看到加上的那条规则", "the rule that was added is not seen among the rules, read again")
_GONE: Final = Text(
    "打开时加的那条规则不在了，或者被人改过，没有动它；先了结这一次：zhinan undo {id}",
    "the rule that was added is gone, or somebody changed it, and it was left alone; bring this one to its end first: zhinan undo {id}",
)
_NOT_LONGER: Final = Text(
    "没有看到规则改好，所以没有延长：它仍在原来的时间关上",
    "the rule was not seen to change, so it is not longer: it ends when it was to end",
)
