"""Questions come first, together, and only those that are needed."""

from collections.abc import Mapping
from typing import Any

import pytest
from stage import command, guide, step

from tui.errors import Cancelled, DocumentError, UsageError
from tui.guide.model import ActionSpec, Command, Input, Level, Problem, Step, TargetSpec
from tui.run import plan as planning
from tui.run.ask import FormQuestion, InputQuestion, Nobody, PlaceQuestion, TargetQuestion
from tui.run.journal import Journal
from tui.run.plan import Given, Plan, Request
from tui.secret import Secret
from tui.texts import same


class Answers(Nobody):
    """Answers from a list of forms, one after the other; keeps what was asked."""

    def __init__(self, *forms: Mapping[str, str | Secret], place: str | None = None) -> None:
        self.forms = list(forms)
        self.where = place
        self.asked: list[tuple[FormQuestion, ...]] = []
        self.places: list[PlaceQuestion] = []

    async def form(self, questions: tuple[FormQuestion, ...]) -> Mapping[str, str | Secret] | None:
        self.asked.append(questions)
        return self.forms.pop(0) if self.forms else None

    async def place(self, question: PlaceQuestion) -> str | None:
        self.places.append(question)
        return self.where


async def made(journal: Journal, document: Any, asker: Any, *steps: str, **given: Any) -> Plan:
    return await planning.make(document, Request(steps), Given(approved=True, **given), journal, asker)


LOGIN = step("a", 1, command('login "$USER_NAME" "$KEY"', 2), inputs=("KEY", "USER_NAME"))
INPUTS = (Input("USER_NAME"), Input("KEY", "secret"), Input("UNUSED"))


async def test_all_that_is_missing_is_asked_in_one_form(journal: Journal) -> None:
    asker = Answers({"ecs": "root@203.0.113.7", "USER_NAME": "me", "KEY": Secret("k")})
    plan = await made(journal, guide(LOGIN, inputs=INPUTS, targets=(TargetSpec("ecs"),)), asker, "a")
    assert [[question.name for question in form] for form in asker.asked] == [["ecs", "USER_NAME", "KEY"]]
    assert (plan.places, plan.values, plan.secrets) == ({"ecs": "root@203.0.113.7"}, {"USER_NAME": "me"}, {"KEY": Secret("k")})


async def test_nothing_is_asked_that_is_known(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "from-environment")
    asker = Answers()
    plan = await made(journal, guide(LOGIN, inputs=INPUTS), asker, "a", places={"ecs": "local"}, inputs={"USER_NAME": "me"})
    assert asker.asked == []
    assert plan.secrets == {"KEY": Secret("from-environment")}


async def test_a_wrong_answer_is_asked_again_with_the_reason(journal: Journal) -> None:
    document = guide(step("a", 1, command("x $PUBLIC", 2), inputs=("PUBLIC",)), inputs=(Input("PUBLIC", "host"),))
    asker = Answers({"ecs": "http://x", "PUBLIC": "1.2.3"}, {"ecs": "local", "PUBLIC": "1.2.3.4"})
    await made(journal, document, asker, "a")
    again = asker.asked[1]
    assert all(question.wrong for question in again)
    assert {type(question) for question in again} == {TargetQuestion, InputQuestion}


async def test_a_closed_form_cancels(journal: Journal) -> None:
    with pytest.raises(Cancelled):
        await made(journal, guide(LOGIN, inputs=INPUTS), Answers(), "a")


async def test_the_last_address_is_offered_again(journal: Journal) -> None:
    document = guide(step("a", 1, command("true", 2)))
    await made(journal, document, Answers({"ecs": "root@203.0.113.7"}), "a")
    asker = Answers({"ecs": "local"})
    await made(journal, document, asker, "a")
    question = asker.asked[0][0]
    assert isinstance(question, TargetQuestion)
    assert question.last == "root@203.0.113.7"


