"""`ssh.entry` on a computer whose ~/.ssh really is there: what is asked, what is written, and what is left alone."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from act_server import Played, Reply, Server, play

from tui.act import ACTIONS
from tui.judge.evidence import End
from tui.run.ask import ConfirmQuestion, Nobody
from tui.run.events import Outcome
from tui.target.base import Ended, Happening, Job, Output

PROVEN = {"server_tailnet": "ssh://admin@100.96.12.34", "ts_name": "ecs.tail1.ts.net"}
OURS = "# >>> zhinan: ecs-ts\nHost ecs-ts\n    HostName 100.96.12.34\n    User admin\n# <<< zhinan: ecs-ts\n"
OLD = "Host web\n  HostName 192.0.2.7  # it's 'mine' $HOME `x`\n\n\n"
RIGHT = Reply("hostname 100.96.12.34\nuser admin\nport 22\n")


class Person(Nobody):
    """Answers, and keeps what was asked; `meanwhile` is done while the question stands."""

    def __init__(self, answer: bool, meanwhile: Any = None) -> None:
        self.answer, self.meanwhile = answer, meanwhile
        self.seen: list[ConfirmQuestion] = []

    async def confirm(self, question: ConfirmQuestion) -> bool:
        self.seen.append(question)
        if self.meanwhile:
            self.meanwhile()
        return self.answer


@dataclass(eq=False)
class Computer(Server):
    """The reader's computer. What reads or writes ~/.ssh/config really runs, in `home`."""

    home: Path = Path()

    async def _answer(self, job: Job) -> AsyncGenerator[Happening, None]:
        if "zhinan-end" not in job.script and "before-zhinan" not in job.script:
            async for happening in super()._answer(job):
                yield happening
            return
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
        made = await asyncio.create_subprocess_exec("bash", "-euo", "pipefail", "-c", job.script, env=env, **pipes)
        out, err = await made.communicate()
        yield Output(out, 0)
        yield Output(err, 0, 2)
        yield Ended(End.EXITED, made.returncode)


@dataclass
class Home:
    """A computer with its ~/.ssh."""

    folder: Path
    reply: Reply = field(default_factory=lambda: RIGHT)

    @property
    def config(self) -> Path:
        return self.folder / "home" / ".ssh" / "config"

    def wrote(self, text: str, mode: int = 0o600) -> None:
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_bytes(text.encode())
        self.config.chmod(mode)

    def names(self) -> list[str]:
        return sorted(each.name for each in self.config.parent.iterdir())

    async def run(self, person: Nobody | None = None, **more: Any) -> Played:
        (self.folder / "home").mkdir(exist_ok=True)
        replies = {"ssh -F": [self.reply]}
        self.computer = Computer([], replies, name="local", address="local", home=self.folder / "home")
        return await play(
            Server([]), "ssh.entry", ACTIONS["ssh.entry"], self.folder / "j", beside={"local": self.computer}, asker=person or Person(True),
            **{"inputs": PROVEN, **more},
        )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


async def test_a_yes_writes_what_was_shown(home: Home) -> None:
    person = Person(True)
    played = await home.run(person)
    assert played.outcome is Outcome.PASSED, played.why
    assert home.config.read_text() == OURS
    assert (stat.S_IMODE(home.config.stat().st_mode), stat.S_IMODE(home.config.parent.stat().st_mode)) == (0o600, 0o700)
    assert [line.text.en for line in person.seen[0].lines if line.mark == "+"] == OURS.splitlines()
    assert "+Host ecs-ts" in played.log
    assert "ssh ecs-ts" in played.log
    assert played.values["ssh_name"] == "ecs-ts"
    assert home.names() == ["config"]


async def test_a_no_changes_nothing(home: Home) -> None:
    home.wrote(OLD)
    played = await home.run(Person(False))
    assert played.outcome is Outcome.REFUSED
    assert (home.config.read_text(), home.names()) == (OLD, ["config"])
    assert "ssh_name" not in played.values


async def test_nobody_in_front_is_a_no(home: Home) -> None:
    assert (await home.run(Nobody())).outcome is Outcome.REFUSED
    assert not home.config.exists()


@pytest.mark.parametrize("mode", [0o600, 0o644])
async def test_the_rest_of_the_file_and_its_mode_stay_and_a_second_time_does_nothing(home: Home, mode: int) -> None:
    home.wrote(OLD, mode)
    assert (await home.run()).outcome is Outcome.PASSED
    assert home.config.read_text() == f"{OLD}\n{OURS}"
    assert stat.S_IMODE(home.config.stat().st_mode) == mode
    assert home.config.with_name("config.before-zhinan").read_text() == OLD
    person = Person(True)
    again = await home.run(person)
    assert (again.outcome, person.seen) == (Outcome.PASSED, [])
    assert "已有" in again.log
    assert home.names() == ["config", "config.before-zhinan"]


