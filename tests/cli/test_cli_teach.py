"""`zhinan teach`: the page it writes, what it refuses, and that every other part of the program knows the page at once."""

from __future__ import annotations

import io
import json
import sqlite3
import time
from pathlib import Path

import pytest

from tui.commands import obey
from tui.config import Settings
from tui.errors import UsageError
from tui.guide import failure_store, failures, folders, parse, tryout
from tui.guide.failure_lint import lint_pages
from tui.guide.lint import lint
from tui.guide.mends import mend_of
from tui.judge.evidence import End
from tui.run import collected
from tui.run import events as ev
from tui.run.events import Outcome
from tui.run.journal import Journal

LOG = "Reading package lists...\nfrobnicator: fatal error 17 at /home/wang/app.py:33\nwidget 1.2.3 exploded on ecs1.example.com\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZHINAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZHINAN_LANG", "en")
    monkeypatch.setattr("tui.texts._current", "en")
    few = [sample for sample in tryout.collected() if sample.healthy or sample.name.startswith("apt-lock-held")]
    monkeypatch.setattr(tryout, "collected", lambda: iter(few))
    return tmp_path / "home"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "new.log"
    path.write_text(LOG, "utf-8")
    return path


def ran(*words: object) -> int:
    try:
        obey([str(word) for word in words])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def pages(home: Path) -> list[Path]:
    return sorted((home / "guides" / "failures").glob("*.md"))


