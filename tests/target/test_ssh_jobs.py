"""What a job leaves on a server, what is cleared away, and what is said when there is no room."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from helpers_target import Answers, alive, first, job, run
from sshd_target import Sshd, need_sshd, start_sshd, stop, wait_for_port

from tui.errors import Unusable
from tui.judge.evidence import End
from tui.target.ssh import SshTarget


@pytest.fixture
async def target(sshd: Sshd, asker: Answers) -> AsyncIterator[SshTarget]:
    target = SshTarget("ecs", sshd.address, grace=1.0)
    await target.open(asker)
    yield target
    await target.close()


async def test_folders_are_the_users_alone(target: SshTarget, sshd: Sshd) -> None:
    what = job("umask; echo out; echo err >&2", merge=False)
    seen = await run(target, what)
    assert seen.text() == b"0022\nout\n"  # the job has the umask of the login, not ours
    folder = sshd.job(what.id)
    assert (folder / "out1").read_bytes() == b"0022\nout\n"
    for path in (sshd.jobs, folder):
        assert path.stat().st_mode & 0o777 == 0o700
    for path in (sshd.jobs / what.id, *folder.iterdir()):
        assert path.stat().st_mode & 0o777 == 0o600


async def test_a_finished_job_is_forgotten_and_a_running_one_is_not(target: SshTarget, sshd: Sshd) -> None:
    done = job("true")
    await run(target, done)
    folder = sshd.job(done.id)
    await target.forget(done.id)
    assert not folder.exists()
    assert not (sshd.jobs / done.id).exists()
    going = job("echo here; sleep 600")
    async with contextlib.aclosing(target.stream(going)) as stream:
        await first(stream, b"here")
        await target.forget(going.id)
        assert sshd.job(going.id).exists()


async def test_old_finished_jobs_are_cleared_away_when_a_link_is_opened(target: SshTarget, sshd: Sshd, asker: Answers) -> None:
    old, recent = job("echo old"), job("echo recent")
    for what in (old, recent):
        await run(target, what)
    folder = sshd.job(old.id)
    week_ago = time.time() - 8 * 86400
    for path in (folder, sshd.jobs / old.id):
        os.utime(path, (week_ago, week_ago))
    running = job("echo here; sleep 600")
    async with contextlib.aclosing(target.stream(running)) as stream:
        await first(stream, b"here")
        for path in (sshd.job(running.id), sshd.jobs / running.id):
            os.utime(path, (week_ago, week_ago))
        other = SshTarget("ecs", sshd.address)
        await other.open(asker)
        while folder.exists() or (sshd.jobs / old.id).exists():  # noqa: ASYNC110  another process clears away
            await asyncio.sleep(0.02)
        await other.close()
        assert sshd.job(running.id).exists()
    assert (await run(target, recent)).text() == b"recent\n"


async def test_the_helper_and_its_runner_end_with_the_link(sshd: Sshd, asker: Answers) -> None:
    target = SshTarget("ecs", sshd.address)
    await target.open(asker)
    seen = await run(target, job("echo $PPID; ps -o ppid= -p $PPID"))
    runner, helper = (int(word) for word in seen.text().split())
    assert alive(helper)
    waiting = await run(target, job(f"ps -o pid= --ppid {helper}"))
    await target.close()
    pids = {helper, runner, *(int(word) for word in waiting.text().split())}
    while any(alive(pid) for pid in pids):  # noqa: ASYNC110  they end on their own
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("merge", [True, False])
async def test_no_process_of_a_job_stays(target: SshTarget, sshd: Sshd, merge: bool) -> None:
    what = job("echo out; echo err >&2", merge=merge)
    await run(target, what)
    folder = f"{sshd.job(what.id)}/"
    async with asyncio.timeout(30):
        while holding(folder):  # noqa: ASYNC110  they end on their own
            await asyncio.sleep(0.02)


def holding(folder: str) -> set[str]:
    """The processes that have a file of the folder open."""
    held = set()
    for path in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if str(path.readlink()).startswith(folder):
                held.add(path.parts[2])
    return held


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sshd]:
    """A server whose home is a very small disk, in a mount namespace of its own."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare, to mount a small disk in a namespace")
    server = start_sshd(tmp_path / "small")
    stop(server.process)
    script = f"mount -t tmpfs -o size=256k none {server.home} && exec {need_sshd()} -D -e -f {server.folder}/sshd_config"
    with (server.folder / "sshd.log").open("ab") as log:
        server.process = subprocess.Popen(["unshare", "-m", "sh", "-c", script], stdout=log, stderr=log)
    wait_for_port(server.port, server.process)
    monkeypatch.setenv("HOME", str(server.user_home))
    server.trust()
    yield server  # type: ignore[misc]
    stop(server.process)


async def test_a_disk_that_fills_up_does_not_pass_for_success(small: Sshd, asker: Answers) -> None:
    target = SshTarget("ecs", small.address)
    await target.open(asker)
    seen = await run(target, job("head -c 3000000 /dev/zero | tr '\\0' x; echo over"))
    assert seen.end.end is End.LOST
    assert seen.end.why is not None
    assert "df -h" in seen.end.why.zh
    with pytest.raises(Unusable) as caught:
        await run(target, job("echo more #" + "x" * 4096))
    assert "磁盘满了" in caught.value.text.zh
    await target.close()


async def test_a_full_disk_is_said_before_anything_runs(small: Sshd, asker: Answers) -> None:
    filler = SshTarget("ecs", small.address)
    await filler.open(asker)
    await run(filler, job('head -c 1000000 /dev/zero >"$HOME/fill" || true; for i in {1..200}; do : >"$HOME/$i" || break; done'))
    await filler.close()
    target = SshTarget("ecs", small.address)

    async def enter() -> None:
        await target.open(asker)
        await run(target, job("true"))

    with pytest.raises(Unusable) as caught:
        await enter()
    await target.close()
    assert "磁盘满了" in caught.value.text.zh
