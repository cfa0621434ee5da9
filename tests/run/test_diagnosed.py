"""A step that fails tells why: from its log, from what its checks saw, from what its action knew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from stage import Stage, command, guide, probe, step

from tui.errors import Refused, ZhinanError
from tui.guide.model import ActionSpec
from tui.judge.diagnose import Book
from tui.judge.evidence import End
from tui.judge.failure import Page, Sign
from tui.run import events as ev
from tui.run.journal import Journal
from tui.run.plan import Request
from tui.run.state import fold_all
from tui.run.wire import from_wire, to_wire
from tui.target.replay import Recorded
from tui.texts import Text


def page(name: str, pattern: str, **more: Any) -> Page:
    return Page(name, Text(f"{name} 的标题", f"title of {name}"), Path(f"{name}.md"), (Sign((pattern,)),), **more)


LOCK = page("apt-lock-held", "could not get lock", near=("not-root",))
BOOK = Book([LOCK, page("inactive", "tailscaled is not active"), page("refused", "connection refused")])
LOG = ("Reading package lists...\n", "E: Could not get lock /var/lib/dpkg/lock\n")


def staged(journal: Journal, *args: Any) -> Stage:
    stage = Stage(journal, *args)
    stage.session.book = lambda: BOOK
    return stage


def diagnosed(events: list[ev.AnyEvent]) -> list[ev.Diagnosed]:
    return [event for event in events if isinstance(event, ev.Diagnosed)]


async def test_the_log_of_the_command_that_failed_proves_it(journal: Journal) -> None:
    first, second = command("echo fine", 1), command("apt-get update", 2)
    recorded = (Recorded("echo fine", ("fine\n", "more")), Recorded("apt-get update", LOG, code=100))
    stage = staged(journal, guide(step("a", 1, first, second)), recorded)
    events = await stage.run("a")
    [told] = diagnosed(events)
    [cause] = told.causes
    assert (cause.id, cause.title.en, cause.page, cause.near) == (
        "apt-lock-held",
        "title of apt-lock-held",
        "apt-lock-held.md",
        ("not-root",),
    )
    assert cause.evidence == (ev.Proof("E: Could not get lock /var/lib/dpkg/lock", item=1, line=2),)
    assert [type(event).__name__ for event in events[-3:]] == ["Diagnosed", "StepEnded", "RunEnded"]
    assert fold_all(events).step("a").causes == told.causes


async def test_it_survives_the_journal_and_the_wire(journal: Journal) -> None:
    stage = staged(journal, guide(step("a", 1, command("apt-get update", 1))), (Recorded("apt-get update", LOG, code=100),))
    told = diagnosed(await stage.run("a"))
    assert diagnosed(list(journal.events(stage.session.run_id))) == told
    wire = json.loads(json.dumps(to_wire(told[0])))
    assert wire["causes"][0]["title"] == {"zh": "apt-lock-held 的标题", "en": "title of apt-lock-held"}
    assert wire["causes"][0]["evidence"] == [{"text": "E: Could not get lock /var/lib/dpkg/lock", "item": 0, "line": 2}]
    assert from_wire(wire) == told[0]


async def test_what_a_check_saw_is_evidence_that_stands_in_no_log(journal: Journal) -> None:
    check = probe("systemctl is-active tailscaled", 3, exit=0)
    recorded = (Recorded("install", ("ok\n",)), Recorded("systemctl is-active tailscaled", ("tailscaled is not active\n",), code=3))
    events = await staged(journal, guide(step("a", 1, command("install", 2), checks=(check,))), recorded).run("a", force=True)
    [told] = diagnosed(events)
    assert [(cause.id, cause.evidence[0].item, cause.evidence[0].line) for cause in told.causes] == [("inactive", None, None)]


async def test_what_its_log_says_comes_before_what_a_check_saw(journal: Journal) -> None:
    check = probe("systemctl is-active tailscaled", 3, exit=0)
    recorded = (Recorded("apt-get update", LOG), Recorded("systemctl is-active tailscaled", ("tailscaled is not active\n",), code=3))
    stage = staged(journal, guide(step("a", 1, command("apt-get update", 2), checks=(check,))), recorded)
    [told] = diagnosed(await stage.run("a", force=True))
    assert [cause.id for cause in told.causes] == ["apt-lock-held", "inactive"]


async def test_what_an_action_knows_comes_first(journal: Journal) -> None:
    async def install(stage: Any) -> None:
        await stage.note("ssh: connection refused")
        raise Refused(Text("锁", "the lock"), cause="apt-lock-held")

    stage = staged(journal, guide(step("a", 1, ActionSpec("x.install", 1))), (Recorded("*"),))
    stage.session.actions = {"x.install": install}
    [told] = diagnosed(await stage.run("a"))
    assert [cause.id for cause in told.causes] == ["apt-lock-held", "refused"]


async def test_a_step_that_went_well_is_not_diagnosed(journal: Journal) -> None:
    stage = staged(journal, guide(step("a", 1, command("apt-get update", 1))), (Recorded("apt-get update", LOG),))
    assert diagnosed(await stage.run("a")) == []


async def test_nor_is_one_that_no_page_explains(journal: Journal) -> None:
    stage = staged(journal, guide(step("a", 1, command("false", 1))), (Recorded("false", ("hm\n",), code=1),))
    events = await stage.run("a")
    assert diagnosed(events) == []
    assert fold_all(events).step("a").causes == ()


@pytest.mark.parametrize("error", [OSError("gone"), ZhinanError(Text("没有", "not there"))])
async def test_pages_that_can_not_be_read_make_no_failure_worse(journal: Journal, error: Exception) -> None:
    def broken() -> Book:
        raise error

    stage = Stage(journal, guide(step("a", 1, command("apt-get update", 1))), (Recorded("apt-get update", LOG, code=100),))
    stage.session.book = broken
    events = await stage.run("a")
    assert diagnosed(events) == []
    assert [event.outcome for event in events if isinstance(event, ev.StepEnded)] == [ev.Outcome.FAILED]


async def test_a_second_try_forgets_the_first_ones_causes(journal: Journal) -> None:
    stage = staged(journal, guide(step("a", 1, command("apt-get update", 1))), (Recorded("apt-get update", LOG, code=100),))
    events = await stage.run("a")
    started = [event for event in events if isinstance(event, ev.StepStarted)]
    assert fold_all([*events, *started]).step("a").causes == ()


async def test_a_lost_command_is_diagnosed_by_what_it_printed(journal: Journal) -> None:
    stage = staged(journal, guide(step("a", 1, command("apt-get update", 1))), (Recorded("apt-get update", LOG, end=End.LOST),))
    assert [cause.id for event in diagnosed(await stage.run("a")) for cause in event.causes] == ["apt-lock-held"]


async def test_a_failure_nobody_knows_tells_the_lines_that_look_like_errors(journal: Journal) -> None:
    recorded = (Recorded("jam", ("fine\n", "frobnicator: fatal error\n"), code=3),)
    stage = staged(journal, guide(step("a", 1, command("jam", 1))), recorded)
    [told] = diagnosed(await stage.run("a"))
    assert told.causes == ()
    assert told.suspects == (ev.Proof("frobnicator: fatal error", item=0, line=2),)
    assert from_wire(json.loads(json.dumps(to_wire(told)))) == told


async def test_pages_can_be_asked_anew(journal: Journal) -> None:
    recorded = (Recorded("jam", ("fine\n", "frobnicator: fatal error\n"), code=3),)
    stage = staged(journal, guide(step("a", 1, command("jam", 1))), recorded)
    await stage.run("a")
    stage.session.book = lambda: Book([page("jammed", "frobnicator")])
    events = [event async for event in stage.session.run(Request(("a",), diagnose=True))]
    assert [type(event).__name__ for event in events] == ["RunResumed", "Diagnosed", "RunEnded"]
    [told] = diagnosed(events)
    assert [(cause.id, cause.evidence) for cause in told.causes] == [("jammed", (ev.Proof("frobnicator: fatal error", item=0, line=2),))]
    assert events[-1].verdict is ev.Outcome.FAILED  # type: ignore[union-attr]
    assert fold_all(events, stage.session.state).step("a").suspects == ()
