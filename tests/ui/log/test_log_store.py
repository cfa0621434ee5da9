"""The log store against a terminal written the slow and obvious way, and its storage against a list."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size

from tui.ui.log.archive import Archive
from tui.ui.log.escape import sgr
from tui.ui.log.openline import MAX_LINE
from tui.ui.log.store import LogStore


def read(store: LogStore) -> list[str]:
    return [store.line(i).text for i in range(store.dropped, len(store))]


def fed(*chunks: str) -> LogStore:
    store = LogStore()
    for chunk in chunks:
        store.feed(chunk)
    return store


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        (["a\nb\n"], ["a", "b"]),
        (["a\nb"], ["a", "b"]),
        (["a", "b", "\n", "c"], ["ab", "c"]),
        (["\n\n"], ["", ""]),
        (["a\r\nb\r\n"], ["a", "b"]),
        (["a\r", "\nb"], ["a", "b"]),
        (["a\r\r\nb"], ["a", "b"]),
        (["10%\r20%\r100%\n"], ["100%"]),
        (["downloading\rdone\n"], ["doneloading"]),
        (["downloading\r\x1b[Kdone\n"], ["done"]),
        (["downloading\x1b[2K\rdone\n"], ["done"]),
        (["下载中 10%\rab"], ["ab载中 10%"]),
        (["下载中\ra"], ["a 载中"]),
        (["abc\b\bX"], ["aXc"]),
        (["a\tb\n中\tc"], ["a       b", "中      c"]),
        (["\x1b]0;title\x07text"], ["text"]),
        (["\x1b]0;ti", "tle\x1b", "\\text"], ["text"]),
        (["\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"], ["link"]),
        (["\x1b]0;never ended\nnext"], ["", "next"]),
        (["\x1bPq#0;1\x1b\\x"], ["x"]),
        (["\x1b[2J\x1b[Hx\x1b[5;10Hy"], ["xy"]),
        (["\x1b[?1049hx\x1b[?25l"], ["x"]),
        (["\x1b[3", "1mred\x1b[", "0m!"], ["red!"]),
        (["\x1b[31\nx"], ["31", "x"]),
        (["\x1bcx\x1b(By\x1b="], ["xy"]),
        (["\x9b31mx\x9dtitle\x9cy"], ["xy"]),
        (["a\x00\x07\x0b\x0c\x7fb\x85c\u2028d"], ["abcd"]),
        (["a\u202eb\u2066c\ud800"], ["abc\ufffd"]),
        (["\x1b[999999999CX"], [" " * 512 + "X"]),
        (["ab\x1b[1GX\x1b[3CY"], ["Xb  Y"]),
        (["e\u0301\rE\n"], ["E"]),
        (["中\b\x1b[1K|"], [" |"]),
        (["ab\r\x1b[1K"], [" b"]),
    ],
)
def test_what_a_chunk_becomes(chunks: list[str], lines: list[str]) -> None:
    assert read(fed(*chunks)) == lines


def test_the_line_still_open_is_seen_and_told() -> None:
    store = fed("ready\npassword: ")
    assert store.partial
    assert store.line(1).text == "password: "
    store.feed("\n")
    assert not store.partial
    assert len(store) == 2


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("\x1b[31mred\x1b[0m plain", ((0, 3, "31"),)),
        ("a\x1b[1;32mb\x1b[22mc\x1b[md", ((1, 2, "1;32"), (2, 3, "32"))),
        ("\x1b[38;5;208mx\x1b[48;2;1;2;3my", ((0, 1, "38;5;208"), (1, 2, "38;5;208;48;2;1;2;3"))),
        ("\x1b[38:2::9:8:7mx", ((0, 1, "38;2;9;8;7"),)),
        ("\x1b[31mab\x1b[31mc", ((0, 3, "31"),)),
        ("\x1b[5;8mx", ()),
        ("\x1b[31mabc\r\x1b[32mX", ((0, 1, "32"), (1, 3, "31"))),
        ("\x1b[38;5mx\x1b[38;2;1mx\x1b[38;5;999mx", ()),
    ],
)
def test_colours_become_spans(text: str, spans: object) -> None:
    assert fed(text + "\n").line(0).spans == spans


def test_a_style_goes_on_over_lines_until_it_is_ended() -> None:
    store = fed("\x1b[33mone\n\ntwo\x1b[0m\nthree\n")
    assert [store.line(i).spans for i in range(4)] == [((0, 3, "33"),), (), ((0, 3, "33"),), ()]


@given(
    st.lists(
        st.sampled_from(["a", "b c", "\n", "\x1b[31m", "\x1b[1;4m", "\x1b[0m", "\x1b[m", "\x1b[K", "\x1b[39m", "\x1b[22m\n"]), max_size=40
    )
)
def test_colours_are_the_same_whether_lines_come_whole_or_letter_by_letter(parts: list[str]) -> None:
    text = "\n" + "".join(parts) + "\n"
    whole, slow, tiny = fed(text), fed(*text), LogStore(block=3)
    tiny.feed(text)
    lines = [slow.line(i) for i in range(len(slow))]
    assert [whole.line(i) for i in range(len(whole))] == lines
    assert [tiny.line(i) for i in range(len(tiny))] == lines


@given(st.lists(st.sampled_from(["1", "2", "22", "31", "97", "39", "38;5;7", "48;2;1;2;3", "49", "7", "27", "", "0"]), max_size=8))
def test_a_style_is_canonical(codes: list[str]) -> None:
    """Applying codes one by one or in one sequence is the same, and a style written out again stays itself."""
    one = ""
    for code in codes:
        one = sgr(one, code)
    assert sgr("", ";".join(codes)) == one
    assert sgr("", one) == one


class Terminal:
    """One character at a time on a grid of cells; no attention to speed."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.row: list[str] = []
        self.col = 0

    def run(self, text: str) -> list[str]:
        while text:
            text = text[self.step(text) :]
        last = "".join(self.row)
        return [*self.lines, *([last] if last else [])]

    def step(self, text: str) -> int:
        if match := re.match(r"\x1b\[([0-9;]*)([A-Za-z])", text):
            self.csi(match[1].partition(";")[0], match[2])
            return match.end()
        if match := re.match(r"\x1b\][^\x07\n\x1b]*(\x07|(?=\n)|(?=\x1b)|\Z)", text):
            return match.end()
        if match := re.match(r"\x1b[ -/]*[0-~]|\x1b", text):
            return match.end()
        char = text[0]
        if char == "\n":
            self.lines.append("".join(self.row))
            self.row, self.col = [], 0
        elif char == "\r":
            self.col = 0
        elif char == "\b":
            self.col = max(0, self.col - 1)
        elif char == "\t":
            stop = self.col - self.col % 8 + 8
            if self.col >= len(self.row):
                for _ in range(stop - self.col):
                    self.put(" ")
            self.col = stop
        else:
            self.put(char)
        return 1

    def csi(self, first: str, final: str) -> None:
        n = int(first or "0")
        if final == "K":
            if n in (0, 2):
                keep = self.col if n == 0 else 0
                while len(self.row) > keep:
                    self.clear(len(self.row) - 1)
                    self.row.pop()
            elif n == 1:
                for at in range(min(self.col + 1, len(self.row))):
                    self.clear(at)
        elif final == "D":
            self.col = max(0, self.col - max(1, n))
        elif final == "G":
            self.col = max(1, n) - 1
        elif final == "C":
            self.col += max(1, n)

    def clear(self, at: int) -> None:
        if self.row[at] == "":
            self.row[at - 1] = " "
        if at + 1 < len(self.row) and self.row[at + 1] == "":
            self.row[at + 1] = " "
        self.row[at] = " "

    def put(self, char: str) -> None:
        while len(self.row) < self.col:
            self.row.append(" ")
        for i in range(get_character_cell_size(char)):
            if self.col + i < len(self.row):
                self.clear(self.col + i)
            else:
                self.row.append(" ")
            self.row[self.col + i] = "" if i else char
        self.col += get_character_cell_size(char)


