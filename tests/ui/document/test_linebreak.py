"""Line breaking: a table by eye, and the Unicode reference as the oracle."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from uniseg.linebreak import line_break_boundaries

from tui.ui.linebreak import NEVER_FIRST, NEVER_LAST, breaks, width_of, wrap

CHINESE = "安装脚本会先识别系统，再添加对应的软件源；重复执行（不会）重复【安装】。：？！《书》「引」“说”…—·"
LATIN = "abcXYZ019 -/.,:;!?()[]{}'\"$%+\\|=_&#@~<>*"
SIGNS = "→←↑↓⇒✓✗▸◦×÷≤≥≠≈①⑩©®™‹›«»–°éßĀ"
OTHERS = "カナーっゅéßЖ한글👩\u200d💻🇨🇳❤\ufe0f①℃￥～％"

known = st.text(alphabet=CHINESE + LATIN + SIGNS + "    ", max_size=60)
anything = st.text(alphabet=st.one_of(st.sampled_from(CHINESE + LATIN + OTHERS), st.characters(exclude_categories=("Cs",))), max_size=60)


def shown(text: str, width: int) -> list[str]:
    return [text[start:end].rstrip(" \n") for start, end in wrap(text, width)]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, [""]),
        ("one two three", 8, ["one two", "three"]),
        ("安装客户端，并登录。", 10, ["安装客户", "端，并登", "录。"]),
        ("点击（控制台）里的", 6, ["点击", "（控制", "台）里", "的"]),
        ("通过 SSH 连上服务器", 10, ["通过 SSH", "连上服务器"]),
        ("用tailscale连接", 10, ["用", "tailscale", "连接"]),
        ("见 --accept-routes=true 一项", 24, ["见 --accept-routes=true", "一项"]),
        ("a b\nc", 10, ["a b", "c"]),
        ("a\n\nb", 10, ["a", "", "b"]),
        ("字" * 5, 3, ["字", "字", "字", "字", "字"]),
    ],
)
def test_lines_break_where_a_reader_expects(text: str, width: int, lines: list[str]) -> None:
    assert shown(text, width) == lines


def test_a_long_address_breaks_after_a_slash_and_leaves_no_hole() -> None:
    text = "打开 https://help.aliyun.com/zh/ecs/user-guide/connect-to-a-linux-instance-by-using-a-password-or-key 看说明"
    lines = shown(text, 40)
    assert lines[0] == "打开 https://help.aliyun.com/zh/ecs/"
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(anything, st.integers(2, 40), st.integers(2, 40))
def test_no_line_is_too_wide_and_nothing_is_lost(text: str, first: int, width: int) -> None:
    spans = wrap(text, width, first)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(b == c for (_, b), (c, _) in pairwise(spans))
    for number, (a, b) in enumerate(spans):
        assert cell_len(text[a:b].rstrip(" \n")) <= (first if number == 0 else width)


@given(known | anything)
def test_breaks_are_those_of_the_reference(text: str) -> None:
    text = text.replace("\n", "")
    allowed = set(line_break_boundaries(text))
    ours = {index for index, yes in enumerate(breaks(text)) if yes}
    assert ours <= allowed


@given(known)
def test_chinese_breaks_between_any_two_characters_unless_punctuation_forbids(text: str) -> None:
    for index, yes in enumerate(breaks(text)):
        if 0 < index < len(text) and all("\u4e00" <= char <= "\u9fff" for char in text[index - 1 : index + 1]):
            assert yes


@given(known, st.integers(24, 60))
def test_no_line_begins_or_ends_with_forbidden_punctuation(text: str, width: int) -> None:
    words = [word for word in text.split(" ") if width_of(word) > width // 2]
    lines = shown(text, width)
    for before, after in pairwise(lines):
        if words or not before or not after:
            continue
        assert after[0] not in NEVER_FIRST
        assert before[-1] not in NEVER_LAST or before[-1] in "\"'"


@given(st.text(alphabet="abc 安装", min_size=1, max_size=200))
def test_a_latin_word_that_fits_stays_whole_unless_that_left_half_the_line_empty(text: str) -> None:
    for start, end in wrap(text, 40)[:-1]:
        if text[end - 1 : end + 1].isascii() and " " not in text[end - 1 : end + 1]:
            word = re.search(r"[abc]+$", text[start:end])
            assert word is not None
            assert width_of(text[start:end][: word.start()]) * 2 < 40
