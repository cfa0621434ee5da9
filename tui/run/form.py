"""Which inputs a request needs, and the one form in which the missing ones are asked for, until every answer is one that will do."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tui.errors import Cancelled, ZhinanError
from tui.guide.model import CheckSpec, Guide, Input, Item, TargetSpec
from tui.guide.reads import reads
from tui.run import values as vals
from tui.run.ask import Asker, FormQuestion, InputQuestion, TargetQuestion
from tui.run.journal import Journal
from tui.secret import Secret
from tui.target import registry
from tui.texts import Text

Part = Item | CheckSpec
"""What a request makes run, or looks at."""


def wanted(
    guide: Guide, known_to: Collection[str], parts: Mapping[str, tuple[Part, ...]], given: Mapping[str, str | Secret], *,
    environ: Mapping[str, str], fill_in: bool,
) -> tuple[tuple[Input, ...], dict[str, str | Secret]]:  # fmt: skip
    """The inputs to judge, and to ask for where they are not known, and the values of those that are.

    Only what runs now asks for what it reads; `fill_in`: also for what may stay empty. `known_to` are the inputs that the steps may use.
    """
    of_parts = set().union(*(reads(part) for each in parts.values() for part in each))
    found: list[Input] = []
    known: dict[str, str | Secret] = {}
    for each in guide.inputs:
        if each.name not in known_to:
            continue
        value = given.get(each.name) or vals.from_surroundings(each, environ)
        asked = each.name in of_parts and (bool(value) or fill_in or not each.optional)
        if asked:
            found.append(each)
        if value:
            known[each.name] = value
        elif each.optional and not asked:
            known[each.name] = ""
    return tuple(found), known


async def ask(
    guide: Guide,
    inputs: tuple[Input, ...],
    known: Mapping[str, str | Secret],
    places: Mapping[str, str | None],
    journal: Journal,
    asker: Asker,
) -> dict[str, str | Secret]:
    """Ask until every answer is one that will do."""
    path = str(guide.path.absolute())
    answers = dict(known)
    questions: list[FormQuestion] = []
    for name, address in places.items():
        if address is None:
            spec = next((s for s in guide.targets if s.name == name), TargetSpec(name))
            questions.append(TargetQuestion(spec, last=journal.answer(path, f"target {name}")))
    for each in inputs:
        value = known.get(each.name)
        wrong = None if value is None else vals.wrong(each, plain(value))
        if value is None or wrong:
            questions.append(InputQuestion(each, wrong))
    while questions:
        given = await asker.form(tuple(questions))
        if given is None:
            raise Cancelled(Text("没有填完，什么都没有执行", "not filled in; nothing was run"))
        answers |= given
        questions = [again for question in questions if (again := _judged(question, answers))]
    for name, address in places.items():
        if address is None:
            journal.remember(path, f"target {name}", plain(answers[name]))
    return answers


def _judged(question: FormQuestion, answers: Mapping[str, str | Secret]) -> FormQuestion | None:
    """The same question again with what is wrong about its answer; None if the answer will do."""
    answer = plain(answers.get(question.name, ""))
    if isinstance(question, InputQuestion):
        wrong = vals.wrong(question.input, answer)
        return InputQuestion(question.input, wrong) if wrong else None
    try:
        registry.make(question.name, answer)
    except ZhinanError as error:
        return TargetQuestion(question.spec, error.text, answer)
    return None


def plain(value: str | Secret) -> str:
    """The value itself."""
    return value.reveal() if isinstance(value, Secret) else value
