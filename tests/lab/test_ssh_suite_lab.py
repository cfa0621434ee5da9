"""What every place must do alike, on a real server: the shared suite of the targets, and what only a real link can show."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import pytest
from lab import Host, Lab

from tui.errors import TargetError
from tui.judge.evidence import End
from tui.secret import Secret
from tui.target.base import Ended, LinkLost, LinkRestored, Output
from tui.target.ssh import SshTarget

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "target"))

import test_suite as suite
from helpers_target import Answers, first, job, run

# The tests themselves: collected here once more, with the fixtures below in the place of those that stand beside them.
globals().update({name: thing for name, thing in vars(suite).items() if name.startswith("test_")})

Open = Callable[..., Awaitable[SshTarget]]


@pytest.fixture(autouse=True)
def on_the_server(monkeypatch: pytest.MonkeyPatch, lab: Lab, server: Host) -> None:
    """The suite's looks at processes go to the host: its process ids are of another world, and ours must not be killed for them.

    Only what the suite uses of `os` is there, so that a new use fails instead of reaching this machine.
    """

    def alive(pid: int) -> bool:
        state = server.exec(f"sed 's/.*) //' /proc/{pid}/stat").stdout
        return state[:1] not in {"", "Z", "X"}

    def kill(pid: int, number: int) -> None:
        server.exec(f"kill -{int(number)} {pid}")

    monkeypatch.setattr(suite, "alive", alive)
    monkeypatch.setattr(suite, "os", SimpleNamespace(getpid=os.getpid, kill=kill))
    monkeypatch.setenv("HOME", str(lab.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@pytest.fixture
def tmp_path(server: Host) -> Iterator[PurePosixPath]:
    """A folder on the host."""
    folder = server.exec("mktemp -d", check=True).stdout.strip()
    yield PurePosixPath(folder)
    server.exec(f"rm -rf {folder}")


@pytest.fixture
def asker(lab: Lab) -> Answers:
    """Knows the accounts' password, and accepts no key of a host."""
    return Answers(lab.password)


@pytest.fixture
async def reach(asker: Answers) -> AsyncIterator[Open]:
    """Opens a target at an address; all are closed in the end."""
    opened: list[SshTarget] = []

    async def reach(address: str, **more: float) -> SshTarget:
        target = SshTarget("ecs", address, **more)
        opened.append(target)
        await target.open(asker)
        return target

    yield reach
    for target in opened:
        await target.close()


@pytest.fixture
async def place(reach: Open, server: Host) -> SshTarget:
    """The host as root, opened."""
    return await reach(server.address, grace=1.0)


@pytest.mark.parametrize(("alias", "name"), [("server", "server"), ("jump", "jump"), ("behind", "server")])
async def test_the_readers_ssh_configuration_leads_to_the_host(reach: Open, alias: str, name: str) -> None:
    seen = await run(await reach(alias), job("hostname"))
    assert seen.text() == f"{name}\n".encode()


async def test_an_unknown_key_is_asked_about_with_the_fingerprint_the_host_itself_gives(lab: Lab, server: Host, asker: Answers) -> None:
    known = lab.known_hosts.read_text()
    lab.known_hosts.write_text("")
    try:
        target = SshTarget("ecs", server.address)
        with pytest.raises(TargetError):
            await target.open(asker)
        await target.close()
    finally:
        lab.known_hosts.write_text(known)
    own = server.exec("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub", check=True).stdout.split()[1]
    assert [question.fingerprint for question in asker.host_keys] == [own]


async def test_another_hosts_key_stops(lab: Lab, server: Host, asker: Answers) -> None:
    known = lab.known_hosts.read_text()
    lab.known_hosts.write_text(f"{server.ip} {lab.hosts['jump'].host_key}\n")
    asker.accept = True
    try:
        target = SshTarget("ecs", server.address)
        with pytest.raises(TargetError):
            await target.open(asker)
        await target.close()
        assert lab.known_hosts.read_text() == f"{server.ip} {lab.hosts['jump'].host_key}\n"
    finally:
        lab.known_hosts.write_text(known)
    assert asker.host_keys == []


