"""A lockdown rehearsed: on the practice host, behind the practice cloud, with everything that the real one does."""

from __future__ import annotations

from pathlib import Path

from practice_session import playing
from test_practice_actions import entered

from tui.act.lockdown_record import records
from tui.judge.lockdown import Phase
from tui.run.events import Outcome


async def test_closed_and_put_back(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        await entered(play, "ecs", "local")
        await play.do("aliyun.mend", how="nodivert")
        play.world.disable_key_expiry("ecs")
        done = await play.do("aliyun.lockdown", seconds=120.0, server="ecs", local="local")
        assert done.outcome is Outcome.PASSED, done.why
        home = play.world.journal_home
        story = records(home)[0].story
        assert story is not None
        assert story.phase is Phase.CLOSED
        assert done.facts[-1]["open"] is False
        back = await play.do("aliyun.restore", on="local")
        assert back.outcome is Outcome.PASSED, back.why
        assert back.facts[-1]["open"] is True
