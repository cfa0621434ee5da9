"""At the next start: a lockdown that a dead program left half done is brought to its end, which is the old rules; and an opening whose
time was up meanwhile to its own, which is that nobody more gets in than before it.

It goes on beside whatever the reader wants to do, in a thread of its own, and asks nothing: what needs a person (a key, others' changes) is
said in one sentence with the command that asks. A record of another world (practice, tests) is told by the address of its API and left.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tui.act.guard_news import collect
from tui.act.guard_start import detach
from tui.act.lockdown_back import Hand, Nobody
from tui.act.lockdown_cloud import EcsCloud
from tui.act.lockdown_record import Found, Record, Taken, take, unfinished
from tui.act.opening_end import finish
from tui.cloud import ecs_keys
from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_sdk import VARIABLE
from tui.errors import ZhinanError
from tui.judge.lockdown import OPENING, Next, Phase, Story
from tui.texts import Text

ROUNDS: Final = 3
Sleep = Callable[[float], Awaitable[Any]]


async def recover(home: Path, environ: Mapping[str, str] = os.environ, *, rounds: int = ROUNDS, sleep: Sleep = asyncio.sleep) -> list[Text]:
    """Bring every unfinished lockdown to its end, as far as it can be done without asking; a sentence for each that was worth one, and for
    what was done by a process beside an earlier program.
    """
    said = [await bring_back(found, environ, rounds=rounds, sleep=sleep) for found in unfinished(home)]
    return [*await asyncio.to_thread(collect, home), *(each for each in said if each is not None)]


async def bring_back(
    found: Found, environ: Mapping[str, str] = os.environ, *, rounds: int = ROUNDS, sleep: Sleep = asyncio.sleep
) -> Text | None:  # fmt: skip
    """Do what one record says is left to do. None: nothing worth a word, or a program is at it."""
    if found.story is not None and found.story.kind == OPENING:
        return await _opening(found, environ, rounds, sleep)
    told: dict[str, Any] = {"folder": found.folder, "id": found.id, "server": found.id}
    try:
        with take(found) as record:
            told |= {"server": record.story.server or record.story.instance}
            return await _finished(record, environ, rounds, sleep, told)
    except Taken:
        return None
    except ZhinanError as error:
        return _FAILED.fill(why=error.text, **told)


async def _opening(found: Found, environ: Mapping[str, str], rounds: int, sleep: Sleep) -> Text | None:
    """One whose time is up is closed. For one that is still open, whoever waits for its end may have died with the computer."""
    if found.story is not None and found.story.at(time.time()) is Next.WAIT:
        if not found.story.endpoint:
            detach(found, {}, environ)
        return None
    ended = await finish(found, environ, rounds=rounds, sleep=sleep)
    return ended.say if ended else None


async def _finished(record: Record, environ: Mapping[str, str], rounds: int, sleep: Sleep, told: Mapping[str, Any]) -> Text | None:
    story = record.story
    if story.next is Next.FORGET:
        record.add(Phase.DROPPED)
        return None
    if story.next is Next.NOTHING:
        return None
    if story.endpoint != environ.get(VARIABLE, ""):
        return _ELSEWHERE.fill(endpoint=story.endpoint or "aliyuncs.com", **told)
    hand = Hand(record, await cloud_of(story, environ, sleep), Nobody(), sleep=sleep)
    left = await hand.back(_DIED, rounds=rounds)
    if left is None:
        return _BACK.fill(**told)
    return (_OTHERS if left.others else _FAILED).fill(why=left.why, **told)


async def cloud_of(story: Story, environ: Mapping[str, str], sleep: Sleep = asyncio.sleep) -> EcsCloud:
    """The cloud that a record speaks of. Raises NoKey."""
    keys = await asyncio.to_thread(ecs_keys.find, environ)
    return EcsCloud(EcsApi(keys, environ=environ, sleep=sleep), story.region, story.instance)


class Mending:
    """`recover` beside the program, in a thread that does not keep it from ending."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._said: list[Text] = []
        self._thread = threading.Thread(target=self._work, daemon=True, name="zhinan-recover")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until it is over, at most so long; whether it is."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def said(self) -> list[Text]:
        """What there is to say, each thing once."""
        told, self._said = self._said, []
        return told

    def _work(self) -> None:
        try:
            self._said = asyncio.run(recover(self._home))
        except Exception as error:  # noqa: BLE001  a thread's error would be lost; the record stays as it is
            self._said = [_FAULT.fill(kind=type(error).__name__, home=self._home)]


_DIED: Final = Text("上次没有做完，程序就结束了", "the program ended before it was done")
_BACK: Final = Text(
    "上次关闭 {server} 的公网 SSH 时程序中途结束了：旧规则已恢复，并确认过（{folder}）",
    "the program ended while it closed public SSH of {server}: the old rules are back, and were seen to be ({folder})",
)
_OTHERS: Final = Text(
    "{server}：上次关闭公网 SSH 没有做完，{why}。要一并恢复：zhinan undo {id}",
    "{server}: closing public SSH was not finished; {why}. To bring these back, too: zhinan undo {id}",
)
_FAILED: Final = Text(
    "{server}：上次关闭公网 SSH 没有做完，旧规则还没有恢复：{why}。再试：zhinan undo {id}；或照 {folder}/by-hand.txt 在控制台恢复",
    "{server}: closing public SSH was not finished and the old rules are not back: {why}. Try again: zhinan undo {id}; or put them "
    "back in the console as {folder}/by-hand.txt says",
)
_ELSEWHERE: Final = Text(
    "{server}：有一次没做完的关闭属于另一个接口（{endpoint}），没有动它（{folder}）",
    "{server}: an unfinished lockdown belongs to another API ({endpoint}) and was left alone ({folder})",
)
_FAULT: Final = Text(
    "检查没做完的关闭时程序出错（{kind}）；记录在 {home}/lockdown",
    "a fault in looking for unfinished lockdowns ({kind}); they are in {home}/lockdown",
)
