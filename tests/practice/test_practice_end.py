"""The world leaves nothing behind: no process, no file, no open port; not after Ctrl-C, and at worst until the next start."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from practice_peer import place

from tui.errors import Unusable
from tui.practice import folder
from tui.practice.world import World

LEFT_BEHIND = (
    "setsid env -i {sleep} 1000 > /dev/null 2>&1 < /dev/null & setsid sleep 1000 > /dev/null 2>&1 < /dev/null & sleep 1000 & echo started"
)

PROGRAM = """
import asyncio, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us with it ignored
sys.path.insert(0, {source!r})
from tui.practice.world import World

async def main():
    async with World() as world:
        print(world.ssh_home.parent, flush=True)
        {ending}

asyncio.run(main())
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """A temporary folder of our own: no other world is seen in it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


async def test_no_process_no_file_no_port(temporary, connect) -> None:
    world = World()
    await world.start()
    root = world.ssh_home.parent
    ports = [place(address)[1] for address in world.targets().values()]
    async with connect(world) as connection:
        process = await connection.create_process(LEFT_BEHIND.format(sleep=shutil.which("sleep")))
        assert await process.stdout.readline() == "started\n"
        hanging = await connection.create_process("cat")
        hanging.stdin.write("there\n")
        assert await hanging.stdout.readline() == "there\n"
        assert len(folder.marked(root)) >= 4
        await world.stop()
        await hanging.wait_closed()
    assert folder.marked(root) == []
    assert list(temporary.iterdir()) == []
    for port in ports:
        with pytest.raises(OSError):  # noqa: PT011  refused, however the system words it
            socket.create_connection(("127.0.0.1", port), timeout=5)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("practice-ssh")] == []
    await world.stop()


def test_ctrl_c_ends_it_too(temporary, checkout) -> None:
    program = PROGRAM.format(source=str(checkout), ending="await asyncio.Event().wait()")
    started = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert started.stdout is not None
    root = Path(started.stdout.readline().strip())
    assert root.is_dir()
    started.send_signal(signal.SIGINT)
    started.wait(60)
    started.stdout.close()
    assert not root.exists()
    assert list(temporary.iterdir()) == []


def test_what_a_crash_left_goes_with_the_next_start(temporary, checkout) -> None:
    ending = (
        "import subprocess; subprocess.Popen(['sleep', '1000'], stdout=subprocess.DEVNULL, "
        "env={**os.environ, 'PRACTICE_WORLD': str(world.ssh_home.parent)}); os._exit(9)"
    )
    program = PROGRAM.format(source=str(checkout), ending=ending)
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=False)
    root = Path(done.stdout.strip())
    assert done.returncode == 9
    assert root.is_dir()
    assert len(folder.marked(root)) == 1
    folder.Folder().remove()
    assert folder.marked(root) == []
    assert list(temporary.iterdir()) == []


async def test_a_living_world_is_not_swept_away_by_another(temporary, run) -> None:
    async with World() as first, World() as second:
        folder.sweep()
        assert (await run(first, "echo here")).out == "here\n"
        assert (await run(second, "echo there")).out == "there\n"


async def test_a_failing_start_leaves_nothing(temporary, monkeypatch) -> None:
    monkeypatch.setattr(folder.shutil, "which", lambda name: None if name == "bash" else f"/bin/{name}")
    with pytest.raises(Unusable) as error:
        await World().start()
    assert "bash" in error.value.text.en
    assert list(temporary.iterdir()) == []


async def test_a_folder_with_an_odd_name_will_do(temporary, monkeypatch, run) -> None:
    odd = temporary / 'it\'s a "folder" $HOME'
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    async with World() as world:
        installed = await run(world, "curl -fsSL https://tailscale.com/install.sh | sh")
        assert installed.code == 0, installed.err
        assert (await run(world, "bash -lc 'type -P systemctl'")).out.strip() == str(world.home("ecs").parent / "bin/systemctl")


async def test_windows_is_told_at_once(temporary, monkeypatch) -> None:
    monkeypatch.setattr("tui.practice.world.os", SimpleNamespace(name="nt"))
    with pytest.raises(Unusable) as error:
        await World().start()
    assert "WSL" in error.value.text.zh
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "ST_NOEXEC"), reason="this system does not tell")
async def test_a_folder_that_runs_no_programs_is_named(temporary, monkeypatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_NOEXEC))
    with pytest.raises(Unusable) as error:
        await World().start()
    assert "TMPDIR" in error.value.text.zh
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users are told apart on POSIX only")
async def test_an_administrator_is_refused_where_nothing_confines(temporary, monkeypatch) -> None:
    monkeypatch.setattr("tui.practice.jail.available", lambda: False)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    with pytest.raises(Unusable):
        await World().start()
    assert list(temporary.iterdir()) == []


def test_importing_needs_nothing_of_posix_and_no_ssh_library(checkout) -> None:
    program = (
        "import sys\n"
        "for name in ('fcntl', 'pty', 'termios', 'pwd', 'grp', 'resource', 'tty'): sys.modules[name] = None\n"
        "import tui.practice.world, tui.practice.folder, tui.practice.jail, tui.practice.tools.main, tui.practice.sshfiles\n"
        "assert 'paramiko' not in sys.modules\n"
        "import tui.practice.server, tui.practice.shell\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
