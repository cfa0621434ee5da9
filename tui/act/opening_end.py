"""The end of an opening: its rule goes, if it is still exactly the one that was made, and what is told of it is what was seen.

Whoever ends it (the program, the small process beside it, the next start, `zhinan undo`) does it here. "Closed" is said only once the rule
was looked for twice and not found; and where the address gets in all the same, by somebody else's rule, that is what is said.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tui.act.lockdown_back import Consent, Hand, Nobody, Show, Sleep
from tui.act.lockdown_cloud import EcsCloud
from tui.act.lockdown_record import Found, Record, Taken, take
from tui.cloud import ecs_keys
from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_sdk import VARIABLE
from tui.errors import ZhinanError
from tui.judge.addresses import addresses
from tui.judge.firewall import Wall
from tui.judge.firewall_compare import Comparison
from tui.judge.firewall_console import LINK
from tui.judge.firewall_reach import reach, unsure
from tui.judge.lockdown import Next, Phase, Story
from tui.judge.opening import gets_in, plain, stand
from tui.texts import Alarm, Text

ROUNDS: Final = 3
"""Tries before it is left to the next one."""


class Shutter(Hand):
    """The way back of an opening. It looks at the one rule only, in its group: whatever else others did there is none of its business."""

    def __init__(self, record: Record, cloud: EcsCloud, show: Show, *, sleep: Sleep = asyncio.sleep) -> None:
        super().__init__(record, cloud, show, sleep=sleep)
        self._ecs = cloud

    async def _looked(self, before: Wall, after: Wall) -> Comparison:
        story = self.record.story
        return stand(story, await self._ecs.group(story.group))


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of it: the sentence, whether the rule is gone, and whether others changed it, so that only a person can go on."""

    say: Text
    gone: bool
    others: bool = False


async def shut(
    record: Record, cloud: EcsCloud, show: Show, *, why: Text, sleep: Sleep = asyncio.sleep, rounds: int | None = None,
    stopped: Callable[[], bool] = lambda: False, consent: Consent | None = None,
) -> Ended:  # fmt: skip
    """End an opening now. Raises RecordError where its beginning can't be written down."""
    story = record.story
    hand = Shutter(record, cloud, show, sleep=sleep)
    left = await hand.back(why, rounds=rounds, stopped=stopped, consent=consent, sure=story.opened is not None)
    if left is None:
        return Ended(await _gone(record.story, cloud), gone=True)
    if left.others:
        return Ended(_words(_THEIRS, record), gone=False, others=True)
    return Ended(_words(_STUCK, record, why=left.why), gone=False)


async def finish(
    found: Found, environ: Mapping[str, str] = os.environ, *, rounds: int = ROUNDS, sleep: Sleep = asyncio.sleep
) -> Ended | None:  # fmt: skip
    """End an opening whose time is up, or whose making was cut off, asking nothing. None: nothing to do, or another program is at it.

    Never raises a ZhinanError: what keeps it from ending is in the record and in the sentence.
    """
    try:
        with take(found) as record:
            due = record.story.at(time.time())
            if due is Next.FORGET:
                record.add(Phase.DROPPED)
            if due is not Next.ROLL_BACK:
                return None
            if record.story.endpoint != environ.get(VARIABLE, ""):
                return Ended(_words(_ELSEWHERE, record, endpoint=record.story.endpoint or "aliyuncs.com"), gone=False, others=True)
            return await _finished(record, environ, rounds, sleep)
    except Taken:
        return None
    except ZhinanError as error:
        return Ended(_said(_STUCK, found.story, found.id, error.text), gone=False)


async def _finished(record: Record, environ: Mapping[str, str], rounds: int, sleep: Sleep) -> Ended:
    story = record.story
    try:
        keys = await asyncio.to_thread(ecs_keys.find, environ)
        cloud = EcsCloud(EcsApi(keys, environ=environ, sleep=sleep), story.region, story.instance)
        return await shut(record, cloud, Nobody(), why=_OVER if story.opened else _CUT, sleep=sleep, rounds=rounds)
    except ZhinanError as error:
        record.add(Phase.NEEDS_HAND, why={"zh": error.text.zh, "en": error.text.en})
        raise


