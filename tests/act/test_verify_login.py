"""The program's own fresh login against a real OpenSSH server on loopback: it believes the given keys and no others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from act_server import Server as Scripted
from act_server import play

from tui.act.verify_login import own_login
from tui.judge.ssh_proof import HostKey, Proof, Reached, Server
from tui.run.action import Stage
from tui.run.events import Outcome

sys.path.append(str(Path(__file__).parents[1] / "target"))
from sshd_target import Sshd, keygen, start_sshd, stop


@pytest.fixture
def sshd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sshd]:
    """A server that the user's known_hosts does not know yet."""
    server = start_sshd(tmp_path / "sshd")
    monkeypatch.setenv("HOME", str(server.user_home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    yield server
    stop(server.process)


def key(words: str) -> HostKey:
    kind, blob, *_ = words.split()
    return HostKey(kind, blob)


def own_keys(sshd: Sshd, boot: str = "") -> Server:
    return Server((key(sshd.key()), key(sshd.key("rsa"))), sshd.port, boot or Path("/proc/sys/kernel/random/boot_id").read_text().strip())


async def proof_of(known: Server, sshd: Sshd, home: Path) -> Proof | None:
    found: list[Proof | None] = []

    async def act(stage: Stage) -> None:
        found.append(await own_login(stage, known, sshd.address))

    played = await play(Scripted([]), "own", act, home)
    assert played.outcome is Outcome.PASSED, played.why
    return found[0]


async def test_the_server_s_own_key_is_accepted_unasked_and_kept(sshd: Sshd, tmp_path: Path) -> None:
    proof = await proof_of(own_keys(sshd), sshd, tmp_path / "j")
    assert proof
    assert proof.reached is Reached.SAME
    assert sshd.key() in (sshd.user_home / ".ssh" / "known_hosts").read_text()
    again = await proof_of(own_keys(sshd), sshd, tmp_path / "k")
    assert again == proof


async def test_another_key_is_not(sshd: Sshd, tmp_path: Path) -> None:
    keygen(tmp_path / "other")
    proof = await proof_of(Server((key((tmp_path / "other.pub").read_text()),)), sshd, tmp_path / "j")
    assert proof
    assert proof.reached is Reached.OTHER_KEY
    assert proof.received in {key(sshd.key()).fingerprint, key(sshd.key("rsa")).fingerprint}
    assert not (sshd.user_home / ".ssh" / "known_hosts").exists()


async def test_the_same_key_on_another_machine(sshd: Sshd, tmp_path: Path) -> None:
    proof = await proof_of(own_keys(sshd, "another-boot"), sshd, tmp_path / "j")
    assert proof
    assert proof.reached is Reached.OTHER_MACHINE


async def test_a_record_of_another_machine_proves_nothing(sshd: Sshd, tmp_path: Path) -> None:
    """Our client would believe what is on record; so that is no proof, and nothing is connected to."""
    keygen(tmp_path / "other")
    sshd.trust()
    assert await proof_of(Server((key((tmp_path / "other.pub").read_text()),)), sshd, tmp_path / "j") is None
    assert "Accepted" not in (sshd.folder / "sshd.log").read_text()


async def test_a_denied_login_leaves_the_key_s_proof(sshd: Sshd, tmp_path: Path) -> None:
    (sshd.folder / "authorized_keys").write_text("")
    proof = await proof_of(own_keys(sshd), sshd, tmp_path / "j")
    assert proof
    assert proof.reached is Reached.KEY_ONLY


async def test_a_server_that_is_gone_proves_nothing(sshd: Sshd, tmp_path: Path) -> None:
    known = own_keys(sshd)
    stop(sshd.process)
    assert await proof_of(known, sshd, tmp_path / "j") is None
