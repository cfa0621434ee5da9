"""The built-in guide through the screen, by real key presses on the reader's own computer, in a real tailnet: the trap and its mend too."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless_lab import follow, state
from lab import Control, Host, Laptop, Tailnet

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from terminal import Display

GUIDE = Path(__file__).resolve().parents[2] / "guides/tailscale-ecs.en.md"
PURGE = (
    "apt-get purge -y tailscale tailscale-archive-keyring; rm -rf /etc/apt/sources.list.d/tailscale.list /var/lib/tailscale /var/lib/zhinan"
)
# What a desktop's browser is to the program: something it hands an address. The person before it is the test.
BROWSER = """#!/bin/sh
printf %s "$1" >"$HOME/opened.part" && mv "$HOME/opened.part" "$HOME/opened"
"""
STEPS = ("install", "local-install", "verify")


@pytest.fixture
def control(tailnet: Tailnet) -> Iterator[Control]:
    tailnet.control.clear()
    yield tailnet.control
    tailnet.control.clear()


@pytest.fixture
def ecs(tailnet: Tailnet, control: Control) -> Iterator[Host]:
    """The server in the cloud without Tailscale, before and after."""
    tailnet.server.exec(PURGE)
    yield tailnet.server
    tailnet.server.exec(PURGE)


@pytest.fixture
def laptop(tailnet: Tailnet, control: Control) -> Iterator[Laptop]:
    """The reader's computer, logged out, with a browser."""
    computer = tailnet.laptop
    computer.write_client()
    browser = computer.home / "browser"
    browser.write_text(BROWSER)
    browser.chmod(0o755)
    yield computer
    computer.exec("tailscale logout; rm -rf ~/.zhinan ~/browser ~/opened ~/guide.md")
    computer.write_client()


@pytest.fixture
def guide(laptop: Laptop) -> Path:
    """The built-in guide, without the two minutes before its second look at the network."""
    path = laptop.home / "guide.md"
    path.write_text(GUIDE.read_text("utf-8").replace("\nphase: after\n", "\nphase: after\nagain_after: 0s\n"), "utf-8")
    return path


@pytest.fixture
def display(laptop: Laptop, guide: Path) -> Iterator[Display]:
    """The guide, open on a terminal of the reader's computer."""
    desktop = {"DISPLAY": ":0", "BROWSER": f"{laptop.home}/browser %s"}
    size = {"COLUMNS": "140", "LINES": "40"}  # whoever runs the tests may have others in the environment
    environment = {**laptop.environment(), **desktop, **size, "ZHINAN_LANG": "en"}
    with Display(laptop.words(sys.executable, "-m", "tui", str(guide)), rows=40, columns=140, environ=environment) as shown:
        shown.wait("Reach your Alibaba Cloud ECS server", "run from here")
        yield shown


def under_the_cursor(display: Display) -> str:
    """The document's lines that the cursor marks."""
    return " ".join(line.partition("│")[0].strip("▌ ") for line in display.text().splitlines() if line.startswith("▌"))


def go_to(display: Display, words: str, key: str, most: int = 30) -> None:
    """Press a key until the cursor is where the words stand."""
    for _ in range(most):
        if words in under_the_cursor(display):
            return
        display.press(key)
        display.settle()
    raise AssertionError(f"{words!r} is not reached by {key}; it shows:\n{display.text()}")


def opened(display: Display, laptop: Laptop, limit: float = 30.0) -> str:
    """The address that the browser was given."""
    end = time.monotonic() + limit
    while not (laptop.home / "opened").exists():
        assert time.monotonic() < end, display.text()
        display.settle(0.1, 0.5)
    return (laptop.home / "opened").read_text()


def test_from_a_bare_server_to_a_proven_one_and_nothing_to_do_again(
    display: Display, laptop: Laptop, ecs: Host, control: Control, guide: Path
) -> None:
    display.press("r")  # step 1 is the reader's own
    display.wait("allow its commands?")
    display.press("y")
    display.wait("press space when done")
    display.press("space")
    display.wait("✓ 1 Register")

    go_to(display, "Step 2.1", "J")
    display.press("r")
    display.wait("Write user@public-address")
    display.send("root@ecs")
    display.press("enter")
    display.wait("Login", "login.tailscale.com/register/", "open browser")
    display.press("o")
    control.register(opened(display, laptop))
    display.wait("✗ 2 Install", "aliyun-cgnat-drop", "Ways out")  # the trap bites; the guide leaves the choice to its reader

    go_to(display, "Way two", "j")
    display.press("r")
    display.wait("there is no collision", "✓ passed")
    go_to(display, "The account exists", "K")
    go_to(display, "Step 2.1", "J")
    display.press("r")
    display.wait("» 2 Install")

    go_to(display, "Step 3.1", "J")
    display.press("r")
    display.wait("Tailscale is not logged in: run")
    laptop.exec(f"tailscale up --timeout=40s --auth-key={control.preauth_key()}")
    display.wait("✓ 3 Install")

    go_to(display, "Step 4.1", "J")
    display.press("r")
    display.wait("its host key is one of", "Disable key expiry is done press space")
    display.press("space")
    display.wait("✓ 4 Verify")

    was = state(ecs)
    words = [word for step in STEPS for word in ("--step", step)]
    again = follow(laptop.zhinan("run", str(guide), *words, "--on", "ecs=root@ecs", "--json", env={"ZHINAN_LANG": "en"}))
    assert (again.code, again.outcomes) == (0, ["already done"] * 3), again.said  # approved on the screen, so nothing is asked
    assert (again.of("CommandStarted"), state(ecs)) == ([], was)
