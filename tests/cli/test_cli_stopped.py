"""Commands that write a file, stopped on the way: one sentence, the exit code of a stop, and nothing half written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tui import whole

PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us with it ignored
from tui.cli import main
main()
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a log that is still being written is a named pipe")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_teaching_stopped_on_the_way(tmp_path: Path, how: signal.Signals) -> None:
    log, pages = tmp_path / "log", tmp_path / "pages"
    os.mkfifo(log)
    pages.mkdir()
    env = {**os.environ, "ZHINAN_HOME": str(tmp_path / "home"), "ZHINAN_LANG": "en"}
    words = [sys.executable, "-c", PROGRAM, "teach", str(log), "-o", str(pages)]
    program = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with log.open("w") as end:  # opens once the program reads
        end.write("frobnicator: fatal error 17\n")
        end.flush()
        program.send_signal(how)
        said, complaint = program.communicate(timeout=60)
    assert (program.returncode, said, complaint.strip()) == (130, "", "zhinan: cancelled")
    assert list(pages.iterdir()) == []


@pytest.mark.parametrize("replace", [False, True])
def test_a_file_that_is_cut_off_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: bool) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    file = tmp_path / "report.md"
    if replace:
        file.write_text("old")
    monkeypatch.setattr("os.link", cut_off)
    monkeypatch.setattr(Path, "replace", cut_off)
    with pytest.raises(KeyboardInterrupt):
        whole.write(file, "new", replace=replace)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == ([("report.md", "old")] if replace else [])


def test_words_that_cannot_be_written_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        whole.write(tmp_path / "page.md", "good \ud800 bad")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_came_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "page.md"
    file.write_text("somebody else's")
    monkeypatch.setattr("os.path.lexists", lambda _: False)
    with pytest.raises(FileExistsError):
        whole.write(file, "mine")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["somebody else's"]
