"""Offered actions run by their own request alone, where they say; approving covers them; root is asked for only where it is needed."""

from collections.abc import Mapping
from typing import Any

import pytest
from stage import Stage as Theatre
from stage import command, guide, probe, step

from tui.errors import Refused
from tui.guide.model import ActionSpec, Input, TargetSpec
from tui.run import events as ev
from tui.run import plan as planning
from tui.run.action import Stage
from tui.run.ask import FormQuestion, Nobody
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.plan import Given, Plan, Request, approval_lines
from tui.run.state import fold_all
from tui.secret import Secret
from tui.target.replay import Recorded, ReplayTarget
from tui.texts import same

OFFERED = ActionSpec("x.mend", 4, {"how": False, "token": "TOKEN"}, explicit=True, on="other")
PLACES = (TargetSpec("ecs"), TargetSpec("other"))
MAIN = ActionSpec("x.do", 3)


class Filling(Nobody):
    """Fills in forms; keeps the names asked for."""

    unattended = False

    def __init__(self, **answers: str | Secret) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def form(self, questions: tuple[FormQuestion, ...]) -> Mapping[str, str | Secret] | None:
        self.asked += [question.name for question in questions]
        return {question.name: self.answers.get(question.name, "") for question in questions}


async def run(journal: Journal, *items: Any, item: int | None = None) -> tuple[list[str], list[ev.AnyEvent]]:
    """The actions that ran, with their places, and the events."""
    ran: list[str] = []

    async def act(stage: Stage) -> None:
        ran.append(f"{stage.spec.use} {stage.on} {stage.target().name}")

    show = Theatre(
        journal, guide(step("a", 1, *items), targets=PLACES), (Recorded("*"),), places={"ecs": "replay://", "other": "replay://other"}
    )
    show.session.places._targets["other"] = ReplayTarget("other", "replay://other", (Recorded("*"),))
    show.session.actions = {"x.do": act, "x.mend": act}
    return ran, await show.run("a", item=item)


async def test_an_offered_action_does_not_run_with_its_step(journal: Journal) -> None:
    ran, events = await run(journal, MAIN, OFFERED)
    assert ran == ["x.do ecs ecs"]
    assert fold_all(events).verdict is Outcome.PASSED


async def test_it_runs_alone_and_in_its_own_place(journal: Journal) -> None:
    ran, events = await run(journal, MAIN, OFFERED, item=1)
    assert ran == ["x.mend other other"]
    started = next(event for event in events if isinstance(event, ev.CommandStarted))
    assert (started.item, started.on, started.alone) == (1, "other", True)


async def test_an_error_is_told_with_the_end_of_the_action(journal: Journal) -> None:
    async def act(stage: Stage) -> None:
        raise Refused(same("no"))

    show = Theatre(journal, guide(step("a", 1, MAIN)), (Recorded("*"),))
    show.session.actions = {"x.do": act}
    ended = next(event for event in await show.run("a") if isinstance(event, ev.CommandEnded))
    assert (ended.code, ended.why) == (1, same("no"))


def test_approving_names_actions_with_their_options_and_places() -> None:
    document = guide(step("a", 1, command("one", 2), MAIN, OFFERED, checks=(probe("look", 9),), undo="back"))
    assert approval_lines(document) == ("ecs  one", "ecs  x.do", "other  x.mend how=false token=TOKEN", "ecs  look", "ecs  back")


async def planned(journal: Journal, asker: Any, *items: Any, item: int | None = None, rootless: Any = (), **more: Any) -> Plan:
    inputs = (Input("WHERE"), Input("TOKEN", "secret", optional=True))
    document = guide(step("a", 1, *items, inputs=("TOKEN", "WHERE"), **more), inputs=inputs, targets=PLACES)
    given = Given({"ecs": "local", "other": "local"}, approved=True)
    return await planning.make(document, Request(("a",), item=item), given, journal, asker, rootless)


@pytest.mark.parametrize(
    ("items", "item", "more", "roots"),
    [
        ((MAIN,), None, {"changes": True}, {"ecs"}),
        ((MAIN,), None, {"changes": False}, set()),
        ((ActionSpec("x.look", 3),), None, {"changes": True}, set()),
        ((OFFERED, command("ls", 5)), None, {"changes": True}, set()),
        ((OFFERED, command("ls", 5)), 0, {"changes": True}, {"other"}),
        ((command("sudo ls", 5, explicit=True), command("ls", 6)), None, {}, set()),
        ((command("sudo ls", 5, explicit=True), command("ls", 6)), 0, {}, {"ecs"}),
        ((), None, {"checks": (probe("sudo ls", 7),)}, {"ecs"}),
    ],
)
async def test_root_is_asked_for_only_where_something_runs_that_needs_it(
    journal: Journal, items: Any, item: int | None, more: Any, roots: set[str]
) -> None:
    plan = await planned(journal, Filling(), *items, item=item, rootless={"x.look"}, **more)
    assert plan.roots == roots


async def test_a_step_never_asks_for_what_may_stay_empty(journal: Journal) -> None:
    asker = Filling(WHERE="here")
    plan = await planned(journal, asker, command('put "$WHERE" "$TOKEN"', 2), OFFERED)
    assert asker.asked == ["WHERE"]
    assert (plan.values, plan.secrets) == ({"WHERE": "here", "TOKEN": ""}, {})


@pytest.mark.parametrize(("answer", "secrets"), [("", {}), ("t", {"TOKEN": Secret("t")})])
async def test_an_offered_action_asks_for_what_it_could_use_and_takes_no_for_an_answer(
    journal: Journal, answer: str, secrets: dict[str, Secret]
) -> None:
    asker = Filling(TOKEN=Secret(answer))
    plan = await planned(journal, asker, command('put "$WHERE"', 2), OFFERED, item=1)
    assert (asker.asked, plan.secrets) == (["TOKEN"], secrets)


async def test_nobody_is_asked_for_what_may_stay_empty(journal: Journal) -> None:
    assert (await planned(journal, Nobody(), MAIN, OFFERED, item=1)).secrets == {}