PIECES = [
    *["a", "bc", "some words", "x" * 70, "中", "文字，", "\n", "\r\n", "\r", "\b", "\t", "tab\tbed\n"],
    *["\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[31m", "\x1b[0m", "\x1b[32mok\x1b[m\x1b[K\n", "\x1b[2D", "\x1b[3G", "\x1b[2C", "\x1b[5;1H"],
    *["\x1b]0;t\x07", "\x1b]0;t\x1b\\", "\x1b]0;open", "\x1b[12", "\x1b", "\x1b\\"],
]
pieces = st.lists(st.sampled_from(PIECES))


@given(pieces)
@example(["中", "\x1b[2D", "\x1b[1K"])
@example(["\x1b]0;open", "\x1b[31m", "a"])
@example(["a", "\r", "\x1b[2C", "\x1b[2C", "b"])
def test_lines_are_those_of_a_simple_terminal(parts: list[str]) -> None:
    text = "".join(parts)
    whole = text + "\n"  # an open escape at the very end is still waiting for its rest
    assert read(fed(whole)) == Terminal().run(whole)


@given(pieces, st.randoms(use_true_random=False))
def test_chunks_do_not_matter(parts: list[str], chance: random.Random) -> None:
    text = "".join(parts)
    cuts = sorted(chance.sample(range(len(text) + 1), min(len(text), chance.randrange(0, 8)))) if text else []
    chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    one, many, single = fed(text), fed(*chunks), fed(*text)
    lines = [one.line(i) for i in range(len(one))]
    assert lines == [many.line(i) for i in range(len(many))]
    assert lines == [single.line(i) for i in range(len(single))]


