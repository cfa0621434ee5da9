"""Lint knows the actions it is told of: an unknown one and an unknown option are named with their line and the nearest right word."""

from pathlib import Path

from tui.act import OPTIONS
from tui.guide.lint import lint
from tui.guide.parse import parse

TEXT = """# T

<!-- step
id: a
on: local
-->
## Step 1: A

<!-- action
use: tailscale.logn
-->

<!-- action
use: tailscale.login
explicit: true
hostname: x
acept_dns: false
-->
"""


def test_unknown_actions_and_options_are_named() -> None:
    found = [(problem.line, problem.text.en) for problem in lint(parse(TEXT, Path("t.md")), OPTIONS)]
    assert found == [
        (9, "there is no action “tailscale.logn”; the nearest one is “tailscale.login”"),
        (17, "tailscale.login has no option “acept_dns”; the nearest one is “accept_dns”"),
    ]


def test_without_a_list_nothing_is_said_of_them() -> None:
    assert lint(parse(TEXT, Path("t.md"))) == []
