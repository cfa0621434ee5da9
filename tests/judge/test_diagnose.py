"""What signs mean, who comes first, and that no log can hang the diagnosis, make it fail, or hide a failure behind how it was captured."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import ZhinanError
from tui.judge.diagnose import Book, Diagnosis
from tui.judge.failure import HARMLESS, Page, Says, Sign, Sure
from tui.judge.patterns import BLOCK, BadPattern, Patterns, compiled, matches
from tui.texts import same


def page(name: str, *signs: Sign | str, near: Iterable[str] = (), explains: Iterable[str] = (), steps: Iterable[str] = ()) -> Page:
    made = tuple(Sign((sign,)) if isinstance(sign, str) else sign for sign in signs)
    return Page(name, same(name), Path(f"{name}.md"), made, tuple(steps), tuple(near), tuple(explains))


def ids(found: Diagnosis) -> list[str]:
    return [finding.page.id for finding in found.findings]


def look(log: str | bytes, *pages: Page, step: str | None = None) -> Diagnosis:
    return Book(pages).diagnose([log.encode() if isinstance(log, str) else log], step)


LOCK = page("lock", "could not get lock /var/lib/dpkg")


@pytest.mark.parametrize(
    ("sign", "log", "found"),
    [
        (Sign(("could not get lock",)), "E: Could not get lock /x", True),
        (Sign(("(?-i:Killed)",)), "killed", False),
        (Sign(("^E: a",)), "W: E: a", False),
        (Sign(("a b$",)), "x a b\ny", True),
        (Sign(("first", "second")), "second\nfirst", True),
        (Sign(("first", "second")), "first\nthird", False),
        (Sign(("first", "second"), within=2), "first\nsecond", True),
        (Sign(("first", "second"), within=2), "first\n\n\nsecond", False),
        (Sign(("first", "second"), within=2), "first\n\n\nfirst\nsecond", True),
        (Sign(("denied",), but=("harmless",)), "denied, harmless", False),
        (Sign(("denied",), but=("harmless",)), "denied, harmless\ndenied", True),
        (Sign(("denied",), unless=("all good",)), "denied\nall good", False),
        (Sign(("foo[^x]*bar",)), "foo\nbar", False),
        (Sign(("没有.*公钥",)), "由于没有公钥，无法验证下列签名", True),
        (Sign(("file 'a b'",)), "file ‘a  b’", True),
        (Sign(("file ‘a’",)), "file `a'", True),
        (Sign(("错误：（坏）",)), "错误:(坏)", True),
    ],
)
def test_a_sign(sign: Sign, log: str, found: bool) -> None:
    assert ids(look(log, page("x", sign))) == (["x"] if found else [])


def test_the_proof_is_the_line_itself() -> None:
    found = look("one\n\x1b[1mE: \x1b[0mCould not get lock /var/lib/dpkg/lock\r\nthree\n", LOCK)
    assert found.lines == 3
    assert [(place.line, place.text) for place in found.findings[0].evidence] == [(2, "E: Could not get lock /var/lib/dpkg/lock")]


@pytest.mark.parametrize(("log", "lines"), [("", 0), ("a", 1), ("a\n", 1), ("a\n\nb", 3), ("\n", 1)])
def test_lines_are_counted_as_an_editor_does(log: str, lines: int) -> None:
    assert look(log, LOCK).lines == lines


def test_a_surer_sign_comes_first() -> None:
    weak = page("weak", Sign(("failed",), sure=Sure.MAYBE))
    assert ids(look("failed\ncould not get lock /var/lib/dpkg/lock", weak, LOCK)) == ["lock", "weak"]


def test_more_signs_together_prove_more_than_one() -> None:
    assert ids(look("timed out\nmirror", page("timeout", "timed out"), page("mirror", Sign(("timed out", "mirror"))))) == [
        "mirror",
        "timeout",
    ]


def test_of_equals_the_one_that_showed_last_comes_first() -> None:
    a, b = page("a", "aaa"), page("b", "bbb")
    assert ids(look("aaa\nbbb", a, b)) == ["b", "a"]
    assert ids(look("aaa\nbbb\naaa", a, b)) == ["a", "b"]


def test_a_cause_comes_before_what_follows_from_it() -> None:
    cause = page("cause", Sign(("the cause",), sure=Sure.LIKELY), explains=["middle"])
    found = look("the end\nthe cause", cause, page("middle", "nowhere", explains=["end"]), page("end", "the end"))
    assert ids(found) == ["cause", "end"]
    assert found.findings[1].follows == "cause"


def test_a_guess_does_not_put_what_is_sure_behind_it() -> None:
    guess = page("guess", Sign(("maybe this",), sure=Sure.MAYBE), explains=["lock"])
    assert ids(look("maybe this\ncould not get lock /var/lib/dpkg/lock", guess, LOCK)) == ["lock", "guess"]


def test_pages_of_the_step_that_failed_come_first() -> None:
    a, b = page("a", "aaa", steps=["install"]), page("b", "bbb", steps=["verify"])
    assert ids(look("aaa\nbbb", a, b, step="verify")) == ["b", "a"]
    assert ids(look("aaa\nbbb", a, b, step="install")) == ["a", "b"]


def test_near_causes_that_speak_as_loudly_make_each_other_less_sure() -> None:
    a = page("a", Sign(("aaa",), sure=Sure.LIKELY), near=["b"])
    b = page("b", Sign(("bbb",), sure=Sure.LIKELY))
    assert look("bbb\naaa", a, b).findings[0].sure is Sure.MAYBE
    assert look("aaa", a, b).findings[0].sure is Sure.LIKELY


NONE = page(HARMLESS, "apt-key is deprecated", Sign(("^complete!",), says=Says.DONE))


def test_harmless_lines_count_for_no_page() -> None:
    deprecated = page("deprecated", "deprecated")
    assert ids(look("W: apt-key is deprecated", NONE, deprecated)) == []
    assert ids(look("W: apt-key is deprecated\nW: deprecated", NONE, deprecated)) == ["deprecated"]


def test_a_good_end_excuses_what_came_before_but_not_what_lasts() -> None:
    lasting = page("lasting", Sign(("policy-rc.d",), lasting=True))
    assert ids(look("could not get lock /var/lib/dpkg/lock\npolicy-rc.d\nComplete!\n", NONE, LOCK, lasting)) == ["lasting"]
    assert ids(look("Complete!\ncould not get lock /var/lib/dpkg/lock\n", NONE, LOCK)) == ["lock"]


def test_a_good_end_excuses_only_what_happens_in_its_steps() -> None:
    ends = replace(NONE, steps=("install",))
    ssh, apt = page("ssh", "no matching host key", steps=["verify", "install"]), page("apt", "could not get lock", steps=["install"])
    assert ids(look("could not get lock /x\nno matching host key\nComplete!\n", ends, ssh, apt)) == ["ssh"]


def test_a_good_end_says_nothing_of_the_command_before() -> None:
    ends = page(HARMLESS, Sign(("^complete!",), says=Says.DONE), Sign((r"^\$ sudo",), says=Says.TYPED))
    assert ids(look("could not get lock /var/lib/dpkg/lock\n$ sudo dnf upgrade\nComplete!\n", ends, LOCK)) == ["lock"]


def test_the_good_end_of_another_tool_excuses_nothing() -> None:
    ends = page(HARMLESS, Sign(("^complete!",), unless=("reading package lists",), says=Says.DONE))
    assert ids(look("could not get lock /var/lib/dpkg/lock\nComplete!\n", ends, LOCK)) == []
    assert ids(look("Reading package lists...\ncould not get lock /var/lib/dpkg/lock\nComplete!\n", ends, LOCK)) == ["lock"]


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ("could not dial\nstate is Running\n", []),
        ("could not dial\nstate is Running\ncould not dial\n", ["dial"]),
        ("state is Running\ncould not dial\n", ["dial"]),
        ("could not dial\ncould not get lock /var/lib/dpkg\nstate is Running\n", ["lock"]),
    ],
)
def test_what_a_later_line_says_is_past_counts_no_more_for_that_page_alone(log: str, found: list[str]) -> None:
    dial = replace(page("dial", "could not dial"), over=("state is Running",))
    assert ids(look(log, dial, LOCK)) == found


AGAIN = Sign(("retrying",), says=Says.AGAIN)
OVERCOME = page(
    HARMLESS, AGAIN, Sign(("succeeded",), says=Says.WELL), Sign((r"^(\$|\+) sudo",), says=Says.TYPED),
    Sign((r"^try \d of 5",), says=Says.ATTEMPT), Sign(("^# that was noise",), says=Says.JUDGED),
    Sign(("^all passed$",), says=Says.COMMAND_DONE), Sign(("must fail",), says=Says.WANTED),
)  # fmt: skip
HELD = "could not get lock /var/lib/dpkg\n"
MORE = "and so on\n" * 20


@pytest.mark.parametrize(
    ("log", "found"),
    [
        (HELD + "retrying\nsucceeded\n", []),
        (HELD + "retrying\n" + HELD + "retrying\nsucceeded\n", []),
        (HELD + "retrying\n" + HELD, ["lock"]),
        (HELD + "retrying\n" + MORE + "succeeded\n", ["lock"]),
        (HELD + "retrying\n$ sudo other\nsucceeded\n", ["lock"]),
        (HELD + "and so on\n" * 3 + "retrying\nsucceeded\n", ["lock"]),
        (HELD + "try 2 of 5\nsucceeded\n", []),
        (HELD + "try 2 of 5\n" + MORE, []),
        (HELD + "try 2 of 5\n+ sudo other\n" + MORE, []),
        (HELD + "try 2 of 5\n$ sudo other\n" + MORE, ["lock"]),
        (HELD + "try 2 of 5\nand so on\n", ["lock"]),
        (HELD + "try 2 of 5\nand so on\ncannot go on\n" + MORE, ["lock"]),
        (HELD + "try 2 of 5\nand so on\nit must fail: refused\n" + MORE, []),
        (HELD + "try 1 of 5\n" + HELD * 6 + "try 2 of 5\n" + "and so on\n" * 3 + "succeeded\n", ["lock"]),
        (HELD + "try 1 of 5\n" + "and so on\n" * 5 + HELD + "try 2 of 5\n" + "and so on\n" * 7 + "succeeded\n", []),
        ("$ sudo apt update\n" + "and so on\n" * 5 + HELD + "# that was noise\n", []),
        (HELD + "$ sudo apt update\n" + "and so on\n" * 5 + "# that was noise\n", ["lock"]),
        (HELD + "all passed\n", []),
        (HELD + "all passed\n" + MORE, ["lock"]),
        ("all passed\n" + HELD, ["lock"]),
        (HELD + "$ sudo other\nall passed\n", ["lock"]),
        ("$ sudo look for: could not get lock /var/lib/dpkg\n", []),
        ("$ sudo apt install x\n" + HELD + "$ sudo apt install x\nfine\n", []),
        ("$ sudo apt install x\n" + HELD + "$ sudo apt install x\n" + HELD, ["lock"]),
        ("$ sudo man apt\n" + HELD, []),
        ("the next must fail\n" + HELD, []),
        ("the next must fail\nit did\nand then\n" + HELD, ["lock"]),
    ],
)
def test_what_the_same_command_got_over_is_no_failure(log: str, found: list[str]) -> None:
    assert ids(look(log, OVERCOME, LOCK)) == found


def test_a_command_as_it_was_typed_may_stand_beside_what_it_printed() -> None:
    both = page("both", Sign(("sudo thing", "no such thing")))
    assert ids(look("$ sudo thing\nno such thing\n", OVERCOME, both)) == ["both"]


def test_every_alternative_may_be_bound_to_the_ends_of_a_line() -> None:
    odd = page("odd", "^something else$|^(odd thing|thing that is odd)$")
    assert ids(look("Nov 28 03:11:44 web first-boot[18196]: thing that is odd", odd)) == ["odd"]
    assert ids(look("Nov 28 03:11:44 web first-boot[18196]: thing that is odd and more", odd)) == []


def test_unknown_errors_are_shown_and_nothing_is_claimed() -> None:
    found = look("fine\nfrobnicator: fatal error 17\nfine", NONE, LOCK)
    assert found.findings == ()
    assert [place.line for place in found.suspects] == [2]
    assert look("fine\nW: apt-key is deprecated: error", NONE).suspects == ()


def test_a_bad_pattern_is_one_sentence_and_spoils_nothing_else() -> None:
    with pytest.raises(BadPattern, match="bad pattern"):
        compiled("(unclosed")
    assert list(Patterns(["(unclosed", "fine"]).scan([b"fine"]).places) == [1]


LINE = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 2018 (unattended-upgr)"
ANCHORED = page("lock", "^E: Could not get lock")
NOISE = [f"Get:{n} http://mirrors.aliyun.com/ubuntu jammy/main amd64 package{n}" for n in range(30)]


def captured(change: Callable[[str], str]) -> str:
    return "".join(change(row) + "\n" for row in [*NOISE, LINE, *NOISE])


WAYS: dict[str, Callable[[str], str]] = {
    "syslog": lambda row: f"Nov  8 03:04:05 iZbp1 sudo[812]: {row}",
    "journal": lambda row: f"Nov 28 03:04:05.123456 iZbp1 apt.systemd.daily[812]: {row}",
    "chinese date": lambda row: f"11月 28 03:04:05 iZbp1 systemd[1]: {row}",
    "iso": lambda row: f"2026-11-28T03:04:05.123Z {row}",
    "iso with offset": lambda row: f"[2026-11-28 03:04:05,123 +08:00] {row}",
    "clock": lambda row: f"[03:04:05] {row}",
    "kernel": lambda row: f"[   12.345678] {row}",
    "docker build": lambda row: f"#12 3.456 {row}",
    "compose": lambda row: f"web-1  | {row}",
    "trace": lambda row: f"++ {row}",
    "quoted": lambda row: f"> {row}",
    "stacked": lambda row: f"2026-11-28T03:04:05Z #12 3.456 + {row}",
    "colour": lambda row: f"\x1b[1;31m{row[:2]}\x1b[0m{row[2:9]}\x1b[K{row[9:]}",
    "caret colour": lambda row: f"^[[31m{row}^[[0m",
    "lost escape": lambda row: f"[1;31m{row[:2]}[0m{row[2:]}",
    "crlf": lambda row: row + "\r",
    "progress": lambda row: f"\r 10% [Working]\r 90% [Working]\r{row}",
    "overstruck": lambda row: "".join(f"{char}\b{char}" for char in row),
    "tabs": lambda row: "\t" + row.replace(" ", "\t", 3),
    "typographic": lambda row: row.replace("'", "’"),
    "wrapped at 80": lambda row: "\n".join(row[at : at + 80] for at in range(0, len(row), 80)),
    "wrapped at 44": lambda row: "\n".join(row[at : at + 44] for at in range(0, len(row), 44)),
}


@pytest.mark.parametrize("way", WAYS)
def test_however_it_was_captured_the_finding_is_the_same(way: str) -> None:
    assert ids(look(captured(WAYS[way]), ANCHORED)) == ["lock"]


def test_output_quoted_inside_json() -> None:
    assert ids(look('fatal: [ecs]: FAILED! => {"stderr": "x\\n' + LINE + '\\n", "rc": 100}', ANCHORED)) == ["lock"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"])
def test_whatever_the_encoding(encoding: str) -> None:
    text = "正在读取软件包列表... 完成\n" * 3 + "E: 无法获得锁 /var/lib/dpkg/lock-frontend。锁正由进程 812 持有\n"
    found = look(text.encode(encoding), page("lock", "无法获得锁"))
    assert [(f.page.id, f.evidence[0].line) for f in found.findings] == [("lock", 4)]


def test_encodings_mixed_in_one_log() -> None:
    log = "正常\n".encode() + "无法获得锁\n".encode("gbk") + b"\xff\xfe\x80 rubbish\n" + "由于没有公钥\n".encode()
    assert ids(look(log, page("lock", "无法获得锁"), page("key", "没有公钥"))) == ["key", "lock"]


@pytest.mark.parametrize("size", [BLOCK - 50, BLOCK, 3 * BLOCK, 30 * BLOCK])
def test_a_failure_is_found_wherever_it_stands_in_a_large_log(size: int) -> None:
    noise = ("\n".join(NOISE) + "\n").encode()
    noise *= size // len(noise) + 1
    found = look(noise + LINE.encode() + b"\n" + noise, ANCHORED)
    assert [(f.page.id, f.evidence[0].line) for f in found.findings] == [("lock", noise.count(b"\n") + 1)]


def test_in_one_endless_line_too() -> None:
    found = look(b"x" * (2 * BLOCK - 20) + b" Could not get lock /var/lib/dpkg/lock " + b"y" * 3 * BLOCK, LOCK)
    assert [(f.page.id, f.evidence[0].line, found.lines) for f in found.findings] == [("lock", 1, 1)]
    assert len(found.findings[0].evidence[0].text) < 1000


def test_the_last_words_count_however_often_they_were_said_before() -> None:
    early = b"Complete!\ncould not get lock /var/lib/dpkg/lock\n" * 5000 + b"Complete!\n"
    assert ids(look(early * 5, NONE, LOCK)) == []
    assert ids(look(early * 5 + b"could not get lock /var/lib/dpkg/lock\n", NONE, LOCK)) == ["lock"]


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_no_bytes_make_it_fail(blocks: list[bytes]) -> None:
    found = Book([NONE, LOCK]).diagnose(blocks)
    assert found.lines <= b"".join(blocks).count(b"\n") + 1 or b"\0" in b"".join(blocks)


@given(st.lists(st.sampled_from([*NOISE, LINE, "无法获得锁", "a\rb", "\x1b[1mbold\x1b[0m"]), min_size=1), st.data())
def test_it_does_not_matter_where_blocks_are_cut(rows: list[str], data: st.DataObject) -> None:
    log = "\n".join(rows).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=6)))
    pieces = [log[a:b] for a, b in zip([0, *cuts], [*cuts, len(log)], strict=True)]
    assert Book([LOCK]).diagnose(pieces) == Book([LOCK]).diagnose([log])


@given(st.text(max_size=60))
def test_a_word_is_found_in_any_line_that_holds_it(around: str) -> None:
    assert matches("needle word", " ".join(f"{around} needle word {around}".split())) or "\n" in around


def test_where_re2_is_missing_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    with pytest.raises(ZhinanError, match="google-re2"):
        Patterns(["word"])


def test_a_pattern_that_fits_nothing_ends_too() -> None:
    assert Patterns(["x*", "^$"]).scan([b"a\n\nb\n" * 1000]).lines == 3000


def test_hostile_patterns_and_lines_end_soon() -> None:
    hostile = page("hostile", "(a+)+b$", "(a|aa)+bad", "(.*)(.*)(.*)(.*)xyz$")
    assert ids(look("a" * 200_000 + "!", hostile)) == []
