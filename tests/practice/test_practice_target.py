"""The program's own SSH target is at home in the world: it runs, cancels, and comes back to what went on without it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from tui.judge.checks import make
from tui.judge.evidence import End, Evidence, Status
from tui.judge.look import Script
from tui.practice import folder
from tui.practice.world import World
from tui.run.ask import Nobody
from tui.target.base import Ended, Job, Output
from tui.target.ssh import SshTarget


@pytest.fixture
async def target(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SshTarget]:
    monkeypatch.setenv("HOME", str(world.ssh_home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    target = SshTarget("ecs", world.targets()["ecs"])
    await target.open(Nobody())
    yield target
    await target.close()


async def told(target: SshTarget, job: Job) -> tuple[str, Ended | None]:
    text, end = b"", None
    async with aclosing(target.stream(job)) as happenings:
        async for each in happenings:
            if isinstance(each, Output):
                text += each.data
            elif isinstance(each, Ended):
                end = each
    return text.decode(), end


async def test_a_job_runs_with_its_variables_and_tells_its_code(target: SshTarget) -> None:
    text, end = await told(target, Job("one", 'echo "hello $NAME"; echo err >&2; exit 4', env={"NAME": "x y"}))
    assert text == "hello x y\nerr\n"
    assert end == Ended(End.EXITED, 4)


async def test_leaving_early_ends_the_jobs_processes(world: World, target: SshTarget) -> None:
    async with aclosing(target.stream(Job("two", "sleep 1000 & echo $!; wait"))) as happenings:
        async for each in happenings:
            if isinstance(each, Output):
                sleeper = int(each.data)
                break
    assert sleeper not in folder.marked(world.ssh_home.parent)


async def test_a_job_survives_a_cut_connection_without_losing_a_byte(world: World, target: SshTarget) -> None:
    seen, cut = b"", False
    script = "mkfifo go; echo before; read line < go; echo $line"
    async with aclosing(target.stream(Job("three", script))) as happenings:
        async for each in happenings:
            if isinstance(each, Output):
                assert each.offset == len(seen)
                seen += each.data
            if not cut and seen == b"before\n":
                cut = True
                world.drop_connections()
                other = SshTarget("again", world.targets()["ecs"])
                await other.open(Nobody())
                await told(other, Job("four", "echo after > go"))
                await other.close()
            if isinstance(each, Ended):
                assert each == Ended(End.EXITED, 0)
    assert seen == b"before\nafter\n"


async def test_the_guides_kinds_of_checks_hold(target: SshTarget) -> None:
    await told(target, Job("install", "curl -fsSL https://tailscale.com/install.sh | sh"))
    checks = [
        make("service", {"name": "tailscaled", "active": True, "enabled": True}),
        make("file", {"path": "/dev/net/tun", "exists": True}),
        make("probe", {"": "tailscale version", "expect": {"matches": r"^\d+\.\d+\.\d+"}}),
    ]
    for number, check in enumerate(checks):
        assert isinstance(check.look, Script)
        text, end = await told(target, Job(f"check-{number}", check.look.text))
        assert end is not None
        assert check.decide(Evidence(end=end.end, code=end.code, out=text)).status is Status.PASS
