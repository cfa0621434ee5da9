"""What inputs accept, what a step uses, and how check arguments take values in."""

import pytest
from stage import command

from tui.guide.model import Input, InputType
from tui.run import values
from tui.run.plan import needs_root
from tui.secret import Secret

RIGHT: list[tuple[InputType, str]] = [
    ("host", "203.0.113.7"), ("host", "2001:db8::1"), ("host", "srv-1.example.com"), ("host", "localhost"),
    ("cidr", "127.0.0.1/32"), ("cidr", "2001:db8::/32"), ("choice", "b"), ("text", "随便"), ("secret", "x"),
]  # fmt: skip
WRONG: list[tuple[InputType, str]] = [
    ("host", "203.0.113.777"), ("host", "a b"), ("host", "-x"), ("host", "http://x"), ("host", ""), ("host", "a;reboot"),
    ("cidr", "10.0.0.1/8"), ("cidr", "x"), ("choice", "c"), ("file", "/no/such/file"), ("text", " "), ("secret", ""), ("text", "a\0b"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), RIGHT)
def test_accepted(kind: InputType, value: str) -> None:
    assert values.wrong(Input("X", kind, of=("a", "b")), value) is None


@pytest.mark.parametrize(("kind", "value"), WRONG)
def test_refused_with_a_sentence(kind: InputType, value: str) -> None:
    wrong = values.wrong(Input("X", kind, of=("a", "b")), value)
    assert wrong
    assert wrong.zh != wrong.en


def test_a_secret_is_never_in_the_sentence() -> None:
    assert "hunter2\0" not in str(values.wrong(Input("X", "secret"), "hunter2\0"))


def test_environment_gives_values_and_secrets_as_secrets() -> None:
    assert values.from_surroundings(Input("X"), {"X": "1"}) == "1"
    assert values.from_surroundings(Input("X", "secret"), {"X": "1"}) == Secret("1")
    assert values.from_surroundings(Input("X"), {}) is None


def test_expand_replaces_what_is_known_and_leaves_the_rest() -> None:
    args = {"host": "$IP", "deep": ["${IP}x", {"k": "$NO"}], "n": 3}
    assert values.expand(args, {"IP": "1.2.3.4"}) == {"host": "1.2.3.4", "deep": ["1.2.3.4x", {"k": "$NO"}], "n": 3}


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("sudo apt-get update", True),
        ("curl -fsSL https://x | sh", True),
        ("curl x | bash -s -- y", True),
        ("echo pseudo; ssh host", False),
        ("cat x | shasum", False),
    ],
)
def test_commands_that_may_ask_for_the_sudo_password(text: str, needs: bool) -> None:
    assert needs_root(command(text, 2)) is needs
