"""Reading failure pages: what a mistake costs, what the cache may and may not do, and what `zhinan diagnose` and `zhinan lint` say."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tui.commands import obey
from tui.config import Settings
from tui.errors import UsageError
from tui.guide import failure_store, failures
from tui.guide.failure_lint import lint_pages
from tui.headless.diagnosis import diagnose_file
from tui.judge.failure import Sign, Sure

HEAD = "---\nid: {id}\ntitle: 标题\nsigns:\n{signs}---\n\n# 标题\n"


def write(folder: Path, name: str, signs: str, more: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.md"
    path.write_text(HEAD.format(id=name, signs=signs + more), encoding="utf-8")
    return path


def said(path: Path, *known: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.text.en) for problem in lint_pages([path], {path.stem, *known})[path]]


GOOD = "- 'frobnicator is stuck'\n"


def test_all_keys_of_a_sign(tmp_path: Path) -> None:
    signs = "- short form\n- {line: one, but: two, unless: [three], within: 5, sure: likely, lasting: true}\n- lines: [a1, b2]\n"
    page = failures.load(write(tmp_path, "x", signs)).page
    assert page is not None
    assert page.signs == (
        Sign(("short form",), at=5),
        Sign(("one",), ("two",), ("three",), 5, Sure.LIKELY, lasting=True, at=6),
        Sign(("a1", "b2"), at=7),
    )


@pytest.mark.parametrize(
    ("signs", "more", "problem"),
    [
        ("- {line: abcd, unles: x}\n", "", (5, "unknown key “unles”, did you mean “unless”?")),
        ("- {sure: likely}\n", GOOD, (5, "this sign has no line: (the pattern to find)")),
        ("- {line: abcd, sure: likley}\n", "", (5, "sure knows no “likley”, did you mean “likely”? Known: sure, likely, maybe")),
        ("- {line: abcd, within: near}\n", "", (5, "within is a number of lines, such as 20")),
        ("- {line: abcd, says: done}\n", "", (5, "says belongs in none.md only")),
        ("- '(unclosed word'\n", GOOD, (5, "“(unclosed word”: bad pattern: missing ): (unclosed word")),
        ("- '(?=ahead)word'\n", GOOD, (5, "“(?=ahead)word”: bad pattern: invalid perl operator: (?=")),
        ("- 'error|'\n", GOOD, (5, "“error|” matches even an empty line")),
        ("- 'installation'\n", GOOD, (5, "“installation” is too wide: healthy logs have it, too")),
        ("- '\\d+ \\d+'\n", GOOD, (5, "“\\d+ \\d+”: one way to match it has no fixed words, so it may match anything")),
        ("- 'timed out|\\d+'\n", "", (5, "“timed out|\\d+”: one way to match it has no fixed words, so it may match anything")),
        (GOOD, "nera: [a]\n", (6, "unknown key “nera”, did you mean “near”?")),
        (GOOD, "risk: hgh\n", (6, "risk knows no “hgh”, did you mean “high”? Known: none, low, medium, high")),
        (GOOD, "near: [other]\n", (6, "with near goes a probe: a command that only looks and tells them apart")),
        (GOOD, "explains: [othr]\n", (6, "explains: there is no page “othr”, did you mean “other”?")),
        (GOOD, "over: '(unclosed'\n", (6, "“(unclosed”: bad pattern: missing ): (unclosed")),
        (GOOD, "probe: {on: server}\n", (6, "probe needs run: (a command that only looks)")),
        (GOOD, "probe: {run: id, means: [{prints: x}]}\n", (6, "each of means needs then: (a failure's id)")),
        (" []\n", "", (4, "no usable signs: it will never be found")),
    ],
)
def test_each_mistake_is_one_sentence_with_its_line(tmp_path: Path, signs: str, more: str, problem: tuple[int, str]) -> None:
    assert problem in said(write(tmp_path, "x", signs, more), "other")


def test_a_good_page_is_clean(tmp_path: Path) -> None:
    more = "near: [other]\nprobe: {run: id, means: [{prints: nothing, then: other}, {exit: 1, then: x}]}\n"
    assert said(write(tmp_path, "x", GOOD, more), "other") == []


def test_an_id_has_one_page_and_is_its_name(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a" / "failures", "x", GOOD), write(tmp_path / "b" / "failures", "x", GOOD)
    found = lint_pages([first, second], {"x"})
    assert [problem.text.en for problem in found[second]] == [f"the id “x” is taken by {first}"]
    second.rename(second.with_name("y.md"))
    assert (2, "the id must be the file's name, “y”") in said(second.with_name("y.md"))


def test_a_broken_page_costs_the_others_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "failures"
    write(folder, "good", GOOD)
    write(folder, "half", "- '(unclosed'\n- 'widget exploded'\n")
    (folder / "broken.md").write_text("---\nid: [\n---\n", encoding="utf-8")
    (folder / "prose.md").write_text("# nothing here\n", encoding="utf-8")
    (folder / "binary.md").write_bytes(b"\0\1\2")
    settings = Settings(home=tmp_path / "home", library=(tmp_path,))
    found = failure_store.shelf(settings)().diagnose([b"the widget exploded\nfrobnicator is stuck\n"])
    assert [finding.page.id for finding in found.findings] == ["good", "half"]


def test_the_users_page_goes_before_the_built_in_one(tmp_path: Path) -> None:
    write(tmp_path / "failures", "apt-lock-held", GOOD)
    book = failure_store.shelf(Settings(home=tmp_path / "home", library=(tmp_path,)))()
    assert [f.page.path.parent for f in book.diagnose([b"frobnicator is stuck"]).findings] == [tmp_path / "failures"]


def test_the_cache_says_what_the_pages_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = "near: [other]\nexplains: [third]\nprobe: {run: id, means: [{prints: nothing, then: other}]}\n"
    path = write(tmp_path / "failures", "x", GOOD, more)
    fresh = failure_store.pages([tmp_path], tmp_path / "cache")
    assert (tmp_path / "cache" / "failures.json").stat().st_mode & 0o077 == 0
    monkeypatch.setattr(failures, "load", None)  # from now on only the cache can answer
    assert failure_store.pages([tmp_path], tmp_path / "cache") == fresh == failure_store.pages([tmp_path], tmp_path / "cache")
    monkeypatch.undo()
    path.write_text(path.read_text("utf-8").replace("stuck", "stack"), "utf-8")  # same length
    assert failure_store.pages([tmp_path], tmp_path / "cache")[0].signs[0].lines == ("frobnicator is stack",)
    path.with_suffix(".en.md").write_text("---\nid: x\ntitle: In English\n---\n", "utf-8")
    assert failure_store.pages([tmp_path], tmp_path / "cache")[0].title.en == "In English"


@pytest.mark.parametrize("rubbish", [b"", b"{}", b"[]", b'{"key": 1, "pages": 2}', b"\xff"])
def test_a_cache_that_is_rubbish_is_made_anew(tmp_path: Path, rubbish: bytes) -> None:
    write(tmp_path / "failures", "x", GOOD)
    failure_store.pages([tmp_path], tmp_path / "cache")
    (tmp_path / "cache" / "failures.json").write_bytes(rubbish)
    assert [page.id for page in failure_store.pages([tmp_path], tmp_path / "cache")] == ["x"]


def test_a_home_that_can_not_be_written_is_done_without(tmp_path: Path) -> None:
    write(tmp_path / "failures", "x", GOOD)
    (tmp_path / "cache").write_text("a file in the way")
    assert [page.id for page in failure_store.pages([tmp_path], tmp_path / "cache")] == ["x"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZHINAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZHINAN_LANG", "en")
    return tmp_path


LOCKED = "Reading package lists...\nE: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)\n"


def ran(*words: str) -> int:
    try:
        obey(["diagnose", *words])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_json_has_the_promised_shape(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = home / "apt.log"
    log.write_text(LOCKED, "utf-8")
    assert ran(str(log), "--json", "--step", "install") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["lines"] == 2
    first = told["findings"][0]
    assert set(first) >= {"id", "title", "score", "evidence", "near", "page"}
    assert (first["id"], first["evidence"]) == ("apt-lock-held", [{"line": 2, "text": LOCKED.split("\n")[1]}])
    assert Path(first["page"]).is_file()


def test_a_healthy_log_has_no_findings(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Setting up tailscale (1.84.0) ...\n")))
    assert ran("-", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"lines": 1, "findings": [], "unexplained": []}


def test_in_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = home / "apt.log"
    log.write_text(LOCKED, "utf-8")
    ran(str(log))
    told = capsys.readouterr().out
    assert "2  E: Could not get lock" in told
    assert "zhinan apt-lock-held" in told
    log.write_text("something: fatal error\n", "utf-8")
    ran(str(log))
    assert "1  something: fatal error" in capsys.readouterr().out


def test_a_log_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for name in (str(tmp_path / "no.log"), str(tmp_path), "\0"):
        with pytest.raises(UsageError) as wrong:
            diagnose_file(name, None, Settings(home=tmp_path), as_json=False)
        assert wrong.value.text.en.startswith("can't read the log")


def test_lint_of_the_command_line_knows_failure_pages(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(home / "failures", "x", "- '(unclosed word'\n")
    with pytest.raises(SystemExit) as ended:
        obey(["lint", str(path)])
    assert ended.value.code == 2
    assert f"{path}:5: " in capsys.readouterr().out


MISTAKES = {
    "a broken pattern": "- '(unclosed frobnicator'\n",
    "a broken exception": "- {line: 'frobnicator', but: '(unclosed'}\n",
    "a broken unless": "- {line: 'frobnicator', unless: '(unclosed'}\n",
    "everything": "- '.*'\n",
    "nothing": "- ''\n",
    "no fixed words": "- '\\d+'\n",
    "everything among others": "- lines: ['frobnicator', '.*']\n",
    "a backtracking bomb": "- '(x+x+)+y|(frob)*'\n",
    "too large": "- '((a{1,1000}){1,1000}){1,1000}'\n",
}


@pytest.mark.parametrize("signs", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_ones_own_page_spoils_no_diagnosis(tmp_path: Path, signs: str) -> None:
    write(tmp_path / "failures", "bad", signs)
    write(tmp_path / "failures", "good", "- 'widget exploded'\n")
    book = failure_store.shelf(Settings(home=tmp_path / "home", library=(tmp_path,)))()
    log = b"line 1 of 2\nfrobnicator is stuck\nwidget exploded\nE: Could not get lock /var/lib/dpkg/lock-frontend\n"
    assert [finding.page.id for finding in book.diagnose([log]).findings] == ["apt-lock-held", "good"]
    assert book.diagnose([b"all is well\n"]).findings == ()
    problems = said(tmp_path / "failures" / "bad.md")
    assert [line for line, _ in problems][:1] == [5], problems


def test_the_readers_own_harmless_lines_add_to_the_built_in_ones(tmp_path: Path) -> None:
    write(tmp_path / "failures", "none", "- 'frobnicator warns'\n- '.*'\n- '(unclosed'\n")
    write(tmp_path / "failures", "jam", "- 'frobnicator'\n")
    book = failure_store.shelf(Settings(home=tmp_path / "home", library=(tmp_path,)))()
    assert book.diagnose([b"frobnicator warns\nW: error: apt-key is deprecated\n"]).findings == ()
    assert [finding.page.id for finding in book.diagnose([b"frobnicator jammed\n"]).findings] == ["jam"]


def test_a_page_that_fits_a_collected_healthy_log_is_too_wide(tmp_path: Path) -> None:
    problems = said(write(tmp_path / "failures", "x", "- lines: ['building dependency tree', 'reading package lists']\n"))
    assert [(line, text.partition(",")[0]) for line, text in problems] == [(4, "too wide: it fits a log in which nothing failed")]


def test_of_two_own_pages_with_one_id_the_second_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = write(home / "a" / "failures", "x", GOOD), write(home / "b" / "failures", "x", GOOD)
    (home / "home").mkdir()
    (home / "home" / "config.toml").write_text(f"library = ['{home / 'a'}', '{home / 'b'}']\n", "utf-8")
    with pytest.raises(SystemExit) as ended:
        obey(["lint", str(second)])
    assert ended.value.code == 2
    told = [row for row in capsys.readouterr().out.splitlines() if row.startswith(f"{second}:2: ")]
    assert len(told) == 1
    assert str(first) in told[0]


def test_near_without_a_probe_is_told_and_the_page_still_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "failures", "x", GOOD, "near: [other]\n")
    assert (6, "with near goes a probe: a command that only looks and tells them apart") in said(path, "other")
    book = failure_store.shelf(Settings(home=tmp_path / "home", library=(tmp_path,)))()
    assert [finding.page.id for finding in book.diagnose([b"frobnicator is stuck"]).findings] == ["x"]