def first(log: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    ran("diagnose", log, "--json")
    found = json.loads(capsys.readouterr().out)["findings"]
    return found[0]["id"] if found else ""


def test_a_log_nobody_knew_is_known_from_now_on(home: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert first(log, capsys) == ""
    assert ran("teach", log, "--title", "小部件炸了", "--why", "It's old: 'x'", "--mend", "$ sudo systemctl restart widget") == 0
    told = capsys.readouterr().out
    assert "the log leads to it first now" in told
    [path] = pages(home)
    assert path.stem == "xiao-bu-jian-zha-le"
    assert f"written: {path}" in told
    assert first(log, capsys) == path.stem
    other = log.with_name("other.log")
    other.write_text(LOG.replace("17", "17").replace("wang", "li").replace("33", "4711").replace("1.2.3", "9.9"), "utf-8")
    assert first(other, capsys) == path.stem
    mend = mend_of(path)
    assert mend is not None
    assert [command.text.strip() for command in mend.step.commands] == ["sudo systemctl restart widget"]


def test_the_page_is_a_good_page(home: Path, log: Path) -> None:
    ran("teach", log, "--line", "2", "--line", "3", "--title", "a: [b] #1 'c' \"d\"", "--mend", "call somebody")
    [path] = pages(home)
    assert failures.load(path).problems == ()
    assert lint_pages([path], {path.stem})[path] == []
    assert [problem for problem in lint(parse.load(path)) if problem.level == "error"] == []
    page = failures.load(path).page
    assert page is not None
    assert page.title.en == "a: [b] #1 'c' \"d\""
    assert len(page.signs[0].lines) == 2
    assert ran("lint", path) == 0


def test_search_library_and_opening_know_the_page(home: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran("teach", log, "--id", "widget-burst", "--title", "flux capacitor burst", "--mend", "wait")
    capsys.readouterr()
    assert ran("search", "capacitor") == 0
    assert "widget-burst.md" in capsys.readouterr().out
    assert ran("steps", "widget-burst") == 0


def test_the_first_folder_of_the_settings_gets_the_page(home: Path, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.mkdir()
    (home / "config.toml").write_text(f"library = ['{tmp_path / 'mine'}']\n", "utf-8")
    assert ran("teach", log, "--id", "burst") == 0
    assert (tmp_path / "mine" / "failures" / "burst.md").is_file()
    assert first(log, capsys) == "burst"


def test_a_folder_no_diagnosis_looks_into_is_said(home: Path, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("teach", log, "--id", "burst", "-o", tmp_path / "elsewhere") == 0
    assert "no diagnosis will use it yet" in capsys.readouterr().out
    assert (tmp_path / "elsewhere" / "burst.md").is_file()


def test_from_standard_input(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Piped(io.BytesIO):
        def seekable(self) -> bool:
            return False

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Piped(LOG.encode())))
    assert ran("teach", "-", "--id", "burst") == 0
    assert [path.stem for path in pages(home)] == ["burst"]


def test_a_greedy_page_is_not_written_unless_it_must_be(home: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("teach", log, "--line", "1", "--id", "lists") == 1
    told = capsys.readouterr().out
    assert "too wide: it fits a log in which nothing failed" in told
    assert pages(home) == []
    assert ran("teach", log, "--line", "1", "--id", "lists", "--anyway") == 0
    assert [path.stem for path in pages(home)] == ["lists"]


def test_who_teaches_a_known_log_puts_what_was_known_behind(home: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text(LOG + "E: Could not get lock /var/lib/dpkg/lock-frontend\n", "utf-8")
    with pytest.raises(UsageError, match="known already"):
        obey(["teach", str(log)])
    assert ran("teach", log, "--line", "2", "--id", "burst") == 0
    assert first(log, capsys) == "burst"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--line", "9"], "the log has no line 9; it has 3"),
        (["--line", "2", "--id", "Big One"], "an id is made of small letters"),
        (["--line", "2", "--id", "none"], "an id is made of small letters"),
        (["--line", "2", "--id", "disk-full"], "there is a page “disk-full” already"),
    ],
)
def test_wrong_usage_is_one_sentence(home: Path, log: Path, words: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why) as wrong:
        obey(["teach", str(log), *words])
    assert wrong.value.exit_code == 2
    assert pages(home) == []


def test_a_log_without_errors_teaches_nothing(home: Path, log: Path) -> None:
    log.write_text("all is well\n", "utf-8")
    with pytest.raises(UsageError, match="no line looks like an error"):
        obey(["teach", str(log)])


def test_a_page_is_never_written_over_another(home: Path, log: Path) -> None:
    assert ran("teach", log, "--line", "2", "--title", "burst") == 0
    assert ran("teach", log, "--line", "3", "--title", "burst") == 0
    assert {path.stem for path in pages(home)} == {"burst", "burst-2"}


def journal_with(home: Path, text: str, code: int, outcome: Outcome) -> None:
    journal = Journal(home)
    run = f"r{code}"
    for event in (
        ev.RunStarted(run=run, at=time.time(), guide="g", title="g", digest="d", steps=("s",), targets={}, values={}),
        ev.CommandStarted(run=run, at=time.time(), step="s", item=0, on="local", text="true", log="s-0-1.log"),
        ev.CommandEnded(run=run, at=time.time(), step="s", item=0, end=End.EXITED, code=code, seconds=1.0),
        ev.StepEnded(run=run, at=time.time(), step="s", outcome=outcome, seconds=1.0),
    ):
        journal.record(event)
    journal.log_name(run, "s", 0)
    journal.append(run, "s-0-1.log", text)
    journal.close()


def test_logs_of_ones_own_runs_count(home: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal_with(home, "frobnicator: fatal error 17 at /root/app.py:1\nall the same it went well\n", 0, Outcome.PASSED)
    assert ran("teach", log, "--line", "2", "--id", "burst") == 1
    assert "r0/s-0-1.log, line 1: “frobnicator: fatal error 17" in capsys.readouterr().out


def test_an_earlier_run_that_failed_the_same_way_is_no_greed(home: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal_with(home, LOG, 1, Outcome.FAILED)
    assert ran("teach", log, "--line", "2", "--id", "burst") == 0
    assert "it fits 1 more logs that nobody knew" in capsys.readouterr().out


def test_a_step_that_failed_by_its_check_is_not_healthy(home: Path) -> None:
    journal_with(home, LOG, 0, Outcome.FAILED)
    assert [sample.healthy for sample in collected.kept(home)] == [False]
    assert list(collected.kept(home, [home / "runs" / "r0" / "s-0-1.log"])) == []


def test_no_journal_or_a_broken_one_is_done_without(home: Path) -> None:
    assert list(collected.kept(home)) == []
    home.mkdir()
    sqlite3.connect(home / "runs.db").close()
    assert list(collected.kept(home)) == []
    (home / "runs.db").write_bytes(b"rubbish" * 1000)
    assert list(collected.kept(home)) == []


def test_a_page_written_while_the_program_runs_counts_at_once(home: Path, log: Path) -> None:
    shelf = failure_store.shelf(Settings(home=home))
    assert shelf() is shelf()
    assert shelf().diagnose([LOG.encode()]).findings == ()
    ran("teach", log, "--id", "burst")
    assert [finding.page.id for finding in shelf().diagnose([LOG.encode()]).findings] == ["burst"]
    pages(home)[0].unlink()
    assert shelf().diagnose([LOG.encode()]).findings == ()


def test_own_pages_are_failure_pages_like_others(home: Path, log: Path) -> None:
    ran("teach", log, "--id", "burst")
    assert folders.failure_pages([home / "guides"]) == pages(home)
    assert folders.is_failure_page(pages(home)[0])
