"""A link that breaks: nothing lost, nothing repeated, the command ran once, and an end that tells the truth."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from helpers_target import Answers, Link, Seen, alive, job, run
from sshd_target import Sshd

import tui.target
from tui.errors import Unreachable, Unusable
from tui.judge.evidence import End
from tui.target.base import LinkLost, LinkRestored, Output
from tui.target.ssh import SshTarget

Maker = Callable[..., SshTarget]
HELPERS = Path(tui.target.__file__).parent


@pytest.fixture
async def make(sshd: Sshd, link: Link) -> AsyncIterator[Maker]:
    """Makes targets that go through the link."""
    made: list[SshTarget] = []

    def maker(**more: object) -> SshTarget:
        made.append(SshTarget("ecs", f"ssh://{sshd.user}@127.0.0.1:{link.port}", grace=1.0, **more))  # type: ignore[arg-type]
        return made[-1]

    yield maker
    for target in made:
        await target.close()


COUNTED = """
echo ran >>{log}
for ((i = 0; i < 40000; i++)); do printf '%08d some words to fill the line\\n' "$i"; done
echo over
"""


async def test_a_link_cut_in_the_middle_loses_and_repeats_nothing(make: Maker, link: Link, asker: Answers, tmp_path: Path) -> None:
    target = make()
    await target.open(asker)
    link.cut_after(400_000)
    seen = await run(target, job(COUNTED.format(log=tmp_path / "log")))
    kinds = [type(item) for item in seen if not isinstance(item, Output)]
    assert kinds[:2] == [LinkLost, LinkRestored]
    assert seen.text() == b"".join(b"%08d some words to fill the line\n" % i for i in range(40000)) + b"over\n"
    assert (seen.end.end, seen.end.code) == (End.EXITED, 0)
    assert (tmp_path / "log").read_text() == "ran\n"


async def test_two_channels_survive_a_cut(make: Maker, link: Link, asker: Answers) -> None:
    target = make()
    await target.open(asker)
    link.cut_after(300_000)
    seen = await run(target, job("for ((i = 0; i < 20000; i++)); do echo out$i; echo err$i >&2; done; exit 5", merge=False))
    assert seen.text(1) == b"".join(b"out%d\n" % i for i in range(20000))
    assert seen.text(2) == b"".join(b"err%d\n" % i for i in range(20000))
    assert seen.end.code == 5


async def test_a_job_that_ends_while_the_link_is_down_is_told_after(make: Maker, link: Link, asker: Answers, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    target = make()
    await target.open(asker)
    seen = Seen()
    async with contextlib.aclosing(target.stream(job(f"echo before; read -r x <{gate}; echo $x; exit 7"))) as stream:
        async for item in stream:
            seen.append(item)
            if isinstance(item, Output) and b"before" in item.data:
                link.down()
            if isinstance(item, LinkLost):
                await asyncio.to_thread(gate.write_text, "after\n")
                link.up()
    assert seen.text() == b"before\nafter\n"
    assert seen.end.code == 7
    assert any(isinstance(item, LinkRestored) for item in seen)


async def test_a_silent_link_is_found_dead(make: Maker, link: Link, asker: Answers) -> None:
    target = make(alive=(0.2, 2))
    await target.open(asker)
    seen = Seen()
    async with contextlib.aclosing(target.stream(job("echo before; sleep 3; echo after"))) as stream:
        async for item in stream:
            seen.append(item)
            if isinstance(item, Output) and b"before" in item.data:
                link.pause()
            if isinstance(item, LinkLost):
                link.cut()
                link.go_on()
    assert any(isinstance(item, LinkRestored) for item in seen)
    assert seen.text() == b"before\nafter\n"


async def test_a_link_that_never_comes_back_ends_unknown(make: Maker, link: Link, asker: Answers) -> None:
    target = make(patience=1.0)
    await target.open(asker)
    seen = Seen()
    async with contextlib.aclosing(target.stream(job("echo $$; sleep 600"))) as stream:
        async for item in stream:
            seen.append(item)
            if isinstance(item, Output):
                link.down()
    pid = int(seen.text())
    try:
        assert seen.end.end is End.LOST
        assert seen.end.code is None
        assert seen.end.why is not None
        assert "重新连上" in seen.end.why.zh
        assert alive(pid)  # nobody ended it
    finally:
        os.killpg(os.getpgid(pid), signal.SIGKILL)


async def test_a_warm_link_that_died_between_jobs_is_opened_again(make: Maker, link: Link, asker: Answers) -> None:
    target = make()
    await target.open(asker)
    assert (await run(target, job("echo one"))).text() == b"one\n"
    link.cut()
    seen = await run(target, job("echo two"))
    assert seen.text() == b"two\n"
    assert seen.end.code == 0


async def test_several_jobs_share_one_coming_back(make: Maker, link: Link, asker: Answers) -> None:
    target = make()
    await target.open(asker)
    opened = link.accepted
    gathered = asyncio.gather(*(run(target, job(f"echo start{i}; sleep 1; echo end{i}")) for i in range(4)))
    await asyncio.sleep(0.5)
    link.cut()
    for number, seen in enumerate(await gathered):
        assert seen.text() == b"start%d\nend%d\n" % (number, number)
        assert seen.end.code == 0
    assert link.accepted == opened + 1


async def test_the_same_id_is_followed_and_not_run_again(make: Maker, asker: Answers, tmp_path: Path) -> None:
    what = job(f"echo ran >>{tmp_path}/log; echo one; echo two; exit 4")
    first, second = make(), make()
    await first.open(asker)
    await second.open(asker)
    whole = await run(first, what)
    again = Seen()
    async with contextlib.aclosing(second.stream(what, 4)) as stream:
        async for item in stream:
            again.append(item)
    assert whole.text() == b"one\ntwo\n"
    assert [(item.data, item.offset) for item in again if isinstance(item, Output)] == [(b"two\n", 4)]
    assert (whole.end.code, again.end.code) == (4, 4)
    assert (tmp_path / "log").read_text() == "ran\n"


async def test_cancel_reaches_the_server_although_the_link_just_broke(make: Maker, link: Link, asker: Answers) -> None:
    target = make()
    await target.open(asker)
    async with contextlib.aclosing(target.stream(job("echo $$; sleep 600"))) as stream:
        async for item in stream:
            assert isinstance(item, Output)
            pid = int(item.data)
            link.cut()
            break
    assert not alive(pid)


async def test_a_killed_job_without_exit_code_is_unknown(make: Maker, sshd: Sshd, asker: Answers) -> None:
    target = make()
    await target.open(asker)
    what = job("echo $$; sleep 600")
    seen = Seen()
    async with contextlib.aclosing(target.stream(what)) as stream:
        async for item in stream:
            seen.append(item)
            if isinstance(item, Output):
                os.killpg(sshd.runner(what.id), signal.SIGKILL)
    assert seen.end.end is End.LOST
    assert seen.end.why is not None
    assert "消失" in seen.end.why.zh


async def test_a_job_from_before_a_restart_is_unknown(make: Maker, sshd: Sshd, asker: Answers) -> None:
    target = make()
    await target.open(asker)
    what = job("echo one")
    await run(target, what)
    known = sshd.jobs / what.id
    slot, pid, start, _ = known.read_text().splitlines()[0].split()
    known.write_text(f"{slot} {pid} {start} 00000000-0000-0000-0000-000000000000\n")
    seen = await run(target, what)
    assert seen.text() == b"one\n"
    assert seen.end.end is End.LOST
    assert seen.end.why is not None
    assert "重启" in seen.end.why.zh


async def test_a_host_that_takes_the_connection_and_says_nothing(make: Maker, link: Link, asker: Answers) -> None:
    link.pause()
    with pytest.raises(Unreachable):
        await make(timeout=0.5).open(asker)


async def test_a_job_that_removes_its_own_record_still_ends_and_never_runs_twice(
    make: Maker, link: Link, sshd: Sshd, asker: Answers, tmp_path: Path
) -> None:
    target = make()
    await target.open(asker)
    removes = f'rm -rf "$HOME/.cache/zhinan/jobs/$ZHINAN_JOB"; echo ran >>{tmp_path}/log; echo one'
    seen = await run(target, job(f"{removes}; exit 3"))
    assert (seen.text(), seen.end.code) == (b"one\n", 3)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    seen = Seen()
    async with contextlib.aclosing(target.stream(job(f"{removes}; read -r x <{gate}"))) as stream:
        async for item in stream:
            seen.append(item)
            if isinstance(item, Output):
                link.cut()
    assert seen.end.end is End.LOST
    assert (tmp_path / "log").read_text() == "ran\nran\n"
    await asyncio.to_thread(gate.write_text, "end\n")


async def test_leaving_a_target_ends_what_follows_it(make: Maker, asker: Answers) -> None:
    target = make()
    await target.open(asker)
    seen = Seen()
    async with contextlib.aclosing(target.stream(job("echo $$; sleep 600"))) as stream:
        async for item in stream:
            seen.append(item)
            if isinstance(item, Output):
                await target.close()
    assert seen.end.end is End.LOST
    pid = int(seen.text())
    assert alive(pid)
    os.killpg(os.getpgid(pid), signal.SIGKILL)


async def test_cancel_does_not_wait_long_for_a_dead_link(make: Maker, link: Link, asker: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.target import ssh

    monkeypatch.setattr(ssh, "_CANCEL", 0.2)
    target = make(timeout=60.0)
    await target.open(asker)
    stream = target.stream(job("echo $$; sleep 600"))
    item = await anext(stream)
    assert isinstance(item, Output)
    link.pause()
    await asyncio.wait_for(stream.aclose(), 20)
    link.cut()
    link.go_on()
    os.killpg(os.getpgid(int(item.data)), signal.SIGKILL)


async def test_other_languages_are_refused(make: Maker, asker: Answers) -> None:
    target = make()
    await target.open(asker)
    with pytest.raises(Unusable):
        await run(target, job("Get-Item .", language="powershell"))


def test_the_last_word_of_a_job_is_not_lost_while_its_record_vanishes(tmp_path: Path) -> None:
    """Between the look whether a record is there and the look into it, it may go; the job's end comes then on the pipe alone."""
    (tmp_path / "j1").mkdir()  # it is there, and can't be read
    source = "".join((HELPERS / f"{name}.sh").read_text("utf-8") for name in ("job_common", "job_start"))
    script = f"{source}\nzh_jobs={tmp_path}\nzh_pipes {tmp_path}/go\nprintf 'j1 3 full\\n' >&9\n"
    done = subprocess.run(
        ["bash", "-c", script + 'zh_look j1; echo "$? $woken $code $trouble"'], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "1 j1 3 full\n"


def test_what_a_job_says_at_its_end_is_for_the_helper_alone(tmp_path: Path) -> None:
    """Whoever else read from that pipe would take bytes of it, and may leave the helper waiting for ever for what it was promised."""
    source = "".join((HELPERS / f"{name}.sh").read_text("utf-8") for name in ("job_common", "job_start"))
    script = f"""{source}
        zh_jobs={tmp_path}
        zh_pipes {tmp_path}/go
        mkfifo {tmp_path}/full
        exec 7<>{tmp_path}/full
        printf x >&7
        sleep 600 & pump=$!
        zh_drained 7 "$pump" & # it waits and waits: the pipe does not get empty
        for ((n = 0; n < 500; n++)); do
            printf 'j%d 3 full\\n' $n >&9
            zh_doze 5
            [[ "$woken $code $trouble" == "j$n 3 full" ]] || break
        done
        kill $! "$pump"
        echo $n"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "500\n"
