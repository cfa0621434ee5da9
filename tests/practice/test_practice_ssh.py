"""The world's SSH server behaves like a real one: foreign clients, several channels, endings, signals, terminals, a closed door."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import asyncssh
import paramiko
import pytest
from practice_peer import place

from tui.practice import jail
from tui.practice.world import World

confined = pytest.mark.skipif(not jail.available(), reason="this system has nothing to confine with")


async def test_streams_and_exit_code_are_kept_apart(world, run) -> None:
    done = await run(world, "echo out; echo err >&2; exit 7")
    assert (done.out, done.err, done.code) == ("out\n", "err\n", 7)


async def test_bytes_go_through_unchanged_and_end_with_end_of_file(world, connect) -> None:
    data = bytes(range(256)) * 8192
    async with connect(world) as connection:
        done = await connection.run("cat; echo done >&2", input=data, encoding=None)
    assert done.stdout == data
    assert done.stderr == b"done\n"


async def test_a_death_by_signal_is_told_as_such(world, connect) -> None:
    async with connect(world) as connection:
        done = await connection.run("kill -KILL $$")
    assert done.exit_signal[0] == "KILL"


async def test_the_client_can_signal_the_shell(world, connect) -> None:
    async with connect(world) as connection:
        process = await connection.create_process("trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
        assert await process.stdout.readline() == "ready\n"
        process.send_signal("TERM")
        done = await process.wait()
    assert (done.stdout, done.exit_status) == ("told\n", 3)


async def test_one_channel_keeps_a_helper_that_is_fed_line_by_line(world, connect) -> None:
    async with connect(world) as connection:
        helper = await connection.create_process("bash -s")
        for number in range(20):
            helper.stdin.write(f"echo answer {number} $((count += 1))\n")
            assert await helper.stdout.readline() == f"answer {number} {number + 1}\n"
        helper.stdin.write_eof()
        assert (await helper.wait()).exit_status == 0


async def test_channels_of_one_connection_run_at_the_same_time(world, connect) -> None:
    async with connect(world) as connection:
        await connection.run("mkfifo a b")
        first = connection.run("cat < a > b; echo first")  # neither can end without the other
        second = connection.run("echo through > a; cat b")
        others = [connection.run(f"echo {number}") for number in range(6)]
        done = await asyncio.wait_for(asyncio.gather(first, second, *others), 60)
    assert [each.stdout for each in done] == ["first\n", "through\n", *(f"{number}\n" for number in range(6))]


async def test_much_output_of_two_channels_is_not_mixed(world, connect) -> None:
    async with connect(world) as connection:
        done = await asyncio.gather(*(connection.run(f"yes {letter} | head -n 200000") for letter in "ab"))
    assert [each.stdout for each in done] == ["a\n" * 200000, "b\n" * 200000]


async def test_a_command_survives_a_cut_connection_when_it_has_detached(world, connect, run) -> None:
    async with connect(world) as connection:
        await connection.run("mkfifo go; setsid bash -c 'cat go; echo over > result' > /dev/null 2>&1 < /dev/null &")
        world.drop_connections()
        with pytest.raises((asyncssh.Error, OSError)):
            await connection.run("true", check=True)
    done = await run(world, "echo > go; until [ -s result ]; do sleep 0.02; done; cat result")
    assert done.out == "over\n"


async def test_a_terminal_is_a_terminal(world, connect) -> None:
    async with connect(world) as connection:
        done = await connection.run("[ -t 0 ] && [ -t 1 ] && stty size", term_type="xterm", term_size=(101, 33))
    assert done.stdout.strip() == "33 101"


async def test_a_library_in_wide_use_gets_along_as_well(world) -> None:
    user, port = place(world.targets()["ecs"])

    def talk() -> tuple[bytes, bytes, int]:
        client = paramiko.SSHClient()
        client.load_host_keys(str(world.known_hosts))
        client.connect("127.0.0.1", port, user, key_filename=str(world.identity), allow_agent=False, look_for_keys=False)
        try:
            stdin, stdout, stderr = client.exec_command("read line; echo got $line; echo e >&2; exit 5")
            stdin.write(b"words\n")
            stdin.channel.shutdown_write()
            return stdout.read(), stderr.read(), stdout.channel.recv_exit_status()
        finally:
            client.close()

    assert await asyncio.to_thread(talk) == (b"got words\n", b"e\n", 5)


async def test_only_the_worlds_own_key_and_user_get_in(world, tmp_path) -> None:
    user, port = place(world.targets()["ecs"])
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    options = {"known_hosts": str(world.known_hosts), "config": None, "agent_path": None}
    for name, keys in ((user, [stranger]), ("root", [str(world.identity)])):
        with pytest.raises(asyncssh.PermissionDenied):
            await asyncssh.connect("127.0.0.1", port, username=name, client_keys=keys, **options)
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect("127.0.0.1", port, username=user, client_keys=None, password="guess", **options)


async def test_nothing_is_forwarded_and_no_files_are_served(world, connect) -> None:
    async with connect(world) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", 22)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.start_sftp_client()


async def test_two_hosts_two_host_keys(world) -> None:
    keys = {host: world.state(host)["host_key"] for host in ("ecs", "local")}
    assert keys["ecs"] != keys["local"]
    for host, key in keys.items():
        found = await asyncssh.get_server_host_key("127.0.0.1", place(world.targets()[host])[1])
        assert found.export_public_key().decode().split()[:2] == key.split()


async def test_the_tailnet_address_answers_only_when_both_have_joined(run, tmp_path) -> None:
    async with World(login_after=0) as world:
        address = world.state("ecs")["ip4"]
        settings = asyncssh.config.SSHClientConfig.load(None, [str(world.ssh_config)], False, False, False, "me", (), address, ())
        port = settings.get("Port")
        options = {"known_hosts": str(world.known_hosts), "config": None, "agent_path": None, "client_keys": [str(world.identity)]}
        with pytest.raises((asyncssh.Error, OSError)):
            await asyncssh.connect("127.0.0.1", port, username="practice", **options)
        for host in ("ecs", "local"):
            done = await run(world, "curl -fsSL https://tailscale.com/install.sh | sh && sudo tailscale up --timeout=20s", host)
            assert done.code == 0, done.err
        async with asyncssh.connect("127.0.0.1", port, username="practice", **options) as connection:
            done = await connection.run("echo $SSH_CONNECTION")
        assert done.stdout.split()[2] == address


async def test_nothing_of_this_process_gets_in(run, monkeypatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "not for the world")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent/agent")
    async with World() as world:
        done = await run(world, "env")
        assert "HOME=" in done.out
        assert "not for the world" not in done.out
        assert "SSH_AUTH_SOCK" not in done.out
        assert (await run(world, "cd; pwd")).out.strip() == str(world.home("ecs"))
        assert world.home("ecs").stat().st_mode & 0o777 == 0o700


@confined
async def test_no_write_outside_and_no_connection(world, run, tmp_path) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outside = tmp_path / "outside"
    outside.write_text("kept", "utf-8")
    done = await run(world, f"echo gone > '{outside}'; rm -f '{outside}'; touch '{tmp_path}/new'; mkdir '{tmp_path}/dir'")
    assert done.code != 0
    assert outside.read_text("utf-8") == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside"]
    done = await run(world, f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo connected")
    assert "connected" not in done.out
    server.close()


async def test_dangerous_names_are_stand_ins(world, run) -> None:
    names = "apt-get apt dpkg systemctl journalctl curl wget sudo ssh ping reboot shutdown iptables ufw docker killall pkill mount"
    done = await run(world, f"for name in {names}; do type -P $name; done")
    found = done.out.split()
    assert len(found) == len(names.split())
    assert all(Path(path).is_relative_to(world.home("ecs").parent / "bin") for path in found)
    done = await run(world, "sudo reboot")
    assert done.code == 1
    assert "什么都没有发生" in done.err


def real_resolvers() -> bytes:
    file = Path("/etc/resolv.conf")
    return file.read_bytes() if file.exists() else b""


async def test_system_folders_are_the_worlds_own(world, run) -> None:
    before = real_resolvers()
    done = await run(world, "sudo sh -c 'echo nameserver 223.5.5.5 > /etc/resolv.conf' && cat /etc/resolv.conf; ls /etc/resolv.conf")
    assert done.out == "nameserver 223.5.5.5\n/etc/resolv.conf\n"
    assert real_resolvers() == before
    if os.getuid() == 0 and jail.available():
        assert (await run(world, "echo broken > /etc/resolv.conf")).code != 0


async def test_the_status_has_the_keys_of_the_real_one(run) -> None:
    top = "Version TUN BackendState HaveNodeKey AuthURL TailscaleIPs Self Health MagicDNSSuffix CurrentTailnet CertDomains"
    top += " Peer User ClientVersion"
    async with World(login_after=0) as world:
        for host in ("ecs", "local"):
            await run(world, "curl -fsSL https://tailscale.com/install.sh | sh && sudo tailscale up --timeout=20s", host)
        status = json.loads((await run(world, "tailscale status --json")).out)
        assert list(status) == top.split()
        (peer,) = status["Peer"].values()
        assert peer["TailscaleIPs"][0] == world.state("local")["ip4"]
        assert peer["Online"] is True
        assert "KeyExpiry" in status["Self"]
        world.disable_key_expiry("ecs")
        assert "KeyExpiry" not in json.loads((await run(world, "tailscale status --json")).out)["Self"]
        assert json.loads((await run(world, "tailscale status --json --peers=false")).out)["Peer"] is None


async def test_links_are_known_as_made_up_until_they_are_opened(world, run) -> None:
    await run(world, "curl -fsSL https://tailscale.com/install.sh | sh; sudo tailscale up --timeout=1s")
    (link,) = world.pending_logins().values()
    assert world.is_practice_link(link)
    assert not world.is_practice_link("https://login.tailscale.com/a/0123456789abcd")
    assert world.complete_login("local") == []
    assert world.complete_login() == ["ecs"]  # the command has gone, the daemon still waits
    assert (await run(world, "tailscale ip -4")).code == 0
