"""Known, unknown, changed and revoked host keys, as OpenSSH's own files have them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from helpers_target import Answers
from sshd_target import Sshd, keygen

from tui.errors import HostKeyRejected
from tui.target.ssh import SshTarget


async def enter(sshd: Sshd, asker: Answers, address: str | None = None) -> None:
    target = SshTarget("ecs", address or sshd.address)
    await target.open(asker)
    await target.close()


def known(sshd: Sshd) -> Path:
    return sshd.user_home / ".ssh" / "known_hosts"


def print_of(sshd: Sshd, kind: str = "ed25519") -> str:
    """The fingerprint as OpenSSH itself prints it."""
    done = subprocess.run(["ssh-keygen", "-lf", str(sshd.folder / f"host_{kind}.pub")], capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


async def test_a_known_host_is_not_asked_about(sshd: Sshd, asker: Answers) -> None:
    await enter(sshd, asker)
    assert asker.host_keys == []


async def test_an_unknown_key_is_shown_and_not_accepted(sshd: Sshd, asker: Answers) -> None:
    known(sshd).write_text("")
    with pytest.raises(HostKeyRejected):
        await enter(sshd, asker)
    (question,) = asker.host_keys
    assert question.fingerprint == print_of(sshd)
    assert question.kind == "ssh-ed25519"
    assert known(sshd).read_text() == ""


async def test_an_accepted_key_is_remembered_for_openssh_too(sshd: Sshd) -> None:
    known(sshd).write_text("# no newline at the end")
    await enter(sshd, Answers(accept=True))
    found = subprocess.run(  # noqa: ASYNC221
        ["ssh-keygen", "-F", f"[127.0.0.1]:{sshd.port}", "-f", str(known(sshd))], capture_output=True, text=True, check=True
    )
    assert sshd.key() in found.stdout
    again = Answers()
    await enter(sshd, again)
    assert again.host_keys == []


async def test_a_new_file_is_made_for_the_user_alone(sshd: Sshd) -> None:
    shutil.rmtree(sshd.user_home / "else", ignore_errors=True)
    (sshd.user_home / ".ssh" / "config").write_text(f"UserKnownHostsFile {sshd.user_home}/else/known\nHashKnownHosts yes\n")
    await enter(sshd, Answers(accept=True))
    file = sshd.user_home / "else" / "known"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.read_text().startswith("|1|")
    again = Answers()
    await enter(sshd, again)
    assert again.host_keys == []


async def test_hashed_lines_of_openssh_are_understood(sshd: Sshd, asker: Answers) -> None:
    subprocess.run(["ssh-keygen", "-H", "-f", str(known(sshd))], capture_output=True, check=True)  # noqa: ASYNC221
    assert "127.0.0.1" not in known(sshd).read_text()
    await enter(sshd, asker)
    assert asker.host_keys == []


async def test_a_host_known_by_another_kind_of_key_shows_that_kind(sshd: Sshd, asker: Answers) -> None:
    known(sshd).write_text("")
    sshd.trust(kind="rsa")
    await enter(sshd, asker)
    assert asker.host_keys == []


async def test_a_changed_key_stops_and_says_where_the_old_one_is(sshd: Sshd, tmp_path: Path) -> None:
    keygen(tmp_path / "other")
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    known(sshd).write_text(f"# a comment\n[127.0.0.1]:{sshd.port} {other}\n")
    asker = Answers(accept=True)
    with pytest.raises(HostKeyRejected) as caught:
        await enter(sshd, asker)
    old = subprocess.run(["ssh-keygen", "-lf", str(tmp_path / "other.pub")], capture_output=True, text=True, check=True).stdout.split()[1]  # noqa: ASYNC221
    for part in (str(known(sshd)), "2", old, print_of(sshd), "ssh-keygen -R"):
        assert part in caught.value.text.zh
        assert part in caught.value.text.en
    assert asker.host_keys == []


async def test_a_host_that_no_longer_has_any_known_kind_of_key_stops(sshd: Sshd, tmp_path: Path) -> None:
    keygen(tmp_path / "other", "ecdsa")
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    known(sshd).write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    with pytest.raises(HostKeyRejected):
        await enter(sshd, Answers(accept=True))


async def test_a_revoked_key_stops_even_if_it_is_known_too(sshd: Sshd) -> None:
    with known(sshd).open("a") as file:
        file.write(f"@revoked * {sshd.key()}\n")
    with pytest.raises(HostKeyRejected) as caught:
        await enter(sshd, Answers(accept=True))
    assert "作废" in caught.value.text.zh


async def test_strict_checking_never_asks(sshd: Sshd) -> None:
    known(sshd).write_text("")
    (sshd.user_home / ".ssh" / "config").write_text("StrictHostKeyChecking yes\n")
    asker = Answers(accept=True)
    with pytest.raises(HostKeyRejected):
        await enter(sshd, asker)
    assert asker.host_keys == []


async def test_an_alias_for_keys_is_looked_up_and_written(sshd: Sshd) -> None:
    known(sshd).write_text(f"my-server {sshd.key()}\n")
    (sshd.user_home / ".ssh" / "config").write_text("HostKeyAlias my-server\n")
    asker = Answers()
    await enter(sshd, asker)
    assert asker.host_keys == []


async def test_a_read_only_home_does_not_make_the_key_be_asked_twice(sshd: Sshd) -> None:
    (sshd.user_home / ".ssh" / "config").write_text("UserKnownHostsFile /proc/nowhere/known_hosts\n")
    target = SshTarget("ecs", sshd.address)
    asker = Answers(accept=True)
    await target.open(asker)
    await target.close()
    await target.open(asker)
    await target.close()
    assert len(asker.host_keys) == 1
