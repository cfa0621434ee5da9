"""Everything that has to be known before the first step starts: where, with which values, and whether it may run at all.

All questions are asked here, together, so that nobody is asked in the middle of a change.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tui.errors import Cancelled, DocumentError, NotApproved, UsageError
from tui.guide.model import ActionSpec, CheckSpec, Command, Guide, Item, Level, Manual, Step, TargetSpec, is_offered
from tui.run import form
from tui.run.ask import ApprovalQuestion, Asker, PlaceQuestion
from tui.run.events import Mends
from tui.run.form import Part
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
    runs just that item of the only step (an offered command or action). `probe` is the id of a failure page: its probe looks where the
    only step failed. `undo` takes the steps back, each with its own undo, that of the last id first. `diagnose` asks the failure pages
    anew why the only step failed; nothing runs.
    """

    steps: tuple[str, ...]
    force: bool = False
    checks_only: bool = False
    item: int | None = None
    probe: str = ""
    undo: bool = False
    diagnose: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What is known before anything is asked: addresses by target name, values by input name; `approved` by `--yes`.

    `place` is where steps run whose document does not say where, whatever was answered before. `environ` is where other inputs and the
    addresses of APIs come from. `mends` is the failure for which a failure page was opened.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str | Secret] = field(default_factory=dict)
    approved: bool = False
    place: str | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    mends: Mends | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The answers. `where` maps a source line (of a step, command, action or check) to a target name; `places` names to addresses.

    `roots` are the places where something may ask sudo for a password. `later` are places whose address the run has yet to find.
    """

    steps: tuple[Step, ...] = ()
    where: Mapping[int, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    roots: frozenset[str] = frozenset()
    later: Mapping[str, Later] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True, slots=True)
class Later:
    """A place whose address is the value `value`, found by the step that `step` names in words.

    It is the same machine as the target `twin`, which is at `twin_at` as far as that is known.
    """

    value: str
    step: str
    twin: str
    twin_at: str | None


async def make(
    guide: Guide, request: Request, given: Given, journal: Journal, asker: Asker, rootless: Collection[str] = ()
) -> Plan:  # fmt: skip
    """Ask what is missing. Raises UsageError, DocumentError, NotApproved or Cancelled; nothing has run then.

    `rootless` are the actions that never ask for root.
    """
    steps = chosen(guide, request)
    _refuse_broken(guide)
    if request.undo:
        refuse_final(guide, steps)
    await _approve(guide, given, journal, asker)
    where = await _where(guide, steps, given, journal, asker)
    _refuse_unknown_places(guide, given, where)
    parts = {step.id: _parts(step, request) for step in steps}
    names = dict.fromkeys(where[line] for step in steps for line in _lines(step, parts[step.id]))
    later = {spec.name: _later(guide, spec, given, journal) for spec in guide.targets if spec.value and spec.name not in given.places}
    places = {name: _place(guide, name, given) for name in dict.fromkeys([*names, *_also(guide, parts)]) if name not in later}
    alone = request.item is not None and not getattr(asker, "unattended", False)
    reading = {name for step in steps for name in step.inputs}
    inputs, known = form.wanted(guide, reading, parts, given.inputs, environ=given.environ, fill_in=alone)
    values = {**known, **await form.ask(guide, inputs, known, places, journal, asker)}
    values = {name: value if form.plain(value) else "" for name, value in values.items()}
    return Plan(
        steps=steps,
        where=where,
        places={name: str(values.pop(name)) if address is None else address for name, address in places.items()},
        values={name: value for name, value in values.items() if isinstance(value, str)},
        secrets={name: value for name, value in values.items() if isinstance(value, Secret)},
        roots=frozenset(where[line] for step in steps for line in _root_lines(step, parts[step.id], rootless, undo=request.undo)),
        later=later,
        environ=given.environ,
    )


def _later(guide: Guide, spec: TargetSpec, given: Given, journal: Journal) -> Later:
    step = next((step for step in guide.steps if step.id == spec.found_by), None)
    known = _place(guide, spec.same_as, given) if spec.same_as else None
    at = known or journal.answer(str(guide.path.absolute()), f"target {spec.same_as}")
    return Later(spec.value, f"{step.label} {step.title}".strip() if step else spec.found_by, spec.same_as, at)


def _parts(step: Step, request: Request) -> tuple[Part, ...]:
    """What of a step the request makes run or looks at. Its undo is no part: it is the step's own text."""
    if request.undo:
        return ()
    if request.item is not None:
        return (step.items[request.item],)
    items = () if request.checks_only else tuple(item for item in step.items if not is_offered(item))
    return (*items, *step.checks)


