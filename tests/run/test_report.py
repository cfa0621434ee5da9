"""The report: the whole story in the order of time, evidence beside every verdict, and nothing in it that is markup of others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tui import texts
from tui.act import report as files
from tui.act.lockdown_record import begin
from tui.errors import UsageError
from tui.judge.evidence import End, Status
from tui.judge.lockdown import Phase
from tui.run import events as ev
from tui.run.events import Mends, Outcome
from tui.run.journal import Journal
from tui.run.markdown import block, code, masked, words
from tui.run.report import report
from tui.texts import Text, same

CAUSE = ev.Cause("apt-lock-held", Text("锁着", "it is locked"), 90, "sure", "p.md", (ev.Proof("E: lock held", 0, 2),), ("near",))


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    texts.use("en")
    yield
    texts.use("zh")


class Teller:
    """Writes events of runs into a journal, a second apart."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.clock = count(1_790_000_000.0, 1.0)

    def began(self, run: str, *steps: str, mends: Mends | None = None, **more: object) -> None:
        facts: dict[str, object] = {
            "guide": "/x/g.md", "title": "A guide", "digest": "d1", "targets": {"ecs": "ssh://root@8.8.8.8"}, "values": {}, **more
        }  # fmt: skip
        self.tell(ev.RunStarted, run, steps=steps, mends=mends, program="0.1", system="Linux", **facts)

    def step(self, run: str, step: str, outcome: Outcome, *, log: str = "", cause: ev.Cause | None = None, why: Text | None = None) -> None:
        self.tell(ev.StepStarted, run, step=step, on="ecs", address="ssh://root@8.8.8.8", title=f"Step {step}")
        name = self.journal.log_name(run, step, 0)
        self.tell(ev.CommandStarted, run, step=step, item=0, on="ecs", text=f"do {step}", log=name)
        self.journal.append(run, name, log)
        good = outcome is Outcome.PASSED
        self.tell(ev.CommandEnded, run, step=step, item=0, end=End.EXITED, code=0 if good else 100, seconds=1.0)
        if cause:
            self.tell(ev.Diagnosed, run, step=step, causes=(cause,))
        self.tell(ev.StepEnded, run, step=step, outcome=outcome, seconds=2.0, why=why)

    def ended(self, run: str, verdict: Outcome, why: Text | None = None) -> None:
        self.tell(ev.RunEnded, run, verdict=verdict, exit_code=0, why=why)

    def tell(self, kind: type[ev.AnyEvent], run: str, **facts: object) -> None:
        self.journal.record(kind(run=run, at=next(self.clock), **facts))  # type: ignore[arg-type]


@pytest.fixture
def teller(journal: Journal) -> Teller:
    return Teller(journal)


def mended(teller: Teller) -> None:
    """A failure, the mend of its cause, and the step again."""
    teller.began("20260101-000000-aaaaaa", "a")
    teller.step("20260101-000000-aaaaaa", "a", Outcome.FAILED, log="one\nE: lock held\n", cause=CAUSE, why=same("exit 100"))
    teller.ended("20260101-000000-aaaaaa", Outcome.FAILED)
    failure = Mends("20260101-000000-aaaaaa", "a", "apt-lock-held")
    teller.began("20260101-000000-bbbbbb", "mend", mends=failure)
    teller.step("20260101-000000-bbbbbb", "mend", Outcome.PASSED)
    teller.ended("20260101-000000-bbbbbb", Outcome.PASSED)
    teller.tell(ev.RunResumed, "20260101-000000-aaaaaa", steps=("a",), targets={}, values={})
    teller.step("20260101-000000-aaaaaa", "a", Outcome.PASSED)
    teller.ended("20260101-000000-aaaaaa", Outcome.PASSED)


def part(text: str, heading: str) -> list[str]:
    return [line for line in text.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines() if line]


