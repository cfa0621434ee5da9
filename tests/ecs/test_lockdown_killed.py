"""A program that is really killed in the middle, and the next one that really starts: with any command, it brings the old rules back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ecs_stage import KEY, Stage

from tui.act.guard import stand_by
from tui.act.guard_start import LOCK, LOG
from tui.act.lockdown_record import Taken, held, records, take
from tui.judge.lockdown import Next, Phase
from tui.practice.ecs.state import Group

CHILD = Path(__file__).with_name("lockdown_child.py")
OPEN, SHUT = "0.0.0.0/0", "127.0.0.1/32"


def environ(stage: Stage, home: Path) -> dict[str, str]:
    return {
        **os.environ, "ZHINAN_HOME": str(home), "ZHINAN_ECS_ENDPOINT": stage.endpoint, "ZHINAN_LANG": "en",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY.id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY.secret,
    }  # fmt: skip


def start(stage: Stage, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Any command."""
    return subprocess.run(
        [sys.executable, *words], env=environ(stage, home), capture_output=True, text=True, check=False, timeout=120, encoding="utf-8"
    )


def story(home: Path) -> tuple[Phase, Next]:
    told = records(home)[0].story
    assert told is not None
    return told.phase, told.next


def guide(home: Path) -> Path:
    document = home / "guide.md"
    document.write_text("# G\n\n## Step 1: look\n\n```bash\ntrue\n```\n", "utf-8")
    return document


def until_let_go(home: Path) -> bool:
    """Wait until the process beside has ended: it holds a lock of its own as long as it lives, and its news is there by then."""
    for _ in range(900):
        try:
            os.close(held(records(home)[0].folder / LOCK))
        except Taken:
            time.sleep(0.1)
        else:
            return True
    return False


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@pytest.mark.parametrize(
    ("number", "left", "sent"),
    [
        (3, Phase.SAVED, OPEN),
        (4, Phase.WRITING, OPEN),
        (6, Phase.WRITING, SHUT),
        (10, Phase.PROVING, SHUT),
        (12, Phase.CLOSED, SHUT),
    ],
)
def test_killed_and_started_again(stage: Stage, tmp_path: Path, number: int, left: Phase, sent: str) -> None:
    died = start(stage, tmp_path, str(CHILD), str(tmp_path), stage.endpoint, str(number))
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert (story(tmp_path)[0], stage.group.rules[0].cidr) == (left, sent)
    done = start(stage, tmp_path, "-m", "tui", "steps", str(guide(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert story(tmp_path)[1] is Next.NOTHING
    assert stage.group.rules[0].cidr == (SHUT if left is Phase.CLOSED else OPEN)
    assert ("old rules are back" in done.stderr) is (left not in (Phase.INTENDED, Phase.SAVED, Phase.CLOSED))


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@pytest.mark.parametrize(("number", "left"), [(6, SHUT), (10, SHUT)])
def test_the_process_beside_it_needs_no_next_start(stage: Stage, tmp_path: Path, number: int, left: str) -> None:
    """It waits while the program holds its lockdown, and brings the old rules back once it is dead; the next start tells of it, once."""
    seen: list[str] = []
    back = threading.Event()

    def look(group: Group) -> None:
        seen.append(group.rules[0].cidr)
        if left in seen and group.rules[0].cidr == OPEN:
            back.set()

    stage.cloud.on_rules = look
    died = start(stage, tmp_path, str(CHILD), str(tmp_path), stage.endpoint, str(number), "beside")
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert back.wait(90), (records(tmp_path)[0].folder / LOG).read_text()
    assert until_let_go(tmp_path)
    assert story(tmp_path) == (Phase.RESTORED, Next.NOTHING)
    words = ("-m", "tui", "steps", str(guide(tmp_path)))
    assert "old rules are back" in start(stage, tmp_path, *words).stderr
    assert not start(stage, tmp_path, *words).stderr


def test_one_that_stands_by_leaves_a_lockdown_that_is_held_alone(stage: Stage, tmp_path: Path) -> None:
    start(stage, tmp_path, str(CHILD), str(tmp_path), stage.endpoint, "6")
    found = records(tmp_path)[0]
    glances: list[float] = []

    def glance(seconds: float) -> None:
        glances.append(seconds)
        assert stage.group.rules[0].cidr == SHUT
        if len(glances) == 3:
            record.close()

    record = take(found)
    said = stand_by(found, environ(stage, tmp_path), sleep=glance)
    assert (len(glances), said is not None) == (3, True)
    assert (story(tmp_path)[1], stage.group.rules[0].cidr) == (Next.NOTHING, OPEN)


def test_what_belongs_to_another_world_is_left_alone(stage: Stage, tmp_path: Path) -> None:
    start(stage, tmp_path, str(CHILD), str(tmp_path), stage.endpoint, "6")
    other = environ(stage, tmp_path) | {"ZHINAN_ECS_ENDPOINT": "http://127.0.0.1:9"}
    words = [sys.executable, "-m", "tui", "doctor"]
    done = subprocess.run(words, env=other, capture_output=True, text=True, check=False, timeout=120, encoding="utf-8")
    assert "belongs to another API" in done.stderr
    assert story(tmp_path)[1] is Next.ROLL_BACK


def test_without_a_key_it_says_what_to_do(stage: Stage, tmp_path: Path) -> None:
    start(stage, tmp_path, str(CHILD), str(tmp_path), stage.endpoint, "6")
    bare = {name: value for name, value in environ(stage, tmp_path).items() if not name.startswith("ALIBABA_CLOUD_ACCESS")}
    words = [sys.executable, "-m", "tui", "doctor"]
    done = subprocess.run(words, env=bare, capture_output=True, text=True, check=False, timeout=120, encoding="utf-8")
    assert "zhinan undo" in done.stderr
    assert "by-hand.txt" in done.stderr
    assert "has not come to its end" in done.stdout
    assert done.returncode == 1
    assert story(tmp_path)[1] is Next.ROLL_BACK


def test_undo_from_the_command_line_asks_first(stage: Stage, tmp_path: Path) -> None:
    assert start(stage, tmp_path, str(CHILD), str(tmp_path), stage.endpoint, "0").returncode == 0
    assert story(tmp_path)[0] is Phase.CLOSED
    done = start(stage, tmp_path, "-m", "tui", "undo", "no-such-run")
    assert done.returncode == 2
    assert records(tmp_path)[0].id in done.stderr
    done = start(stage, tmp_path, "-m", "tui", "undo")
    assert done.returncode == 4, done.stderr
    assert (story(tmp_path)[0], stage.group.rules[0].cidr) == (Phase.CLOSED, SHUT)
