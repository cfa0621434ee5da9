"""A scripted server for tests of actions, and the session that runs one action on it.

The server tells the statuses it was given one after the other, the last one again and again; `up` is a command beside them, whose life
is told in statuses seen, so that no test has to know about seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tui.act.tailscale import HOST, HOST_WINDOWS, PREFS, STATUS
from tui.errors import Unreachable
from tui.guide.model import ActionSpec, Command, Guide, Input, Step
from tui.judge.evidence import End
from tui.run import events as ev
from tui.run.action import Action
from tui.run.ask import Nobody
from tui.run.engine import Session
from tui.run.events import AnyEvent, Outcome
from tui.run.journal import Journal
from tui.run.places import Places
from tui.run.plan import Given, Request
from tui.run.state import RunState, fold_all
from tui.secret import Secret
from tui.target.base import Asker, Ended, Happening, Job, Output
from tui.texts import same


@dataclass
class Reply:
    """How a command behaves: what it prints, how it ends, and after how many statuses (0: at once; None: never by itself)."""

    out: str = ""
    code: int = 0
    after: int | None = 0
    end: End = End.EXITED


@dataclass(eq=False)
class Server:
    """The place. `statuses` are JSON objects, `lost`, `refuses`, texts told with an exit code of 1, or what makes one of these.

    `hosts`, one after the other, then `host` say who we are there. `replies` answer scripts that hold a word, one after the other,
    the last one again and again.
    """

    statuses: list[Any]
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    prefs: Mapping[str, Any] | None = None
    host: str = "uid=1000\nuser=admin\nssh=198.51.100.7 50000 172.16.0.10 22\nsudo=/usr/bin/sudo\ntailscale=/usr/bin/tailscale\ntun=yes\n"
    hosts: list[str] = field(default_factory=list)
    name: str = "ecs"
    address: str = "ssh://admin@ecs"
    family: Literal["posix", "windows"] = "posix"
    public: bool = True
    ran: list[Job] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    seen: int = 0
    looked: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def open(self, asker: Asker) -> None:
        pass

    async def close(self) -> None:
        pass

    @property
    def changes(self) -> list[str]:
        """The scripts that were not only looks."""
        looks = (HOST, HOST_WINDOWS)
        scripts = [job.script for job in self.ran if job.script not in looks and "sudo -n true" not in job.script]
        return [script for script in scripts if not script.endswith((f" {STATUS}", f" {PREFS}"))]

    async def stream(self, job: Job, offset: int = 0) -> AsyncGenerator[Happening, None]:
        self.ran.append(job)
        try:
            async for happening in self._answer(job):
                yield happening
        finally:
            self.ended.append(job.script)

    async def _answer(self, job: Job) -> AsyncGenerator[Happening, None]:
        match job.script:
            case s if s.endswith(f" {STATUS}") and self.statuses:
                async for happening in self._status():
                    yield happening
            case s if s in (HOST, HOST_WINDOWS):
                yield Output((self.hosts.pop(0) if self.hosts else self.host).encode(), 0)
                yield Ended(End.EXITED, 0)
            case s if s.endswith(f" {PREFS}") and self.statuses:
                yield Output(b"" if self.prefs is None else json.dumps({"ControlURL": "", **self.prefs}).encode(), 0)
                yield Ended(End.EXITED, 0 if self.prefs is not None else 1)
            case script if "sudo -n true" in script:
                yield Output(b"free\n", 0)
                yield Ended(End.EXITED, 0)
            case script:
                async for happening in self._reply(self._find(script)):
                    yield happening

    def _find(self, script: str) -> Reply:
        waiting = next((replies for word, replies in self.replies.items() if word in script), None)
        if not waiting:
            return Reply(f"not expected: {script}\n", 127)
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    async def _status(self) -> AsyncGenerator[Happening, None]:
        told = self.statuses[min(self.seen, len(self.statuses) - 1)]
        async with self.looked:
            self.seen += 1
            self.looked.notify_all()
        match told(self) if callable(told) else told:
            case "lost":
                yield Ended(End.LOST, why=same("the link is gone"))
            case "refuses":
                raise Unreachable(same("no way there"))
            case str():
                yield Output(told.encode(), 0, 2)
                yield Ended(End.EXITED, 1)
            case status:
                yield Output(json.dumps(status).encode(), 0)
                yield Ended(End.EXITED, 0)

    async def _reply(self, reply: Reply) -> AsyncGenerator[Happening, None]:
        if reply.out:
            yield Output(reply.out.encode(), 0)
        if reply.after is None:
            await asyncio.Event().wait()
        elif reply.after:
            goal = self.seen + reply.after
            async with self.looked:
                await self.looked.wait_for(lambda: self.seen >= goal)
        yield Ended(reply.end, reply.code if reply.end is End.EXITED else None)


@dataclass
class Played:
    """What came of it."""

    events: list[AnyEvent]
    log: str
    values: Mapping[str, str]

    @property
    def state(self) -> RunState:
        return fold_all(self.events)

    @property
    def outcome(self) -> Outcome:
        assert self.state.verdict is not None
        return self.state.verdict

    @property
    def why(self) -> str:
        why = self.state.step("s").why
        return why.en if why else ""

    def waits(self) -> list[tuple[str, str]]:
        return [(each.what.en, each.url) for each in self.events if isinstance(each, ev.Waited)]

    def observed(self, topic: str) -> list[Mapping[str, Any]]:
        return [each.facts for each in self.events if isinstance(each, ev.Observed) and each.topic == topic]


async def play(
    server: Server, use: str, action: Action, home: Path, *, options: Mapping[str, Any] | None = None, seconds: float | None = None,
    inputs: Mapping[str, Any] | None = None, secrets: tuple[str, ...] = (), watch: Callable[[AnyEvent, Session], None] = lambda *_: None,
    beside: Mapping[str, Server] | None = None, asker: Nobody | None = None, haste: float = 1.0, environ: Mapping[str, str] | None = None,
) -> Played:  # fmt: skip
    """Run one action as a step of a guide, through the real engine. `beside` are other places that are connected, `asker` who
    answers (nobody, if not given)."""
    items = (ActionSpec(use, 3, options or {}, seconds), Command('echo "$ts_ip"', "bash", 9, 9, on="ecs"))
    step = Step("s", "S", 1, 9, on="ecs", items=items, changes=True, inputs=tuple(inputs or {}))
    wanted = tuple(Input(name, "secret" if name in secrets else "text") for name in inputs or {})
    guide = Guide(path=Path("g.md"), id="g", title="G", source="", tokens=(), digest="d", steps=(step,), inputs=wanted)
    server.replies.setdefault('echo "$ts_ip"', [Reply()])
    journal = Journal(home)
    asker = asker or Nobody()
    values = {name: Secret(value) if name in secrets else value for name, value in (inputs or {}).items()}
    given = Given({"ecs": server.address}, values, approved=True, environ=os.environ if environ is None else environ)
    session = Session(
        guide,
        asker,
        journal=journal,
        given=given,
        places=Places(asker, {"ecs": server, **(beside or {})}),
        actions={use: action},
        haste=haste,
    )
    events: list[AnyEvent] = []
    async with aclosing(session.run(Request(("s",)))) as told:
        async for event in told:
            events.append(event)
            watch(event, session)
    state = fold_all(events)
    log = state.step("s").commands[0].log if state.step("s").commands else ""
    path = journal.log_path(session.run_id, log)
    text = path.read_text("utf-8") if log and path.exists() else ""
    echo = next((job.env for job in server.ran if job.script.startswith("echo")), {})
    journal.close()
    return Played(events, text, echo)
