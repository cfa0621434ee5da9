"""A lockdown rehearsed: on the practice host, behind the practice cloud, with everything that the real one does; and what may go wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from practice_session import Agreeing, Done, Play, playing
from test_practice_actions import entered

from tui.act.lockdown_record import records
from tui.judge.lockdown import Phase, Story
from tui.run.ask import ConfirmQuestion, ProofQuestion
from tui.run.events import Outcome


async def ready(play: Play) -> None:
    """Everything that the gates want."""
    await entered(play, "ecs", "local")
    await play.do("aliyun.mend", how="nodivert")
    play.world.disable_key_expiry("ecs")


async def closing(play: Play) -> tuple[Done, Story]:
    done = await play.do("aliyun.lockdown", seconds=120.0, server="ecs", local="local")
    story = records(play.world.journal_home)[0].story
    assert story is not None
    return done, story


async def test_closed_and_put_back(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        await ready(play)
        done, story = await closing(play)
        assert done.outcome is Outcome.PASSED, done.why
        assert story.phase is Phase.CLOSED
        assert done.facts[-1]["open"] is False
        back = await play.do("aliyun.restore", on="local")
        assert back.outcome is Outcome.PASSED, back.why
        assert back.facts[-1]["open"] is True


async def test_a_tailnet_that_dies_brings_the_rules_back_and_the_next_time_it_closes(tmp_path: Path) -> None:
    async with playing(tmp_path, "tailnet-dies-after-close") as play:
        await ready(play)
        done, story = await closing(play)
        assert (done.outcome, story.phase) == (Outcome.FAILED, Phase.RESTORED)
        assert "old rules are back" in done.why
        told = done.facts[-1]
        assert (told["phase"], {proof["id"]: proof["status"] for proof in told["proofs"]}["login"]) == ("restored", "fail")
        done, story = await closing(play)
        assert (done.outcome, story.phase) == (Outcome.PASSED, Phase.CLOSED), done.why


async def test_while_the_interface_is_gone_it_says_how_by_hand_and_goes_on_trying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.act.lockdown_back.PAUSES", (0.01,))
    async with playing(tmp_path, "api-dies-on-way-back") as play:
        await ready(play)
        done, story = await closing(play)
        assert (done.outcome, story.phase) == (Outcome.FAILED, Phase.RESTORED), done.why
        troubles = [told["trouble"]["tries"] for told in done.facts if told["trouble"]]
        assert max(troubles) == 4
        by_hand = " ".join(step["en"] for step in done.facts[-1]["by_hand"])
        for words in ("https://ecs.console.aliyun.com", "sgr-practice0001", "0.0.0.0/0"):
            assert words in by_hand
        assert done.facts[-1]["by_hand"][1]["zh"] in done.log


class InConsole(Agreeing):
    """Walks the other way in when asked to: runs the command in a shell that did not come by SSH."""

    async def confirm(self, question: ConfirmQuestion) -> bool:
        if not isinstance(question, ProofQuestion):
            return True
        shell = await asyncio.create_subprocess_shell(question.command, env={"PATH": "/usr/bin:/bin"}, stdout=asyncio.subprocess.PIPE)
        shown, _ = await shell.communicate()
        return question.agrees(shown.decode())


async def test_without_cloud_assistant_the_second_way_is_walked(tmp_path: Path) -> None:
    async with playing(tmp_path, "assistant-offline") as play:
        await ready(play)
        play.asker = InConsole()
        done, story = await closing(play)
        assert (done.outcome, story.phase) == (Outcome.PASSED, Phase.CLOSED), done.why
        (second,) = [gate for gate in done.facts[-1]["gates"] if gate["id"] == "second-way"]
        assert (second["status"], "Session Manager" in second["say"]["en"]) == ("pass", True)
