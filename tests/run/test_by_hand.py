"""What was done by hand in a step that changes nothing stays done on another day; a gate's ticks are asked for each time."""

import pytest
from stage import Stage as Theatre
from stage import guide, probe, step

from tui.guide.model import Manual, Step
from tui.run import events as ev
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
