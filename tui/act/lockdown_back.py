"""Sending changes so that none is ever lost track of, and the way back to the old rules.

Each change is on the disk before it leaves. The way back does not believe one look: the cloud may show old rules for a while after a
write, so a change of which only an old view says that it was not made is undone all the same (which changes nothing where it was not),
and "back" is said after two looks in a row, a pause between them. A request that left and still comes in after all of that can't be
excluded by anybody; the second look and the next one (`zhinan doctor`) are there for it.

What others changed meanwhile is theirs: it is asked about where somebody can be asked, and else left, and said.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tui.act.lockdown_record import Record, RecordError
from tui.cloud.ecs_api import new_token
from tui.cloud.ecs_errors import EcsRefused, Missing
from tui.errors import Unreachable, ZhinanError
from tui.judge.firewall import Wall
from tui.judge.firewall_change import Authorize, Change, Modify, Revoke
from tui.judge.firewall_compare import Comparison, Line, Restore, Stand, compare, restore
from tui.judge.firewall_console import undoing
from tui.judge.firewall_store import change_to_map
from tui.judge.lockdown import Phase
from tui.texts import Text

Sleep = Callable[[float], Awaitable[Any]]
PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds between two tries of the way back; the last one again and again."""
SETTLE: Final = 3.0
"""Seconds between the two looks that must agree."""


_CALM: Final = 2
_MOST_AGAIN: Final = 20
"""After so many looks that still found something to undo, that is trouble, too: others may be at work."""

_DUPLICATE: Final = "InvalidOperation.RuleDuplicate"
_MOST_REFUSED: Final = 8
"""So often, over two minutes, a blind change is refused before looks are believed: old views are gone by then."""


class Cloud(Protocol):
    """What is needed of the cloud for one instance. All raise EcsRefused or Unreachable."""

    async def wall(self) -> Wall:
        """Everything that decides who gets in, now."""
        ...

    async def make(self, change: Change, token: str) -> None:
        """Make a change; the same token again is the same change."""
        ...

    async def unmake(self, change: Change, token: str) -> None:
        """Take away the rule of a Revoke that has no id, by what it says. That there is none is no error."""
        ...


class Show(Protocol):
    """Where it is told how things stand. Must never raise a ZhinanError: telling is no reason to stop on the way back."""

    async def phase(self, phase: Phase, why: Text | None = None) -> None:
        """What is being done now."""
        ...

    async def call(self, change: Change, state: str, *, back: bool) -> None:
        """A change is sent, done, failed."""
        ...

    async def trouble(self, why: Text | None, tries: int, pause: float) -> None:
        """The way back does not get on (None: it does again); the next try is in `pause` seconds."""
        ...


class Nobody:
    """Shows nothing."""

    async def phase(self, phase: Phase, why: Text | None = None) -> None:
        """Nothing."""

    async def call(self, change: Change, state: str, *, back: bool) -> None:
        """Nothing."""

    async def trouble(self, why: Text | None, tries: int, pause: float) -> None:
        """Nothing."""


Consent = Callable[[tuple[tuple[Line, tuple[Change, ...]], ...]], Awaitable[bool]]
"""Asks whether what others changed may be overwritten, too."""


@dataclass(frozen=True, slots=True)
class Left:
    """Why the old rules are not back, or not all of them. `others`: only because others changed some since."""

    why: Text
    others: bool = False


