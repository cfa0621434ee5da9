"""How scripts are handed over, on systems other than the one the tests run on too."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from helpers_target import job, run

from tui.errors import Unusable, UsageError
from tui.target import shells
from tui.target.base import Job
from tui.target.local import LocalTarget
from tui.target.processes import members, table

SCRIPT = "echo '指南' \"$x\"\n"


def test_bash_gets_a_file_and_strictness_from_outside(tmp_path: Path) -> None:
    argv = shells.command(job(SCRIPT), tmp_path, windows=False)
    assert argv[1:-1] == ["--noprofile", "--norc", "-euo", "pipefail"]
    assert Path(argv[-1]).read_bytes() == SCRIPT.encode()
    assert Path(argv[-1]).stat().st_mode & 0o777 == 0o600


def test_windows_takes_the_bash_of_git_and_not_the_one_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = tmp_path / "Program Files" / "Git"
    for name in ("cmd/git.exe", "bin/bash.exe"):
        (git / name).parent.mkdir(parents=True, exist_ok=True)
        (git / name).write_text("")
    monkeypatch.setattr(shutil, "which", {"git": str(git / "cmd" / "git.exe"), "bash": "C:/Windows/System32/bash.exe"}.get)
    assert shells.bash(windows=True) == str(git / "bin" / "bash.exe")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Unusable) as caught:
        shells.bash(windows=True)
    assert "Git for Windows" in caught.value.text.zh
    monkeypatch.setenv("ProgramFiles", str(tmp_path / "Program Files"))
    assert shells.bash(windows=True) == str(git / "bin" / "bash.exe")


@pytest.mark.parametrize("there", ["pwsh", "powershell"])
def test_powershell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name == there else None)
    argv = shells.command(job(SCRIPT, language="powershell"), tmp_path, windows=True)
    assert argv[0] == f"/bin/{there}"
    assert (tmp_path / "script.ps1").read_bytes() == b"\xef\xbb\xbf" + SCRIPT.encode()
    assert "$ErrorActionPreference='Stop'" in argv[-1]
    assert str(tmp_path / "script.ps1") in argv[-1]


def test_cmd_is_for_windows(tmp_path: Path) -> None:
    argv = shells.command(job("echo a\necho b\r\n", language="cmd"), tmp_path, windows=True)
    assert argv[1:3] == ["/d", "/c"]
    assert (tmp_path / "script.cmd").read_bytes() == b"echo a\r\necho b\r\n"
    with pytest.raises(Unusable):
        shells.command(job("echo a", language="cmd"), tmp_path, windows=False)


@pytest.mark.parametrize("language", ["bash", "powershell"])
async def test_an_interpreter_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Unusable) as caught:
        await run(LocalTarget(), job("true", language=language))
    assert language in caught.value.text.zh.lower()


@pytest.mark.parametrize("bad", [{"id": "A b"}, {"id": ""}, {"id": "../x"}, {"script": "a\0b"}, {"env": {"1A": ""}}, {"env": {"A": "\0"}}])
def test_what_can_not_be_a_job(bad: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        shells.check(Job(**{"id": "a", "script": "true", **bad}))  # type: ignore[arg-type]


async def test_the_same_id_is_not_run_twice_at_once() -> None:
    target = LocalTarget()
    what = job("echo one; sleep 600")
    stream = target.stream(what)
    await anext(stream)
    with pytest.raises(Unusable):
        await anext(target.stream(what))
    await stream.aclose()
    assert (await run(target, Job(id=what.id, script="echo again"))).text() == b"again\n"


async def test_closing_the_target_lets_go_of_daemons_it_listened_to(tmp_path: Path) -> None:
    target = LocalTarget()
    opened = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: ASYNC240, PTH208
    seen = await run(target, job("sleep 600 & echo $!"))
    await target.close()
    await asyncio.sleep(0)
    os.kill(int(seen.text()), 9)
    if opened:
        assert len(os.listdir("/proc/self/fd")) <= opened + 1  # noqa: PTH208


def test_the_process_table_knows_us() -> None:
    me = next(process for process in table() if process.pid == os.getpid())
    assert me.parent == os.getppid()
    assert me.group == os.getpgrp()
    assert all(process.pid != os.getpid() for process in members(os.getpid(), "no-such-job"))