async def _gone(story: Story, cloud: EcsCloud) -> Text:
    """The rule is gone; whether the address is shut out with it is another question, and asked."""
    told = _about(story)
    try:
        wall = await cloud.wall()
    except ZhinanError as error:
        return _UNSEEN.fill(why=error.text, **told)
    found = reach(wall, story.port)
    if gets_in(wall, story.port, addresses(story.source)):
        return Alarm(**_both(_STILL_IN.fill(**told)))
    if doubts := unsure(found):
        return _UNSEEN.fill(why=doubts[0], **told)
    return _CLOSED.fill(**told)


def when(moment: float, now: float | None = None) -> str:
    """A moment as a reader says it here: the time, with the day where it is another one."""
    there, here = time.localtime(moment), time.localtime(now)
    return time.strftime("%H:%M" if there[:3] == here[:3] else "%m-%d %H:%M", there)


def _about(story: Story) -> dict[str, Any]:
    rule = story.opened.id if story.opened else (story.own[0].description if story.own else "—")
    return {
        "server": story.server or story.instance, "who": plain(story.source) if story.source else "?", "port": story.port,
        "until": when(story.until), "rule": rule, "group": story.group, "link": LINK.format(region=story.region),
    }  # fmt: skip


def _words(text: Text, record: Record, **more: Any) -> Text:
    return Alarm(**_both(text.fill(id=record.id, **more, **_about(record.story))))


def _said(text: Text, story: Story | None, ident: str, why: Text) -> Text:
    told = _about(story) if story else {}
    return Alarm(**_both(text.fill(id=ident, why=why, **told)))


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


_OVER: Final = Text("时间到了", "the time is up")
_CUT: Final = Text("打开到一半，程序就结束了", "the program ended in the middle of opening it")
_CLOSED: Final = Text(
    "{server}：为 {who} 打开的端口 {port} 已重新关上：那条规则（{rule}）删了，并重新读取确认过",
    "{server}: port {port}, opened for {who}, is closed again: its rule ({rule}) is gone, read again to be sure",
)
_STILL_IN: Final = Text(
    "{server}：为 {who} 加的规则（{rule}）删了，但它仍能连端口 {port}：放行它的是别的规则",
    "{server}: the rule made for {who} ({rule}) is gone, but it still reaches port {port}: another rule lets it in",
)
_UNSEEN: Final = Text(
    "{server}：为 {who} 加的规则（{rule}）删了；它还能不能由别的规则连到端口 {port}，没能看：{why}",
    "{server}: the rule made for {who} ({rule}) is gone; whether another one lets it reach port {port} could not be seen: {why}",
)
_THEIRS: Final = Text(
    "{server}：该关上端口 {port} 了（为 {who} 打开到 {until}），但有人改过那条规则 {rule}，没有动它。要删掉它：zhinan undo {id}；"
    "或打开 {link}，在安全组 {group} 里看",
    "{server}: port {port}, opened for {who} until {until}, is due to close, but somebody changed its rule {rule}, which was left alone. "
    "To remove it: zhinan undo {id}; or see it at {link}, security group {group}",
)
_STUCK: Final = Text(
    "{server}：端口 {port} 可能还对 {who} 开着（{until} 该关上）：{why}。再试：zhinan undo {id}；手工关上：打开 {link}，"
    "在安全组 {group} 的入方向删除规则 {rule}",
    "{server}: port {port} may still be open for {who} (it was to close at {until}): {why}. Try again: zhinan undo {id}; by hand: open "
    "{link}, and delete the rule {rule} among the inbound ones of the security group {group}",
)
_ELSEWHERE: Final = Text(
    "{server}：为 {who} 打开端口 {port} 的那条记录属于另一个接口（{endpoint}），没有动它",
    "{server}: the record of port {port} opened for {who} belongs to another API ({endpoint}) and was left alone",
)
