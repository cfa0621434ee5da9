"""Every way in, and every no with a sentence of its own. The server that wants passwords and codes is asyncssh, a foreign one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncssh
import pytest
from helpers_target import Answers, job, run
from sshd_target import Sshd, keygen

from tui.errors import Cancelled, Refused, Unusable
from tui.target.ssh import SshTarget


class Door(asyncssh.SSHServer):
    """Lets `me` in with what the test says: a password, answers to prompts, a key; several in order when there are stages."""

    password: str | None = None
    code: str | None = None
    key: asyncssh.SSHKey | None = None
    both = False

    def __init__(self) -> None:
        self.seen: list[str] = []

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return self.password is not None

    def validate_password(self, username: str, password: str) -> bool:
        return password == self.password

    def public_key_auth_supported(self) -> bool:
        return self.key is not None

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self.key is not None and key == self.key

    def kbdint_auth_supported(self) -> bool:
        return self.code is not None

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> tuple[str, str, str, list[tuple[str, bool]]]:
        return "", "", "", [("Name: ", True), ("Verification code: ", False)]

    def validate_kbdint_response(self, username: str, responses: list[str]) -> bool:
        return responses == ["me", self.code]


async def shell(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Runs the command for real, as sshd would."""
    child = await asyncio.create_subprocess_shell(
        process.command or "true", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    await process.redirect(stdin=child.stdin, stdout=child.stdout)
    process.exit(await child.wait())


Open = Callable[..., "asyncio.Future[SshTarget]"]


@pytest.fixture
async def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., object]]:
    """Starts foreign servers; gives an opener of targets to them."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir(mode=0o700)
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    async with contextlib.AsyncExitStack() as stack:

        async def opener(asker: Answers, handler: object = shell, **settings: object) -> SshTarget:
            kind = type("Door", (Door,), settings)
            server = await asyncssh.create_server(kind, "127.0.0.1", 0, server_host_keys=[host_key], process_factory=handler, encoding=None)
            stack.callback(server.close)
            port = server.sockets[0].getsockname()[1]
            with (tmp_path / ".ssh" / "known_hosts").open("a") as file:
                file.write(f"[127.0.0.1]:{port} {host_key.export_public_key().decode()}")
            target = SshTarget("ecs", f"ssh://me@127.0.0.1:{port}", timeout=10)
            stack.push_async_callback(target.close)
            await target.open(asker)
            return target

        yield opener


async def test_a_password_is_asked_again_when_wrong(door: Open) -> None:
    asker = Answers("wrong", "right")
    target = await door(asker, password="right")
    assert [question.again for question in asker.questions] == [False, True]
    assert (await run(target, job("echo in"))).text() == b"in\n"


async def test_three_wrong_passwords_are_refused(door: Open) -> None:
    asker = Answers("a", "b", "c", "right")
    with pytest.raises(Refused) as caught:
        await door(asker, password="right")
    assert len(asker.questions) == 3
    assert "password" in caught.value.text.en


async def test_a_password_not_given_cancels_and_refuses_where_nobody_is(door: Open) -> None:
    with pytest.raises(Cancelled):
        await door(Answers(), password="right")
    nobody = Answers()
    nobody.unattended = True  # type: ignore[attr-defined]
    with pytest.raises(Refused):
        await door(nobody, password="right")


async def test_prompts_are_passed_on_with_their_echo(door: Open) -> None:
    asker = Answers("me", "123456")
    await door(asker, code="123456")
    assert [question.echo for question in asker.questions] == [True, False]
    assert "Verification code" in asker.questions[1].what.en


async def test_a_wrong_code_is_asked_again(door: Open) -> None:
    asker = Answers("me", "000000", "me", "123456")
    await door(asker, code="123456")
    assert [question.again for question in asker.questions] == [False, False, True, True]


async def test_key_and_code_together(sshd: Sshd, door: Open, tmp_path: Path) -> None:
    keygen(tmp_path / ".ssh" / "id_ed25519")
    stages: list[str] = []

    def auth_completed(self: Door) -> None:
        stages.append("in")

    def validate(self: Door, username: str, key: asyncssh.SSHKey) -> bool:
        stages.append("key")
        return True

    asker = Answers("me", "42")
    await door(
        asker,
        key=asyncssh.read_public_key(tmp_path / ".ssh" / "id_ed25519.pub"),
        validate_public_key=validate,
        auth_completed=auth_completed,
    )
    assert stages[0] == "key"
    assert stages[-1] == "in"


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
async def test_every_kind_of_encrypted_key(door: Open, tmp_path: Path, kind: str) -> None:
    path = tmp_path / ".ssh" / f"id_{kind}"
    keygen(path, kind, "secret words")
    asker = Answers("wrong", "secret words")
    await door(asker, key=asyncssh.read_public_key(f"{path}.pub"))
    assert [question.again for question in asker.questions] == [False, True]
    assert str(path) in asker.questions[0].what.zh


async def test_after_a_lost_link_nobody_is_asked_again(door: Open) -> None:
    asker = Answers("right")
    target = await door(asker, password="right")
    await target.close()
    await target.open(asker)
    assert len(asker.questions) == 1


async def test_the_agent_is_asked_first(sshd: Sshd, asker: Answers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    link = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(link)], stdout=subprocess.DEVNULL)  # noqa: ASYNC220
    monkeypatch.setenv("SSH_AUTH_SOCK", str(link))
    private = sshd.user_home / ".ssh" / "id_ed25519"
    aside = tmp_path / "aside"
    try:
        for _ in range(500):
            if subprocess.run(["ssh-add", "-q", str(private)], check=False, stderr=subprocess.DEVNULL).returncode == 0:  # noqa: ASYNC221
                break
            await asyncio.sleep(0.01)
        private.rename(aside)  # only the agent has it now
        target = SshTarget("ecs", sshd.address)
        await target.open(asker)
        await target.close()
    finally:
        if aside.exists():
            aside.rename(private)
        agent.terminate()
        agent.wait()


async def test_no_common_algorithm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asker: Answers) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(Door, "127.0.0.1", 0, server_host_keys=[key], kex_algs=["curve448-sha512"])
    try:
        with pytest.raises(Refused) as caught:
            await SshTarget("ecs", f"me@127.0.0.1:{server.sockets[0].getsockname()[1]}").open(asker)
    finally:
        server.close()
    assert "算法" in caught.value.text.zh


def says(words: str, status: int) -> Callable[[asyncssh.SSHServerProcess[bytes]], None]:
    def handler(process: asyncssh.SSHServerProcess[bytes]) -> None:
        process.stdout.write(words.encode())
        process.exit(status)

    return handler


async def test_a_host_without_bash(door: Open) -> None:
    with pytest.raises(Unusable) as caught:
        await door(Answers("x"), says("sh: bash: not found\n", 127), password="x")
    assert "bash" in caught.value.text.zh


async def test_an_account_without_a_shell(door: Open) -> None:
    with pytest.raises(Unusable) as caught:
        await door(Answers("x"), says("This account is currently not available.\n", 1), password="x")
    assert "not available" in caught.value.text.zh


async def test_a_noisy_profile_does_not_disturb(door: Open) -> None:
    async def noisy(process: asyncssh.SSHServerProcess[bytes]) -> None:
        process.stdout.write(b"Welcome!\nE 0 \nO 1 0 3\n" + b"\xff\0" * 5000)
        await shell(process)

    target = await door(Answers("x"), noisy, password="x")
    assert (await run(target, job("echo in"))).text() == b"in\n"


async def test_a_home_that_can_not_be_written(door: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(Unusable) as caught:
        await door(Answers("x"), password="x")
    assert "zhinan" in caught.value.text.en


async def test_a_server_that_closes_in_the_middle_is_reached_again(door: Open, tmp_path: Path) -> None:
    started: list[asyncssh.SSHServerProcess[bytes]] = []

    async def handler(process: asyncssh.SSHServerProcess[bytes]) -> None:
        started.append(process)
        await shell(process)

    target = await door(Answers("x"), handler, password="x")
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    task = asyncio.create_task(run(target, job(f"echo one; read -r x <{gate}; echo $x")))
    opened = await asyncio.to_thread(os.open, gate, os.O_WRONLY)  # the job is there now
    started[0].channel.get_connection().abort()
    await asyncio.sleep(0)
    os.write(opened, b"two\n")
    os.close(opened)
    seen = await task
    assert seen.text() == b"one\ntwo\n"
    assert seen.end.code == 0
