"""Past runs on the command line: listed, told of, gone on with, taken back; one sentence and the right exit code for every mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import Zhinan

GUIDE = """# Story

<!-- step
id: first
on: local
undo: rm first.txt
-->
## Step 1: First

```bash
echo one > first.txt
```

<!-- step
id: second
on: local
changes: true
-->
## Step 2: Second

```bash
test -e go-on
```

<!-- step
id: third
on: local
undo: rm third.txt
-->
## Step 3: Third

```bash
echo three > third.txt
```

<!-- check
- output: {lacks: nothing}
-->
"""


@pytest.fixture
def zhinan(tmp_path: Path) -> Zhinan:
    (tmp_path / "story.md").write_text(GUIDE, "utf-8")
    return Zhinan(tmp_path)


def test_no_runs_yet_says_what_to_do(zhinan: Zhinan) -> None:
    done = zhinan("runs", lang="en")
    assert (done.returncode, "zhinan run" in done.stdout) == (0, True)
    assert zhinan("runs", "--json").stdout.strip() == "[]"
    done = zhinan("report", "last")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)


def test_fail_and_go_on(zhinan: Zhinan) -> None:
    assert zhinan("run", "story.md", "--yes").returncode == 1
    [row] = json.loads(zhinan("runs", "--json").stdout)
    assert (row["stands"], row["passed"], row["steps"], row["title"]) == ("failed", 1, 3, "Story")
    assert "失败  1/3 步  Story" in zhinan("runs").stdout
    (zhinan.folder / "go-on").touch()
    done = zhinan("resume", row["short"], "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [event["step"] for event in events if event["event"] == "StepStarted"] == ["second", "third"]
    assert {event["run"] for event in events} == {row["run"]}
    assert "passed" in zhinan("resume", "last", lang="en").stderr
    [row] = json.loads(zhinan("runs", "--json").stdout)
    assert (row["stands"], row["passed"]) == ("passed", 3)


def test_only_what_the_run_was_to_do_goes_on(zhinan: Zhinan) -> None:
    zhinan("run", "story.md", "--yes", "--step", "first")
    done = zhinan("resume", "last", lang="en")
    assert (done.returncode, "--from second" in done.stderr) == (0, True)
    (zhinan.folder / "go-on").touch()
    done = zhinan("resume", "last", "--from", "third", "--json")
    assert [json.loads(line)["step"] for line in done.stdout.splitlines() if '"StepStarted"' in line] == ["third"]
    assert zhinan("resume", "last", "--from", "thrid").returncode == 2


def test_a_changed_document_is_approved_anew_and_its_changed_steps_are_done_again(zhinan: Zhinan) -> None:
    zhinan("run", "story.md", "--yes")
    (zhinan.folder / "go-on").touch()
    (zhinan.folder / "story.md").write_text(GUIDE.replace("echo one >", "echo uno >"), "utf-8")
    done = zhinan("resume", "last", lang="en")
    assert (done.returncode, "first" in done.stderr) == (4, True)
    assert zhinan("resume", "last", "--yes").returncode == 0
    assert (zhinan.folder / "first.txt").read_text("utf-8") == "uno\n"


def test_a_killed_run_is_cut_off_and_goes_on(zhinan: Zhinan) -> None:
    text = GUIDE.replace("test -e go-on", "echo ready; until test -e go-on; do sleep 0.1; done")
    (zhinan.folder / "story.md").write_text(text, "utf-8")
    env = {**os.environ, "ZHINAN_HOME": str(zhinan.folder / "home"), "ZHINAN_LANG": "en"}
    words = [sys.executable, "-m", "tui", "run", "story.md", "--yes", "--json"]
    with subprocess.Popen(words, cwd=zhinan.folder, env=env, stdout=subprocess.PIPE, text=True, encoding="utf-8") as running:
        assert running.stdout is not None
        for line in running.stdout:
            if '"Printed"' in line and "ready" in line:
                break
        [row] = json.loads(zhinan("runs", "--json").stdout)
        assert row["stands"] == "under way"
        assert zhinan("resume", "last").returncode == 2
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert "? cut off  1/3 steps" in zhinan("runs", lang="en").stdout
    (zhinan.folder / "go-on").touch()
    done = zhinan("resume", "last", "--yes", lang="en")
    assert (done.returncode, "cut off in the middle of “Step 2 Second”" in done.stderr) == (0, True)
    assert zhinan("report", "last", lang="en").stdout.startswith("# ✓ Story · passed")


def test_report_goes_into_a_file_but_never_over_one(zhinan: Zhinan) -> None:
    zhinan("run", "story.md", "--yes")
    assert zhinan("report", "last", "-o", "r.md").returncode == 0
    assert (zhinan.folder / "r.md").read_text("utf-8").startswith("# ✗ Story · 失败\n")
    done = zhinan("report", "last", "-o", "r.md", lang="en")
    assert (done.returncode, "--force" in done.stderr) == (2, True)
    assert zhinan("report", "last", "-o", "r.md", "--force", lang="en").returncode == 0
    assert (zhinan.folder / "r.md").read_text("utf-8").startswith("# ✗ Story · failed\n")
    events = [json.loads(line)["event"] for line in zhinan("report", "last", "--json").stdout.splitlines()]
    assert (events[0], events[-1]) == ("RunStarted", "RunEnded")


def test_undo_takes_back_what_the_run_did_last_things_first(zhinan: Zhinan) -> None:
    (zhinan.folder / "go-on").touch()
    zhinan("run", "story.md", "--yes")
    done = zhinan("undo", "last", lang="en")
    assert (done.returncode, "--yes" in done.stderr) == (4, True)
    assert (zhinan.folder / "first.txt").exists()
    done = zhinan("undo", "last", "--yes", lang="en")
    assert done.returncode == 0
    assert done.stdout.index("rm third.txt") < done.stdout.index("rm first.txt")
    assert "does not say how to undo these, they stay: second" in done.stderr
    assert not (zhinan.folder / "first.txt").exists()
    assert "nothing" in zhinan("undo", "last", "--yes", lang="en").stderr


def test_undo_of_named_steps(zhinan: Zhinan) -> None:
    (zhinan.folder / "go-on").touch()
    zhinan("run", "story.md", "--yes")
    for words, says in ((["second"], "second"), (["thrid"], "third")):
        done = zhinan("undo", "last", "--step", *words, "--yes", lang="en")
        assert (done.returncode, says in done.stderr) == (2, True)
    assert zhinan("undo", "last", "--step", "third", "--yes").returncode == 0
    assert ((zhinan.folder / "first.txt").exists(), (zhinan.folder / "third.txt").exists()) == (True, False)


def test_what_was_so_before_the_run_is_left_alone(zhinan: Zhinan) -> None:
    (zhinan.folder / "story.md").write_text(
        "# Already\n\n<!-- step\nid: a\non: local\nundo: rm there.txt\n-->\n## Step 1: A\n\n```bash\ntouch there.txt\n```\n\n"
        "<!-- check\n- file: {path: there.txt, exists: true}\n-->\n",
        "utf-8",
    )
    (zhinan.folder / "there.txt").touch()
    assert zhinan("run", "story.md", "--yes").returncode == 0
    done = zhinan("undo", "last", "--yes", lang="en")
    assert (done.returncode, "were so before this run" in done.stderr) == (0, True)
    assert (zhinan.folder / "there.txt").exists()


def test_mistakes_get_one_sentence(zhinan: Zhinan) -> None:
    zhinan("run", "story.md", "--yes")
    mistakes = (["report", "nope"], ["resume", "nope"], ["undo", "nope"], ["resume"], ["runs", "--limit", "x"])
    for number, words in enumerate(mistakes):
        done = zhinan(*words, lang=("zh", "en")[number % 2])
        assert (done.returncode, len(done.stderr.strip().splitlines()), "Traceback" in done.stderr) == (2, 1, False), words


def test_a_document_that_is_gone_is_named(zhinan: Zhinan) -> None:
    zhinan("run", "story.md", "--yes")
    (zhinan.folder / "story.md").unlink()
    assert zhinan("report", "last").returncode == 0
    done = zhinan("resume", "last")
    assert (done.returncode, "story.md" in done.stderr) == (2, True)


def test_the_list_can_be_narrowed(zhinan: Zhinan) -> None:
    for _ in range(3):
        zhinan("run", "story.md", "--yes")
    zhinan("run", "demo.md", "--step", "named", "--yes", "--input", "NAME=x")
    assert [row["title"] for row in json.loads(zhinan("runs", "--json").stdout)] == ["Demo", "Story", "Story", "Story"]
    assert len(json.loads(zhinan("runs", "story.md", "--json").stdout)) == 3
    assert len(json.loads(zhinan("runs", "demo", "--json").stdout)) == 1
    done = zhinan("runs", "--limit", "2", lang="en")
    assert (len(done.stdout.splitlines()), "2 more" in done.stderr) == (2, True)
