"""The entry in ~/.ssh/config: where it goes, and that nothing else in the file is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.judge.ssh_entry import Entry, diff, name_for, with_entry
from tui.texts import Text

ENTRY = Entry("ecs-ts", "100.64.0.1", "admin")
OURS = "# >>> zhinan: ecs-ts\nHost ecs-ts\n    HostName 100.64.0.1\n    User admin\n# <<< zhinan: ecs-ts\n"
WEB = "ServerAliveInterval 30\n\nHost web\n  HostName 192.0.2.7\n"
CONFIG = "ServerAliveInterval 30\n\nHost web\n  HostName 192.0.2.7\n\nHost *\n  User ann\n"


def put(config: str, entry: Entry = ENTRY) -> str:
    after = with_entry(config, entry)
    assert isinstance(after, str)
    return after


def test_an_empty_file() -> None:
    assert put("") == OURS


def test_it_goes_to_the_end_and_all_else_stays() -> None:
    """In front of the first Host line it would take the settings for everybody into itself."""
    assert put(WEB) == f"{WEB}\n{OURS}"
    assert put(WEB.rstrip("\n")) == f"{WEB}\n{OURS}"


@pytest.mark.parametrize("block", ["Host *\n  User ann\n", "Host ecs-*\n  User ann\n", "Match all\n  User ann\n"])
def test_it_stands_before_what_is_for_many_hosts(block: str) -> None:
    """OpenSSH takes the first value: after `Host *` the user would be ann."""
    assert put(f"{WEB}\n# for all\n# of them\n{block}") == f"{WEB}\n{OURS}\n# for all\n# of them\n{block}"
    assert put(block) == f"{OURS}\n{block}"
    other = put(WEB, Entry("other", "100.64.0.2", "root"))
    assert put(other + block) == f"{other}{OURS}\n{block}"  # the end mark of another entry is no comment on this one


@pytest.mark.parametrize("block", ["Host web-*\n  User ann\n", "Host 10.0.*\n"])
def test_a_block_for_others_is_none_of_its_business(block: str) -> None:
    assert put(block) == f"{block}\n{OURS}"


def test_ours_is_replaced_where_it_stands() -> None:
    old = put(WEB) + "Host later\n  Port 22\n"
    new = put(old, Entry("ecs-ts", "100.64.0.9", "root", 2222, "192.0.2.7"))
    body = "Host ecs-ts\n    HostName 100.64.0.9\n    User root\n    Port 2222\n    HostKeyAlias 192.0.2.7\n"
    assert new == f"{WEB}\n# >>> zhinan: ecs-ts\n{body}# <<< zhinan: ecs-ts\nHost later\n  Port 22\n"
    assert put(old) == old


def test_line_ends_of_windows_stay() -> None:
    after = put(CONFIG.replace("\n", "\r\n"))
    assert "\n" not in after.replace("\r\n", "")
    assert put(after) == after


def test_somebodys_own_entry_is_changed_where_it_stands() -> None:
    own = (
        "Host *.lan\n  User x\nhost = ECS-TS # mine\n\tidentityfile ~/.ssh/mine\n\thostname=192.0.2.9  \n\tPort 2200\n\n"
        "Host web\n  User w\n"
    )
    after = put(own, Entry("ecs-ts", "100.64.0.1", "admin", 22, "192.0.2.9"))
    assert after == (
        "Host *.lan\n  User x\nhost = ECS-TS # mine\n\tUser admin\n\tHostKeyAlias 192.0.2.9\n\tidentityfile ~/.ssh/mine\n"
        "\thostname=100.64.0.1  \n\tPort 22\n\nHost web\n  User w\n"
    )
    assert put(after, Entry("ecs-ts", "100.64.0.1", "admin", 22, "192.0.2.9")) == after
    assert put("Host ecs-ts") == "Host ecs-ts\n    HostName 100.64.0.1\n    User admin\n"
    assert put("Host ecs-ts\r\n  user me\r\n") == "Host ecs-ts\r\n  HostName 100.64.0.1\r\n  user admin\r\n"
    assert put('Host "ecs-ts"\n  HostName "100.64.0.1"\n  User admin\n') == 'Host "ecs-ts"\n  HostName "100.64.0.1"\n  User admin\n'


def test_a_name_shared_with_others_is_left_alone() -> None:
    for config in ("Host web ecs-ts\n", "Host ecs-ts\nHost ECS-TS\n"):
        said = with_entry(f"{config}  User me\n", ENTRY)
        assert isinstance(said, Text), config
        assert "ecs-ts" in said.en


def test_cut_marks_are_left_alone() -> None:
    begin, end = OURS.splitlines()[0], OURS.splitlines()[-1]
    for config in (begin, f"{end}\n{begin}\n", OURS + OURS):
        assert isinstance(with_entry(config, ENTRY), Text)


def test_the_diff_shows_only_what_changes() -> None:
    shown = diff(WEB, put(WEB))
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


@given(
    st.lists(st.sampled_from(["Host *", "Host a", "Match all", "# x", "", "  User u", "\tPort 1\r", "é\u2028\x0c", "="]), max_size=8),
    st.booleans(),
)
def test_no_letter_of_any_other_file_is_lost(lines: list[str], ended: bool) -> None:
    config = "\n".join(lines) + ("\n" if ended else "")
    after = put(config)
    block = OURS.replace("\n", "\r\n") if "\r\n" in config else OURS
    assert after.count(block) == 1
    before, behind = after.split(block)
    assert "".join((before + behind).split()) == "".join(config.split())
    assert put(after) == after
