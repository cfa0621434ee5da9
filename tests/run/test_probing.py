"""A failed step is looked at once more: the probe runs where it failed, only when allowed, and its answer ranks the causes anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stage import Stage, command, guide, step

from tui.errors import TargetError
from tui.guide.model import TargetSpec
from tui.judge.diagnose import Book
from tui.judge.evidence import End
from tui.judge.failure import Answer, Page, Probe, Sign
from tui.run import events as ev
from tui.run.ask import ApprovalQuestion, Nobody
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.state import fold_all
from tui.target.replay import Recorded
from tui.texts import same

LOOK = "fuser lock; id -u"
ANSWERS = (Answer("lock", prints="apt"), Answer("user", prints=r"^[1-9]\d*$"))
PAGE = str(Path("lock.md").absolute())
SILENT = Answer("user", prints="")
LOG = Recorded("apt-get update", ("Reading\n", "E: Could not get lock\n"), code=100)


class Reader(Nobody):
    """Allows commands, or not; keeps what it was asked."""

    unattended = False

    def __init__(self, *, yes: bool = True) -> None:
        self.yes = yes
        self.asked: list[tuple[str, ...]] = []

    async def approve(self, question: ApprovalQuestion) -> bool:
        self.asked.append(question.commands)
        return self.yes


def staged(journal: Journal, said: Recorded, reader: Reader | None = None, on: str = "server", **more: Any) -> Stage:
    stage = Stage(journal, guide(step("a", 1, command("apt-get update", 2)), **more), (LOG, said), reader or Reader())
    lock = Page("lock", same("locked"), Path("lock.md"), (Sign(("could not get lock",)),), near=("user",), probe=Probe(LOOK, on, ANSWERS))
    book = Book([lock, Page("user", same("no root"), Path("user.md"), ())])
    stage.session.book = lambda: book
    return stage


async def probed(stage: Stage) -> list[ev.AnyEvent]:
    await stage.run("a")
    return await stage.run("a", probe="lock")


async def test_what_it_prints_decides_and_is_the_proof(journal: Journal) -> None:
    stage = staged(journal, Recorded(LOOK, ("1000\n",)))
    told = await probed(stage)
    assert [type(event).__name__ for event in told] == ["RunResumed", "CommandStarted", "Printed", "CommandEnded", "Diagnosed", "RunEnded"]
    seen = fold_all(stage.events)
    first, last = seen.step("a").causes
    assert (first.id, first.probed, first.sure, first.page) == ("user", "proved", "sure", "user.md")
    assert first.evidence == (ev.Proof("1000", ev.PROBE, 1),)
    assert (last.id, last.probed) == ("lock", "ruled out")
    assert stage.scripts[-1] == LOOK


async def test_the_step_stays_as_it_ended_and_its_log_stays_its_own(journal: Journal) -> None:
    stage = staged(journal, Recorded(LOOK, ("1000\n",)))
    await probed(stage)
    seen = fold_all(stage.events)
    assert (seen.step("a").outcome, seen.verdict) == (Outcome.FAILED, Outcome.FAILED)
    assert seen.step("a").commands[0].text == "apt-get update"
    assert seen.step("a").commands[ev.PROBE].log != seen.step("a").commands[0].log
    assert list(journal.events(stage.session.run_id)) == stage.events


async def test_it_confirms_what_the_log_said(journal: Journal) -> None:
    stage = staged(journal, Recorded(LOOK, ("lock: 812 apt-get\n",)))
    await probed(stage)
    [cause] = fold_all(stage.events).step("a").causes
    assert (cause.id, cause.probed) == ("lock", "proved")
    assert [proof.item for proof in cause.evidence] == [ev.PROBE, 0]


@pytest.mark.parametrize("said", [Recorded(LOOK, ("0\n",)), Recorded(LOOK, ("1000\n",), end=End.LOST), Recorded("other")])
async def test_where_nothing_fits_or_nothing_could_be_seen_the_ranking_stays(journal: Journal, said: Recorded) -> None:
    stage = staged(journal, said)
    await probed(stage)
    [cause] = fold_all(stage.events).step("a").causes
    assert (cause.id, cause.probed, cause.score) == ("lock", "open", 90)


@pytest.mark.parametrize("reached", [True, False])
async def test_what_could_not_be_seen_is_never_taken_for_nothing(
    journal: Journal, reached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """The probe takes silence for an answer; a look that failed is silent, too, and is none."""
    stage = staged(journal, Recorded(LOOK, end=End.LOST))
    lock = Page("lock", same("locked"), Path("lock.md"), (Sign(("could not get lock",)),), probe=Probe(LOOK, answers=(SILENT,)))
    book = Book([lock, Page("user", same("no root"), Path("user.md"), ())])
    stage.session.book = lambda: book
    await stage.run("a")
    if not reached:

        async def gone(_: object) -> None:
            raise TargetError(same("no way there"))

        monkeypatch.setattr(stage.target, "open", gone)
    told = await stage.run("a", probe="lock")
    assert [(cause.id, cause.probed) for cause in fold_all(stage.events).step("a").causes] == [("lock", "open")]
    assert isinstance(told[-1], ev.RunEnded)
    assert reached or str(told[-1].why) == "no way there"


async def test_the_very_command_waits_for_approval_once(journal: Journal) -> None:
    reader = Reader()
    stage = staged(journal, Recorded(LOOK, ("1000\n",)), reader)
    await probed(stage)
    await stage.run("a", probe="lock")
    assert reader.asked == [(f"ecs  {LOOK}",)]
    assert journal.last_approved(PAGE) == ()  # nothing else of the page was allowed


async def test_without_approval_nothing_runs_and_the_failure_stays(journal: Journal) -> None:
    stage = staged(journal, Recorded(LOOK, ("1000\n",)), Reader(yes=False))
    told = await probed(stage)
    assert [type(event).__name__ for event in told] == ["RunResumed", "RunEnded"]
    assert isinstance(told[-1], ev.RunEnded)
    assert told[-1].verdict is Outcome.FAILED
    assert told[-1].why is not None
    assert "not approved" in told[-1].why.en
    assert stage.scripts == ["apt-get update"]


async def test_a_page_for_this_computer_looks_here(journal: Journal) -> None:
    reader = Reader(yes=False)
    await probed(staged(journal, Recorded(LOOK), reader, on="local"))
    assert reader.asked == [(f"local  {LOOK}",)]


async def test_a_step_that_failed_here_is_looked_at_on_the_only_server_or_not_at_all(journal: Journal) -> None:
    for names, place in ((("ecs",), f"ecs  {LOOK}"), (("ecs", "db"), None)):
        reader = Reader(yes=False)
        stage = staged(journal, Recorded(LOOK), reader, targets=tuple(map(TargetSpec, names)))
        await stage.run("a")
        stage.session.state = fold_all([ev.StepStarted(run="r", at=0, step="a", on="local", address="local")], stage.session.state)
        told = await stage.run("a", probe="lock")
        assert reader.asked == ([(place,)] if place else [])
        assert isinstance(told[-1], ev.RunEnded)


async def test_a_page_without_a_probe_is_a_sentence(journal: Journal) -> None:
    stage = staged(journal, Recorded(LOOK))
    await stage.run("a")
    told = await stage.run("a", probe="user")
    assert isinstance(told[-1], ev.RunEnded)
    assert "user" in str(told[-1].why)
