"""A question of an action on the terminal: who may answer it, and what `--yes` stands for."""

from __future__ import annotations

import asyncio

import pytest

from tui import texts
from tui.errors import Cancelled, NotApproved
from tui.headless.asker import TerminalAsker
from tui.run.ask import ConfirmLine, ConfirmQuestion, KeyAnswer, KeyQuestion, ProofQuestion
from tui.secret import Secret
from tui.texts import Text, same

PLAIN = ConfirmQuestion(Text("写入吗？", "write it?"), (ConfirmLine(same("\x1b[31mHost a"), "+"),))
DANGER = ConfirmQuestion(same("drop it?"), danger=True)
PROOF = ProofQuestion(same("go there"), command="echo 12|sha256sum", code="1a2b3c", slips=(("ffffff", same("that was SSH")),))
TYPED = ConfirmQuestion(same("close it?"), typed="web-1")


def asker(*, interactive: bool = True, yes: bool = False) -> TerminalAsker:
    return TerminalAsker(accept_new_host_key=True, interactive=interactive, yes=yes)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the person says, answer by answer; nothing more is the end of input."""
    answers: list[str] = []

    def read(prompt: str) -> str:
        if not answers:
            raise EOFError
        return answers.pop(0)

    monkeypatch.setattr("builtins.input", read)
    return answers


@pytest.mark.parametrize(
    ("question", "said", "answer"),
    [(PLAIN, "y", True), (PLAIN, "", False), (DANGER, "y", True), (TYPED, "web-1", True), (TYPED, "y", False), (TYPED, "", False)],
)
async def test_a_person_answers(says: list[str], question: ConfirmQuestion, said: str, answer: bool) -> None:
    says.append(said)
    assert await asker().confirm(question) is answer
    assert says == []


async def test_the_lines_are_shown_and_harmless(says: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    says.append("n")
    await asker().confirm(PLAIN)
    err = capsys.readouterr().err
    assert "写入吗？" in err
    assert "  + " in err
    assert "Host a" in err
    assert "\x1b" not in err


@pytest.mark.parametrize("interactive", [True, False])
async def test_yes_on_the_command_line_stands_for_a_plain_one_only(says: list[str], interactive: bool) -> None:
    one = asker(interactive=interactive, yes=True)
    assert await one.confirm(PLAIN) is True
    for question in (DANGER, TYPED):
        if interactive:
            says.append("")
            assert await one.confirm(question) is False
        else:
            with pytest.raises(NotApproved, match="--yes 不能代替"):
                await one.confirm(question)


async def test_with_nobody_there_it_says_how_to_be_asked() -> None:
    texts.use("en")
    with pytest.raises(NotApproved, match="add --yes"):
        await asker(interactive=False).confirm(PLAIN)


async def test_a_prompt_waits_for_what_was_told_before_it(says: list[str]) -> None:
    """A prompt holds up the printer, too."""
    one = asker()
    one.printed = asyncio.Event()
    says.append("y")
    asking = asyncio.create_task(one.confirm(PLAIN))
    for _ in range(5):
        await asyncio.sleep(0)
    assert says == ["y"]  # not asked yet
    one.printed.set()
    assert await asking is True
    assert not one.printed.is_set()


async def test_the_end_of_input_is_no_answer(says: list[str]) -> None:
    with pytest.raises(Cancelled):
        await asker().confirm(TYPED)


async def test_a_proof_is_its_code_and_nothing_typed_is_a_no(says: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    says += ["ffffff", "y", "1A2B3C"]
    assert await asker().confirm(PROOF) is True
    err = capsys.readouterr().err
    assert PROOF.command in err
    assert "that was SSH" in err
    assert PROOF.code not in err
    says.append("")
    assert await asker().confirm(PROOF) is False
    with pytest.raises(NotApproved):
        await asker(interactive=False, yes=True).confirm(PROOF)


@pytest.mark.parametrize(("keeps", "said", "keep"), [(True, "y", True), (True, "", False), (False, None, False)])
async def test_an_access_key_is_typed_unseen(
    says: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], keeps: bool, said: str | None, keep: bool
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt: "s3cret")
    says += ["LTAIx", "cn-beijing", *([] if said is None else [said])]
    assert await asker().access_key(KeyQuestion(keeps=keeps)) == KeyAnswer("LTAIx", Secret("s3cret"), "cn-beijing", keep)
    assert "s3cret" not in capsys.readouterr().err


async def test_no_option_types_an_access_key(says: list[str]) -> None:
    assert await asker(interactive=False, yes=True).access_key(KeyQuestion()) is None
    says.append("")
    assert await asker().access_key(KeyQuestion()) is None
