"""The policy file is edited in one place and nowhere else, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.cloud.hujson import NotHuJson, parse
from tui.cloud.tailscale_policy import Unsure, has_attribute, with_attribute, without_attribute

TAG, NAME = "tag:server", "disable-linux-cgnat-drop-rule"
ENTRY = f'{{"target": ["{TAG}"], "attr": ["{NAME}"]}}'

CASES = [
    ("{}", '{"nodeAttrs": [\n\t\t' + ENTRY + ",\n\t]}"),
    ('{\n\t// who\n\t"acls": [1], // why\n}\n', f'{{\n\t// who\n\t"acls": [1], // why\n\t"nodeAttrs": [\n\t\t{ENTRY},\n\t],\n}}\n'),
    ('{\n  "acls": [] // last\n}', f'{{\n  "acls": [], // last\n  "nodeAttrs": [\n  \t{ENTRY},\n  ],\n}}'),
    ('{"nodeAttrs": []}', f'{{"nodeAttrs": [{ENTRY}]}}'),
    ('{"nodeAttrs": [{"target": ["*"], "attr": ["funnel"]}]}', f'{{"nodeAttrs": [{{"target": ["*"], "attr": ["funnel"]}}, {ENTRY}]}}'),
    (
        '{\n\t"nodeAttrs": [ // here\n\t\t{"target": ["tag:a"], "attr": ["x"]} /* the one, */\n\t\t// nothing more\n\t],\n}',
        (
            '{\n\t"nodeAttrs": [ // here\n\t\t{"target": ["tag:a"], "attr": ["x"]}, /* the one, */\n'
            f"\t\t// nothing more\n\t\t{ENTRY},\n\t],\n}}"
        ),
    ),
]


@pytest.mark.parametrize(("before", "after"), CASES)
def test_the_entry_goes_in_and_comes_out(before: str, after: str) -> None:
    edited = with_attribute(before, TAG, NAME)
    assert edited == after
    assert has_attribute(edited, (TAG,), NAME)
    assert with_attribute(edited, TAG, NAME) == edited
    assert {"nodeAttrs": [], **parse(without_attribute(edited, TAG, NAME)).plain} == {"nodeAttrs": [], **parse(before).plain}


@pytest.mark.parametrize("target", ["tag:server", "*"])
def test_what_is_there_already_is_left_alone(target: str) -> None:
    text = f'{{"nodeAttrs": [{{"target": ["tag:x", "{target}"], "attr": ["funnel", "{NAME}"]}}]}} // end'
    assert with_attribute(text, TAG, NAME) == text
    with pytest.raises(Unsure):
        without_attribute(text, TAG, NAME)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"a": }', '{"nodeAttrs": {}}', '{"nodeAttrs": null}', '{"nodeAttrs": [], "nodeAttrs": []}',
     '{"a": 1} x', '{"a": 1 "b": 2}',
     "{a: 1}",
        "{'a': 1}", '{"a": /* 1}', '{"a": "\\x"}', "{,}", '{"a": [,]}', "[" * 200],
)  # fmt: skip
def test_what_is_unsure_is_refused(text: str) -> None:
    with pytest.raises(Unsure):
        with_attribute(text, TAG, NAME)


BLANK = st.sampled_from(["", " ", "\n", "\n\t", ' // note: "x", }\n', "/* [ , */", "\n    "])
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    SCALARS, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.text(max_size=4), deeper, max_size=3), max_leaves=8
)
ENTRIES = st.lists(st.fixed_dictionaries({"target": st.lists(st.sampled_from(["tag:a", "a@b"])), "attr": st.just(["x"])}), max_size=3)


@st.composite
def written(draw: st.DrawFn, plain: Any) -> str:
    """The value as somebody may write it: comments and blanks anywhere, a comma at the end or not."""

    def gap() -> str:
        return draw(BLANK)

    def some(value: Any) -> str:
        if isinstance(value, dict):
            pairs = [f"{gap()}{json.dumps(key)}{gap()}:{gap()}{some(each)}{gap()}" for key, each in value.items()]
            return "{" + ",".join(pairs) + ("," if pairs and draw(st.booleans()) else "") + gap() + "}"
        if isinstance(value, list):
            items = [f"{gap()}{some(each)}{gap()}" for each in value]
            return "[" + ",".join(items) + ("," if items and draw(st.booleans()) else "") + gap() + "]"
        return json.dumps(value)

    return gap() + some(plain) + gap()


@given(st.data(), PLAIN)
def test_reading_gives_what_was_written(data: st.DataObject, plain: Any) -> None:
    assert parse(data.draw(written(plain))).plain == plain


@given(st.data(), st.dictionaries(st.text(max_size=4).filter(lambda key: key != "nodeAttrs"), PLAIN, max_size=3), st.none() | ENTRIES)
def test_any_policy_gains_one_entry_and_loses_it_again(data: st.DataObject, rest: dict[str, Any], entries: list[Any] | None) -> None:
    plain = rest if entries is None else {**rest, "nodeAttrs": entries}
    text = data.draw(written(plain))
    edited = with_attribute(text, TAG, NAME)
    assert parse(edited).plain == {**rest, "nodeAttrs": [*(entries or []), {"target": [TAG], "attr": [NAME]}]}
    back = parse(without_attribute(edited, TAG, NAME)).plain
    assert {"nodeAttrs": [], **back} == {"nodeAttrs": [], **plain}
    comments = text.count("note:") + text.count("/* [ , */")
    assert edited.count("note:") + edited.count("/* [ , */") == comments


@given(st.text(alphabet='{}[]:,"/*\n \\a1', max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        value = parse(text)
    except NotHuJson:
        return
    assert 0 <= value.start < value.end <= len(text)