def test_failed_found_mended_passed_is_one_story(teller: Teller, journal: Journal) -> None:
    mended(teller)
    for run in ("20260101-000000-aaaaaa", "20260101-000000-bbbbbb"):
        story = [line[23:] for line in part(report(journal, run), "What happened")]
        at_home = run.endswith("aaaaaa")
        assert story == [
            "✗ Step a: failed: exit 100",
            "➜ cause found: it is locked (apt-lock-held, sure)",
            "✓ mend (run bbbbbb): Step mend: passed" if at_home else "✓ Step mend: passed",
            "✓ Step a: passed",
        ]
    assert "- To mend: step a of the run aaaaaa: apt-lock-held" in report(journal, "20260101-000000-bbbbbb")
    assert report(journal, "20260101-000000-aaaaaa").startswith("# ✓ A guide · passed\n")


def test_a_failed_step_has_its_command_the_end_of_its_log_and_what_proves_the_cause(teller: Teller, journal: Journal) -> None:
    teller.began("r-1", "a")
    log = "".join(f"line {n}\n" for n in range(100)) + "E: lock held\n"
    teller.step("r-1", "a", Outcome.FAILED, log=log, cause=CAUSE, why=same("exit 100"))
    told = report(journal, "r-1")
    assert "```bash\ndo a\n```" in told
    assert "line 99\nE: lock held\n```" in told
    assert "line 50\n" not in told
    assert "a-0-1.log" in told  # where the rest is
    assert "- line 2 of the log: `E: lock held`" in told
    assert "score 90" in told
    assert "`apt-lock-held.md`" in told


def test_where_no_cause_is_known_the_lines_like_errors_are_told(teller: Teller, journal: Journal) -> None:
    teller.began("r-1", "a")
    teller.tell(ev.StepStarted, "r-1", step="a", on="ecs", address="x", title="Step a")
    teller.tell(ev.Diagnosed, "r-1", step="a", causes=(), suspects=(ev.Proof("E: strange", 0, 7),))
    teller.tell(ev.StepEnded, "r-1", step="a", outcome=Outcome.FAILED, seconds=1.0)
    told = report(journal, "r-1")
    assert "**No known cause; lines that look like errors:**" in told
    assert "- line 7 of the log: `E: strange`" in told


def test_checks_questions_values_and_refusals_are_told(teller: Teller, journal: Journal) -> None:
    teller.began("r-1", "a", values={"REGION": "cn"})
    head = {"step": "a"}
    teller.tell(ev.StepStarted, "r-1", **head, on="ecs", address="x", title="Step a")
    teller.tell(ev.CommandStarted, "r-1", **head, item=0, on="ecs", text="aliyun.lockdown", log="a-0-1.log")
    teller.tell(ev.Asked, "r-1", **head, item=0, question=same("close it?"), shown=same("+ new"), danger=True, typed="web-1")
    teller.tell(ev.Answered, "r-1", **head, item=0, yes=True)
    gate = {"title": {"zh": "关", "en": "gate 7"}, "say": {"zh": "否", "en": "no way back"}, "typed": "I know"}
    teller.tell(ev.Observed, "r-1", **head, item=0, topic="firewall", facts={"gates": [gate]})
    teller.tell(ev.CommandEnded, "r-1", **head, item=0, end=End.EXITED, code=0, seconds=1.0)
    teller.tell(ev.Checked, "r-1", **head, check=0, before=False, status=Status.PASS, say=same("is so"), proof="1.2.3", values={"v": "1.2"})
    teller.tell(ev.StepEnded, "r-1", **head, outcome=Outcome.PASSED, seconds=1.0)
    teller.ended("r-1", Outcome.PASSED)
    teller.tell(ev.RunResumed, "r-1", steps=(), targets={}, values={}, digest="d2")
    teller.ended("r-1", Outcome.REFUSED, same("not approved"))
    told = report(journal, "r-1")
    assert "- ✓ is so: `1.2.3`" in told
    assert "- ! close it? → yes (“web-1” had to be typed)" in told
    assert "opened by typing “I know”" in told
    assert "- v = 1.2, from step a" in told
    assert "! refused: not approved" in told
    assert "`REGION` = `cn`" in told
    assert "sha256:d2" in told


