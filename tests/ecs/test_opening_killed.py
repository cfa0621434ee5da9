"""An opening whose program is really killed, or just ends: whatever happens to it, the rule goes when its time is up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ecs_stage import Stage
from test_lockdown_killed import environ, start, story, until_let_go

from tui.act.guard import keep
from tui.act.guard_start import LOCK, beside
from tui.act.lockdown_record import Found, begin, records
from tui.cloud.ecs_keys import Keys
from tui.judge.lockdown import Next, Phase
from tui.practice.ecs.state import Group, Rule
from tui.secret import Secret
from tui.texts import same

CHILD = Path(__file__).with_name("opening_child.py")
HOUR = "3600"
SHUT = Rule("sgr-test0001", priority=100, ports="22/22", cidr="127.0.0.1/32")


@pytest.fixture
def shut(stage: Stage) -> Stage:
    stage.group.rules = [SHUT]
    return stage


def own(stage: Stage) -> list[Rule]:
    return [each for each in stage.group.rules if each != SHUT]


def opened(stage: Stage, home: Path, number: int, seconds: str, *more: str) -> subprocess.CompletedProcess[str]:
    return start(stage, home, str(CHILD), str(home), stage.endpoint, str(number), seconds, *more)


def gone(stage: Stage) -> threading.Event:
    """Set as soon as the rule is gone."""
    found = threading.Event()

    def look(_: Group) -> None:
        if not own(stage):
            found.set()

    stage.cloud.on_rules = look
    return found


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@pytest.mark.parametrize(
    ("number", "left", "rules", "afterwards"),
    [
        (2, Phase.SAVED, 0, Phase.DROPPED),
        (4, Phase.WRITING, 0, Phase.RESTORED),
        (6, Phase.WRITING, 1, Phase.RESTORED),
        (8, Phase.WRITTEN, 1, Phase.RESTORED),
        (10, Phase.OPEN, 1, Phase.OPEN),
    ],
)
def test_killed_and_started_again(shut: Stage, tmp_path: Path, number: int, left: Phase, rules: int, afterwards: Phase) -> None:
    died = opened(shut, tmp_path, number, HOUR)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert (story(tmp_path)[0], len(own(shut))) == (left, rules)
    done = start(shut, tmp_path, "-m", "tui", "steps", str(_guide(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert story(tmp_path)[0] is afterwards
    assert len(own(shut)) == (1 if afterwards is Phase.OPEN else 0), "what was seen to be open stays so until its time is up"
    assert ("is closed again" in done.stderr) is (afterwards is Phase.RESTORED)


def test_the_next_start_closes_what_is_due_and_says_so(shut: Stage, tmp_path: Path) -> None:
    assert opened(shut, tmp_path, 0, "0").returncode == 0
    assert own(shut)
    done = start(shut, tmp_path, "-m", "tui", "steps", str(_guide(tmp_path)))
    assert "is closed again" in done.stderr
    assert not own(shut)
    assert story(tmp_path)[1] is Next.NOTHING


def test_doctor_says_for_whom_until_when_and_undo_ends_it_now(shut: Stage, tmp_path: Path) -> None:
    name = opened(shut, tmp_path, 0, HOUR).stdout.strip()
    done = start(shut, tmp_path, "-m", "tui", "doctor")
    assert "port 22 is open for 192.0.2.77 and closes by itself at" in done.stdout
    assert own(shut)
    done = start(shut, tmp_path, "-m", "tui", "undo")
    assert done.returncode == 0, done.stderr
    assert not own(shut)
    assert shut.group.rules == [SHUT]
    done = start(shut, tmp_path, "-m", "tui", "undo", name)
    assert "nothing is open for a while" in done.stdout, "it is over"


def test_a_start_that_can_not_close_it_says_what_is_open_and_how_to_close_it(shut: Stage, tmp_path: Path) -> None:
    opened(shut, tmp_path, 0, "0")
    bare = {name: value for name, value in environ(shut, tmp_path).items() if not name.startswith("ALIBABA_CLOUD_ACCESS")}
    words = [sys.executable, "-m", "tui", "doctor"]
    done = subprocess.run(words, env=bare, capture_output=True, text=True, check=False, timeout=120, encoding="utf-8")
    assert done.returncode == 1
    for word in ("may still be open for 192.0.2.77", own(shut)[0].id, "securityGroup/region/cn-hangzhou", "zhinan undo"):
        assert word in done.stderr
    assert "was due to close" in done.stdout
    assert own(shut)


def test_the_process_beside_it_outlives_the_program_and_closes_it(shut: Stage, tmp_path: Path) -> None:
    over = gone(shut)
    done = opened(shut, tmp_path, 0, "2", "beside")
    assert done.returncode == 0, done.stderr
    assert over.wait(90), (records(tmp_path)[0].folder / "guard.log").read_text()
    assert until_let_go(tmp_path), "it ends with its work, while there is still a cloud to ask"


def test_one_process_for_each_record(shut: Stage, tmp_path: Path) -> None:
    from tui.act.lockdown_record import held

    name = opened(shut, tmp_path, 0, "0").stdout.strip()
    handle = held(records(tmp_path)[0].folder / LOCK)
    done = start(shut, tmp_path, "-m", "tui.act.guard", str(tmp_path), name)
    assert done.returncode == 0
    assert own(shut), "the other one is at it"
    os.close(handle)
    done = start(shut, tmp_path, "-m", "tui.act.guard", str(tmp_path), name)
    assert done.returncode == 0, done.stderr
    assert not own(shut)


def test_a_typed_key_comes_on_standard_input(shut: Stage, tmp_path: Path) -> None:
    name = opened(shut, tmp_path, 0, "0").stdout.strip()
    whole = environ(shut, tmp_path)
    bare = {name: value for name, value in whole.items() if not name.startswith("ALIBABA_CLOUD_ACCESS")}
    given = "{" + ", ".join(f'"{each}": "{value}"' for each, value in whole.items() if each not in bare) + "}"
    words = [sys.executable, "-m", "tui.act.guard", str(tmp_path), name, "key"]
    done = subprocess.run(words, env=bare, input=given, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not own(shut)


def test_it_ends_with_its_record(shut: Stage, tmp_path: Path) -> None:
    """A rehearsal's folder goes with its world."""
    opened(shut, tmp_path, 0, HOUR)
    found = records(tmp_path)[0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        for file in found.folder.iterdir():
            file.unlink()

    keep(found, {}, sleep=sleep)
    assert len(slept) == 1


def _guide(home: Path) -> Path:
    document = home / "guide.md"
    document.write_text("# G\n\n## Step 1: look\n\n```bash\ntrue\n```\n", "utf-8")
    return document


@pytest.mark.parametrize(("endpoint", "starts"), [("", True), ("http://127.0.0.1:9", False)])
def test_a_rehearsal_has_no_process_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str, starts: bool) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("tui.act.guard_start._spawned", lambda words, *_, **__: started.append(words))
    record = begin(tmp_path, region="cn-hangzhou", instance="i-1", server="web-1", port=22, endpoint=endpoint)
    keys = Keys("asked", same("test"), id="LTAI-typed", secret=Secret("typed"))
    beside(Found(record.folder, record.story), keys)
    record.close()
    assert [words[-2:] for words in started] == [[record.id, "key"]] * starts
