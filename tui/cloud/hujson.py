"""JSON as people write it (comments, commas at the end), read with the place of every value, so that a text can be edited in one spot.

Tailscale's policy file is such a text, full of its authors' comments. Reading it into values and writing those back would throw all of
that away; knowing where each value stands allows an insertion that leaves every other byte as it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal


class NotHuJson(ValueError):
    """The text is no HuJSON; the message says where and what."""


@dataclass(frozen=True, slots=True)
class Member:
    """One pair of an object; `start` is where its key begins."""

    key: str
    start: int
    value: Value


@dataclass(frozen=True, slots=True)
class Value:
    """A value and its place: `text[start:end]`.

    `members` are an object's pairs in order (a key may be there twice), `items` an array's values. `plain` is the value in Python's types.
    """

    kind: Literal["object", "array", "scalar"]
    start: int
    end: int
    plain: Any
    members: tuple[Member, ...] = ()
    items: tuple[Value, ...] = field(default=())


_BLANK: Final = re.compile(r"(?:[ \t\r\n]|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_SCALAR: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null')
_DEEPEST: Final = 100


def parse(text: str) -> Value:
    """The one value of a text. Raises NotHuJson."""
    at = _blank(text, 0)
    value = _value(text, at, 0)
    if (rest := _blank(text, value.end)) != len(text):
        raise _wrong(text, rest)
    return value


def after_comma(text: str, value: Value) -> int | None:
    """The place right behind the comma that follows a value of an object or array; None where no comma does."""
    at = _blank(text, value.end)
    return at + 1 if text[at : at + 1] == "," else None


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, depth: int) -> Value:
    if depth > _DEEPEST:
        raise NotHuJson("nested too deeply")
    if text[at : at + 1] == "{":
        return _object(text, at, depth)
    if text[at : at + 1] == "[":
        return _array(text, at, depth)
    found = _SCALAR.match(text, at)
    if not found:
        raise _wrong(text, at)
    try:
        return Value("scalar", at, found.end(), json.loads(found[0]))
    except ValueError as error:
        raise _wrong(text, at) from error


def _object(text: str, start: int, depth: int) -> Value:
    members: list[Member] = []
    at = _blank(text, start + 1)
    while text[at : at + 1] != "}":
        key = _value(text, at, depth + 1)
        colon = _blank(text, key.end)
        if not isinstance(key.plain, str) or text[colon : colon + 1] != ":":
            raise _wrong(text, colon)
        value = _value(text, _blank(text, colon + 1), depth + 1)
        members.append(Member(key.plain, at, value))
        at = _next(text, value, "}")
    return Value("object", start, at + 1, {each.key: each.value.plain for each in members}, members=tuple(members))


def _array(text: str, start: int, depth: int) -> Value:
    items: list[Value] = []
    at = _blank(text, start + 1)
    while text[at : at + 1] != "]":
        items.append(_value(text, at, depth + 1))
        at = _next(text, items[-1], "]")
    return Value("array", start, at + 1, [item.plain for item in items], items=tuple(items))


def _next(text: str, value: Value, closing: str) -> int:
    at = _blank(text, value.end)
    if text[at : at + 1] == ",":
        return _blank(text, at + 1)
    if text[at : at + 1] != closing:
        raise _wrong(text, at)
    return at


def _wrong(text: str, at: int) -> NotHuJson:
    return NotHuJson(f"line {text.count(chr(10), 0, at) + 1}: unexpected {text[at : at + 12]!r}" if at < len(text) else "ends too early")
