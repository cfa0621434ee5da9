"""What an action is, and all it may do. `act` supplies actions, a front door hands them to the session; the engine knows none by name.

An action is one step item written in Python, for what a bare command can't do: waiting for a person outside the program, judging between
two machines, coming back after a broken link. It does its work through a `Stage` only, so that whatever it does is told, logged, masked and
can be stopped like a command.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, TypeVar

from tui.errors import Cancelled, NotApproved
from tui.guide.model import ActionSpec, Step
from tui.judge.evidence import End, Evidence
from tui.run import events as ev
from tui.run.ask import Asker, ConfirmQuestion
from tui.run.command import Piece, follow
from tui.run.events import AnyEvent
from tui.run.look import PATIENCE, capture
from tui.run.places import Places
from tui.run.redact import Redactor
from tui.secret import Secret
from tui.target.base import Ended, Job, LinkLost, LinkRestored, Target
from tui.texts import Text

T = TypeVar("T")
_KEPT: Final = 256 * 1024


class Teller(Protocol):
    """Where a step's doings go: what a step needs of the pass it is part of."""

    async def happened(self, kind: Callable[..., AnyEvent], **facts: Any) -> None:
        """Tell an event of this step."""
        ...

    async def printed(self, item: int, text: str) -> None:
        """Add masked text to the log of the item that runs, and tell it."""
        ...

    def job_id(self) -> str:
        """A fresh id for a job."""
        ...


