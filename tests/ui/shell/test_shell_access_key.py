"""The form for an AccessKey: the secret unseen, kept by a key of its own, at 80×24 in both languages."""

from __future__ import annotations

import pytest
from shell_questions import asked, press
from shell_stage import sees, shown

from tui import texts
from tui.run.ask import KeyAnswer, KeyQuestion
from tui.secret import Secret
from tui.texts import same

TYPED = (*"LTAIx", "enter", *"s3cret", "enter", *"cn-beijing")


@pytest.mark.parametrize(("last", "keep"), [("enter", False), ("ctrl+s", True)])
async def test_it_is_for_once_or_kept(last: str, keep: bool) -> None:
    answer = await press(lambda a: a.access_key(KeyQuestion()), *TYPED, last)
    assert answer == KeyAnswer("LTAIx", Secret("s3cret"), "cn-beijing", keep)


async def test_esc_gives_none() -> None:
    assert await press(lambda a: a.access_key(KeyQuestion()), *TYPED, "escape") is None


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_secret_is_not_seen_and_everything_has_room(language: texts.Language) -> None:
    texts.use(language)
    async with asked(lambda a: a.access_key(KeyQuestion(keeps=False))) as (pilot, answer):
        await pilot.press(*TYPED, "ctrl+s")
        await pilot.pause()
        for words in ("LTAIx", "cn-beijing", "DescribeRegions", "钥匙串" if language == "zh" else "no usable keyring", "esc"):
            assert sees(pilot, words), shown(pilot.app.screen)
        assert not sees(pilot, "s3cret")
        assert not sees(pilot, "^s")
        assert not answer.done(), "without a keyring nothing is kept"


async def test_an_empty_one_is_no_answer_and_a_wrong_one_is_said() -> None:
    async with asked(lambda a: a.access_key(KeyQuestion(same("the secret is wrong")))) as (pilot, answer):
        assert sees(pilot, "✗ the secret is wrong")
        await pilot.press("enter", "enter", "enter")
        await pilot.pause()
        assert not answer.done()
