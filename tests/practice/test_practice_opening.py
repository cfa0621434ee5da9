"""An opening rehearsed: public SSH is shut in the practice cloud, opened for the reader's own address, and really shut again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from practice_session import playing
from test_practice_actions import entered

from tui.act.lockdown_record import records
from tui.judge.lockdown import Phase
from tui.practice.alibaba import READER
from tui.run.events import Outcome


async def test_opened_for_the_reader_and_shut_again(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        await entered(play, "ecs", "local")
        cloud = play.world._alibaba
        assert cloud is not None
        group = next(iter(cloud.cloud.regions["cn-hangzhou"].groups.values()))
        cloud.cloud.write(group, [each for each in group.rules if each.ports != "22/22"])
        assert not cloud.is_open
        instance = "i-practice0000000001"
        done = await play.do("aliyun.open", on="local", instance=instance, hours=1)
        assert done.outcome is Outcome.PASSED, done.why
        assert cloud.is_open
        told = done.facts[-1]
        assert (told["phase"], told["openings"][0]["address"]) == ("open", READER)
        back = await play.do("aliyun.shut", on="local")
        assert back.outcome is Outcome.PASSED, back.why
        assert not cloud.is_open
        story = records(play.world.journal_home)[0].story
        assert story is not None
        assert story.phase is Phase.RESTORED
        await asyncio.sleep(0)
