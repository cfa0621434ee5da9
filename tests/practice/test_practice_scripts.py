"""A script means the world's own folders, network and user, and stays what it is otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.practice import jail
from tui.practice.tools.ground import Ground
from tui.practice.tools.paths import place, script, unplace
from tui.practice.world import World

GROUND = Ground(Path("/w"), "ecs")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[ -c /dev/net/tun ]", "[ -c /w/ecs/fs/dev/net/tun ]"),
        ("cat </etc/resolv.conf", "cat </w/ecs/fs/etc/resolv.conf"),
        ("for f in /etc/ssh/ssh_host_*_key.pub; do", "for f in /w/ecs/fs/etc/ssh/ssh_host_*_key.pub; do"),
        ("PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin", "PATH=$PATH:/w/ecs/fs/usr/local/sbin:/w/ecs/fs/usr/sbin:/w/ecs/fs/sbin"),
        ("mktemp -p /dev/shm 2>/dev/null", "mktemp -p /w/ecs/tmp 2>/dev/null"),
        ("echo /w/ecs/fs/etc/x", "echo /w/ecs/fs/etc/x"),
        ("ls $x/etc ${x}/etc ./etc ~/etc /etcetera", "ls $x/etc ${x}/etc ./etc ~/etc /etcetera"),
        ("curl https://host/etc/x", "curl https://host/etc/x"),
        ("(( EUID )) && echo $UID $SUDO_UID", "(( PRACTICE_UID )) && echo $PRACTICE_UID $SUDO_UID"),
        ("tee /etc/x <<'END'\nuse /etc/y\nEND\ncat /etc/x", "tee /w/ecs/fs/etc/x <<'END'\nuse /etc/y\nEND\ncat /w/ecs/fs/etc/x"),
    ],
)
def test_a_script_is_read_in_the_world(written: str, meant: str) -> None:
    assert script(written, GROUND, root=True) == meant
    assert script(meant, GROUND, root=True) == meant


def test_what_an_ordinary_user_writes_to_stays_closed() -> None:
    written = "echo x > /etc/a; echo y >>'/etc/b'; cat /etc/a"
    assert script(written, GROUND, root=False) == "echo x > /etc/a; echo y >>'/etc/b'; cat /w/ecs/fs/etc/a"
    assert unplace(place("/etc/a", GROUND), GROUND) == "/etc/a"


def test_a_socket_is_a_port_of_the_world() -> None:
    told = script('exec 3<>"/dev/udp/$2/53"', GROUND, root=False)
    assert told.endswith('exec 3<>"/dev/udp/127.0.0.1/$(practice_port udp $2 53)"')
    assert told.startswith("practice_port() {")
    assert "\n" not in told  # what bash says about a line still fits
    assert script(told, GROUND, root=False) == told


async def test_questions_reach_the_worlds_network_and_no_other(world, run) -> None:
    ask = "exec 3<>/dev/udp/{0}/53 && printf '%b' 'ZZ\\x01\\x00\\x00\\x01' >&3 && IFS= read -r -N 1 -t 0.3 byte <&3; echo $byte"
    assert (await run(world, ask.format("100.100.2.136"))).out == "Z\n"
    assert (await run(world, ask.format("192.0.2.53"))).out == "\n"
    assert (await run(world, ask.format("100.100.2.136"), "local")).out == "\n"
    assert "refused" in (await run(world, "exec 3<>/dev/tcp/192.0.2.1/443")).err
    knock = await run(world, "exec 3<>/dev/tcp/203.0.113.10/22 && read -r line <&3; echo $line", "local")
    assert knock.out.startswith("SSH-2.0-")


async def test_what_the_rule_drops_is_silence_not_an_end(run) -> None:
    ask = "exec 3<>/dev/tcp/100.100.100.200/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; "
    ask += "IFS= read -r -t 0.3 line <&3; echo $(($? > 128)) ${line%$'\\r'}"
    async with World(["node-key-expired"], login_after=0) as world:
        assert (await run(world, ask)).out == "0 HTTP/1.0 404 Not Found\n"
        await run(world, "sudo tailscale up --timeout=20s")
        assert (await run(world, ask)).out == "1\n"


@pytest.mark.skipif(not jail.available(), reason="this system has nothing to confine with")
async def test_the_door_opens_to_the_worlds_own_ports_only(world) -> None:
    root = str(world.ssh_home.parent)
    assert len(jail.ports(root)) == len(set(jail.ports(root))) >= 6
    assert all(f"localhost:{port}" in jail._profile(root) for port in jail.ports(root))
