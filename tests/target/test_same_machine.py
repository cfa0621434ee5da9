"""The same machine under another address: the keys on record for it decide, and nobody is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_target import Answers, Link
from sshd_target import Sshd, keygen

from tui.errors import HostKeyRejected
from tui.target.comparing import open_as
from tui.target.ssh import SshTarget


def known(sshd: Sshd) -> Path:
    return sshd.user_home / ".ssh" / "known_hosts"


async def reach(sshd: Sshd, port: int, asker: Answers) -> None:
    """Open the server by the other port, as the machine that `sshd.address` is."""
    twin = SshTarget("ecs", sshd.address)
    target = SshTarget("inside", sshd.address.replace(str(sshd.port), str(port)))
    try:
        await open_as(target, twin, asker)
    finally:
        await target.close()


async def test_a_key_on_record_for_it_is_enough_and_is_kept(sshd: Sshd) -> None:
    proxy, asker = Link(sshd.port), Answers()
    try:
        await reach(sshd, proxy.port, asker)
        assert asker.host_keys == []
        assert known(sshd).read_text().count(sshd.key()) == 2
        await reach(sshd, proxy.port, asker)
    finally:
        proxy.close()


async def test_another_key_is_refused_whoever_would_say_yes(sshd: Sshd, tmp_path: Path) -> None:
    keygen(tmp_path / "other")
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    known(sshd).write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    proxy, asker = Link(sshd.port), Answers(accept=True)
    try:
        with pytest.raises(HostKeyRejected, match="“ecs”"):
            await reach(sshd, proxy.port, asker)
    finally:
        proxy.close()
    assert asker.host_keys == []
    assert str(proxy.port) not in known(sshd).read_text()


async def test_another_key_that_is_on_record_already_is_refused_too(sshd: Sshd, tmp_path: Path) -> None:
    """What was accepted for the other address before must not open a machine that is not this one."""
    keygen(tmp_path / "other")
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    proxy = Link(sshd.port)
    known(sshd).write_text(f"[127.0.0.1]:{sshd.port} {other}\n[127.0.0.1]:{proxy.port} {sshd.key()}\n")
    try:
        with pytest.raises(HostKeyRejected, match="“ecs”"):
            await reach(sshd, proxy.port, Answers(accept=True))
    finally:
        proxy.close()


async def test_without_any_record_it_is_asked_about_like_any_host(sshd: Sshd) -> None:
    known(sshd).write_text("")
    proxy, asker = Link(sshd.port), Answers(accept=True)
    try:
        await reach(sshd, proxy.port, asker)
    finally:
        proxy.close()
    assert len(asker.host_keys) == 1