async def test_sudo_with_a_password_stands_nowhere_to_be_seen(reach: Open, lab: Lab, server: Host) -> None:
    target = await reach(server.target("ops"))
    look = 'sudo sh -c \'id -u; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" >/root/seen\''
    seen = await run(target, job(look, sudo=Secret(lab.password)))
    assert (seen.end.code, seen.text().split()[0]) == (0, b"0")
    assert server.exec("wc -l </root/seen").stdout > "10"
    assert lab.password not in server.exec("cat /root/seen").stdout
    assert server.exec(f"grep -rlF -- {lab.password!r} /home /tmp /var /run/user 2>/dev/null").stdout == ""


async def test_a_link_cut_in_the_middle_loses_no_byte_and_runs_nothing_twice(reach: Open, server: Host, tmp_path: PurePosixPath) -> None:
    target = await reach("watched-server")
    script = f"echo once >>{tmp_path}/started; echo begin; until [[ -e {tmp_path}/go ]]; do sleep 0.05; done; seq 100000; echo end"
    happened: list[object] = []
    text = b""
    async with contextlib.aclosing(target.stream(job(script))) as stream:
        async for item in stream:
            happened.append(item)
            if isinstance(item, Output):
                assert item.offset == len(text)
                text += item.data
            if text == b"begin\n" and not any(isinstance(each, LinkLost) for each in happened):
                server.cut()
                server.exec(f"touch {tmp_path}/go")
            if isinstance(item, LinkLost):
                server.mend()
    assert text == b"begin\n" + b"".join(b"%d\n" % n for n in range(1, 100001)) + b"end\n"
    assert isinstance(happened[-1], Ended)
    assert (happened[-1].end, happened[-1].code) == (End.EXITED, 0)
    assert [type(each) for each in happened if isinstance(each, LinkLost | LinkRestored)] == [LinkLost, LinkRestored]
    assert server.exec(f"cat {tmp_path}/started").stdout == "once\n"


async def test_a_job_outlives_its_client_and_is_found_again(lab: Lab, server: Host, tmp_path: PurePosixPath) -> None:
    """The client is a process of its own and dies without a word, as when a notebook's battery ends."""
    what = job(f"echo begin; until [[ -e {tmp_path}/go ]]; do sleep 0.05; done; echo end")
    client = (
        "import asyncio, os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from helpers_target import Answers, first, Job\nfrom tui.target.ssh import SshTarget\n"
        "async def main():\n"
        "    t = SshTarget('ecs', sys.argv[2]); await t.open(Answers())\n"
        "    await first(t.stream(Job(id=sys.argv[3], script=sys.argv[4])), b'begin'); os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    argv = [sys.executable, "-c", client, str(Path(suite.__file__).parent), server.address, what.id, what.script]
    process = await asyncio.create_subprocess_exec(*argv)
    assert await process.wait() == -9
    server.exec(f"touch {tmp_path}/go")
    target = SshTarget("ecs", server.address)
    await target.open(Answers())
    try:
        seen = await run(target, what)
    finally:
        await target.close()
    assert (seen.text(), seen.end.code) == (b"begin\nend\n", 0)


async def test_a_host_that_cannot_be_reached_is_said_so(server: Host, asker: Answers) -> None:
    with server.cut_off():
        target = SshTarget("ecs", "watched-server")
        with pytest.raises(TargetError, match=re.escape(server.ip)):
            await target.open(asker)
        await target.close()


async def test_leaving_early_ends_the_job_there(place: SshTarget, server: Host) -> None:
    async with contextlib.aclosing(place.stream(job("echo begin; exec -a left-early sleep 600"))) as stream:
        assert await first(stream, b"begin\n") == b"begin\n"
    assert server.exec("pgrep -f '^left-early'").stdout == ""