def test_what_was_cut_off_says_so(teller: Teller, journal: Journal) -> None:
    teller.began("r-1", "a")
    teller.tell(ev.StepStarted, "r-1", step="a", on="ecs", address="x", title="Step a")
    teller.tell(ev.CommandStarted, "r-1", step="a", item=0, on="ecs", text="do", log="a-0-1.log")
    told = report(journal, "r-1")
    assert told.startswith("# ? A guide · cut off\n")
    assert "no end on record" in told


def test_the_lockdown_is_told_by_its_record(teller: Teller, journal: Journal, tmp_path: Path) -> None:
    with begin(tmp_path / "home", region="cn-x", instance="i-1") as record:
        record.add(Phase.DROPPED)
        teller.began("r-1", "a")
        teller.tell(ev.Learned, "r-1", step="a", item=0, values={"lockdown_id": record.id})
    lines = part(files.text(journal, tmp_path / "home", "r-1"), "Closing and opening public SSH")
    assert lines[0] == f"- `{record.id}`"
    assert [line.partition("  ")[2] for line in lines[1:]] == ["meant to close", "ended before anything was sent"]


HOSTILE = "![x](http://evil/a.png) <img src=x> [a](b) `c` **d** | #1 @me <!-- step -->"


def test_words_of_others_are_no_markup(teller: Teller, journal: Journal) -> None:
    teller.began("r-1", "a", title=HOSTILE, targets={"ecs": "x`y"})
    teller.step("r-1", "a", Outcome.FAILED, log="```\n# not a heading\n", why=same(HOSTILE))
    told = report(journal, "r-1")
    kinds = {token.type for token in MarkdownIt("commonmark").parse(told)}
    assert "html_block" not in kinds
    inline = {child.type for token in MarkdownIt("commonmark").parse(told) for child in token.children or ()}
    assert not inline & {"image", "link_open", "html_inline"}
    assert [token.tag for token in MarkdownIt("commonmark").parse(told) if token.type == "heading_open"] == ["h1", "h2", "h2", "h3"]


def test_public_addresses_and_names_can_be_masked(teller: Teller, journal: Journal) -> None:
    teller.began("r-1", "a", targets={"ecs": "ssh://root@web.example.com", "b": "ssh://root@8.8.8.8"})
    teller.step("r-1", "a", Outcome.FAILED, log="from 8.8.8.8 to 2001:4860:4860::8888 via 100.64.0.3, 192.168.1.1 at web.example.com\n")
    told = report(journal, "r-1", mask=True)
    assert "8.8.8.8" not in told
    assert "2001:4860" not in told
    assert "example.com" not in told
    assert "via 100.64.0.3, 192.168.1.1" in told
    assert report(journal, "r-1").count("8.8.8.8") >= 2


@pytest.mark.parametrize(
    ("text", "is_now"),
    [
        ("8.8.8.8 8.8.4.4 8.8.8.8", "host-1 host-2 host-1"),
        ("1.102.3", "1.102.3"),
        ("at 12:30:45", "at 12:30:45"),
        ("999.1.1.1", "999.1.1.1"),
    ],
)
def test_masking_keeps_what_is_no_public_address(text: str, is_now: str) -> None:
    assert masked(text) == is_now


def test_markdown_pieces() -> None:
    assert words("a_b <c>\nd") == r"a\_b \<c\> d"
    assert code("a`b") == "``a`b``"
    assert code("`") == "`` ` ``"
    assert block("x\n```\ny") == ["````text", "x", "```", "y", "````"]


def test_a_file_is_written_whole_and_never_over_another(tmp_path: Path) -> None:
    file = tmp_path / "r.md"
    files.save(file, "one\n")
    with pytest.raises(UsageError, match=r"r\.md"):
        files.save(file, "two\n")
    assert file.read_text("utf-8") == "one\n"
    files.save(file, "three\n", replace=True)
    assert file.read_text("utf-8") == "three\n"
    assert [path.name for path in tmp_path.iterdir()] == ["r.md"]
    with pytest.raises(UsageError):
        files.save(tmp_path / "no" / "r.md", "x")


def test_times_are_local(teller: Teller, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        teller.began("r-1", "a")
        assert "+0800" in report(journal, "r-1")
    finally:
        monkeypatch.undo()
        time.tzset()
