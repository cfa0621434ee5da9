"""One entry into a tailnet's policy file, and out of it again, with every other byte left as its authors wrote it.

A policy decides who may reach what; a wrong edit locks people out. So an edit is made only where reading the new text gives exactly the
old policy with that one entry more (or less). Otherwise `Unsure` is raised, and the reader gets the lines to paste.
"""

from __future__ import annotations

from typing import Final

from tui.cloud.hujson import NotHuJson, Value, after_comma, parse

_KEY: Final = "nodeAttrs"


class Unsure(ValueError):
    """The text can't be edited safely; the message says why."""


def has_attribute(text: str, targets: tuple[str, ...], attribute: str) -> bool:
    """Whether the policy gives the attribute to one of `targets` (or to all). Raises Unsure where the text can't be read."""
    _, entries = _read(text)
    wanted = {*targets, "*"}
    return any(attribute in _strings(entry, "attr") and wanted & set(_strings(entry, "target")) for entry in entries)


def with_attribute(text: str, target: str, attribute: str) -> str:
    """The text with an entry that gives `attribute` to `target`; the very text where it has one already. Raises Unsure."""
    root, entries = _read(text)
    if has_attribute(text, (target,), attribute):
        return text
    entry = f'{{"target": ["{target}"], "attr": ["{attribute}"]}}'
    array = next((each.value for each in root.members if each.key == _KEY), None)
    if array is None:
        indent = _indent(text, root)
        edited = _append(text, root, f'"{_KEY}": [\n{indent}\t{entry},\n{indent}]')
    else:
        edited = _append(text, array, entry)
    expected = {**root.plain, _KEY: [*entries, {"target": [target], "attr": [attribute]}]}
    return _proven(edited, expected)


def without_attribute(text: str, target: str, attribute: str) -> str:
    """The text without the entry `with_attribute` made. Raises Unsure where that entry is not there once, as it was made."""
    root, entries = _read(text)
    ours = {"target": [target], "attr": [attribute]}
    if entries.count(ours) != 1:
        raise Unsure(f"the entry for {target} is not there exactly once")
    member = next(each for each in root.members if each.key == _KEY)
    array = member.value
    rest = [entry for entry in entries if entry != ours]
    if not rest and _bare(text, array):
        edited = _cut(text, member.start, array)
        return _proven(edited, {key: value for key, value in root.plain.items() if key != _KEY})
    item = array.items[entries.index(ours)]
    return _proven(_cut(text, item.start, item), {**root.plain, _KEY: rest})


def _read(text: str) -> tuple[Value, list[object]]:
    try:
        root = parse(text)
    except NotHuJson as error:
        raise Unsure(str(error)) from error
    keys = [each.key for each in root.members]
    if root.kind != "object" or len(keys) != len(set(keys)):
        raise Unsure("not one object with each key once")
    entries = root.plain.get(_KEY, [])
    if not isinstance(entries, list):
        raise Unsure(f"{_KEY} is no list")
    return root, entries


def _strings(entry: object, key: str) -> list[str]:
    found = entry.get(key) if isinstance(entry, dict) else None
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _append(text: str, place: Value, new: str) -> str:
    """`new` as the last one in an object or array: on a line of its own where the bracket that closes it stands on one."""
    inside = [each.value for each in place.members] or list(place.items)
    closing = place.end - 1
    line = text.rfind("\n", 0, closing) + 1
    if text[line:closing].strip() == "":
        text = f"{text[:line]}{_indent(text, place)}{new},\n{text[line:]}"
    else:
        text = f"{text[:closing]}{' ' if inside else ''}{new}{text[closing:]}"
    if inside and after_comma(text, inside[-1]) is None:
        text = f"{text[: inside[-1].end]},{text[inside[-1].end :]}"
    return text


def _indent(text: str, place: Value) -> str:
    """What a new line in an object or array begins with: as its last line does, else one tab more than the bracket that closes it."""
    starts = [each.start for each in place.members] or [each.start for each in place.items]
    if starts:
        line = text.rfind("\n", 0, starts[-1]) + 1
        if text[line : starts[-1]].strip() == "":
            return text[line : starts[-1]]
    line = text.rfind("\n", 0, place.end - 1) + 1
    outer = text[line : place.end - 1]
    return (outer if outer.strip() == "" else "") + "\t"


def _bare(text: str, array: Value) -> bool:
    """Whether nothing but values, blanks and commas stands in an array: no comment would be lost with it."""
    left = text[array.start + 1 : array.items[0].start] + text[array.items[-1].end : array.end - 1]
    return left.strip(" \t\r\n,") == ""


def _cut(text: str, start: int, value: Value) -> str:
    """The text without what stands from `start` to the end of `value`, its comma, and the line if nothing else stands on it."""
    end = after_comma(text, value) or value.end
    line = text.rfind("\n", 0, start) + 1
    following = text.find("\n", end)
    if text[line:start].strip() == "" and following >= 0 and text[end:following].strip() == "":
        return text[:line] + text[following + 1 :]
    return text[:start] + text[end:]


def _proven(text: str, expected: object) -> str:
    try:
        same = parse(text).plain == expected
    except NotHuJson as error:
        raise Unsure(str(error)) from error
    if not same:
        raise Unsure("the edit would change something else")
    return text
