"""Events as JSON and back: what `run --json` prints and the journal keeps.

An event's class name is its name on the wire. Texts travel in both languages, so that a run can be read in either.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, get_args

from tui.judge.evidence import End, Status
from tui.run.events import AnyEvent, Cause, Mends, Outcome, Proof
from tui.texts import Text

KINDS: Mapping[str, type[AnyEvent]] = {kind.__name__: kind for kind in get_args(AnyEvent)}
"""All events by their names."""


def to_wire(event: AnyEvent) -> dict[str, Any]:
    """A JSON-ready object: `event`, `run`, `step` where it has one, `at`, then the rest; a Text becomes `{"zh", "en"}`."""
    fields = {f.name: _plain(getattr(event, f.name)) for f in dataclasses.fields(event)}
    head = {"event": type(event).__name__, "run": fields.pop("run")}
    if "step" in fields:
        head["step"] = fields.pop("step")
    return {**head, "at": fields.pop("at"), **fields}


def from_wire(data: Mapping[str, Any]) -> AnyEvent:
    """The event that `to_wire` described. KeyError for an event name this version does not know."""
    kind = KINDS[data["event"]]
    values = {f.name: _typed(f.name, data[f.name]) for f in dataclasses.fields(kind) if f.name in data}
    return kind(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return {"zh": value.zh, "en": value.en}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value


_ENUMS: Mapping[str, type[StrEnum]] = {"end": End, "status": Status, "outcome": Outcome, "verdict": Outcome}


def _typed(name: str, value: Any) -> Any:
    if name in ("why", "say", "what", "question", "shown"):
        return None if value is None else Text(value["zh"], value["en"])
    if name == "mends":
        return None if value is None else Mends(**value)
    if name == "causes":
        return tuple(map(_cause, value))
    if name == "suspects":
        return tuple(Proof(**proof) for proof in value)
    if name in _ENUMS:
        return _ENUMS[name](value)
    return tuple(value) if isinstance(value, list) else value


def _cause(data: Mapping[str, Any]) -> Cause:
    evidence = tuple(Proof(**proof) for proof in data["evidence"])
    return Cause(**{**data, "title": Text(**data["title"]), "evidence": evidence, "near": tuple(data["near"])})
