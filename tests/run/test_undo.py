"""Taking a step back: its document's own undo runs where the step runs, and only a good end makes it a step to do again."""

from stage import Stage, command, guide, step

from tui.judge.evidence import End
from tui.run import events as ev
from tui.run.ask import Nobody
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.plan import Given, Request, make
from tui.run.state import Phase, fold_all
from tui.target.replay import Recorded

DOCUMENT = guide(
    step("a", 1, command("true", 2), undo="remove a"),
    step("b", 11, command("true", 12), undo="remove b"),
    step("c", 21),
)
DONE = (Recorded("true"), Recorded("remove a", ("gone\n",)), Recorded("remove b"))


async def test_a_step_that_passed_is_to_do_again(journal: Journal) -> None:
    stage = Stage(journal, DOCUMENT, DONE)
    await stage.run("a")
    events = await stage.run("a", undo=True)
    assert stage.scripts == ["true", "remove a"]
    started = next(event for event in events if isinstance(event, ev.CommandStarted))
    assert (started.item, started.on, started.text) == (ev.UNDO, "ecs", "remove a")
    state = fold_all(stage.events)
    assert (state.step("a").phase, state.verdict) == (Phase.TODO, Outcome.PASSED)
    assert "".join(event.text for event in events if isinstance(event, ev.Printed)) == "gone\n"


async def test_the_last_step_goes_first(journal: Journal) -> None:
    stage = Stage(journal, DOCUMENT, DONE)
    await stage.run("a", "b", undo=True)
    assert stage.scripts == ["remove b", "remove a"]


async def test_one_that_does_not_get_there_is_no_undone_step(journal: Journal) -> None:
    for failed, outcome in (
        (Recorded("remove b", code=4), Outcome.FAILED),
        (Recorded("remove b", end=End.LOST), Outcome.UNKNOWN),
    ):
        stage = Stage(journal, DOCUMENT, (failed, *DONE[:2]))
        events = await stage.run("a", "b", undo=True)
        assert not [event for event in events if isinstance(event, ev.Undone)]
        assert fold_all(events).step("b").outcome is outcome
        assert stage.scripts == ["remove b"]  # what came before it is left alone


async def test_a_step_without_one_is_refused_before_anything_runs(journal: Journal) -> None:
    stage = Stage(journal, DOCUMENT, DONE)
    events = await stage.run("a", "c", undo=True)
    ended = events[-1]
    assert isinstance(ended, ev.RunEnded)
    assert (ended.exit_code, stage.scripts) == (2, [])
    assert "does not say how to undo step “c”" in (ended.why.en if ended.why else "")


async def test_root_is_asked_for_where_the_undo_needs_it(journal: Journal) -> None:
    given = Given(places={"ecs": "replay://"}, approved=True)
    for undo, roots in (("remove a", set()), ("sudo remove a", {"ecs"})):
        plan = await make(guide(step("a", 1, undo=undo)), Request(("a",), undo=True), given, journal, Nobody())
        assert plan.roots == roots
