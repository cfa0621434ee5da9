"""Addresses to places."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tui.errors import UsageError
from tui.target.local import LocalTarget
from tui.target.registry import make
from tui.target.ssh import SshTarget


def test_local() -> None:
    assert isinstance(make("local", "local"), LocalTarget)


@pytest.mark.parametrize(("address", "public"), [("ssh://root@203.0.113.10", True), ("root@100.64.0.1", False), ("my-server", False)])
def test_ssh(address: str, public: bool) -> None:
    target = make("ecs", address)
    assert isinstance(target, SshTarget)
    assert (target.name, target.address, target.family, target.public) == ("ecs", address, "posix", public)


@pytest.mark.parametrize("address", ["telnet://h", "", "  ", "http://h"])
def test_what_is_unknown_is_answered_with_the_forms(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        make("ecs", address)
    assert "ssh://" in caught.value.text.zh
    assert "local" in caught.value.text.en


def test_nothing_heavy_and_nothing_of_posix_alone_is_imported_to_know_the_kinds() -> None:
    names = "('paramiko', 'fcntl', 'pty', 'termios', 'pwd', 'grp', 'resource')"
    script = "import sys, {}\nprint([name for name in " + names + " if name in sys.modules])"
    ours, bare = (
        subprocess.run([sys.executable, "-c", script.format(modules)], capture_output=True, text=True, check=True).stdout
        for modules in ("tui.target.registry, tui.target.local", "asyncio, subprocess, shutil, tempfile")
    )
    assert ours == bare
