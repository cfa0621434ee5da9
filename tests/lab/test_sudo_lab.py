"""sudo on a real host: what it takes for each kind of account, a password that is tried once, and root's processes ended too."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from lab import Host, Lab

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "target"))

from helpers_target import Answers, first, job, run

from tui.errors import Refused
from tui.secret import Secret
from tui.target.ssh import SshTarget
from tui.target.sudo import SudoState, ask_sudo, sudo_state

Enter = Callable[[str], Awaitable[SshTarget]]


@pytest.fixture
async def enter(lab: Lab, server: Host, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Enter]:
    """Opens the host as one of its users."""
    monkeypatch.setenv("HOME", str(lab.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    opened: list[SshTarget] = []

    async def enter(user: str) -> SshTarget:
        target = SshTarget("ecs", server.target(user), grace=1.0)
        opened.append(target)
        await target.open(Answers(lab.password))
        return target

    yield enter
    for target in opened:
        await target.close()


@pytest.mark.parametrize(("user", "state"), [("root", SudoState.ROOT), ("dev", SudoState.FREE), ("ops", SudoState.PASSWORD)])
async def test_what_it_takes(enter: Enter, user: str, state: SudoState) -> None:
    assert await sudo_state(await enter(user)) is state


async def test_a_wrong_password_counts_once_and_the_right_one_is_kept(enter: Enter, lab: Lab, server: Host) -> None:
    target = await enter("ops")
    asker = Answers("not the password", lab.password)
    assert await ask_sudo(target, asker) == Secret(lab.password)
    assert [question.again for question in asker.questions] == [False, True]
    assert await ask_sudo(target, asker) == Secret(lab.password)
    assert len(asker.questions) == 2
    failed = server.exec(
        "journalctl -q -t sudo --since=-5min -o cat | grep -c 'conversation failed\\|authentication failure'"
    ).stdout.strip()
    assert int(failed) <= 2


async def test_one_who_may_not_is_told_so(enter: Enter, lab: Lab) -> None:
    with pytest.raises(Refused) as caught:
        await ask_sudo(await enter("guest"), Answers(lab.password))
    assert "sudo" in caught.value.text.zh


async def test_an_installer_that_calls_sudo_itself(enter: Enter, lab: Lab) -> None:
    script = "printf 'sudo id -u\\nsudo sh -c \"id -u\"\\n' | sh; sudo -u root id -un"
    seen = await run(await enter("ops"), job(script, sudo=Secret(lab.password)))
    assert (seen.text(), seen.end.code) == (b"0\n0\nroot\n", 0)


@pytest.mark.parametrize("user", ["ops", "dev"])
@pytest.mark.parametrize("terminal", ["use_pty", "!use_pty"])
async def test_cancel_ends_roots_processes_too(enter: Enter, lab: Lab, server: Host, user: str, terminal: str) -> None:
    server.exec(f"echo 'Defaults {terminal}' >/etc/sudoers.d/terminal", check=True)
    target = await enter(user)
    secret = Secret(lab.password) if user == "ops" else None
    script = "sudo bash -c 'echo $$; trap \"\" TERM; (exec -a roots-child sleep 600) & while :; do sleep 1; done'"
    async with contextlib.aclosing(target.stream(job(script, sudo=secret))) as stream:
        await first(stream, b"\n")
    server.exec("rm /etc/sudoers.d/terminal", check=True)
    assert server.exec("pgrep -f '^roots-child'").stdout == ""
    assert server.exec(f"pgrep -u {user} -f 'norc.*script'").stdout == ""
