"""The record of a lockdown: on disk before anything is done, whole after a crash, and clear about what comes next."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui.act.lockdown_record import RECORD, RecordError, Taken, begin, records, take, unfinished
from tui.judge.addresses import addresses
from tui.judge.firewall import Group, Instance, Interface, Policy, Rule, Source, Wall
from tui.judge.firewall_plan import Plan, plan
from tui.judge.firewall_store import change_to_map, wall_to_map
from tui.judge.lockdown import Next, Phase

SSH = Rule("sgr-1", Policy.ACCEPT, 100, "TCP", Source("ipv4", "0.0.0.0/0", addresses("0.0.0.0/0")), (22, 22), description="ssh")
WALL = Wall(Instance("i-1", "web", "cn-hangzhou", (Interface("eni-1", ("sg-1",)),)), (Group("sg-1", rules=(SSH,)),))
PLAN = plan(WALL)


def saved(home: Path, made: Plan = PLAN) -> Path:
    with begin(home, region="cn-hangzhou", instance="i-1", server="web", port=22) as record:
        record.add(Phase.SAVED, before=wall_to_map(made.before), plan=[change_to_map(each) for each in made.changes])
        return record.folder


def test_the_story_comes_back_as_it_was_told(tmp_path: Path) -> None:
    saved(tmp_path)
    (found,) = records(tmp_path)
    assert found.story is not None
    assert (found.story.before, found.story.plan, found.story.after) == (PLAN.before, PLAN.changes, PLAN.after)
    assert found.story.server == "web"


@pytest.mark.parametrize(
    ("phases", "todo"),
    [
        ((), Next.FORGET),
        ((Phase.WRITTEN,), Next.ROLL_BACK),
        ((Phase.WRITTEN, Phase.PROVING), Next.ROLL_BACK),
        ((Phase.WRITTEN, Phase.PROVING, Phase.CLOSED), Next.NOTHING),
        ((Phase.ROLLING_BACK,), Next.ROLL_BACK),
        ((Phase.ROLLING_BACK, Phase.NEEDS_HAND), Next.ROLL_BACK),
        ((Phase.ROLLING_BACK, Phase.RESTORED), Next.NOTHING),
        ((Phase.DROPPED,), Next.NOTHING),
    ],
)
def test_what_comes_next(tmp_path: Path, phases: tuple[Phase, ...], todo: Next) -> None:
    saved(tmp_path)
    with take(records(tmp_path)[0]) as record:
        for phase in phases:
            record.add(phase)
    (found,) = records(tmp_path)
    assert found.story is not None
    assert found.story.next is todo
    assert bool(unfinished(tmp_path)) is (todo is not Next.NOTHING)


def test_a_change_is_known_from_the_moment_it_may_be_sent(tmp_path: Path) -> None:
    saved(tmp_path)
    with take(records(tmp_path)[0]) as record:
        record.add(Phase.WRITING, change=change_to_map(PLAN.changes[0]), token="t-1")
    story = records(tmp_path)[0].story
    assert story is not None
    assert (story.forward, story.sent[0].token, story.next) == (PLAN.changes, "t-1", Next.ROLL_BACK)


def test_every_cut_of_the_file_tells_an_earlier_story(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    with take(records(tmp_path)[0]) as record:
        record.add(Phase.WRITING, change=change_to_map(PLAN.changes[0]), token="t-1")
    whole = (folder / RECORD).read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole), 41):
        (folder / RECORD).write_bytes(whole[:cut])
        with take(records(tmp_path)[0]) as record:
            assert record.story.phase is (Phase.SAVED if whole[:cut].count(b"\n") == 2 else Phase.INTENDED)
            record.add(Phase.DROPPED)
        told = records(tmp_path)[0].story
        assert told is not None
        assert told.phase is Phase.DROPPED


def test_an_odd_line_inside_is_never_skipped(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    (folder / RECORD).write_bytes(b"\xff{}\n" + (folder / RECORD).read_bytes())
    (found,) = unfinished(tmp_path)
    assert found.story is None
    with pytest.raises(RecordError):
        take(found)


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    folder = saved(tmp_path / "home")
    with take(records(tmp_path / "home")[0]) as record:
        record.keep("before.json", "{}")
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_one_program_at_a_time(tmp_path: Path) -> None:
    with begin(tmp_path, region="cn-hangzhou", instance="i-1"), pytest.raises(Taken):
        take(records(tmp_path)[0])
    take(records(tmp_path)[0]).close()