async def test_an_unsure_place_is_asked_once_and_remembered(journal: Journal) -> None:
    unsure = step("a", 1, Command("true", "bash", 2, 2))
    document = guide(planning_step(unsure))
    asker = Answers(place="local")
    plan = await made(journal, document, asker, "a")
    assert plan.where[2] == "local"
    assert len(asker.places) == 1
    again = Answers()
    await made(journal, document, again, "a")
    assert again.places == []


async def test_a_document_that_names_no_place_may_be_meant_for_a_server(journal: Journal) -> None:
    document = guide(planning_step(step("a", 1, Command("true", "bash", 2, 2))))
    asker = Answers({"server": "root@203.0.113.7"}, place="server")
    plan = await made(journal, document, asker, "a")
    assert asker.places[0].names == ("local", "server")
    assert [[question.name for question in form] for form in asker.asked] == [["server"]]
    assert (plan.where[2], plan.places) == ("server", {"server": "root@203.0.113.7"})


async def test_a_server_may_be_given_beforehand(journal: Journal) -> None:
    document = guide(planning_step(step("a", 1, Command("true", "bash", 2, 2))))
    asker = Answers(place="server")
    plan = await made(journal, document, asker, "a", places={"server": "root@203.0.113.7"})
    assert asker.asked == []
    assert plan.places == {"server": "root@203.0.113.7"}


async def test_a_document_with_a_place_of_its_own_offers_that(journal: Journal) -> None:
    unsure = planning_step(step("a", 1, Command("true", "bash", 2, 2)))
    asker = Answers(place="local")
    await made(journal, guide(unsure, targets=(TargetSpec("ecs"),)), asker, "a")
    assert asker.places[0].names == ("ecs", "local")
    with pytest.raises(UsageError, match="server"):
        await made(journal, guide(unsure, targets=(TargetSpec("ecs"),)), asker, "a", places={"server": "local"})


def planning_step(unsure: Any) -> Any:
    from dataclasses import replace

    return replace(unsure, on=None)


async def test_a_place_said_on_the_command_line_goes_before_what_was_answered(journal: Journal) -> None:
    document = guide(planning_step(step("a", 1, Command("true", "bash", 2, 2))))
    await made(journal, document, Answers(place="local"), "a")
    plan = await made(journal, document, Answers(), "a", places={"server": "root@203.0.113.7"}, place="server")
    assert plan.where[2] == "server"
    assert plan.places == {"server": "root@203.0.113.7"}


async def test_a_broken_document_names_file_and_line(journal: Journal) -> None:
    document = guide(LOGIN, problems=(Problem(7, same("bad"), Level.ERROR),))
    with pytest.raises(DocumentError, match=r"g\.md:7"):
        await made(journal, document, Answers(), "a")


async def test_a_warning_does_not_stop(journal: Journal) -> None:
    document = guide(step("a", 1, command("true", 2)), problems=(Problem(7, same("odd"), Level.WARNING),))
    assert (await made(journal, document, Answers(), "a", places={"ecs": "local"})).steps


async def test_unknown_step_names_the_nearest(journal: Journal) -> None:
    with pytest.raises(UsageError, match="“a”"):
        await made(journal, guide(LOGIN), Answers(), "aa")


async def test_an_address_of_no_known_form_is_refused(journal: Journal) -> None:
    with pytest.raises(UsageError, match="ssh://"):
        await made(journal, guide(LOGIN), Answers(), "a", places={"ecs": "ftp://x"})


async def test_a_place_that_an_action_names_is_connected_too(journal: Journal) -> None:
    options = {"server": "ecs", "user": "nobody", "times": 3}
    verify = Step("a", "A", 1, 9, on="local", items=(ActionSpec("x.verify", 2, options),))
    targets = (TargetSpec("ecs"), TargetSpec("other"))
    plan = await made(journal, guide(verify, targets=targets), Answers(), "a", places={"ecs": "root@203.0.113.7"})
    assert plan.places == {"local": "local", "ecs": "root@203.0.113.7"}
