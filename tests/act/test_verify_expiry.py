"""What `tailscale.verify` does about the end of a key, with a token for the console and without, and what its options may say."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from verify_stage import World, refused

from tui.run import events as ev
from tui.run.engine import Session
from tui.run.events import AnyEvent, Outcome

from fake_admin import Fake  # isort: skip  # its folder is put on the path by conftest


async def test_a_key_that_ends_is_said_and_does_not_fail(world: World) -> None:
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    played = await world.run()
    assert played.outcome is Outcome.PASSED
    assert "Disable key expiry" in played.log
    assert played.observed("tailnet")[-1]["server"]["expiry"]["days"] > 300000


async def test_expiry_is_switched_off_with_a_token(world: World, fake: Fake) -> None:
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    played = await world.run(options={"disable_expiry": True}, inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    assert played.outcome is Outcome.PASSED, played.why
    assert fake.admin.devices["n1CNTRL"]["keyExpiryDisabled"] is True
    assert fake.admin.devices["n9CNTRL"]["keyExpiryDisabled"] is False
    console = played.observed("tailnet")[-1]["console"]
    assert [(each["id"], each["user"], each["expiry"]) for each in console] == [
        ("n1CNTRL", "tag:server", ""),
        ("n9CNTRL", "amelie@example.com", "2027-05-01T00:00:00Z"),
    ]
    assert played.observed("tailnet")[-1]["server"]["expiry"]["state"] == "never"  # the console knows before the server does
    assert "tskey-api-good" not in played.log


async def test_a_token_alone_changes_nothing(world: World, fake: Fake) -> None:
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    assert played.outcome is Outcome.PASSED
    assert fake.admin.asked == ["GET /api/v2/tailnet/-/devices"]


TOKENS = [
    ("tskey-api-wrong", "does not know this token (API token invalid)"),
    ("tskey-api-old", "has expired; make a new one at https://login.tailscale.com/admin/settings/keys"),
    ("tskey-api-weak", "may not do this"),
    ("no token at all", "holds blanks"),
]


@pytest.mark.parametrize(("token", "says"), TOKENS)
async def test_a_token_that_may_not(world: World, fake: Fake, token: str, says: str) -> None:
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    played = await refused(world, says, options={"disable_expiry": True}, inputs={"TAILSCALE_API_TOKEN": token})
    assert fake.admin.devices["n1CNTRL"]["keyExpiryDisabled"] is False
    assert token not in played.log + played.why
    assert says in played.observed("tailnet")[-1]["console_error"]["en"]


@pytest.mark.parametrize(("token", "says"), [TOKENS[0], TOKENS[1], TOKENS[3]])
async def test_a_console_that_can_not_be_asked_takes_nothing_from_the_proof(world: World, fake: Fake, token: str, says: str) -> None:
    played = await world.run(inputs={"TAILSCALE_API_TOKEN": token})
    told = played.observed("tailnet")[-1]
    assert (played.outcome, told["console"], told["ssh"]["ok"]) == (Outcome.PASSED, None, True)
    assert says in told["console_error"]["en"]
    assert "没有看到管理后台" in played.log


async def test_a_token_of_another_tailnet(world: World, fake: Fake) -> None:
    del fake.admin.devices["n1CNTRL"]
    played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    assert "of another tailnet" in played.observed("tailnet")[-1]["console_error"]["en"]


async def test_a_busy_api_is_asked_again_and_the_reader_told(world: World, fake: Fake) -> None:
    fake.admin.busy, fake.admin.retry_after = 2, "0"
    played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    assert len(played.observed("tailnet")[-1]["console"]) == 2
    assert played.log.count("请求太多，0 秒后再问") == 2


@pytest.mark.parametrize("after", ["3600", "Wed, 21 Oct 2999 07:28:00 GMT"])
async def test_an_api_that_wants_to_be_left_alone_for_long_is_left_alone(world: World, fake: Fake, after: str) -> None:
    fake.admin.busy, fake.admin.retry_after = 1, after
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    played = await refused(
        world, "too many requests; try again in", options={"disable_expiry": True}, inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"}
    )
    assert fake.admin.asked == ["POST /api/v2/device/n1CNTRL/key"]
    assert "in 1 seconds" not in played.why


async def test_a_stop_does_not_wait_for_a_busy_api(world: World, fake: Fake) -> None:
    fake.admin.busy, fake.admin.retry_after = 1, "29"

    def stop(event: AnyEvent, session: Session) -> None:
        if isinstance(event, ev.Printed) and "请求太多" in event.text:
            session.stop()

    played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"}, watch=stop)
    assert played.outcome is Outcome.CANCELLED


async def test_a_stop_does_not_wait_for_an_api_that_is_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[Session] = []

    async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running[0].stop()
        await reader.read()  # until the asker has gone
        writer.close()

    async with await asyncio.start_server(asked, "127.0.0.1", 0) as silent:
        monkeypatch.setenv("ZHINAN_TAILSCALE_API", f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}")
        played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"}, watch=lambda _, session: running.append(session))
    assert played.outcome is Outcome.CANCELLED


async def test_no_network_to_the_api(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("ZHINAN_TAILSCALE_API", base)
        played = await world.run(inputs={"TAILSCALE_API_TOKEN": "tskey-api-good"})
    said = played.observed("tailnet")[-1]["console_error"]["en"]
    assert f"can't reach {base}" in said
    assert "check the network or the proxy" in said


async def test_expiry_off_without_a_token(world: World) -> None:
    world.ecs["KeyExpiry"] = "2999-01-01T00:00:00Z"
    await refused(world, "takes an admin token", options={"disable_expiry": True})


async def test_the_file_of_others_is_only_spoken_of(world: World) -> None:
    played = await world.run()
    assert "ssh.entry" in played.log
    assert not any(".ssh/config" in job.script for job in world.computer.ran)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"disable_expiry": "maybe"}, "must be one of true, false"),
        ({"usr": "x"}, "has no option “usr”"),
        ({"server": "nowhere"}, "not connected"),
    ],
)
async def test_wrong_options(world: World, options: dict[str, Any], says: str) -> None:
    await refused(world, says, options=options)