async def test_line_ends_of_windows_stay(home: Home) -> None:
    home.wrote("Host web\r\n  User me\r\n")
    await home.run()
    assert b"\n" not in home.config.read_bytes().replace(b"\r\n", b"")


async def test_a_link_stays_a_link(home: Home) -> None:
    home.wrote("")
    dotfiles = home.folder / "dotfiles"
    dotfiles.write_text(OLD)
    home.config.unlink()
    home.config.symlink_to(dotfiles)
    assert (await home.run()).outcome is Outcome.PASSED
    assert home.config.is_symlink()
    assert dotfiles.read_text() == f"{OLD}\n{OURS}"


async def test_an_entry_of_that_name_is_changed_before_the_readers_eyes(home: Home) -> None:
    home.wrote("Host ecs\n  HostName 203.0.113.9\n  User admin\n  IdentityFile ~/.ssh/mine\n")
    person = Person(True)
    await home.run(person, options={"alias": "ecs"})
    assert home.config.read_text() == "Host ecs\n  HostName 100.96.12.34\n  User admin\n  IdentityFile ~/.ssh/mine\n"
    marked = [(line.mark, line.text.en) for line in person.seen[0].lines if line.mark in ("+", "-")]
    assert marked == [("-", "  HostName 203.0.113.9"), ("+", "  HostName 100.96.12.34")]


async def test_a_name_that_others_share_is_left_alone(home: Home) -> None:
    home.wrote("Host ecs-ts web\n  User me\n")
    played = await home.run()
    assert "left alone" in played.why
    assert home.names() == ["config"]


@pytest.mark.parametrize("written", [b"Host \xff\xfe\n", b"# 0123456789\n" * 200_000], ids=["not text", "too long"])
async def test_what_can_not_be_read_whole_is_left_alone(home: Home, written: bytes) -> None:
    home.wrote("")
    home.config.write_bytes(written)
    person = Person(True)
    played = await home.run(person)
    assert "can't be read whole" in played.why
    assert (home.config.read_bytes(), person.seen) == (written, [])


async def test_a_file_that_changed_while_the_question_stood_is_not_overwritten(home: Home) -> None:
    home.wrote(OLD)
    played = await home.run(Person(True, meanwhile=lambda: home.wrote("Host other\n")))
    assert "changed meanwhile" in played.why
    assert (home.config.read_text(), home.names()) == ("Host other\n", ["config"])


async def test_what_goes_before_the_entry_is_said(home: Home) -> None:
    home.reply = Reply("hostname 100.96.12.34\nuser ann\nport 22\n")
    assert "user ann" in (await home.run()).log


async def test_without_ssh_nothing_is_said_of_it(home: Home) -> None:
    home.reply = Reply("bash: ssh: command not found\n", 127)
    played = await home.run()
    assert played.outcome is Outcome.PASSED
    assert "盖过" not in played.log


async def test_another_port_stands_in_the_entry(home: Home) -> None:
    await home.run(inputs={**PROVEN, "server_tailnet": "ssh://ops@[fd7a:115c:a1e0::1]:2222"})
    assert "HostName fd7a:115c:a1e0::1\n    User ops\n    Port 2222\n" in home.config.read_text()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"inputs": {}}, "do the verifying step first"),
        ({"options": {"alias": "-oProxyCommand=x"}}, "no host name for ssh"),
        ({"options": {"nam": "x"}}, "has no option “nam”"),
    ],
)
async def test_what_can_not_be(home: Home, more: dict[str, Any], says: str) -> None:
    played = await home.run(**more)
    assert says in played.why
    assert not home.config.exists()


async def test_windows_is_asked_in_powershell_and_quotes_hold(home: Home) -> None:
    computer = Server(
        [], {"zhinan-end": [Reply("# it's mine\r\nzhinan-end\r\n")], "WriteAllText": [Reply()], "-G": [RIGHT]},
        name="local", address="local", family="windows",
    )  # fmt: skip
    played = await play(
        Server([]), "ssh.entry", ACTIONS["ssh.entry"], home.folder / "j", beside={"local": computer}, asker=Person(True), inputs=PROVEN
    )
    assert played.outcome is Outcome.PASSED, played.why
    assert {job.language for job in computer.ran} == {"powershell"}
    (write,) = [job.script for job in computer.ran if "WriteAllText" in job.script]
    assert "'# it''s mine\r\n\r\n# >>> zhinan: ecs-ts\r\nHost ecs-ts\r\n" in write
    assert "-cne '# it''s mine\r\n'" in write
