"""The password for sudo reaches sudo and nobody else.

A stand-in for sudo is enough here: it asks as the real one does with `-A`, and checks the answer. The real one is met in the lab.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from helpers_target import Answers, first, job, run
from sshd_target import Sshd

from tui.errors import Cancelled, Refused, Unusable
from tui.secret import Secret
from tui.target.base import Target
from tui.target.local import LocalTarget
from tui.target.ssh import SshTarget
from tui.target.sudo import SudoState, ask_sudo, sudo_state

PASSWORD = "corr3ct horse'\"$(x)\\ 指南"

STANDIN = """#!/bin/bash
# -n: no question; -A: ask SUDO_ASKPASS, up to three times, as sudo does
ask= quiet=
while [[ $1 == -* ]]; do
    case $1 in -A) ask=yes ;; -n) quiet=yes ;; -p) shift ;; esac
    shift
done
mode=$(cat {mode})
if [[ $mode == denied ]]; then echo "Sorry, user me may not run sudo on here." >&2; exit 1; fi
if [[ $mode == free ]]; then exec "$@"; fi
if [[ $quiet || ! $ask ]]; then echo "sudo: a password is required" >&2; exit 1; fi
for try in 1 2 3; do
    echo asked >>{log}
    if ! answer=$("$SUDO_ASKPASS" "[sudo] password"); then echo "sudo: no password was provided" >&2; exit 1; fi
    if [[ $answer == "$(cat {password})" ]]; then exec "$@"; fi
    echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2
exit 1
"""


@pytest.fixture
def standin(sshd: Sshd, tmp_path: Path) -> AsyncIterator[Path]:
    """The folder of the stand-in; its `mode` file says how it behaves."""
    folder = sshd.folder / "bin"
    folder.mkdir(exist_ok=True)
    (tmp_path / "mode").write_text("password")
    (tmp_path / "password").write_text(PASSWORD)
    text = (
        STANDIN.replace("{mode}", str(tmp_path / "mode"))
        .replace("{log}", str(tmp_path / "log"))
        .replace("{password}", str(tmp_path / "password"))
    )
    program = folder / "sudo"
    program.write_text(text)
    program.chmod(0o755)
    yield folder  # type: ignore[misc]
    program.unlink()


@pytest.fixture(params=["local", "ssh"])
async def place(
    request: pytest.FixtureRequest, sshd: Sshd, standin: Path, monkeypatch: pytest.MonkeyPatch, asker: Answers
) -> AsyncIterator[Target]:
    monkeypatch.setenv("PATH", f"{standin}:{os.environ['PATH']}")
    target: Target = LocalTarget(grace=1.0) if request.param == "local" else SshTarget("ecs", sshd.address, grace=1.0)
    await target.open(asker)
    yield target
    await target.close()


async def test_sudo_gets_the_password_however_deep_it_is_called(place: Target, tmp_path: Path) -> None:
    installer = tmp_path / "install.sh"
    installer.write_text("sudo echo from the installer\nsudo -E echo and again\n")
    seen = await run(place, job(f"sudo echo direct; cat {installer} | sh; echo done", sudo=Secret(PASSWORD)))
    assert seen.text() == b"direct\nfrom the installer\nand again\ndone\n"
    assert seen.end.code == 0


async def test_without_a_password_sudo_says_no(place: Target) -> None:
    seen = await run(place, job("sudo echo direct"))
    assert seen.end.code == 1
    assert b"a password is required" in seen.text()


async def test_a_script_that_wants_no_question_gets_none(place: Target) -> None:
    seen = await run(place, job("sudo -n true || echo refused", sudo=Secret(PASSWORD)))
    assert b"refused" in seen.text()


async def test_the_password_is_nowhere_to_be_seen(place: Target, sshd: Sshd, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    what = job(f"sudo echo one; env; echo here; read -r x <{gate}; sudo echo two", sudo=Secret(PASSWORD))
    async with contextlib.aclosing(place.stream(what)) as stream:
        text = await first(stream, b"here\n")
        assert text.startswith(b"one\n")
        assert PASSWORD.encode() not in text
        looked = [entry / name for entry in Path("/proc").iterdir() if entry.name.isdigit() for name in ("cmdline", "environ")]  # noqa: ASYNC240
        read = 0
        for path in looked:
            with contextlib.suppress(OSError):
                content = path.read_bytes()
                read += 1
                assert PASSWORD.encode() not in content, path
        assert read > 10
        if isinstance(place, SshTarget):
            folder = sshd.job(what.id)
            assert (folder / "askpass").exists()
            for path in folder.rglob("*"):
                if path.is_file():
                    assert PASSWORD.encode() not in path.read_bytes()
            assert (folder / "ask").is_fifo()
            assert (folder / "ask").stat().st_mode & 0o777 == 0o600
        await asyncio.to_thread(gate.write_text, "go\n")
        assert await first(stream, b"two\n") == b"two\n"


async def test_nobody_is_left_who_knows_the_password(place: Target) -> None:
    what = job("sudo echo one; echo $SUDO_ASKPASS", sudo=Secret(PASSWORD))
    seen = await run(place, what)
    folder = Path(seen.text().split()[1].decode()).parent
    opened = (entry / "cmdline" for entry in Path("/proc").iterdir() if entry.name.isdigit())  # noqa: ASYNC240
    assert not any(str(folder).encode() in line for line in map(_read, opened))
    if isinstance(place, SshTarget):
        feeder = int((folder / "feeder").read_text())
        while _read(Path(f"/proc/{feeder}/cmdline")):  # noqa: ASYNC110  it is ended by the runner
            await asyncio.sleep(0.01)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.fixture
def not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root never has to ask: let the looking go past that line."""
    from tui.target import sudo

    monkeypatch.setattr(sudo, "_LOOK", sudo._LOOK.replace("EUID == 0", "0"))


