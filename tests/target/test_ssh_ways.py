"""Ways to a server that lead through others, and every way that leads nowhere, each with a sentence of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
from pathlib import Path

import pytest
from helpers_target import Answers, Link, alive, job, run
from sshd_target import Sshd, free_port, keygen, start_sshd, stop

from tui.errors import HostKeyRejected, Refused, TargetError, Unreachable, UsageError
from tui.target.ssh import SshTarget
from tui.target.ssh_connect import carry


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
