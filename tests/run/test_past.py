"""Runs of the past: found by short words, standing as their steps stand, going on where they stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import Stage, command, guide, step

from tui.errors import UsageError
from tui.judge.evidence import End
from tui.run import events as ev
from tui.run.events import AnyEvent, Mends, Outcome
from tui.run.journal import Journal
from tui.run.past import End as Stand
from tui.run.past import Past, family, find, past, shorts
from tui.run.plan import Given
from tui.run.state import CUT_OFF, Phase, fold_all
from tui.target.replay import Recorded

DOCUMENT = guide(
    step("a", 1, command("one", 2), undo="un-one"), step("b", 11, command("two", 12), undo="un-two"), step("c", 21, command("three", 22))
)
FIRST = (Recorded("one", ("1\n",)), Recorded("two", code=100))
SECOND = (Recorded("one"), Recorded("two"), Recorded("three"), Recorded("un-one"), Recorded("un-two"))


def started(run: str, at: float, steps: tuple[str, ...] = ("a",), mends: Mends | None = None) -> AnyEvent:
    return ev.RunStarted(run=run, at=at, guide="g.md", title="G", digest="d", steps=steps, targets={}, values={}, mends=mends)


def of(journal: Journal, run: str) -> Past:
    [found] = past(journal, (find(journal, run),))
    return found


@pytest.mark.parametrize(
    ("word", "run"),
    [("20260101-101010-abc123", "20260101-101010-abc123"), ("abc", "20260101-101010-abc123"), ("20260102", "20260102-101010-abd456"),
     ("last", "20260101-101010-abc123")],
)  # fmt: skip
def test_a_run_is_found_by_a_short_word(journal: Journal, word: str, run: str) -> None:
    journal.record(started("20260101-101010-abc123", 1))
    journal.record(started("20260102-101010-abd456", 2))
    journal.record(ev.RunEnded(run="20260101-101010-abc123", at=9, verdict=Outcome.PASSED, exit_code=0))  # worked on last
    assert find(journal, word).run == run


@pytest.mark.parametrize(("word", "says"), [("ab", "abd456"), ("2026", "abc123"), ("zzz", "zhinan runs"), ("", "zhinan runs")])
def test_an_unknown_or_ambiguous_word_is_one_sentence(journal: Journal, word: str, says: str) -> None:
    journal.record(started("20260101-101010-abc123", 1))
    journal.record(started("20260102-101010-abd456", 2))
    with pytest.raises(UsageError, match=says):
        find(journal, word)


def test_a_short_name_means_one_run_only(journal: Journal) -> None:
    for run in ("20260101-101010-abc123", "20260102-101010-abc123", "20260102-101010-fff000"):
        journal.record(started(run, 1))
    assert set(shorts(journal.runs()).values()) == {"20260101-101010-abc123", "20260102-101010-abc123", "fff000"}


async def test_what_failed_and_then_passed_has_passed(journal: Journal) -> None:
    stage = Stage(journal, DOCUMENT, (*FIRST, Recorded("two")))
    await stage.run("a", "b")
    run = stage.session.run_id
    assert (of(journal, run).stands, of(journal, run).pending(DOCUMENT)) == (Outcome.FAILED, ("b",))
    await stage.run("b")
    assert (of(journal, run).stands, of(journal, run).passed) == (Outcome.PASSED, ("a", "b"))


async def test_a_program_that_died_leaves_a_run_cut_off(journal: Journal, tmp_path: Path) -> None:
    told = [started("r", 1, ("a", "b")), ev.StepStarted(run="r", at=2, step="a", on="ecs", address="x", title="A")]
    for event in [*told, ev.CommandStarted(run="r", at=3, step="a", item=0, on="ecs", text="one", log="a-0-1.log")]:
        journal.record(event)
    found = of(journal, "r")
    assert (found.stands, found.state.step("a").outcome, found.state.step("a").why) == (Stand.CUT_OFF, Outcome.UNKNOWN, CUT_OFF)
    assert found.state.step("a").commands[0].end is End.LOST
    assert found.state.step("b").phase is Phase.TODO
    other = Journal(tmp_path / "home")
    other.hold("r")
    assert of(journal, "r").stands is Stand.UNDER_WAY
    with pytest.raises(UsageError, match="另一个 zhinan"):
        journal.hold("r")
    other.close()
    assert of(journal, "r").stands is Stand.CUT_OFF


async def test_it_goes_on_as_the_same_run(journal: Journal) -> None:
    first = Stage(journal, DOCUMENT, FIRST)
    await first.run("a", "b", "c")
    await first.session.close()
    found = of(journal, first.session.run_id)
    again = Stage(journal, DOCUMENT, SECOND, places={})
    again.session.recall(found.row.run)
    assert again.session.state.step("a").outcome is Outcome.PASSED
    events = await again.run(*found.pending(DOCUMENT))
    assert isinstance(events[0], ev.RunResumed)
    assert events[0].targets["ecs"] == "replay://"  # the run's own place, though nothing was given
    assert again.scripts == ["two", "three"]
    assert not {job.id for job in again.target.ran} & {job.id for job in first.target.ran}
    assert (len(journal.runs()), of(journal, found.row.run).stands) == (1, Outcome.PASSED)


async def test_two_programs_do_not_work_on_one_run(journal: Journal) -> None:
    first = Stage(journal, DOCUMENT, FIRST)
    await first.run("a")
    other = Journal(journal.log_path("", "").parent)
    with pytest.raises(UsageError):
        Stage(other, DOCUMENT, SECOND).session.recall(first.session.run_id)
    await first.session.close()
    Stage(other, DOCUMENT, SECOND).session.recall(first.session.run_id)
    other.close()


async def test_a_step_that_reads_otherwise_now_is_to_do_again(journal: Journal) -> None:
    first = Stage(journal, DOCUMENT, FIRST)
    await first.run("a", "b")
    now = guide(step("a", 1, command("one --better", 2)), *DOCUMENT.steps[2:])
    found = of(journal, first.session.run_id)
    assert found.changed(DOCUMENT) == ()
    assert ([each.id for each in found.changed(now)], found.gone(now), found.pending(now)) == (["a"], ("b",), ("a",))


async def test_what_was_taken_back_is_neither_done_nor_to_do(journal: Journal) -> None:
    stage = Stage(journal, DOCUMENT, SECOND)
    await stage.run("a", "b")
    run = stage.session.run_id
    assert of(journal, run).did == ("a", "b")
    await stage.run("b", undo=True)
    assert (of(journal, run).did, of(journal, run).undone, of(journal, run).pending(DOCUMENT)) == (("a",), ("b",), ())
    await stage.run("a", undo=True)
    assert of(journal, run).stands is Stand.UNDONE


async def test_an_undo_that_stops_leaves_the_steps_before_it_passed(journal: Journal) -> None:
    stage = Stage(journal, DOCUMENT, (Recorded("one"), Recorded("two"), Recorded("un-two", code=4)))
    await stage.run("a", "b")
    await stage.run("a", "b", undo=True)
    assert (stage.session.state.step("a").outcome, stage.session.state.step("b").outcome) == (Outcome.PASSED, Outcome.FAILED)


async def test_undo_follows_the_order_in_which_the_steps_were_done(journal: Journal) -> None:
    stage = Stage(journal, DOCUMENT, SECOND)
    await stage.run("b")
    await stage.run("a")
    await stage.run(*of(journal, stage.session.run_id).did, undo=True)
    assert stage.scripts == ["two", "one", "un-one", "un-two"]


async def test_secrets_are_not_recalled(journal: Journal) -> None:
    stage = Stage(journal, DOCUMENT, SECOND)
    await stage.run("a")
    journal.record(ev.RunResumed(run=stage.session.run_id, at=1, steps=(), targets={}, values={"KEY": "x", "NAME": "y"}))
    await stage.session.close()
    from tui.guide.model import Input

    document = guide(*DOCUMENT.steps, inputs=(Input("KEY", "secret"), Input("NAME", "text")))
    again = Stage(journal, document, SECOND)
    again.session.recall(stage.session.run_id)
    assert again.session.given.inputs == {"NAME": "y"}
    assert again.session.given == Given(
        places={"ecs": "replay://"}, inputs={"NAME": "y"}, approved=True, environ=again.session.given.environ
    )


def test_a_mend_belongs_to_the_story_of_its_failure(journal: Journal) -> None:
    journal.record(started("r-1", 1))
    journal.record(started("r-2", 2))
    journal.record(started("r-3", 3, mends=Mends("r-1", "a", "lock")))
    journal.record(started("r-4", 4, mends=Mends("r-3", "mend", "other")))
    rows = journal.runs()
    for run in ("r-1", "r-3", "r-4"):
        assert [row.run for row in family(rows, run)] == ["r-1", "r-3", "r-4"]
    assert [row.run for row in family(rows, "r-2")] == ["r-2"]


def test_a_pass_that_never_got_there_leaves_a_step_as_it_stood() -> None:
    head = {"run": "r", "at": 1.0}
    state = fold_all([
        started("r", 1, ("a", "b")),
        ev.StepStarted(**head, step="b", on="x", address="x"),
        ev.StepEnded(**head, step="b", outcome=Outcome.PASSED, seconds=1),
        ev.RunEnded(**head, verdict=Outcome.PASSED, exit_code=0),
        ev.RunResumed(**head, steps=("a", "b"), targets={}, values={}),
        ev.StepStarted(**head, step="a", on="x", address="x"),
        ev.StepEnded(**head, step="a", outcome=Outcome.FAILED, seconds=1),
    ])  # fmt: skip
    assert state.step("b").phase is Phase.QUEUED
    state = fold_all([ev.RunEnded(**head, verdict=Outcome.FAILED, exit_code=1)], state)
    assert (state.step("b").phase, state.step("b").outcome) == (Phase.ENDED, Outcome.PASSED)