@given(st.text(alphabet=st.characters(), max_size=200))
def test_no_control_character_ever_stands_in_a_line(text: str) -> None:
    for line in read(fed(text, "\n")):
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", line)


def test_a_very_long_line_is_whole_and_a_monstrous_one_says_that_it_was_cut() -> None:
    long, monster = "x" * 300_000, "y" * (MAX_LINE + 5)
    store = fed(long, "\n", monster, "\nend\n")
    assert store.line(0).text == long
    assert store.line(1).text.startswith("y" * MAX_LINE + " …")
    assert store.line(2).text == "end"


# storage


def small(**sizes: int) -> LogStore:
    return LogStore(block=200, **({"memory": 400, "disk": 1 << 20} | sizes))


def test_old_blocks_move_to_the_file_and_come_back_equal() -> None:
    store, want = small(), []
    for i in range(2000):
        line = f"{i} {random.Random(i).random()} 中文"
        want.append(line)
        store.feed(f"\x1b[31m{line}\x1b[0m\n" if i % 7 == 0 else line + "\n")
    assert store.dropped == 0
    assert read(store) == want
    order = random.Random(1).sample(range(2000), 300)
    assert [store.line(i).text for i in order] == [want[i] for i in order]
    assert store.line(7).spans == ((0, len(want[7]), "31"),)
    assert store.line(8).spans == ()
    store.close()


def test_the_oldest_lines_go_and_are_counted() -> None:
    store = small(disk=5000)
    for i in range(3000):
        store.feed(f"{i} {random.Random(i).random()}\n")
        if i % 50 == 0:  # the ring never hands out another line than the one asked for
            for at in range(store.dropped, len(store), 17):
                assert store.line(at).text.split()[0] == str(at)
    assert len(store) == 3000
    assert 0 < store.dropped < 2990
    with pytest.raises(IndexError):
        store.line(store.dropped - 1)
    with pytest.raises(IndexError):
        store.line(3000)


def test_without_a_disk_memory_still_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    archive = Archive(block=200, memory=2000)
    for i in range(3000):
        archive.add_line(f"{i} {random.Random(i).random()}", ())
    assert archive.first > 0
    assert archive.line(2999)[0].startswith("2999 ")


# searching


@pytest.mark.parametrize(
    ("query", "start", "backwards", "found"),
    [
        ("lock", 0, False, 1),
        ("lock", 2, False, 3),
        ("lock", 3, True, 3),
        ("lock", 2, True, 1),
        ("lock", 0, True, None),
        ("Lock", 0, False, 3),
        ("锁", 0, False, 4),
        ("nothing", 0, False, None),
        ("tail", 0, False, 5),
        ("tail", 5, True, 5),
        ("one", 5, True, 0),
    ],
)
@pytest.mark.parametrize("block", [1, 1 << 16])
def test_search(query: str, start: int, backwards: bool, found: int | None, block: int) -> None:
    store = LogStore(block=block)
    store.feed("one\nget lock\ntwo\nGet Lock\n另一个锁\nthe tail")
    assert store.search(query, start, backwards=backwards) == found


@given(st.lists(st.text("abA", max_size=4), max_size=30), st.text("abA", min_size=1, max_size=2), st.integers(0, 30), st.booleans())
def test_search_finds_what_a_loop_finds(lines: list[str], query: str, start: int, backwards: bool) -> None:
    store = LogStore(block=12)
    store.feed("".join(line + "\n" for line in lines))
    hits = [i for i, line in enumerate(lines) if query in (line if query != query.lower() else line.lower())]
    side = [i for i in hits if i <= start][::-1] if backwards else [i for i in hits if i >= start]
    assert store.search(query, start, backwards=backwards) == (side[0] if side else None)
    assert store.count(query) == len(hits)


def test_plain_gives_lines_for_copying() -> None:
    store = fed("a\n\x1b[1mb\x1b[0m\nc\nd")
    assert store.plain(1, 3) == "b\nc"
    assert store.plain(2, 99) == "c\nd"


def test_a_watcher_is_told_until_it_leaves() -> None:
    store, told = LogStore(), []
    leave = store.watch(lambda: told.append(store.revision))
    store.feed("a")
    store.feed("")
    leave()
    store.feed("b")
    assert told == [1]
