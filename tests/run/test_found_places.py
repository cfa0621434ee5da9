"""A place whose address the run finds: known from then on and on another day, connected to anew for each look."""

from typing import Any

from stage import Stage as Theatre
from stage import command, guide, probe, step

from tui.guide.model import ActionSpec, CheckSpec, Command, TargetSpec
from tui.run import events as ev
from tui.run.action import Stage
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.plan import Given
from tui.run.state import fold_all
from tui.target.replay import Recorded, ReplayTarget

INSIDE = TargetSpec("inside", address="$found", same_as="ecs", found_by="find")
TARGETS = (TargetSpec("ecs"), INSIDE)
USE = step("use", 20, Command("inner", "bash", 21, 21, on="inside"))


class Opened:
    """Makes replaying places, and counts how often each was connected to."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def make(self, name: str, address: str) -> ReplayTarget:
        opened = self.opened

        class Counting(ReplayTarget):
            async def open(self, asker: Any) -> None:
                opened.append(address)
                await super().open(asker)

        return Counting(name, address, (Recorded("inner"), Recorded("look")))


async def finds(stage: Stage) -> None:
    stage.learn(found="replay://inside", other="1")


def theatre(journal: Journal, *steps: Any, says: str = "") -> tuple[Theatre, list[str]]:
    show = Theatre(journal, guide(*steps, targets=TARGETS), (Recorded("*", (says,)),))
    opened = Opened()
    show.session.places._make = opened.make
    show.session.actions = {"x.find": finds}
    return show, opened.opened


FIND = step("find", 1, ActionSpec("x.find", 2))


async def test_it_is_connected_to_when_its_address_has_been_found(journal: Journal) -> None:
    show, opened = theatre(journal, FIND, USE)
    events = await show.run("find", "use")
    state = fold_all(events)
    assert (state.verdict, opened) == (Outcome.PASSED, ["replay://inside"])
    assert {name: value.text for name, value in state.values.items()} == {"found": "replay://inside", "other": "1"}


async def test_a_command_that_reads_an_address_nobody_has_found_does_not_run(journal: Journal) -> None:
    by_hand = step("by-hand", 30, command("ssh ${found}", 31))
    show, _ = theatre(journal, FIND, by_hand)
    state = fold_all(await show.run("by-hand"))
    assert state.why is not None
    assert "“Find” finds it" in state.why.en
    assert show.scripts == []
    assert fold_all(await show.run("find", "by-hand")).verdict is Outcome.PASSED
    assert show.scripts == ["ssh ${found}"]


async def test_without_its_address_one_sentence_names_the_step_that_finds_it(journal: Journal) -> None:
    show, opened = theatre(journal, FIND, USE)
    state = fold_all(await show.run("use"))
    assert (state.verdict, opened) == (Outcome.FAILED, [])
    assert state.why is not None
    assert "“Find” finds it" in state.why.en
    assert state.step("use").commands == {}


async def test_it_is_known_on_another_day(journal: Journal) -> None:
    await theatre(journal, FIND, USE)[0].run("find")
    show, opened = theatre(journal, FIND, USE)
    events = await show.run("use")
    assert (fold_all(events).verdict, opened) == (Outcome.PASSED, ["replay://inside"])
    start = events[0]
    assert isinstance(start, ev.RunStarted)
    assert start.targets["inside"] == "replay://inside"
    assert "other" not in show.session.found


async def test_each_look_connects_anew_and_an_unknown_place_is_no_failure(journal: Journal) -> None:
    checks = (CheckSpec("probe", {"": "look"}, 30, on="inside"),)
    show, opened = theatre(journal, step("find", 1, ActionSpec("x.find", 2), checks=checks))
    events = await show.run("find")
    seen = [(event.before, str(event.status)) for event in events if isinstance(event, ev.Checked)]
    assert seen == [(True, "unknown"), (False, "pass")]
    await show.run("find", force=True)
    assert opened == ["replay://inside"] * 2
    await show.run("find")
    assert opened == ["replay://inside"] * 3


async def test_a_check_may_find_it_for_the_next_one(journal: Journal) -> None:
    found = probe("where", 30, matches=r"(?P<found>\S+)")
    checks = (found, CheckSpec("probe", {"": "look"}, 31, on="inside"))
    show, opened = theatre(journal, step("find", 1, command("never", 2), checks=checks), says="replay://inside\n")
    state = fold_all(await show.run("find"))
    assert (state.verdict, opened) == (Outcome.ALREADY, ["replay://inside"])


async def test_an_address_that_was_given_goes_before_the_one_found(journal: Journal) -> None:
    show, opened = theatre(journal, FIND, USE)
    show.session.given = Given({"ecs": "replay://", "inside": "replay://elsewhere"}, approved=True)
    await show.run("find", "use")
    assert opened == ["replay://elsewhere"]
