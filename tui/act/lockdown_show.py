"""Tells panel and log how a lockdown stands. Once something may have been sent, telling never fails: it is no reason to stop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

from tui.act import lockdown_facts as facts
from tui.act.lockdown_back import SETTLE
from tui.act.lockdown_close import Proved
from tui.errors import ZhinanError
from tui.judge.evidence import Status
from tui.judge.firewall_change import Change
from tui.judge.firewall_console import by_hand, undoing
from tui.judge.gates import Gate
from tui.judge.gates_open import Decision
from tui.judge.lockdown import Phase
from tui.run.action import Stage
from tui.texts import Text

_MARKS: Final = {Status.PASS: "✓", Status.FAIL: "✗", Status.UNKNOWN: "?"}


class Panel:
    """The facts of topic `firewall` as they grow. `plan` are the changes as planned, so that a call finds its line."""

    def __init__(self, stage: Stage, first: facts.Facts) -> None:
        self._stage, self._facts = stage, first
        self._plan: tuple[Change, ...] = ()
        self._states: dict[int, str] = {}
        self._proofs: dict[str, tuple[str, Text]] = {}
        self.server: Mapping[str, str] = first["server"]
        self._said_how = False

    async def tell(self, **more: Any) -> None:
        """Tell some facts anew."""
        self._facts |= more
        await self._stage.observe(facts.TOPIC, {**self._facts, "at": time.time()})

    async def note(self, line: Text) -> None:
        """A line for the log."""
        await self._stage.note(line)

    async def gates(self, found: tuple[Gate, ...], decision: Decision | None, looking: str = "") -> None:
        """Gates as they turn."""
        await self.tell(phase="gates", **facts.of_gates(found, decision, looking))

    def planned(self, changes: tuple[Change, ...]) -> None:
        """What will be sent."""
        self._plan = changes

    async def phase(self, phase: Phase, why: Text | None = None) -> None:
        """See `Show`."""
        with _never():
            await self.tell(phase=str(phase), why=facts.both(why) if why else None)
        with _never():
            text = _LEFT if phase is Phase.RESTORED and why else _PHASES.get(phase)
            if text:
                await self.note(text.fill(why=why or ""))

    async def call(self, change: Change, state: str, *, back: bool) -> None:
        """See `Show`."""
        number = next((n for n, each in enumerate(self._plan) if each == change), None)
        if number is not None and not back:
            self._states[number] = state
        elif back and state == "done":
            self._states |= {n: "undone" for n, each in enumerate(self._plan) if _undoes(change, each)}
        with _never():
            await self.tell(calls=facts.calls(self._plan, self._states))
        with _never():
            if state != "sent":
                mark = {"done": "✓", "failed": "✗"}[state]
                await self.note(Text("{mark} {what}", "{mark} {what}").fill(mark=mark, what=by_hand([change], self.server["region"])[1]))

    async def trouble(self, why: Text | None, tries: int, pause: float) -> None:
        """See `Show`."""
        told = None if why is None else {**facts.both(why), "tries": tries, "again_at": time.time() + pause}
        with _never():
            await self.tell(trouble=told)
        with _never():
            if why is not None:
                await self.note(_TROUBLE.fill(why=why, tries=tries, pause=f"{pause:.0f}"))
                await self._how()

    async def told(self, name: str, proved: Proved) -> None:
        """See `Told`."""
        self._proofs[name] = (str(proved.status), proved.say)
        with _never():
            await self.tell(proofs=facts.proofs(self._proofs))
        with _never():
            await self.note(Text("{mark} {say}", "{mark} {say}").fill(mark=_MARKS[proved.status], say=proved.say))

    async def _how(self) -> None:
        if self._said_how:
            return
        self._said_how = True
        for step in by_hand(undoing(self._plan), self.server["region"]):
            await self.note(Text("!   {step}", "!   {step}").fill(step=step))


def _undoes(back: Change, change: Change) -> bool:
    """Whether that way back is this change's: the same rule, or the same effect."""
    return any(each.group == back.group and _rules(each) & _rules(back) for each in undoing([change]))


def _rules(change: Change) -> set[object]:
    rules = [getattr(change, name) for name in ("before", "after") if hasattr(change, name)]
    return {rule.id or rule.sense for rule in rules}


def pause(stage: Stage) -> Callable[[float], Awaitable[None]]:
    """How the way back waits between two tries: a stop ends the waiting, not the way."""

    async def wait(seconds: float) -> None:
        if stage.stop.is_set():
            await asyncio.sleep(min(seconds, SETTLE))
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stage.stop.wait(), seconds)

    return wait


@contextlib.contextmanager
def _never() -> Iterator[None]:
    with contextlib.suppress(ZhinanError):
        yield


_PHASES: Final = {
    Phase.WRITING: Text("开始修改规则", "changing the rules"),
    Phase.WRITTEN: Text("已写入，重新读取来确认", "written; reading them again"),
    Phase.PROVING: Text("规则已是计划的样子，现在逐项证明", "the rules are as planned; now the proofs"),
    Phase.CLOSED: Text("公网 SSH 已关闭，并证明了还进得去", "public SSH is closed, and the way in is proven"),
    Phase.ROLLING_BACK: Text("! 正在恢复旧规则：{why}", "! bringing the old rules back: {why}"),
    Phase.RESTORED: Text("旧规则已恢复，重新读取确认过两次", "the old rules are back, read again twice to be sure"),
    Phase.NEEDS_HAND: Text("! 旧规则没能全部恢复，要你动手：{why}", "! the old rules are not all back; a person has to: {why}"),
}
_LEFT: Final = Text("! {why}", "! {why}")
_TROUBLE: Final = Text(
    "! 还没恢复（试了 {tries} 次，{pause} 秒后再试）：{why}。不想等，就照下面在控制台恢复：",
    "! not back yet ({tries} tries, again in {pause} s): {why}. Rather than wait, put it back in the console as follows:",
)