def _lines(step: Step, parts: Iterable[Part]) -> list[int]:
    return [step.line, *(part.line for part in parts if not isinstance(part, Manual))]


def chosen(guide: Guide, request: Request) -> tuple[Step, ...]:
    """The steps a request names, in document order. Raises UsageError for an unknown id, naming the nearest."""
    ids = [step.id for step in guide.steps]
    for wanted in request.steps:
        if wanted not in ids:
            near = difflib.get_close_matches(wanted, ids, n=1, cutoff=0)
            text = Text("{file} 里没有步骤“{wanted}”；最接近的是“{near}”", "{file} has no step “{wanted}”; the nearest is “{near}”")
            raise UsageError(text.fill(file=guide.path, wanted=wanted, near=near[0] if near else "—"))
    return tuple(step for step in guide.steps if step.id in request.steps)


def needs_root(part: Part, *, changes: bool = False, rootless: Collection[str] = ()) -> bool:
    """Whether something may ask sudo for a password: it says `sudo`, pipes a script into a shell, or is an action that asks for root
    in a step that `changes` something.
    """
    match part:
        case Command():
            return bool(_ROOT.search(part.text))
        case CheckSpec():
            return "sudo" in str(part.args)
        case ActionSpec():
            return changes and part.use not in rootless
        case _:
            return False


def _root_lines(step: Step, parts: Iterable[Part], rootless: Collection[str], *, undo: bool) -> list[int]:
    lines = [part.line for part in parts if needs_root(part, changes=bool(step.changes), rootless=rootless)]
    return [*lines, step.line] if undo and _ROOT.search(step.undo) else lines


def approval_lines(guide: Guide) -> tuple[str, ...]:
    """All that approving this document allows, one line of text each, with where it runs: commands, actions with their options,
    probes and undo of every step.
    """
    lines = []
    for step in guide.steps:
        for item in step.items:
            lines += [f"{item.on or step.on or '?'}  {line}" for line in approved_lines(item)] if not isinstance(item, Manual) else []
        for spec in step.checks:
            lines += [f"{spec.on or step.on or '?'}  {line}" for line in probe_lines(spec)]
        lines += [f"{step.on or '?'}  {line}" for line in step.undo.splitlines()]
    return tuple(lines)


def approved_lines(item: Item) -> list[str]:
    """What of an item is approved: a command's lines; an action's name and options."""
    match item:
        case Command():
            return item.text.splitlines()
        case ActionSpec():
            options = (f"{name}={_written(value)}" for name, value in item.options.items())
            return [" ".join([item.use, *options])]
        case _:
            return []


def _written(value: object) -> str:
    """An option's value on one line, a yes or no as the document has it."""
    return str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())


def probe_lines(spec: CheckSpec) -> list[str]:
    """What of a check is approved: the lines of the command it looks with."""
    return str(spec.args[""]).splitlines() if spec.kind == "probe" and "" in spec.args else []


def refuse_final(guide: Guide, steps: Iterable[Step]) -> None:
    """Raises UsageError for a step whose document does not say how to undo it."""
    for step in steps:
        if not step.undo:
            text = Text("{file} 没有写怎样撤销步骤“{step}”", "{file} does not say how to undo step “{step}”")
            raise UsageError(text.fill(file=guide.path, step=step.id))


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
        runs = [part for part in step.placed if part.on is None and not isinstance(part, CheckSpec)]
        unsure = next((item for item in runs if isinstance(item, Command)), None)
        if step.on is None and not runs:
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
        for part in step.placed:
            where[part.line] = part.on or where[step.line]
    return where


def _also(guide: Guide, parts: Mapping[str, tuple[Part, ...]]) -> list[str]:
    """The places that an action needs beside its own: its options name them."""
    names = _names(guide)
    options = (value for each in parts.values() for part in each if isinstance(part, ActionSpec) for value in part.options.values())
    return [value for value in options if isinstance(value, str) and value in names]


def _names(guide: Guide) -> tuple[str, ...]:
    """The target names of a document: those it declares, those it uses without declaring them, and `local`.

    A document not written for this program names none, and still may be meant for a server: then `server` is one.
    """
    said: list[str | None] = [spec.name for spec in guide.targets]
    for step in guide.steps:
        said += [step.on, *(part.on for part in step.placed)]
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
