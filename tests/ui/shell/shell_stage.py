"""A guide, a scripted session and the app around them, for tests of the screens.

A script is an async generator function given the request and the asker; what it yields is what the screen gets, and `gate` lets a test
hold it where it wants to look.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TypeVar

from textual.pilot import Pilot
from textual.screen import Screen

from tui.guide.model import Guide
from tui.guide.parse import parse
from tui.judge.evidence import End, Status
from tui.run import events as ev
from tui.run.ask import Asker
from tui.run.events import AnyEvent, Outcome
from tui.run.plan import Given, Request
from tui.texts import Text
from tui.ui.app import ZhinanApp
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.starts import GuideStart

NOW = 1_790_000_000.0

DOCUMENT = """\
---
id: demo
title: Q1 演示
targets:
  ecs: {ask: 服务器在哪里？, example: root@203.0.113.10}
---

# Q1 演示

先说几句话，见 [说明](https://example.com/doc)。

<!-- step
id: look
on: ecs
changes: true
-->
## 第1步：看一看

```bash
echo hello
```

<!-- check
- probe: tailscale version
  expect: {exit: 0}
  say: 已安装
- service: {name: tailscaled, active: true}
  say: 服务运行中
-->

需要时执行：

<!-- command
explicit: true
-->
```bash
echo offered
```

<!-- step
id: hand
on: local
-->
## 第2步：动动手

- [ ] 在浏览器里打开控制台

<!-- step
id: last
on: ecs
-->
## 第3步：收尾

```bash
echo bye
```
"""

Script = Callable[["Scripted", Request], AsyncGenerator[AnyEvent, None]]
T = TypeVar("T")


def guide(text: str = DOCUMENT) -> Guide:
    """The document, parsed."""
    return parse(text, Path("guides/demo.md"))


class Scripted:
    """A session that does what its script says. `gate` is for the script to wait at, `stopped` is set by `stop`."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asker: Asker
        self.given: Given
        self.requests: list[Request] = []
        self.gate = asyncio.Event()
        self.stopped = asyncio.Event()
        self.closed = False
        self.journal = None

    def recall(self, run: str) -> None:
        """Nothing is on record."""

    def sessions(self, document: Guide, asker: Asker, given: Given) -> Scripted:
        """What the app makes sessions with."""
        self.asker, self.given = asker, given
        return self

    async def run(self, request: Request) -> AsyncGenerator[AnyEvent, None]:
        """The script's events."""
        self.requests.append(request)
        self.stopped.clear()
        async for event in self.script(self, request):
            yield event

    def stop(self) -> None:
        self.stopped.set()

    async def close(self) -> None:
        self.closed = True


def app(script: Script | None = None, text: str = DOCUMENT) -> tuple[ZhinanApp, Scripted]:
    """The app on the document, and its session."""
    session = Scripted(script or passing)
    return ZhinanApp(GuideStart(guide(text)), session.sessions), session


def began(request: Request) -> AnyEvent:
    return ev.RunStarted(
        run="r", at=NOW, guide="demo", title="Q1 演示", digest="", steps=request.steps, targets={"ecs": "root@47.98.21.7"}, values={}
    )


def step_began(step: str) -> AnyEvent:
    return ev.StepStarted(run="r", at=NOW, step=step, on="ecs", address="root@47.98.21.7")


def command(step: str, text: str = "echo hello", item: int = 0) -> AnyEvent:
    return ev.CommandStarted(run="r", at=NOW, step=step, item=item, on="ecs", text=text, log="x.log")


def printed(step: str, text: str, offset: int = 0, item: int = 0) -> AnyEvent:
    return ev.Printed(run="r", at=NOW, step=step, item=item, text=text, offset=offset)


def command_ended(step: str, code: int = 0, item: int = 0) -> AnyEvent:
    return ev.CommandEnded(run="r", at=NOW + 12, step=step, item=item, end=End.EXITED, code=code, seconds=12.0)


def checked(step: str, check: int, status: Status, say: str, proof: str = "") -> AnyEvent:
    return ev.Checked(run="r", at=NOW + 12, step=step, check=check, before=False, status=status, say=Text(say, say), proof=proof)


def step_ended(step: str, outcome: Outcome = Outcome.PASSED, why: Text | None = None) -> AnyEvent:
    return ev.StepEnded(run="r", at=NOW + 12, step=step, outcome=outcome, seconds=12.0, why=why)


def ended(verdict: Outcome = Outcome.PASSED, why: Text | None = None) -> AnyEvent:
    return ev.RunEnded(run="r", at=NOW + 12, verdict=verdict, exit_code=ev.EXIT_CODES[verdict], why=why)


async def passing(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    """Every step runs one command, prints, and passes with its first check seen."""
    yield began(request)
    for step in request.steps:
        yield step_began(step)
        yield command(step)
        yield printed(step, "hello\n世界\n")
        yield command_ended(step)
        yield checked(step, 0, Status.PASS, "已安装 1.102.3", "1.102.3")
        yield step_ended(step)
    yield ended()


async def held(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    """One command that prints, and goes on until the gate opens or it is stopped."""
    step = request.steps[0]
    yield began(request)
    yield step_began(step)
    yield command(step)
    yield printed(step, "working\n")
    opened, stopped = asyncio.ensure_future(session.gate.wait()), asyncio.ensure_future(session.stopped.wait())
    await asyncio.wait((opened, stopped), return_when=asyncio.FIRST_COMPLETED)
    opened.cancel()
    stopped.cancel()
    outcome = Outcome.CANCELLED if session.stopped.is_set() else Outcome.PASSED
    yield command_ended(step)
    yield step_ended(step, outcome)
    yield ended(outcome)


async def failing(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    """The command exits 100, the first check fails, the second could not be looked at."""
    step = request.steps[0]
    why = Text("退出码是 100，应是 0", "exit code 100, expected 0")
    yield began(request)
    yield step_began(step)
    yield command(step)
    yield printed(step, "".join(f"line {n}\n" for n in range(1, 60)) + "E: Could not get lock\n")
    yield command_ended(step, 100)
    yield checked(step, 0, Status.FAIL, "没有找到 tailscale 命令")
    yield checked(step, 1, Status.UNKNOWN, "没装上，无从检查")
    yield step_ended(step, Outcome.FAILED, why)
    yield ended(Outcome.FAILED, why)


async def by_hand(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
    """A thing to do by hand: waits for the tick."""
    document = guide()
    step = document.step(request.steps[0])
    yield began(request)
    yield step_began(step.id)
    yield ev.ManualAwaited(run="r", at=NOW, step=step.id, item=0, text="在浏览器里打开控制台")
    ticked = await session.asker.tick(step, "在浏览器里打开控制台")
    yield ev.ManualDone(run="r", at=NOW, step=step.id, item=0, ticked=ticked)
    outcome = Outcome.PASSED if ticked else Outcome.CANCELLED
    yield step_ended(step.id, outcome)
    yield ended(outcome)


async def until(pilot: Pilot[int], true: Callable[[], T]) -> T:
    """Wait, frame by frame, until something holds; fails with what the screen showed if it never does."""
    for _ in range(400):
        if got := true():
            return got
        await pilot.pause(0.02)
    raise AssertionError("never came true; the screen showed:\n" + shown(pilot.app.screen))


def screen(pilot: Pilot[int]) -> GuideScreen:
    """The guide screen, which must be in front."""
    assert isinstance(pilot.app.screen, GuideScreen)
    return pilot.app.screen


def shown(front: Screen[object]) -> str:
    """What a screen shows, as text rows."""
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in front._compositor.render_strips())


def sees(pilot: Pilot[int], words: str) -> bool:
    """Whether the words stand on the screen, blanks aside."""
    flat = "".join(shown(pilot.app.screen).split())
    return "".join(words.split()) in flat


async def sight(pilot: Pilot[int], words: str) -> None:
    """Wait until the words stand on the screen."""
    await until(pilot, lambda: sees(pilot, words))
