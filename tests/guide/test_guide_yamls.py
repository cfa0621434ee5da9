"""Flat YAML is read by hand; what it gives is what all of YAML would have given."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.guide.yamls import BadYaml, flat, full, read_yaml

_WRITTEN = """
id on changes undo timeout true false True NULL null ~ yes no 10m 90s 1e5 0x1f 1_000 .5 -x x-y a.b/c nan .nan inf 服务器 安装 é ０
- # a# : a: &a *a !a {} [] | > ' " % @ ` ? = << _ 2024-01-01 12:30:45 0o7 1s 5 x
"""
_WORDS = st.sampled_from(_WRITTEN.split())
_VALUES = st.lists(_WORDS, max_size=3).map(" ".join)
_ROWS = st.builds(
    "{}{}{}{}{}".format, st.sampled_from(["", "", "", " ", "- "]), _WORDS, st.sampled_from([": ", ": ", ":  ", ":", ":\t"]), _VALUES,
    st.sampled_from(["", "", " ", "\t", "\r"]),
)  # fmt: skip


@given(st.lists(st.one_of(_ROWS, st.just("")), max_size=4).map("\n".join), st.integers(1, 50))
@example("on: ecs\nchanges: true\ntimeout: 15m", 7)
@example("title: Q1 用 Tailscale 连上", 2)
@example("a: b\na: c", 1)
@example("a: b\n  c", 1)
def test_flat_is_what_full_would_have_been(text: str, line: int) -> None:
    tree = flat(text, line)
    if tree is not None:
        assert tree == full(text, line)


@pytest.mark.parametrize("text", ["id: install\non: ecs\nchanges: false", "name: trap-look\nexplicit: true", "timeout: 15m"])
def test_usual_annotations_are_flat(text: str) -> None:
    assert flat(text, 1) is not None


@pytest.mark.parametrize("text", ["a: b\na: c", "a: [", "- a: b\n c"])
def test_what_is_wrong_is_still_said(text: str) -> None:
    with pytest.raises(BadYaml):
        read_yaml(text, 1)
