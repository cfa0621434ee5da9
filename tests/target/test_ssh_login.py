"""Every way in, and every no with a sentence of its own. The server that wants passwords and codes is asyncssh, a foreign one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncssh
import pytest
from helpers_target import Answers, Link, alive, job, run
from sshd_target import Sshd, free_port, keygen, start_sshd, stop

from tui.errors import Cancelled, HostKeyRejected, Refused, TargetError, Unreachable, Unusable, UsageError
from tui.target.ssh import SshTarget
from tui.target.ssh_connect import carry


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


async def test_a_denied_login_names_what_the_server_accepts(sshd: Sshd, asker: Answers, tmp_path: Path) -> None:
    keygen(tmp_path / "stranger")
    (sshd.user_home / ".ssh" / "config").write_text(f"IdentityFile {tmp_path}/stranger\nIdentitiesOnly yes\n")
    with pytest.raises(Refused) as caught:
        await SshTarget("ecs", sshd.address).open(asker)
    assert "publickey" in caught.value.text.zh
    assert "stranger" in caught.value.text.zh


async def test_an_unknown_name() -> None:
    with pytest.raises(Unreachable) as caught:
        await SshTarget("ecs", "me@no-such-host.invalid").open(Answers())
    assert "no-such-host.invalid" in caught.value.text.zh


async def test_a_refused_connection(asker: Answers) -> None:
    with pytest.raises(Refused) as caught:
        await SshTarget("ecs", f"me@127.0.0.1:{free_port()}").open(asker)
    assert "sshd" in caught.value.text.zh


async def test_a_black_hole_times_out(asker: Answers) -> None:
    with socket.socket() as full:  # a listener whose queue is full takes nobody any more
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with contextlib.ExitStack() as stack:
            for _ in range(4):
                filler = stack.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            with pytest.raises(Unreachable) as caught:
                await SshTarget("ecs", f"me@127.0.0.1:{full.getsockname()[1]}", timeout=0.5).open(asker)
    assert "安全组" in caught.value.text.zh


async def test_closed_at_once_speaks_of_bans(asker: Answers) -> None:
    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(slam, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Refused) as caught:
            await SshTarget("ecs", f"me@127.0.0.1:{port}").open(asker)
    assert "fail2ban" in caught.value.text.zh


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


@pytest.mark.parametrize("rule", ["ProxyJump jump", "ProxyCommand ssh -F {config} -W %h:%p jump", "ProxyJump jump,second"])
async def test_through_other_hosts(sshd: Sshd, tmp_path: Path, asker: Answers, rule: str) -> None:
    other = start_sshd(tmp_path / "jump")
    try:
        config = sshd.user_home / ".ssh" / "config"
        key = other.user_home / ".ssh" / "id_ed25519"
        jump = f"  HostName 127.0.0.1\n  Port {other.port}\n  User {other.user}\n  IdentityFile {key}\n  IdentitiesOnly yes\n"
        known = f"  UserKnownHostsFile {sshd.user_home}/.ssh/known_hosts\n"
        place = f"Host behind\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {sshd.user}\n  {rule.format(config=config)}\n"
        config.write_text(f"Host jump\n{jump}{known}Host second\n{jump}{place}")
        with (sshd.user_home / ".ssh" / "known_hosts").open("a") as file:
            file.write(f"[127.0.0.1]:{other.port} {other.key()}\n")
        target = SshTarget("ecs", "behind")
        await target.open(asker)
        seen = await run(target, job("echo $SSH_CONNECTION"))
        await target.close()
        assert seen.text().decode().split()[3] == str(sshd.port)
        assert (other.folder / "sshd.log").read_text().count("Accepted publickey") >= 1
    finally:
        stop(other.process)


async def test_a_jump_host_with_another_key_stops(sshd: Sshd, tmp_path: Path, asker: Answers) -> None:
    other = start_sshd(tmp_path / "jump")
    try:
        (sshd.user_home / ".ssh" / "config").write_text(f"Host 127.0.0.1\n  ProxyJump {other.user}@localhost:{other.port}\n")
        with (sshd.user_home / ".ssh" / "known_hosts").open("a") as file:
            file.write(f"[localhost]:{other.port} {sshd.key()}\n")
        with pytest.raises(HostKeyRejected) as caught:
            await SshTarget("ecs", sshd.address).open(asker)
        assert "localhost" in caught.value.text.zh
    finally:
        stop(other.process)


async def test_a_proxy_command_that_fails_is_quoted(sshd: Sshd, asker: Answers) -> None:
    (sshd.user_home / ".ssh" / "config").write_text("ProxyCommand sh -c 'echo the tunnel is closed >&2; exit 1'\n")
    with pytest.raises(TargetError) as caught:
        await SshTarget("ecs", sshd.address).open(asker)
    assert "the tunnel is closed" in caught.value.text.zh


def test_bytes_are_carried_where_a_process_can_not_have_the_socket_itself() -> None:
    near, far = socket.socketpair()
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    carry(far, process.stdin, process.stdout)
    sent = os.urandom(50_000)
    near.sendall(sent)
    near.shutdown(socket.SHUT_WR)
    came = b""
    while data := near.recv(1 << 16):
        came += data
    near.close()
    assert came == sent
    assert process.wait() == 0


async def test_jump_hosts_in_a_ring(sshd: Sshd, asker: Answers) -> None:
    (sshd.user_home / ".ssh" / "config").write_text("Host a\n  ProxyJump b\nHost b\n  ProxyJump a\n")
    with pytest.raises(UsageError):
        await SshTarget("ecs", "a").open(asker)


async def test_one_session_at_a_time_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asker: Answers) -> None:
    narrow = start_sshd(tmp_path / "narrow", "Match all\nMaxSessions 1\n")
    try:
        monkeypatch.setenv("HOME", str(narrow.user_home))
        narrow.trust()
        target = SshTarget("ecs", narrow.address, grace=0.5)
        await target.open(asker)
        both = await asyncio.gather(run(target, job("echo a")), run(target, job("echo b")))
        assert [seen.text() for seen in both] == [b"a\n", b"b\n"]
        async with contextlib.aclosing(target.stream(job("echo $$; sleep 600"))) as stream:
            pid = int((await anext(stream)).data)  # type: ignore[union-attr]
        assert not alive(pid)
        await target.close()
    finally:
        stop(narrow.process)


async def test_opening_can_be_cancelled(link: Link, sshd: Sshd, asker: Answers) -> None:
    link.pause()
    target = SshTarget("ecs", f"ssh://{sshd.user}@127.0.0.1:{link.port}", timeout=60)
    task = asyncio.create_task(target.open(asker))
    await asyncio.to_thread(link.reached.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
