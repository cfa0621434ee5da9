"""What was done by hand in a step that changes nothing stays done on another day; a gate's ticks are asked for each time."""

import asyncio

import pytest
from stage import Stage as Theatre
from stage import guide, probe, step

from tui.guide.model import ActionSpec, Manual, Step
from tui.run import events as ev
from tui.run.action import Stage
from tui.run.ask import Nobody
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.state import fold_all
from tui.target.replay import Recorded

MANUAL = Manual("register", 2, 2)


class Ticking(Nobody):
    """Ticks, and counts."""

    def __init__(self) -> None:
        self.asked = 0

    async def tick(self, step: Step, text: str) -> bool:
        """Done."""
        self.asked += 1
        return True


async def day(journal: Journal, one: Step, **request: bool) -> tuple[Outcome | None, int, bool]:
    """A new session: how it ended, how often it asked, whether the item shows as ticked."""
    asker = Ticking()
    state = fold_all(await Theatre(journal, guide(one), (Recorded("look", (), (), 1), Recorded("*")), asker).run("a", **request))
    return state.verdict, asker.asked, bool(state.step("a").ticks.get(0))


async def test_it_is_remembered(journal: Journal) -> None:
    one = step("a", 1, MANUAL, changes=False)
    assert await day(journal, one) == (Outcome.PASSED, 1, True)
    assert await day(journal, one) == (Outcome.ALREADY, 0, True)
    assert await day(journal, one, force=True) == (Outcome.PASSED, 1, True)
    other = step("a", 1, Manual("register elsewhere", 2, 2), changes=False)
    assert await day(journal, other) == (Outcome.PASSED, 1, True)


@pytest.mark.parametrize("more", [{}, {"changes": True}, {"changes": False, "checks": (probe("look", 9),)}])
async def test_where_something_changes_or_a_check_decides_it_is_asked_again(journal: Journal, more: dict[str, object]) -> None:
    one = step("a", 1, MANUAL, **more)
    assert (await day(journal, one))[1] == 1
    assert (await day(journal, one))[1] == 1


async def test_what_nobody_ticked_is_not_remembered(journal: Journal) -> None:
    one = step("a", 1, MANUAL, changes=False)
    events = await Theatre(journal, guide(one), (Recorded("*"),)).run("a")
    assert [event.ticked for event in events if isinstance(event, ev.ManualDone)] == [False]
    assert (await day(journal, one))[:2] == (Outcome.PASSED, 1)


class Waiting(Nobody):
    """Never ticks."""

    async def tick(self, step: Step, text: str) -> bool:
        """For ever."""
        await asyncio.Event().wait()
        return True


def closing(journal: Journal, *, spares: bool = True) -> Theatre:
    """A step of an offered action and two things to do by hand, at which nobody ticks; its action passes."""
    action = ActionSpec("close", 2, explicit=True, spares=spares)
    theatre = Theatre(journal, guide(step("a", 1, action, MANUAL, Manual("look", 3, 3), changes=True)), (Recorded("*"),), Waiting())

    async def close(stage: Stage) -> None:
        await stage.note("closed")

    theatre.session.actions = {"close": close}
    return theatre


async def test_an_action_that_spares_them_ends_the_wait_for_what_it_has_done(journal: Journal) -> None:
    theatre = closing(journal)
    waiting = asyncio.Event()
    first = asyncio.create_task(theatre.run("a", watch=lambda event: waiting.set() if isinstance(event, ev.ManualAwaited) else None))
    await waiting.wait()
    await theatre.run("a", item=0)
    state = fold_all(await first)
    assert state.verdict is Outcome.PASSED
    assert (state.step("a").ticks, state.step("a").spared) == ({1: True, 2: True}, {1, 2})
    again = asyncio.create_task(
        theatre.run("a", watch=lambda event: theatre.session.stop() if isinstance(event, ev.ManualAwaited) else None)
    )
    assert fold_all(await again).verdict is Outcome.CANCELLED, "a step that is done anew asks anew"


async def test_another_action_spares_nothing(journal: Journal) -> None:
    theatre = closing(journal, spares=False)
    waiting = asyncio.Event()
    first = asyncio.create_task(theatre.run("a", watch=lambda event: waiting.set() if isinstance(event, ev.ManualAwaited) else None))
    await waiting.wait()
    await theatre.run("a", item=0)
    theatre.session.stop()
    assert fold_all(await first).verdict is Outcome.CANCELLED
