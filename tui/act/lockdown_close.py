"""The change itself: made, seen, proven; and whatever keeps one of these from being so brings the old rules back.

An error, a silence, a stop by the reader, a bug, the end of the program: from the first change on there are only two ends, closed and
proven, or the way back. "Closed" is said after the rules were read as planned, nobody gets in from here, and the ways in that are meant to
stay have all answered anew.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from tui.act.lockdown_back import Hand, Nobody
from tui.errors import Cancelled, Refused, Unfinished, ZhinanError
from tui.judge.evidence import Status
from tui.judge.firewall import Wall
from tui.judge.firewall_compare import compare
from tui.judge.firewall_plan import Plan
from tui.judge.firewall_reach import public, reach, unsure
from tui.judge.lockdown import Phase
from tui.texts import Text

LOOKS: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0)
"""Seconds before each look at the rules after the write: the cloud may show old ones for a while."""
KNOCKS: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each try to get in from outside: rules take a moment to hold."""
TRIES: Final = (0.0, 3.0, 8.0)
"""Seconds before each try of a way in that must still work."""
_LAST: Final = 45.0
"""Seconds the way back has when the program is being ended."""


class RolledBack(Refused):
    """It could not be proven, and the old rules are back."""


class NeedsHand(ZhinanError):
    """Neither proven nor back: a person has to look."""

    exit_code = 3
    insists = True


class StoppedBack(Cancelled):
    """The reader stopped it, and the old rules are back."""

    insists = True


@dataclass(frozen=True, slots=True)
class Proved:
    """How one proof went. `unknown`: it says nothing here, and why."""

    status: Status
    say: Text


class Proofs(Protocol):
    """What is tried after the change. None raises a ZhinanError: what could not be tried is unknown."""

    async def public(self) -> Proved:
        """Pass: from here nobody gets in any more. Fail: somebody does."""
        ...

    async def login(self) -> Proved:
        """Pass: a fresh login through the tailnet, to the same machine."""
        ...

    async def echo(self) -> Proved | None:
        """Pass: Cloud Assistant answers. None where it was no way in before either."""
        ...


Told = Callable[[str, Proved], Awaitable[None]]
"""Hears how a proof went, by the ids of topic `firewall`."""


