"""The practice host behind its security groups: seen as the program sees any, and a rule that is changed there really shuts the door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncssh
import pytest
from practice_session import Play, playing

from tui import config
from tui.cloud import ecs_keys
from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_assistant import Assistant
from tui.cloud.ecs_wall import make, read_wall
from tui.judge.firewall_change import Modify
from tui.judge.firewall_plan import plan
from tui.practice.alibaba import KEY
from tui.practice.tools.cloud import INSTANCE, REGION
from tui.practice.tools.ground import Ground
from tui.practice.world import World
from tui.run.events import Outcome


def api(world: World) -> EcsApi:
    environ = world.environ()
    return EcsApi(ecs_keys.find(environ), environ=environ)


async def looked(play: Play, **options: Any) -> Any:
    play.known["PUBLIC_IP"] = play.world.inputs()["PUBLIC_IP"]
    return await play.do("aliyun.firewall", on="local", **options)


async def test_who_gets_in_is_told_before_and_after_a_rule_is_changed(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        done = await looked(play)
        assert done.outcome is Outcome.PASSED, done.why
        facts = done.facts[-1]
        assert (facts["open"], facts["dry"], facts["phase"]) == (True, True, "shown")
        assert facts["server"] == {"name": play.world.state("ecs")["hostname"], "id": INSTANCE, "region": REGION}
        assert [(row["rule"], row["scope"], row["change"]) for row in facts["before"] if row["rule"]] == [
            ("sgr-practice0005", "inside", ""), ("sgr-practice0001", "public", "modify"),
        ]  # fmt: skip
        assert [each["name"] for each in facts["others"]] == ["web-2"]
        assert "80" in facts["still"]["en"]
        assert "sgr-practice0001" in done.log
        assert KEY.secret not in done.log
        assert play.known["ecs_instance"] == INSTANCE

        cloud = api(play.world)
        wall = await read_wall(cloud, REGION, INSTANCE)
        for number, change in enumerate(plan(wall).changes):
            await make(cloud, REGION, change, f"token-{number}")
        shut = (await looked(play)).facts[-1]
        assert (shut["open"], shut["calls"]) == (False, [])
        assert any("web-2" in note["en"] for note in shut["notes"])


async def test_what_an_action_writes_down_goes_with_the_world(world: World) -> None:
    assert config.load(world.environ()).home == world.journal_home


async def test_shut_the_public_door_lets_nobody_in_and_opens_again(world: World, connect: Any) -> None:
    cloud = api(world)
    wall = await read_wall(cloud, REGION, INSTANCE)
    (change,) = plan(wall).changes
    assert isinstance(change, Modify)
    door = next(world._grounds["local"].net.glob("tcp/203.0.113.10/22"))
    port = door.read_text()
    async with connect(world, "ecs") as before:
        await make(cloud, REGION, change, "shut")
        assert door.read_text() == "silent\n"
        assert (await before.run("echo still here")).stdout == "still here\n"
        async with connect(world, "local") as computer:
            assert "timed out" in (await computer.run("ssh root@203.0.113.10 true")).stderr
    with pytest.raises((OSError, asyncssh.Error)):
        async with connect(world, "ecs"):
            pass
    assert plan(await read_wall(cloud, REGION, INSTANCE)).changes == ()
    await make(cloud, REGION, Modify(change.group, change.after, change.before), "open")
    assert door.read_text() == port
    async with connect(world, "ecs") as again:
        assert (await again.run("echo in")).stdout == "in\n"


async def test_cloud_assistant_runs_on_the_practice_host_as_root_and_is_cut_off_by_the_trap(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant = Assistant(api(world), REGION, INSTANCE)
    name = str(world.state("ecs")["hostname"])
    done = await assistant.run(b"id -u; hostname; cat /etc/hostname")
    assert (done.status, done.output.decode().split()) == ("Success", ["0", name, name]), done
    monkeypatch.setattr(Ground, "drops_replies", lambda _: True)
    assert (await assistant.run(b"true")).error == "ClientNotOnline"
