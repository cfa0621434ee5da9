"""Homes in which nothing can be kept: each is said in one sentence before anything runs, and the host is as usable afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest
from lab import Host, Lab

from tui.errors import Unusable
from tui.judge.evidence import End
from tui.target.base import Ended, Job
from tui.target.ssh import SshTarget

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "target"))

from helpers_target import Answers


@contextmanager
def mounted(server: Host, options: str) -> Iterator[None]:
    """The guest's home as a file system of its own, its key still in it."""
    home = "/home/guest"
    server.exec(f"rm -rf {home}/.cache; cp -a {home} /tmp/kept", check=True)
    server.exec(f"mount -t tmpfs {options} none {home} && cp -a /tmp/kept/. {home}/ && chown guest: {home}", check=True)
    try:
        yield
    finally:
        server.exec(f"umount -l {home}; rm -rf /tmp/kept", check=True)


async def attempt(server: Host) -> Ended | None:
    target = SshTarget("ecs", server.target("guest"))
    last = None
    try:
        await target.open(Answers())
        async with aclosing(target.stream(Job("odd-home", "echo hello"))) as happenings:
            async for happening in happenings:
                last = happening
    finally:
        await target.close()
    return last if isinstance(last, Ended) else None


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch, lab: Lab) -> None:
    monkeypatch.setenv("HOME", str(lab.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


async def test_a_read_only_home_is_said(server: Host) -> None:
    with mounted(server, "-o size=1m"):
        server.exec("mount -o remount,ro /home/guest", check=True)
        with pytest.raises(Unusable, match="只读"):
            await attempt(server)
    ended = await attempt(server)
    assert ended is not None
    assert (ended.end, ended.code) == (End.EXITED, 0)


async def test_a_full_home_is_said(server: Host) -> None:
    with mounted(server, "-o size=64k"):
        server.exec("dd if=/dev/zero of=/home/guest/fill bs=1k; true")
        try:  # there may be room left for the script but none for a word of its output: then its end says so
            ended = await attempt(server)
            said = ended.why.zh if ended is not None and ended.why is not None else str(ended)
        except Unusable as error:
            said = error.text.zh
        assert "df -h" in said
    ended = await attempt(server)
    assert ended is not None
    assert ended.code == 0
