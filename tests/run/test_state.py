"""fold is pure, complete, and leaves what it did not touch identical."""

from dataclasses import replace

import pytest

from tui.judge.evidence import End, Status
from tui.run import events as ev
from tui.run.events import AnyEvent, Outcome
from tui.run.state import Phase, RunState, fold, fold_all
from tui.run.wire import KINDS, from_wire, to_wire
from tui.texts import Text, same

HEAD = {"run": "r", "at": 100.0}
START = ev.RunStarted(**HEAD, guide="g.md", title="G", digest="d", steps=("a", "b"), targets={"ecs": "ssh://x"}, values={"REGION": "cn"})
STEP = {**HEAD, "step": "a"}
CAUSE = ev.Cause("lock", Text("锁", "the lock"), 90, "sure", "lock.md", (ev.Proof("E: lock", 0, 2), ev.Proof("said")), ("other",), "cause")
STORY: list[AnyEvent] = [
    START,
    ev.StepStarted(**STEP, on="ecs", address="ssh://x"),
    ev.Checked(**STEP, check=0, before=True, status=Status.FAIL, say=same("no"), proof="127"),
    ev.CommandStarted(**STEP, item=0, on="ecs", text="true", log="a-0-1.log"),
    ev.Printed(**STEP, item=0, text="你好\n", offset=0),
    ev.ConnectionLost(**STEP, item=0, why=Text("断", "lost")),
    ev.ConnectionRestored(**STEP, item=0, seconds=2.0),
    ev.Printed(**STEP, item=0, text="x", offset=7),
    ev.CommandEnded(**STEP, item=0, end=End.EXITED, code=0, seconds=1.5),
    ev.ManualAwaited(**STEP, item=1, text="click"),
    ev.ManualDone(**STEP, item=1, ticked=True),
    ev.Asked(**STEP, item=2, question=Text("做吗？", "do it?"), shown=Text("+ 甲", "+ a"), danger=True, typed="web-1"),
    ev.Answered(**STEP, item=2, yes=True),
    ev.Waited(**STEP, item=2, what=Text("打开", "open"), url="https://x", until=200.0),
    ev.Observed(**STEP, item=2, topic="login", facts={"state": "NeedsLogin"}),
    ev.WaitEnded(**STEP, item=2, reached=True),
    ev.Learned(**STEP, item=2, values={"ip": "100.64.0.1"}),
    ev.Checked(**STEP, check=0, before=False, status=Status.PASS, say=same("yes"), proof="1.2", values={"v": "1.2"}),
    ev.Diagnosed(**STEP, causes=(CAUSE,)),
    ev.StepEnded(**STEP, outcome=Outcome.PASSED, seconds=3.0),
    ev.RunEnded(**HEAD, verdict=Outcome.PASSED, exit_code=0),
]
PHASES = [
    Phase.QUEUED, Phase.LOOKING, Phase.LOOKING, Phase.RUNNING, Phase.RUNNING, Phase.RUNNING, Phase.RUNNING, Phase.RUNNING,
    Phase.CHECKING, Phase.WAITING, Phase.RUNNING, Phase.WAITING, Phase.RUNNING, Phase.WAITING, Phase.WAITING,
    Phase.RUNNING, Phase.RUNNING, Phase.RUNNING, Phase.RUNNING, Phase.ENDED, Phase.ENDED,
]  # fmt: skip


def test_phases_in_order() -> None:
    state, seen = RunState(), []
    for event in STORY:
        state = fold(state, event)
        seen.append(state.step("a").phase)
    assert seen == PHASES


def test_the_whole_story() -> None:
    state = fold_all(STORY)
    step = state.step("a")
    assert (step.outcome, step.seconds, step.ticks, step.on) == (Outcome.PASSED, 3.0, {1: True}, "ecs")
    assert (step.wait, step.topics) == (None, {"login": {"state": "NeedsLogin"}})
    assert [(each.question.en, each.shown.en, each.yes) for each in step.asked] == [("do it?", "+ a", True)]
    command = step.commands[0]
    assert (command.size, command.end, command.code, command.linked) == (8, End.EXITED, 0, True)
    assert step.causes == (CAUSE,)
    assert step.checks[0].status is Status.PASS
    assert not step.checks[0].before
    assert (state.values["v"].text, state.values["v"].source) == ("1.2", "a")
    assert (state.values["ip"].text, state.values["ip"].source) == ("100.64.0.1", "a")
    assert state.values["REGION"].source == "input"
    assert (state.active, state.verdict) == (False, Outcome.PASSED)


def test_a_queued_step_that_never_came_is_to_do_again() -> None:
    assert fold_all(STORY).step("b").phase is Phase.TODO


def test_untouched_steps_stay_identical() -> None:
    before = fold_all(STORY[:-2])
    after = fold(before, STORY[-2])
    assert after.steps["b"] is before.steps["b"]
    assert after.values is before.values


def test_resumed_run_keeps_values_and_forgets_old_outcome() -> None:
    again = ev.RunResumed(**HEAD, steps=("a",), targets={}, values={})
    state = fold(fold_all(STORY), again)
    assert state.values["v"].text == "1.2"
    assert state.step("a").phase is Phase.QUEUED
    assert state.step("a").outcome is None
    assert state.active


def test_a_new_start_forgets_everything() -> None:
    state = fold(fold_all(STORY), replace(START, run="other"))
    assert state.run == "other"
    assert "v" not in state.values


@pytest.mark.parametrize("event", [*STORY, ev.Undone(**STEP, seconds=1.0)], ids=lambda event: type(event).__name__)
def test_wire_and_back(event: AnyEvent) -> None:
    wire = to_wire(event)
    assert list(wire)[:2] == ["event", "run"]
    assert from_wire(wire) == event
    assert set(KINDS) == {type(each).__name__ for each in STORY} | {"RunResumed", "Undone"}


def test_a_step_that_was_taken_back_is_to_do_again_and_keeps_its_log() -> None:
    step = fold(fold_all(STORY), ev.Undone(**STEP, seconds=1.0)).step("a")
    assert (step.phase, step.outcome, step.checks, step.topics) == (Phase.TODO, None, {}, {})
    assert step.commands[0].log == "a-0-1.log"
