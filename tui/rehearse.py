"""Puts the practice world and the screen together: the same engine and targets as ever, in a world where nothing is at risk.

Neither `ui` nor `practice` may know the other, so the front door does. The journal of a rehearsal goes with its world: approving a document
in practice approves nothing outside.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from tui.texts import Text

if TYPE_CHECKING:
    from tui.guide.model import Guide
    from tui.run.ask import Asker
    from tui.run.engine import Session
    from tui.run.plan import Given
    from tui.ui.seams import Practice, World

GUIDE = "tailscale-ecs"
HASTE = 20.0
"""How many times faster time goes in the practice world: two minutes of waiting teach nobody anything."""
LOGIN_AFTER = 20.0
"""Seconds until the world's own browser confirms a login that nobody confirmed."""
_CONSOLE: Final = "https://ecs.console.aliyun.com/"
_VISITED: Final = Text(
    "练习里的登录链接：就当你在浏览器里点了 Connect", "A login link of the practice world: taken as if you had clicked Connect"
)
_NO_CONSOLE: Final = Text(
    "练习里没有阿里云控制台：在这台电脑上另开一个终端窗口，就当那里是会话管理",
    "The practice world has no console: open another terminal window on this computer and take it for Session Manager",
)


def rehearsal(faults: Sequence[str] = ()) -> Practice:
    """What starts the practice world, with these faults in it. Raises UsageError for an unknown fault when started."""
    return partial(_started, tuple(faults))


@asynccontextmanager
async def _started(faults: tuple[str, ...]) -> AsyncGenerator[World, None]:
    from tui import config
    from tui.act import ACTIONS
    from tui.guide import failure_store, library  # all of it only when somebody rehearses: the reader waits for none of it
    from tui.practice.world import World as PracticeWorld
    from tui.run.engine import Session
    from tui.run.journal import Journal
    from tui.run.places import Places
    from tui.run.plan import Given
    from tui.target.ssh import SshTarget
    from tui.ui.seams import World

    async with PracticeWorld(faults, login_after=LOGIN_AFTER) as world:
        journal = Journal(world.journal_home)
        book = failure_store.shelf(config.load())
        addresses = world.targets()

        def inside(name: str, address: str) -> SshTarget:
            return SshTarget(name, address, home=world.ssh_home)

        def sessions(guide: Guide, asker: Asker, given: Given) -> Session:
            targets = {name: inside(name, address) for name, address in addresses.items()}
            places = Places(asker, targets, inside)
            return Session(guide, asker, journal=journal, given=given, places=places, actions=ACTIONS, haste=HASTE, book=book)

        def visit(url: str) -> Text | None:
            if url.startswith(_CONSOLE):
                return _NO_CONSOLE
            if not world.is_practice_link(url):
                return None
            world.visit(url)
            return _VISITED

        try:
            yield World(library.find(GUIDE), Given(places=addresses, inputs=world.inputs(), environ=world.environ()), sessions, visit)
        finally:
            journal.close()