class Writing:
    """A plan, carried out, or taken back. `stopped` says whether the reader wants an end; `taken` is called when that was understood."""

    done = Phase.CLOSED
    """What the record says once it is as it should be; from then on nothing goes back by itself."""

    def __init__(
        self, hand: Hand, made: Plan, told: Told, *, sleep: Callable[[float], Awaitable[object]], stopped: Callable[[], bool],
        taken: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.hand, self.made, self._told = hand, made, told
        self._sleep, self._stopped, self._taken = sleep, stopped, taken

    async def run(self) -> None:
        """Do it. Raises RolledBack or StoppedBack with the old rules back, else NeedsHand; Refused before anything was sent."""
        await self._still_the_same()
        try:
            await self._either()
        except asyncio.CancelledError:
            if not self._is_done:
                await self._last_moment()
            raise

    async def _either(self) -> None:
        try:
            await self._carry_out()
        except ZhinanError as error:
            await self._back(error.text, cancelled=isinstance(error, Cancelled))
        except Exception as error:
            if self._is_done:
                raise
            text = Text("程序出错（{kind}）", "a fault in the program ({kind})")
            await self._back(text.fill(kind=type(error).__name__), cancelled=False)
            raise

    @property
    def _is_done(self) -> bool:
        return self.hand.record.story.phase is self.done

    async def _still_the_same(self) -> None:
        """The rules are those that were shown. Nothing was sent yet, so here an error is just an error."""
        try:
            differs = unlike(self.made.before, await self.hand.cloud.wall())
        except BaseException as error:
            say = error.text if isinstance(error, ZhinanError) else _STOPPED
            self._dropped(say)
            raise
        if differs:
            self._dropped(differs)
            raise Refused(differs)

    def _dropped(self, why: Text) -> None:
        self.hand.record.add(Phase.DROPPED, why={"zh": why.zh, "en": why.en})

    async def _carry_out(self) -> None:
        await self.hand.show.phase(Phase.WRITING)
        for change in self.made.changes:
            self._check()
            await self.hand.send(change)
        self.hand.record.add(Phase.WRITTEN)
        await self.hand.show.phase(Phase.WRITTEN)
        await self._rules()
        await self._prove()

    async def _prove(self) -> None:
        """What must be so beside the rules, and the word that it is. Raises Unfinished where it is not."""
        raise NotImplementedError

    async def _rules(self) -> None:
        """Look until the rules are as planned. Raises Unfinished where they are not in time."""
        why = _NOT_SEEN
        for wait in LOOKS:
            await self._wait(wait)
            try:
                why = await self._wrong()
            except ZhinanError as error:
                why = error.text
            if not why.en:
                await self._told("rules", Proved(Status.PASS, _AS_PLANNED))
                return
        await self._told("rules", Proved(Status.FAIL, why))
        raise Unfinished(why)

    async def _wrong(self) -> Text:
        """What is not as planned in one look; an empty text where nothing is."""
        made = self.made
        now = await self.hand.cloud.wall()
        found = reach(now, made.port)
        if doubts := unsure(found):
            return doubts[0]
        if not compare(made.before, now, made.after).carried_out:
            return _NOT_SEEN
        return _OPENED if public(found) - made.allowed else Text("", "")

    async def _wait(self, seconds: float) -> None:
        self._check()
        await self._sleep(seconds)
        self._check()

    def _check(self) -> None:
        if self._stopped():
            raise Cancelled(_STOPPED)

    async def _back(self, why: Text, *, cancelled: bool) -> None:
        """The way back, and the error that tells how it ended."""
        self._taken()
        left = await self.hand.back(why, stopped=self._stopped)
        if left is not None:
            raise NeedsHand(_OPEN_END.fill(why=why, left=left.why))
        seen = await self._tried()
        told = Text("", "") if seen is None else _IN_AGAIN if seen else _NOT_IN_YET
        raise (StoppedBack if cancelled else RolledBack)(_BACK.fill(why=why, tried=told))

    async def _tried(self) -> bool | None:
        """Whether the way that was closed lets in again, tried anew; None where that can't be tried."""
        return None

    async def _last_moment(self) -> None:
        """The program is being ended: take what was sent back if that is quick; else the next start does it from the record."""
        try:
            self.hand.show = Nobody()  # nobody listens any more, and telling could wait for ever
            async with asyncio.timeout(_LAST):
                await self.hand.landed()
                await self.hand.back(_STOPPED, rounds=2)
        except (ZhinanError, TimeoutError):
            return


class Closing(Writing):
    """The lockdown's change, with its proofs."""

    def __init__(
        self, hand: Hand, made: Plan, proofs: Proofs, told: Told, *, sleep: Callable[[float], Awaitable[object]],
        stopped: Callable[[], bool], taken: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        super().__init__(hand, made, told, sleep=sleep, stopped=stopped, taken=taken)
        self.proofs = proofs

    async def _prove(self) -> None:
        self.hand.record.add(Phase.PROVING)
        await self.hand.show.phase(Phase.PROVING)
        await self._until("public", self.proofs.public, KNOCKS, unknown_will_do=True)
        await self._until("login", self.proofs.login, TRIES)
        await self._until("assistant", self.proofs.echo, TRIES)
        await self._rules()  # a rule that somebody added meanwhile would have been missed
        self._check()
        self.hand.record.add(Phase.CLOSED)
        await self.hand.show.phase(Phase.CLOSED)

    async def _tried(self) -> bool | None:
        seen = Status.UNKNOWN
        with contextlib.suppress(ZhinanError):  # a stop: the rules are back, and nobody has to wait for more
            for wait in KNOCKS:
                seen = (await self.proofs.public()).status
                if seen is not Status.PASS:
                    break
                await self._sleep(wait)
        return None if seen is Status.UNKNOWN else seen is Status.FAIL

    async def _until(
        self, name: str, proof: Callable[[], Awaitable[Proved | None]], waits: tuple[float, ...], *, unknown_will_do: bool = False
    ) -> None:
        """Try a proof until it passes. Raises Unfinished where it does not."""
        seen: Proved | None = None
        for wait in waits:
            await self._wait(wait)
            seen = await proof()
            if seen is None:
                return
            await self._told(name, seen)
            if seen.status is Status.PASS or (unknown_will_do and seen.status is Status.UNKNOWN):
                return
        raise Unfinished(seen.say if seen else _NOT_SEEN)


def unlike(shown: Wall, now: Wall) -> Text | None:
    """What makes two readings different ones for a plan: rules, members, network cards. None where nothing does."""
    found = compare(shown, now, shown)
    if found.others or not found.restored:
        return _CHANGED
    if {each.id: set(each.groups) for each in shown.instance.interfaces} != {each.id: set(each.groups) for each in now.instance.interfaces}:
        return _CHANGED
    members = [{group: {each.id for each in some} for group, some in wall.members.items()} for wall in (shown, now)]
    return None if members[0] == members[1] else _MEMBERS


_STOPPED: Final = Text("你停止了它", "you stopped it")
_AS_PLANNED: Final = Text("重新读取的规则和计划的一样", "the rules, read again, are as planned")
_NOT_SEEN: Final = Text("重新读取的规则和计划的不一样", "the rules, read again, are not as planned")
_OPENED: Final = Text("公网仍能连：有人加了别的放行规则", "the internet still gets in: somebody added another rule")
_CHANGED: Final = Text(
    "规则在你看过之后变了，什么都没有改：请重新执行这一步", "the rules changed since you saw them; nothing was changed: run this step again"
)
_MEMBERS: Final = Text(
    "用这个安全组的实例变了，什么都没有改：请重新执行这一步",
    "other instances use the group now; nothing was changed: run this step again",
)
_BACK: Final = Text("{why}。旧规则已恢复，并重新读取确认过{tried}", "{why}. The old rules are back, and were read again to be sure{tried}")
_IN_AGAIN: Final = Text("；公网又能连上了，刚试过", "; from outside it lets in again, as was just tried")
_NOT_IN_YET: Final = Text("；从这里还连不上公网的端口，再等一会儿", "; from here the public port does not let in yet: give it a moment")
_OPEN_END: Final = Text(
    "{why}，而旧规则没能全部恢复：{left}。请照日志里的步骤在控制台恢复；下次启动 zhinan 也会再试",
    "{why}, and the old rules are not all back: {left}. Put them back in the console as shown; zhinan tries again when it starts",
)