@dataclass
class Stage:
    """What an action has to work with.

    `spec` is the action as written, `on` the name of its target. `values` are the run's values so far (public ones), `secrets` the secret
    inputs by name. `learned` are values the action found, which become the run's. `stop` is set when the user stops the step. `haste` is
    how many times faster time goes than outside: see `wait_of`. `environ` is where secrets nobody was asked for and addresses of APIs come
    from.
    """

    spec: ActionSpec
    step: Step
    item: int
    on: str
    places: Places
    asker: Asker
    redactor: Redactor
    stop: asyncio.Event
    values: Mapping[str, str]
    secrets: Mapping[str, Secret]
    teller: Teller
    learned: dict[str, str] = field(default_factory=dict)
    haste: float = 1.0
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def target(self, name: str | None = None) -> Target:
        """The opened target of that name (the action's own by default). Raises the TargetError with which opening it failed."""
        return self.places.target(name or self.on)

    async def capture(
        self, script: str, *, on: str | None = None, sudo: bool = False, patience: float = PATIENCE,
        language: Literal["bash", "powershell", "cmd"] = "bash",
    ) -> Evidence:  # fmt: skip
        """Run a short script and keep what it said; nothing of it is shown. `sudo` lends it the password, if one is needed."""
        job = Job(self.teller.job_id(), script, language, env=dict(self.values), merge=False, sudo=self._sudo(on) if sudo else None)
        return await self.unless_stopped(capture(self.target(on), job, patience))

    async def stream(
        self, script: str, *, on: str | None = None, sudo: bool = False, patience: float = 3600.0, job_id: str = "",
        language: Literal["bash", "powershell", "cmd"] = "bash", lend: Mapping[str, Secret] | None = None,
    ) -> Evidence:  # fmt: skip
        """Run a script that the reader watches: its command line and its output go into the log.

        The same `job_id` again finds a job that is still running instead of starting it a second time. `lend` are secrets it gets as
        environment variables. Raises Cancelled when stopped.
        """
        await self.note(f"$ {script}")
        target = self.target(on)
        env = {**self.values, **{name: secret.reveal() for name, secret in (lend or {}).items()}}
        job = Job(job_id or self.teller.job_id(), script, language, env=env, sudo=self._sudo(on) if sudo else None)
        kept, ended, began = "", Ended(End.LOST), time.monotonic()
        async with aclosing(follow(target, job, self.redactor, self.stop, patience)) as told:
            async for happening in told:
                match happening:
                    case Piece(text):
                        kept = (kept + text)[-_KEPT:]
                        await self.teller.printed(self.item, text)
                    case LinkLost(why):
                        await self.teller.happened(ev.ConnectionLost, item=self.item, why=why)
                    case LinkRestored(seconds):
                        await self.teller.happened(ev.ConnectionRestored, item=self.item, seconds=seconds)
                    case Ended():
                        ended = happening
        if ended.end is End.CANCELLED:
            raise Cancelled(Text("你停止了它", "you stopped it"))
        return Evidence(ended.end, ended.code, kept, seconds=time.monotonic() - began, why=ended.why)

    async def note(self, line: Text | str) -> None:
        """Add a line to the log."""
        await self.teller.printed(self.item, self.redactor.once(f"{line}\n"))

    async def observe(self, topic: str, facts: Mapping[str, Any]) -> None:
        """Tell structured facts (JSON) on a topic that a panel shows; the last ones on a topic count."""
        await self.teller.happened(ev.Observed, item=self.item, topic=topic, facts=facts)

    async def await_person(self, what: Text, url: str, seconds: float, reached: Callable[[], Awaitable[bool]], every: float = 2.0) -> bool:
        """Wait for something a person does outside the program: tell it, look every `every` seconds, at most `seconds` long.

        True when `reached` said so; False when the time was over. Raises Cancelled when stopped.
        """
        until = time.time() + seconds
        await self.teller.happened(ev.Waited, item=self.item, what=what, url=url, until=until)
        there = False
        try:
            while not (there := await self.unless_stopped(reached())) and time.time() < until:
                await self.sleep(min(every, max(0.0, until - time.time())))
        finally:
            await self.teller.happened(ev.WaitEnded, item=self.item, reached=there)
        return there

    async def confirm(self, question: ConfirmQuestion) -> None:
        """Ask the reader, who sees what would be done; returns on a yes.

        Questions belong before a step starts. An action asks only as the very first thing it does after looking, before any change,
        and only one that a guide offers for a key press of its own or that is the step itself: nobody comes back to a run that
        stands still in its middle. Raises NotApproved on a no (or where nobody can be asked), Cancelled when stopped meanwhile.
        """
        shown = question.masked(self.redactor.once)
        told = {"question": shown.title, "shown": shown.shown(), "danger": shown.danger, "typed": shown.typed}
        await self.teller.happened(ev.Asked, item=self.item, **told)
        yes = False
        try:
            yes = await self.unless_stopped(self.asker.confirm(shown))
        finally:
            await self.teller.happened(ev.Answered, item=self.item, yes=yes)
        if not yes:
            text = Text("没有同意“{what}”，什么都没有改", "“{what}” was not agreed to; nothing was changed")
            raise NotApproved(text.fill(what=shown.title))

    async def sleep(self, seconds: float) -> None:
        """Wait; raises Cancelled when stopped meanwhile."""
        await self.unless_stopped(asyncio.sleep(seconds))

    async def wait_of(self, seconds: float) -> float:
        """How long to wait where it would be `seconds` outside; that it is shorter here is said in the log."""
        if self.haste == 1.0 or seconds <= 0:
            return seconds
        short = seconds / self.haste
        text = Text(
            "练习里时间走得快：真实环境要等 {long} 秒，这里等 {short} 秒", "time goes faster in practice: {short} s for {long} s outside"
        )
        await self.note(text.fill(long=f"{seconds:.0f}", short=f"{short:.1f}".rstrip("0").rstrip(".")))
        return short

    def learn(self, **values: str) -> None:
        """Values for later steps; what is secret in them is masked."""
        self.learned.update({name: self.redactor.once(text) for name, text in values.items()})

    def _sudo(self, on: str | None) -> Secret | None:
        return self.places.sudo(on or self.on)

    async def unless_stopped(self, doing: Awaitable[T]) -> T:
        """The result of `doing`; ends it and raises Cancelled when the step is stopped first."""
        task = asyncio.ensure_future(doing)
        stopping = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Cancelled(Text("你停止了它", "you stopped it"))
            return task.result()
        finally:
            for each in (task, stopping):
                each.cancel()
            await asyncio.wait({task, stopping})


Action = Callable[[Stage], Awaitable[None]]
"""Does its work and returns; raises a ZhinanError, one clear sentence, where it can't. The step's checks judge afterwards."""


def rootless(actions: Actions) -> frozenset[str]:
    """The names of those that never ask for root: they say so by an attribute `root`, which is False."""
    return frozenset(name for name, action in actions.items() if not getattr(action, "root", True))


Actions = Mapping[str, Action]
