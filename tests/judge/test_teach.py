"""From a line to a pattern: it fits the line, and the same line of another machine on another day; it fits nothing that is everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.judge.diagnose import Book
from tui.judge.failure import Page, Sign
from tui.judge.logtext import recode
from tui.judge.patterns import Patterns, matches
from tui.judge.teach import TooGeneral, bare, pattern_of, patterns_of
from tui.texts import same

LOGS = Path(__file__).resolve().parents[1] / "failures"
EVERYWHERE = (
    "",
    " ",
    "error",
    "Error:",
    "failed",
    "fatal: error",
    "E: ",
    "done",
    "ok",
    "Reading package lists... Done",
    "exit status",
    "失败",
)

numbers = st.integers(0, 10**9).map(str)
hosts = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9](\.[a-z][a-z0-9]{1,8}){1,2}\.(com|cn|net|internal)", fullmatch=True),
)
versions = st.from_regex(r"v?[0-9]{1,3}\.[0-9]{1,4}(\.[0-9]{1,4})?([-+~](rc|deb|beta)[0-9]{1,2})?", fullmatch=True)
homes = st.sampled_from(["/home/wang", "/home/li.si", "/Users/zhang", "/root"])
temporary = st.from_regex(r"/tmp/[A-Za-z0-9._-]{3,12}", fullmatch=True)
hashes = st.from_regex(r"[0-9][0-9a-f]{7,38}[a-f]", fullmatch=True)
times = st.datetimes().map(lambda when: when.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20))
quotes = st.sampled_from(["'", '"', "`", "’", "”"])

STAY = "widget exploded frobnicator is stuck, could not find the flux (really) [again] a+b c*d $x ^y |z 部件 炸了"
WORDS = st.lists(st.sampled_from(STAY.split()), min_size=3, max_size=8).map(" ".join)
SLOTS = {
    "number": numbers, "host": hosts, "version": versions, "home": homes, "tmp": temporary, "hash": hashes, "time": times, "quote": quotes,
}  # fmt: skip


@st.composite
def twins(draw: st.DrawFn) -> tuple[str, str]:
    """The same line of two machines: words that stay, and what differs from one to the other."""
    first = [f"frobnicator {draw(WORDS)}"]
    second = list(first)
    for kind in draw(st.lists(st.sampled_from(sorted(SLOTS)), max_size=4)):
        words = draw(WORDS)
        for row in (first, second):
            value = draw(SLOTS[kind])
            row.append({"home": f"{value}/app", "quote": f"{value}x{value}"}.get(kind, value))
            row.append(words)
    return " ".join(first), " ".join(second)


def found(pattern: str, line: str) -> bool:
    page = Page("x", same("x"), Path("x.md"), (Sign((pattern,)),))
    return bool(Book([page]).diagnose([b"before\n", line.encode(), b"\nafter\n"]).findings)


@given(twins())
def test_a_pattern_fits_its_line_and_that_of_another_machine(lines: tuple[str, str]) -> None:
    pattern = pattern_of(lines[0])
    assert found(pattern, lines[0])
    assert found(pattern, lines[1]), pattern
    assert [row for row in EVERYWHERE if matches(pattern, row)] == []


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=200))
def test_whatever_a_line_holds_its_pattern_is_good_and_fits(line: str) -> None:
    line = " ".join(line.splitlines())
    try:
        pattern = pattern_of(line)
    except TooGeneral:
        return
    assert Patterns([pattern]).blind() == []
    assert found(pattern, line), pattern
    assert not any(matches(pattern, row) for row in ("", " ", "error"))


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("E: It is held by process 2018 (unattended-upgr)", r"E: It is held by process \d+ \(unattended-upgr\)"),
        ("curl: (28) Failed to connect to pkgs.tailscale.com port 443", r"^curl: \(28\) Failed to connect to [\w.:%\[\]-]+ port \d+$"),
        ("The requested URL returned error: 404", "The requested URL returned error: 404"),
        ("tailscaled.service: Main process exited, code=exited, status=203/EXEC", None),
        ("ssh: Could not resolve hostname ecs: Name or service not known", None),
        ("Host key verification failed.", r"Host key verification failed\."),
        ("Nov 28 03:04:05 iZbp1 sudo[812]: \x1b[31mfrobnicator\x1b[0m jammed", "^frobnicator jammed$"),
        (" 10%\r 90%\rfrobnicator jammed\r", "^frobnicator jammed$"),
        ("错误：找不到部件", "^错误:找不到部件$"),
    ],
)
def test_what_stays_and_what_becomes_a_class(line: str, pattern: str | None) -> None:
    made = pattern_of(line)
    assert pattern in (None, made)
    assert found(made, line)


def test_another_code_is_another_failure() -> None:
    assert not matches(
        pattern_of("The requested URL returned error: 404 for the widget"), "The requested URL returned error: 403 for the widget"
    )
    assert not matches(pattern_of("frobnicator left with exit status 2"), "frobnicator left with exit status 9")


@pytest.mark.parametrize("line", ["", "   ", "error", "ERROR: failed", "fatal: error 12", "203.0.113.10: 12", "2026-11-28", "--", "失败"])
def test_what_is_everywhere_teaches_nothing(line: str) -> None:
    with pytest.raises(TooGeneral, match="has no words of its own"):
        pattern_of(line)


def test_several_lines_each_once_and_the_empty_ones_left_out() -> None:
    assert patterns_of(["widget 12 exploded", "error", "widget 13 exploded", "frobnicator jammed"]) == (
        r"^widget \d+ exploded$",
        "^frobnicator jammed$",
    )
    with pytest.raises(TooGeneral):
        patterns_of(["error", "failed"])


def test_a_very_long_line_is_known_by_its_beginning() -> None:
    line = "frobnicator jammed in the flux capacitor " + "and more " * 5000
    assert len(pattern_of(line)) < 300
    assert found(pattern_of(line), line)


def test_every_line_of_the_collected_logs_is_known_again() -> None:
    rows = {row for log in LOGS.glob("*/*.log") for row in recode(log.read_bytes()).decode().split("\n") if row.strip()}
    missed = []
    for row in sorted(rows):
        try:
            pattern = pattern_of(row)
        except TooGeneral:
            continue
        if not Patterns([pattern]).scan([row.encode()]).places:
            missed.append((row, pattern))
    assert missed == []


def test_a_line_is_shown_as_it_was_meant() -> None:
    assert bare("2026-11-28T03:04:05Z #12 3.456 + \x1b[1mE:\x1b[0m bad\r") == "E: bad"
