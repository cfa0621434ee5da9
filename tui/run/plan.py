"""Everything that has to be known before the first step starts: where, with which values, and whether it may run at all.

All questions are asked here, together, so that nobody is asked in the middle of a change.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tui.errors import Cancelled, DocumentError, NotApproved, UsageError, ZhinanError
from tui.guide.model import ActionSpec, CheckSpec, Command, Guide, Input, Level, Step, TargetSpec
from tui.run import values as vals
from tui.run.ask import ApprovalQuestion, Asker, FormQuestion, InputQuestion, PlaceQuestion, TargetQuestion
from tui.run.journal import Journal
from tui.secret import Secret
from tui.target import registry
from tui.texts import Text

LOCAL = "local"
SERVER = "server"
"""The name offered for a place of one's own in a document that names none but `local`."""
_ROOT = re.compile(r"\bsudo\b|\|\s*(?:sudo\s+)?(?:ba|da|z)?sh\b")


@dataclass(frozen=True, slots=True)
class Request:
    """What one key press or one command line asks for.

    `steps` are ids, run in document order. `force` runs a step although it is already done. `checks_only` looks and changes nothing. `item`
    runs just that item of the only step (an offered command).
    """

    steps: tuple[str, ...]
    force: bool = False
    checks_only: bool = False
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What is known before anything is asked: addresses by target name, values by input name; `approved` by `--yes`.

    `place` is where steps run whose document does not say where, whatever was answered before.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str | Secret] = field(default_factory=dict)
    approved: bool = False
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The answers. `where` maps a source line (of a step, command or check) to a target name; `places` names to addresses."""

    steps: tuple[Step, ...]
    where: Mapping[int, str]
    places: Mapping[str, str]
    values: Mapping[str, str]
    secrets: Mapping[str, Secret]


async def make(guide: Guide, request: Request, given: Given, journal: Journal, asker: Asker) -> Plan:
    """Ask what is missing. Raises UsageError, DocumentError, NotApproved or Cancelled; nothing has run then."""
    steps = chosen(guide, request)
    _refuse_broken(guide)
    await _approve(guide, given, journal, asker)
    where = await _where(guide, steps, given, journal, asker)
    _refuse_unknown_places(guide, given, where)
    needed = {name for step in steps for name in step.inputs}
    inputs = tuple(i for i in guide.inputs if i.name in needed)
    known: dict[str, str | Secret] = {}
    for each in inputs:
        value = given.inputs.get(each.name) or vals.from_surroundings(each)
        if value is not None:
            known[each.name] = value
    places = {name: _place(guide, name, given) for name in dict.fromkeys([*where.values(), *_also(guide, steps)])}
    answered = await _ask_form(guide, inputs, known, places, journal, asker)
    values = {**{n: v for n, v in given.inputs.items() if n in needed}, **known, **answered}
    return Plan(
        steps=steps,
        where=where,
        places={name: str(values.pop(name)) if address is None else address for name, address in places.items()},
        values={name: value for name, value in values.items() if isinstance(value, str)},
        secrets={name: value for name, value in values.items() if isinstance(value, Secret)},
    )


def chosen(guide: Guide, request: Request) -> tuple[Step, ...]:
    """The steps a request names, in document order. Raises UsageError for an unknown id, naming the nearest."""
    ids = [step.id for step in guide.steps]
    for wanted in request.steps:
        if wanted not in ids:
            near = difflib.get_close_matches(wanted, ids, n=1, cutoff=0)
            text = Text("{file} 里没有步骤“{wanted}”；最接近的是“{near}”", "{file} has no step “{wanted}”; the nearest is “{near}”")
            raise UsageError(text.fill(file=guide.path, wanted=wanted, near=near[0] if near else "—"))
    return tuple(step for step in guide.steps if step.id in request.steps)


def needs_root(step: Step) -> bool:
    """Whether something in the step may ask sudo for a password: it says `sudo`, pipes a script into a shell, or is an action
    that changes something.
    """
    return (
        (step.changes and any(isinstance(item, ActionSpec) for item in step.items))
        or any(_ROOT.search(command.text) for command in step.commands)
        or any("sudo" in str(spec.args) for spec in step.checks)
    )


def approval_lines(guide: Guide) -> tuple[str, ...]:
    """All that approving this document allows, one line of text each, with where it runs: commands, probes and undo of every step."""
    lines = []
    for step in guide.steps:
        for command in step.commands:
            lines += [f"{command.on or step.on or '?'}  {line}" for line in command.text.splitlines()]
        lines += [f"{spec.on or step.on or '?'}  {spec.args['']}" for spec in step.checks if spec.kind == "probe" and "" in spec.args]
        lines += [f"{step.on or '?'}  {line}" for line in step.undo.splitlines()]
    return tuple(lines)


def _refuse_broken(guide: Guide) -> None:
    for problem in guide.problems:
        if problem.level is Level.ERROR:
            text = Text("{file}:{line}：{what}", "{file}:{line}: {what}")
            raise DocumentError(text.fill(file=guide.path, line=problem.line, what=problem.text))


async def _approve(guide: Guide, given: Given, journal: Journal, asker: Asker) -> None:
    commands = approval_lines(guide)
    path = str(guide.path.absolute())
    if not commands or journal.approved(guide.digest):
        return
    if not given.approved and not await asker.approve(ApprovalQuestion(guide, commands, journal.last_approved(path))):
        text = Text("{file} 的命令没有得到批准，什么都没有执行", "the commands of {file} were not approved; nothing was run")
        raise NotApproved(text.fill(file=guide.path.name))
    journal.approve(guide.digest, path, commands)


async def _where(guide: Guide, steps: Iterable[Step], given: Given, journal: Journal, asker: Asker) -> dict[int, str]:
    """A target name for every step, command and check; asked once where the document leaves it open, and remembered."""
    names = _names(guide)
    path = str(guide.path.absolute())
    where: dict[int, str] = {}
    for step in steps:
        commands = [command for command in step.commands if command.on is None]
        unsure: Command | None = commands[0] if commands else None
        if step.on is None and unsure is None:
            where[step.line] = LOCAL  # nothing of it runs anywhere
        elif step.on is None:
            question = f"place {step.id} {unsure.text if unsure else ''}"
            answer = given.place or journal.answer(path, question) or await asker.place(PlaceQuestion(step, unsure, names))
            if answer is None:
                raise Cancelled(Text("没有说在哪里执行，什么都没有做", "not told where to run; nothing was done"))
            journal.remember(path, question, answer)
            where[step.line] = answer
        else:
            where[step.line] = step.on
        parts: tuple[Command | CheckSpec, ...] = (*step.commands, *step.checks)
        for part in parts:
            where[part.line] = part.on or where[step.line]
    return where


def _also(guide: Guide, steps: Iterable[Step]) -> list[str]:
    """The places that an action of these steps needs beside its own: its options name them."""
    names = _names(guide)
    options = (value for step in steps for item in step.items if isinstance(item, ActionSpec) for value in item.options.values())
    return [value for value in options if isinstance(value, str) and value in names]


def _names(guide: Guide) -> tuple[str, ...]:
    """The target names of a document: those it declares, those it uses without declaring them, and `local`.

    A document not written for this program names none, and still may be meant for a server: then `server` is one.
    """
    said: list[str | None] = [spec.name for spec in guide.targets]
    for step in guide.steps:
        said += [step.on, *(command.on for command in step.commands), *(spec.on for spec in step.checks)]
    names = dict.fromkeys([*(name for name in said if name), LOCAL])
    return tuple(names) if len(names) > 1 else (LOCAL, SERVER)


def _refuse_unknown_places(guide: Guide, given: Given, where: Mapping[int, str]) -> None:
    names = _names(guide)
    for name in given.places:
        if name not in names and name not in where.values():
            near = difflib.get_close_matches(name, names, n=1, cutoff=0)[0]
            text = Text("{file} 里没有叫“{name}”的地方；最接近的是“{near}”", "{file} knows no place “{name}”; the nearest is “{near}”")
            raise UsageError(text.fill(file=guide.path.name, name=name, near=near))


def _place(guide: Guide, name: str, given: Given) -> str | None:
    """The address already known for a target name, in its standard spelling; None if it has to be asked."""
    spec = next((spec for spec in guide.targets if spec.name == name), None)
    address = given.places.get(name) or (spec.address if spec else None) or (LOCAL if name == LOCAL else None)
    if address is not None:
        registry.make(name, address)
    return address


async def _ask_form(
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
        wrong = None if value is None else vals.wrong(each, _plain(value))
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
            journal.remember(path, f"target {name}", _plain(answers[name]))
    return answers


def _judged(question: FormQuestion, answers: Mapping[str, str | Secret]) -> FormQuestion | None:
    """The same question again with what is wrong about its answer; None if the answer will do."""
    answer = _plain(answers.get(question.name, ""))
    if isinstance(question, InputQuestion):
        wrong = vals.wrong(question.input, answer)
        return InputQuestion(question.input, wrong) if wrong else None
    try:
        registry.make(question.name, answer)
    except ZhinanError as error:
        return TargetQuestion(question.spec, error.text, answer)
    return None


def _plain(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value
