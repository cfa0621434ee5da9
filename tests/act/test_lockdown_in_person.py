"""What a person does in a lockdown: proves the second way by hand, and logs in by a password."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest
from act_server import Reply
from acted_lockdown import World

from tui.act import verify_ssh
from tui.judge.gates_open import phrase
from tui.judge.lockdown import Phase
from tui.run.ask import ProofQuestion
from tui.run.events import Asked, Outcome

sys.path.append(str(Path(__file__).parents[1] / "ecs"))
from ecs_stage import SERVER


@pytest.fixture
def world(lockdown: World) -> World:
    return lockdown


async def test_without_cloud_assistant_a_person_proves_the_second_way(world: World) -> None:
    world.stage.region.instances[SERVER].agent = False
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    asked = world.person.asked[0]
    assert isinstance(asked, ProofQuestion)
    assert asked.guarded
    assert SERVER in asked.link
    told = {gate["id"]: gate for gate in played.observed("firewall")[-1]["gates"]}
    assert (told["second-way"]["status"], told["second-way"]["evidence"][:6]) == ("pass", asked.code)
    journal = b"".join(path.read_bytes() for path in (world.home / "j").rglob("*") if path.is_file())
    asking = next(event for event in played.events if isinstance(event, Asked) and event.question == asked.title)
    assert asked.code not in f"{asking}"
    assert b"Answered" in journal


async def test_a_code_from_an_ssh_window_is_no_second_way(world: World) -> None:
    world.stage.region.instances[SERVER].agent = False
    world.person.over_ssh = True
    world.person.no = ()
    played = await world.run()
    asked = world.person.asked[0]
    assert isinstance(asked, ProofQuestion)
    assert "SSH login" in asked.wrong(world.person.walk(asked)).en
    assert [question.typed for question in world.person.asked[1:]] == [phrase("second-way"), "web-1"], "only words are left, once"
    assert played.outcome is Outcome.PASSED, played.why


class PasswordDoor(asyncssh.SSHServer):
    """Wants a password and nothing else; `entries` counts who got in, `most` is after how many nobody does any more."""

    entries, most = 0, 100

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        good = password == "right" and type(self).entries < type(self).most
        type(self).entries += good
        return good


@pytest.fixture
async def by_password(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[type[PasswordDoor]]:
    """OpenSSH gets no farther than the host key; our own client finds a server that lets in by a password, `right`."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    door = type("Door", (PasswordDoor,), {})

    async def run(process: asyncssh.SSHServerProcess[bytes]) -> None:
        child = await asyncio.create_subprocess_shell(process.command or "true", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        await process.redirect(stdin=child.stdin, stdout=child.stdout)
        process.exit(await child.wait())

    server = await asyncssh.create_server(door, "127.0.0.1", 0, server_host_keys=[key], process_factory=run, encoding=None)
    own, port = verify_ssh.own_login, server.sockets[0].getsockname()[1]
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(verify_ssh, "own_login", lambda stage, known, _, memory: own(stage, known, f"ssh://admin@127.0.0.1:{port}", memory))
    world.blob = key.export_public_key().decode().split()[1]
    world.logins = [Reply("admin@100.64.0.1: Permission denied (publickey,password).\n", 255)]
    yield door
    server.close()
    await server.wait_closed()


async def test_a_login_by_password_is_as_good_and_asked_for_once(world: World, by_password: type[PasswordDoor]) -> None:
    played = await world.run()
    assert played.outcome is Outcome.PASSED, played.why
    assert world.phase is Phase.CLOSED
    assert by_password.entries >= 4, "before the restart, after it, once more, and after the change"
    assert len(world.person.passwords) == 1
    assert "right" not in played.log


async def test_a_password_that_does_not_do_any_more_brings_the_rules_back(world: World, by_password: type[PasswordDoor]) -> None:
    by_password.most = 3
    played = await world.run()
    assert world.phase is Phase.RESTORED
    assert world.door.open
    assert "old rules are back" in played.why