@pytest.mark.parametrize(("mode", "state"), [("password", SudoState.PASSWORD), ("free", SudoState.FREE), ("denied", SudoState.DENIED)])
@pytest.mark.usefixtures("not_root")
async def test_what_it_takes(place: Target, tmp_path: Path, mode: str, state: SudoState) -> None:
    (tmp_path / "mode").write_text(mode)
    assert await sudo_state(place) is state


async def test_root_needs_nothing(place: Target, asker: Answers) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root is root")
    assert await sudo_state(place) is SudoState.ROOT
    assert await ask_sudo(place, asker) is None
    assert asker.questions == []


@pytest.mark.usefixtures("not_root")
async def test_a_wrong_password_is_tried_once_and_asked_again(place: Target, tmp_path: Path) -> None:
    asker = Answers("wrong", PASSWORD)
    assert await ask_sudo(place, asker) == Secret(PASSWORD)
    assert [question.again for question in asker.questions] == [False, True]
    # once for each answer, and once more when sudo itself tried again and was given nothing
    assert (tmp_path / "log").read_text().count("asked") == 3
    assert await ask_sudo(place, asker) == Secret(PASSWORD)
    assert len(asker.questions) == 2


@pytest.mark.usefixtures("not_root")
async def test_three_wrong_passwords_and_a_denied_user_are_refused(place: Target, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        await ask_sudo(place, Answers("a", "b", "c", PASSWORD))
    with pytest.raises(Cancelled):
        await ask_sudo(place, Answers())
    (tmp_path / "mode").write_text("denied")
    with pytest.raises(Refused):
        await ask_sudo(place, Answers(PASSWORD))


@pytest.mark.usefixtures("not_root")
async def test_where_sudo_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("bash", "env"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", str(tmp_path))
    target = LocalTarget()
    assert await sudo_state(target) is SudoState.MISSING
    with pytest.raises(Unusable):
        await ask_sudo(target, Answers(PASSWORD))
