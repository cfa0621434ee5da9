"""What an action would do, asked before it does it: the lines, the answers, and the word that must be typed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from shell_questions import asked, press
from shell_stage import NOW, Scripted, app, began, command, ended, screen, sees, shown, sight, step_began, step_ended, until

from tui import texts
from tui.run import events as ev
from tui.run.ask import ConfirmLine, ConfirmQuestion, ProofQuestion, changed_lines
from tui.run.events import AnyEvent, Outcome
from tui.run.plan import Request
from tui.texts import Text, same
from tui.ui.dialogs.base import Answer, Dialog

DIFF = "--- a\n+++ a\n@@ -1,2 +1,2 @@\n Host web\n--- old\n+  User root"
PLAIN = ConfirmQuestion(Text("改 a 吗？", "change a?"), (ConfirmLine(Text("会这样改：", "the change:")), *changed_lines(DIFF)))
TYPED = ConfirmQuestion(Text("关上公网 SSH？", "close public SSH?"), (ConfirmLine(same("sg-web")),), danger=True, typed="web-1")
PROOF = ProofQuestion(
    Text("另一条路", "the other way"), (ConfirmLine(same("go there")),), command="echo 1234|sha256sum|cut -c1-6", link="https://example.com/i-1",
    code="1a2b3c", slips=(("ffffff", same("that was SSH")),),
)  # fmt: skip
LONG = ConfirmQuestion(same("long"), tuple(ConfirmLine(same(f"line {n}"), "+") for n in range(300)), typed="web-1")


def test_a_diff_becomes_lines_without_its_header() -> None:
    """A line that begins with dashes itself is no header."""
    assert [(line.mark, str(line.text)) for line in changed_lines(DIFF)] == [
        ("", "第 1 行起："),
        (" ", "Host web"),
        ("-", "-- old"),
        ("+", "  User root"),
    ]


@pytest.mark.parametrize(
    ("keys", "answer"), [(("y",), True), (("left", "enter"), True), (("n",), False), (("enter",), False), (("escape",), False)]
)
async def test_a_yes_must_be_meant(keys: tuple[str, ...], answer: bool) -> None:
    assert await press(lambda a: a.confirm(PLAIN), *keys) is answer


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ((*"web-1", "enter"), True),
        ((*"WEB-1", "enter"), True),
        ((*"web-1", "tab", "enter"), True),
        (("escape",), False),
        ((*"web-1", "escape"), False),
        ((*"web-1", "tab", "tab", "enter"), False),
    ],
)
async def test_the_word_is_typed_or_it_is_a_no(keys: tuple[str, ...], answer: bool) -> None:
    assert await press(lambda a: a.confirm(TYPED), *keys) is answer


@pytest.mark.parametrize("keys", [("enter",), ("y",), (*"web-2", "enter"), ("tab", "enter"), ("tab", "y"), (*"web-1 x", "enter")])
async def test_anything_else_than_the_word_is_no_yes(keys: tuple[str, ...]) -> None:
    async with asked(lambda a: a.confirm(TYPED)) as (pilot, answer):
        await pilot.press(*keys)
        await pilot.pause()
        assert not answer.done()
        assert isinstance(pilot.app.screen, Dialog)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_what_would_be_done_is_shown(language: texts.Language) -> None:
    texts.use(language)
    async with asked(lambda a: a.confirm(PLAIN)) as (pilot, _):
        for words in (str(PLAIN.title), str(PLAIN.lines[0].text), "− -- old", "+   User root", "+1 −1"):
            assert sees(pilot, words)
    async with asked(lambda a: a.confirm(TYPED)) as (pilot, _):
        assert sees(pilot, str(TYPED.title))
        assert sees(pilot, "输入 web-1 以继续" if language == "zh" else "Type web-1 to go on")
        await pilot.press("enter")
        await sight(pilot, "一字不差" if language == "zh" else "to the letter")


async def test_a_long_change_scrolls_and_word_and_answers_stay_in_sight_at_80x24() -> None:
    async with asked(lambda a: a.confirm(LONG)) as (pilot, _):
        assert not sees(pilot, "line 299")
        for _ in range(40):
            await pilot.press("pagedown")
        await sight(pilot, "line 299")
        assert sees(pilot, "输入 web-1 以继续")
        for button in pilot.app.screen.query(Answer):
            x, y = (int(place) for place in button.region.center)
            assert pilot.app.screen.get_widget_at(x, y)[0] is button


async def test_hidden_characters_are_written_out_and_long_lines_go_on_below() -> None:
    odd = ConfirmQuestion(same("x"), (ConfirmLine(same("\u202egnp.exe " + "k" * 90 + "END"), "+"),))
    async with asked(lambda a: a.confirm(odd)) as (pilot, _):
        assert sees(pilot, "‹U+202E›gnp.exe")
        rows = [row for row in shown(pilot.app.screen).splitlines() if "kkk" in row]
        assert len(rows) == 2
        assert rows[1].rstrip(" │").endswith("END")


async def test_a_labelled_line_goes_on_behind_its_label_and_headings_stand_apart() -> None:
    rule = (ConfirmLine(same("rule one:")), ConfirmLine(same("before    " + "allow " * 15 + "END"), "-"))
    async with asked(lambda a: a.confirm(ConfirmQuestion(same("x"), (*rule, *rule)))) as (pilot, _):
        rows = [row.strip(" │▌◦▁─") for row in shown(pilot.app.screen).splitlines()]
        first = next(n for n, row in enumerate(rows) if row.startswith("− before"))
        raw = shown(pilot.app.screen).splitlines()
        assert raw[first].index("allow") == raw[first + 1].index("allow")
        assert rows[first + 1].endswith("END")
        assert rows[first + 2 : first + 4] == ["", "rule one:"]


async def test_a_question_taken_back_closes_and_is_a_no() -> None:
    async with asked(lambda a: a.confirm(TYPED)) as (pilot, answer):
        pilot.app.screen_stack[-2].asker.withdraw()
        assert await asyncio.wait_for(answer, 10) is False
        await until(pilot, lambda: not isinstance(pilot.app.screen, Dialog))


async def test_the_status_line_says_that_an_answer_is_awaited() -> None:
    async def asking(session: Scripted, request: Request) -> AsyncGenerator[AnyEvent, None]:
        step = request.steps[0]
        yield began(request)
        yield step_began(step)
        yield command(step)
        yield ev.Asked(run="r", at=NOW, step=step, item=0, question=PLAIN.title, shown=PLAIN.shown())
        await session.gate.wait()
        yield ev.Answered(run="r", at=NOW, step=step, item=0, yes=False)
        yield step_ended(step, Outcome.REFUSED)
        yield ended(Outcome.REFUSED)

    program, session = app(asking)
    async with program.run_test(size=(100, 30)) as pilot:
        await pilot.press("r")
        await sight(pilot, "等你回答：改 a 吗？")
        session.gate.set()
        await until(pilot, lambda: not screen(pilot).runner.busy)
        assert not sees(pilot, "等你回答")


@pytest.mark.parametrize(("keys", "answer"), [((*"1A2B3C", "enter"), True), (("escape",), False), ((*"1a2b3c", "escape"), False)])
async def test_a_proof_is_its_code_or_a_no(keys: tuple[str, ...], answer: bool) -> None:
    assert await press(lambda a: a.confirm(PROOF), *keys) is answer


async def test_a_proof_shows_its_command_but_never_its_code_and_says_what_a_wrong_one_is() -> None:
    async with asked(lambda a: a.confirm(PROOF)) as (pilot, answer):
        assert sees(pilot, PROOF.command)
        assert not sees(pilot, PROOF.code)
        await pilot.press("ctrl+y")
        await until(pilot, lambda: pilot.app.clipboard == PROOF.command)
        await pilot.press(*"ffffff", "enter")
        await sight(pilot, "that was SSH")
        assert not answer.done()


@pytest.mark.parametrize(("language", "size"), [("en", (140, 40)), ("en", (80, 24)), ("zh", (80, 24)), ("en", (60, 15))])
async def test_all_answers_of_a_proof_are_wholly_in_sight(language: texts.Language, size: tuple[int, int]) -> None:
    texts.use(language)
    async with asked(lambda a: a.confirm(PROOF), size) as (pilot, _):
        box = pilot.app.screen.query_one("#box").region
        for button in pilot.app.screen.query(Answer):
            await until(pilot, lambda button=button: button.region.width > 0 and box.contains_region(button.region))
