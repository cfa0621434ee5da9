"""Nothing that could paint elsewhere gets through, and no character of the text is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.run.clean import Cleaner, clean

TABLE = [
    ("plain 中文\n", "plain 中文\n"),
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b[2J\x1b[1;1Hgone", "gone"),
    ("\x1b]0;title\x07text", "text"),
    ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x1bP1$r0m\x1b\\dcs", "dcs"),
    ("\x1b[?1049hother screen", "other screen"),
    ("\x1bcreset", "reset"),
    ("a\x07b\x08c\x00", "abc"),
    ("10%\r20%\r\n", "10%\n20%\n"),
    ("\x9b31mred", "red"),
    ("right\u202eleft", "rightleft"),
    ("tab\there", "tab\there"),
]


@pytest.mark.parametrize(("raw", "shown"), TABLE)
def test_cleaned_whole_and_in_any_pieces(raw: str, shown: str) -> None:
    assert clean(raw) == shown
    for size in (1, 2, 3):
        cleaner = Cleaner()
        pieces = [cleaner.feed(raw[i : i + size]) for i in range(0, len(raw), size)]
        assert "".join(pieces) + cleaner.end() == shown


@given(st.lists(st.text(alphabet="a中\x1b[]0;m\x07\\\r\n\x9b?hP", max_size=6), max_size=12))
def test_no_control_ever_comes_out(pieces: list[str]) -> None:
    cleaner = Cleaner()
    out = "".join(map(cleaner.feed, pieces)) + cleaner.end()
    assert not any(ord(c) < 0x20 and c not in "\t\n" for c in out)
    assert not any(0x7F <= ord(c) < 0xA0 for c in out)


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cf", "Cs"))))
def test_text_without_controls_is_untouched(text: str) -> None:
    assert clean(text) == text