class Hand:
    """Sends changes of one lockdown and takes them back. `stopped` says whether a person wants an end."""

    def __init__(self, record: Record, cloud: Cloud, show: Show, *, sleep: Sleep = asyncio.sleep) -> None:
        self.record, self.cloud, self.show, self._sleep = record, cloud, show, sleep
        self._going: asyncio.Task[None] | None = None
        self._unsure: list[Change] = []
        self._refused = 0

    async def send(self, change: Change, *, back: bool = False) -> None:
        """Record a change, then make it. Cancelled, it still comes to its end, which `landed` waits for."""
        token = new_token()
        self._note(Phase.WRITING, must=not back, change=change_to_map(change), token=token, back=back)
        await self.show.call(change, "sent", back=back)
        nameless = isinstance(change, Revoke) and not change.before.id
        self._going = asyncio.ensure_future((self.cloud.unmake if nameless else self.cloud.make)(change, token))
        try:
            await asyncio.shield(self._going)
        except ZhinanError:
            await self.show.call(change, "failed", back=back)
            raise
        await self.show.call(change, "done", back=back)

    async def landed(self, patience: float = 60.0) -> None:
        """Wait for a change that was on its way when we were cancelled."""
        if self._going is not None and not self._going.done():
            await asyncio.wait({self._going}, timeout=patience)
        if self._going is not None and self._going.done() and not self._going.cancelled():
            self._going.exception()  # seen: its end is read from the rules

    async def back(
        self, why: Text, *, rounds: int | None = None, stopped: Callable[[], bool] = lambda: False, consent: Consent | None = None,
        sure: bool = False,
    ) -> Left | None:  # fmt: skip
        """Bring the old rules back and see that they are; None when they are, else why not, which is recorded as well.

        `rounds` is how often it is tried at most (None: until `stopped`, which counts once the cloud does not answer). `sure`: it is known
        that all that was planned has been made, so that a look may be believed.
        """
        story = self.record.story
        before, after = story.before, story.after
        if before is None or after is None:
            raise ValueError("nothing was saved")
        self._note(Phase.ROLLING_BACK, must=False, why=_both(why))
        await self.show.phase(Phase.ROLLING_BACK, why)
        self._unsure = [] if sure else list(story.forward)
        calm = tries = again = 0
        granted: bool | None = None
        while True:
            trouble: Text | None = None
            try:
                found = await self._looked(before, after)
                way = restore(found)
                if way.asks and not way.changes and granted is None and consent is not None:
                    granted = await consent(way.asks)
                still = await self._round(found, way, granted=bool(granted))
                calm, again = (0, again + 1) if still else (calm + 1, again)
                trouble = _AGAIN if again >= _MOST_AGAIN else None
            except ZhinanError as error:
                trouble, calm = error.text, 0
            if calm >= _CALM:
                return await self._over(found, way, settled=granted is False)
            if trouble is None:
                await self._sleep(SETTLE)
                continue
            tries += 1
            if stopped() or (rounds is not None and tries >= rounds):
                return await self._given_up(Left(trouble))
            pause = PAUSES[min(tries, len(PAUSES)) - 1]
            await self.show.trouble(trouble, tries, pause)
            await self._sleep(pause)

    async def _looked(self, before: Wall, after: Wall) -> Comparison:
        """How everything that was planned stands now."""
        return compare(before, await self.cloud.wall(), after)

    async def _round(self, found: Comparison, way: Restore, *, granted: bool) -> bool:
        """Do what follows from one look; False where nothing had to be done. Raises where a change could not be made."""
        if found.of(Stand.UNKNOWN):
            raise Unreachable(_UNREAD)
        blind = [each for each in undoing(self._unsure) if _unseen(each, found)]
        for each in blind:
            await self._blindly(each)
        self._unsure = []
        todo = [*way.changes, *(each for _, changes in way.asks for each in changes if granted)]
        for each in todo:
            with contextlib.suppress(Missing):  # already gone: the next look tells
                await self.send(each, back=True)
        return bool(todo or blind)

    async def _blindly(self, change: Change) -> None:
        """Undo what no look shows. A refusal that speaks of the rules settles it; of any other it is believed only when it stays."""
        try:
            await self.send(change, back=True)
        except EcsRefused as error:
            self._refused += 1
            if not (isinstance(error, Missing) or error.code == _DUPLICATE or self._refused >= _MOST_REFUSED):
                raise

    async def _over(self, found: Comparison, way: Restore, *, settled: bool) -> Left | None:
        """It looks as it should, but for what others changed. `settled`: a person wants that left as it is."""
        if way.asks:
            left = Left(_OTHERS.fill(rules=", ".join(_rule(line) for line, _ in way.asks)), others=True)
            phase = Phase.RESTORED if settled else Phase.NEEDS_HAND
            self._note(phase, must=False, why=_both(left.why), left=[_rule(line) for line, _ in way.asks])
            await self.show.phase(phase, left.why)
            return left
        self._note(Phase.RESTORED, must=False, added=[line.now.id for line in found.of(Stand.ADDED) if line.now])
        await self.show.trouble(None, 0, 0)
        await self.show.phase(Phase.RESTORED)
        return None

    async def _given_up(self, left: Left) -> Left:
        self._note(Phase.NEEDS_HAND, must=False, why=_both(left.why))
        await self.show.phase(Phase.NEEDS_HAND, left.why)
        return left

    def _note(self, phase: Phase, *, must: bool, **facts: Any) -> None:
        """Write an entry. On the way back a full disk stops nothing: the record says "roll back" already, and that stays right."""
        try:
            self.record.add(phase, **facts)
        except RecordError:
            if must:
                raise


def _unseen(change: Change, found: Comparison) -> bool:
    """Whether this change, on the way back, undoes something of which the look shows no trace: it may be there all the same.

    A rule that others changed since is not touched.
    """
    match change:
        case Modify(after=old):
            return any(line.stand is Stand.AS_BEFORE and line.before and line.before.id == old.id for line in found.lines)
        case Authorize(after=old):
            return any(line.stand is Stand.AS_BEFORE and line.before and line.before.id == old.id for line in found.lines)
        case Revoke(before=new):
            return any(line.stand is Stand.AS_BEFORE and line.planned and line.planned.sense == new.sense for line in found.lines)


def _rule(line: Line) -> str:
    rule = line.now or line.before
    return rule.id if rule else "?"


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


_UNREAD: Final = Text("没能读全规则", "the rules could not be read whole")
_AGAIN: Final = Text(
    "旧规则一再被改掉：可能有别人或别的工具同时在改",
    "the old rules keep being changed: somebody or some tool may be at work on them",
)
_OTHERS: Final = Text(
    "有人在这之后改过规则 {rules}，没有覆盖；其余的都已恢复",
    "others changed {rules} since, which was left alone; everything else is back",
)
