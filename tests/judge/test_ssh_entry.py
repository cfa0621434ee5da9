"""The entry in ~/.ssh/config: where it goes, and that nothing else in the file is touched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.judge.ssh_entry import Entry, diff, name_for, with_entry
from tui.texts import Text

ENTRY = Entry("ecs-ts", "100.64.0.1", "admin")
OURS = "# >>> zhinan: ecs-ts\nHost ecs-ts\n    HostName 100.64.0.1\n    User admin\n# <<< zhinan: ecs-ts\n"
CONFIG = "ServerAliveInterval 30\n\nHost web\n  HostName 192.0.2.7\n\nHost *\n  User ann\n"


def put(config: str, entry: Entry = ENTRY) -> str:
    after = with_entry(config, entry)
    assert isinstance(after, str)
    return after


def test_an_empty_file() -> None:
    assert put("") == OURS


def test_it_goes_to_the_end_and_all_else_stays() -> None:
    """In front of the first Host line it would take the settings for everybody into itself."""
    assert put(CONFIG) == f"{CONFIG}\n{OURS}"
    assert put(CONFIG.rstrip("\n")) == f"{CONFIG}\n{OURS}"


def test_ours_is_replaced_where_it_stands() -> None:
    old = put(CONFIG) + "Host later\n  Port 22\n"
    new = put(old, Entry("ecs-ts", "100.64.0.9", "root", 2222, "192.0.2.7"))
    body = "Host ecs-ts\n    HostName 100.64.0.9\n    User root\n    Port 2222\n    HostKeyAlias 192.0.2.7\n"
    assert new == f"{CONFIG}\n# >>> zhinan: ecs-ts\n{body}# <<< zhinan: ecs-ts\nHost later\n  Port 22\n"
    assert put(old) == old


def test_line_ends_of_windows_stay() -> None:
    after = put(CONFIG.replace("\n", "\r\n"))
    assert "\n" not in after.replace("\r\n", "")
    assert put(after) == after


def test_somebodys_own_entry_is_left_alone() -> None:
    for line in ("Host ecs-ts", "host=ECS-TS", "Host web ecs-*", 'Host "ecs-ts"'):
        said = with_entry(f"{line}\n  User me\n", ENTRY)
        assert isinstance(said, Text), line
        assert "ecs-ts" in said.en


def test_cut_marks_are_left_alone() -> None:
    begin, end = OURS.splitlines()[0], OURS.splitlines()[-1]
    for config in (begin, f"{end}\n{begin}\n", OURS + OURS):
        assert isinstance(with_entry(config, ENTRY), Text)


def test_the_diff_shows_only_what_changes() -> None:
    shown = diff(CONFIG, put(CONFIG))
    lines = [line for line in shown.splitlines() if line.startswith(("+", "-")) and not line.startswith(("+++", "---"))]
    assert lines == ["+", *(f"+{line}" for line in OURS.splitlines())]
    assert diff(CONFIG, CONFIG) == ""


def test_names_are_safe_words() -> None:
    assert [name_for(each) for each in ("srv1.tailnet.test", "-x*", "", "阿里", "a b")] == [
        "srv1-ts",
        "x-ts",
        "server-ts",
        "server-ts",
        "ab-ts",
    ]


@given(st.text(alphabet=st.sampled_from("aH o\ts\r\n#*\u2028\x0cé="), max_size=60))
def test_no_letter_of_any_other_file_is_lost(config: str) -> None:
    after = put(config)
    assert after.startswith(config)
    assert put(after) == after
