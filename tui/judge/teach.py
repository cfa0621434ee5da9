"""From lines of a log that nobody knew to patterns that know them again: what differs from one computer and one day to the next becomes
a class, the words stay.

Numbers differ, and so do hosts, versions, paths below somebody's home, hashes and times. A number that is a code (`error: 404`, `exit 28`)
stays, because another code is another failure. What is left must hold words of its own: "error" alone would fit every log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tui.judge import logtext
from tui.judge.patterns import Patterns
from tui.texts import Text, same

_LONGEST: Final = 160
"""Characters of a line that become a pattern: what follows is different each time, mostly."""
_SHORT: Final = 2
"""With fewer words than this, the pattern is the whole line and no part of one."""

_HOST: Final = r"[\w.:%\[\]-]+"
_TOP: Final = (
    "com|net|org|io|cn|dev|cloud|edu|gov|info|top|xyz|app|uk|de|fr|jp|hk|tw|sg|us|eu|ru|local|lan|internal|home|arpa|test|example|invalid"
)
"""What a host's name ends in; other dots are those of files and services."""
_CLASSES: Final = (
    # what it looks like, what becomes of it; the first that fits wins, and the groups keep their words
    (r"(?P<masked>•+)", r"\S+"),
    (r"(?P<code>\b(?:error|errno|code|status|exit|rc|curl|http/[\d.]+|退出码|错误码|错误)[ :=#(]{1,3}\d{1,4}\b(?![.:/%]\d))", None),
    (r"(?P<time>\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::[\d.,]+)?(?: ?(?:Z|UTC|CST|[+-]\d\d:?\d\d))?)?)", r"[\d:.,TZ+/ -]+(?:UTC|CST)?"),
    (r"(?P<clock>\b\d\d?:\d\d:\d\d(?:[.,]\d+)?)", r"[\d:.,]+"),
    (r"(?P<uuid>\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b)", r"[0-9a-f-]+"),
    (r"(?P<mac>\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b)", r"[0-9a-f:]+"),
    (r"(?P<key>\b(?:nodekey|mkey|discokey|tskey|SHA256|MD5|sha256)[:-][\w+/=:.-]+)", r"\S+"),
    (r"(?P<home>(?:/home/|/Users/)[^/\s:'\"]+|(?<![\w./])/root(?=/)|(?<![\w./])~(?=/))", r"(?:/home/[^/\s]+|/Users/[^/\s]+|/root|~)"),
    (r"(?P<winhome>\b[A-Za-z]:\\Users\\[^\\\r\n:'\"]+)", r"[A-Za-z]:\\Users\\[^\\]+"),
    (r"(?P<tmp>(?<![\w.])(?:/private)?(?:/var)?/tmp/[^/\s:'\"]+)", r"(?:/private)?(?:/var)?/tmp/[^/\s:]+"),
    (r"(?P<user>\b[\w.-]+(?=@[\w\[]))@", r"[^\s@]+@"),
    (r"(?P<after>(?:(?<=resolve hostname )|(?<=resolve host: )|(?<=resolve host )|(?<=connect to host ))[\w.-]*[\w-])", _HOST),
    (r"(?P<ip6>(?<![\w:.])\[?(?:(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4})*(?:%\w+)?|[0-9a-f:]*::[0-9a-f:]*)\]?(?![\w:]))", _HOST),
    (r"(?P<ip4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]))", _HOST),
    (rf"(?P<name>(?<![\w.-])(?:[\w-]+\.)+(?:{_TOP})\b(?![\w-]|\.\w))", _HOST),
    (r"(?P<machine>(?<![\w.-])(?:iZ|i-|ip-)[0-9a-z][0-9a-z-]{7,}Z?\b|(?<![\w.-])localhost\b)", _HOST),
    (r"(?P<hash>\b(?:0x)?(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b)", r"(?:0x)?[0-9a-f]+"),
    (r"(?P<blob>(?-i:(?<![\w/+])(?=[\w+/-]*\d)(?=[\w+/-]*[A-Z])(?=[\w+/-]*[a-z])[\w+-]{24,}={0,2}))", r"\S+"),
    (r"(?P<size>\d[\d.,]* ?(?-i:[kKMGT]i?B|[KMG])\b)", r"\d[\d.,]* ?[kMGT]?i?B?"),
    (r"(?P<lasting>(?<![\w.])(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+\b)", r"(?:[\d.]+[a-zµ]+)+"),
    (r"(?P<version>(?<![\w.])v?\d+(?:[.:~+-]+\d[\w]*)+(?:[.~+-]+\w+)*)", r"v?\d[\w.:~+-]*"),
    (r"(?P<number>\d+)", r"\d+"),
    (r"(?P<quote>['\"])", r"""['"]"""),
    ("(?P<lost>\ufffd+)", r".{1,4}"),
)  # fmt: skip
_TOKEN: Final = re.compile("|".join(pattern for pattern, _ in _CLASSES), re.IGNORECASE)
_BECOMES: Final = {re.search(r"\?P<(\w+)>", pattern)[1]: made for pattern, made in _CLASSES}  # type: ignore[index]
_SPECIAL: Final = re.compile(r"[\\.^$*+?{}\[\]|()]")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z_]{2,}|[\u4e00-\u9fff]{2,}")
_COMMON: Final = """
about abort aborted all and are been but can cannot command could couldn debug denied does done err error errors exit exited
exiting exception fail failed fails failure fatal file for found from has have info invalid line log more not notice occurred
packages panic please problem process reading refused run running see setting status step stderr stdout stopped task terminated
that the this timed timeout trace traceback try unable unexpected unknown warn warning was will with without you your
错误 失败 警告 无法 不能 拒绝 超时 异常 提示 信息 完成 正在 退出 出错 发生 未知 命令 文件 找不到 未找到
"""
_EVERYWHERE: Final = frozenset(_COMMON.split())
"""Words that are in every other log, and so prove nothing."""


class TooGeneral(Exception):
    """A line that has no words of its own: one sentence."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


_NO_WORDS: Final = Text(
    "“{line}”里没有自己的字词，什么日志都可能有它：再选一行说得更清楚的",
    "“{line}” has no words of its own, any log may have it: choose a line that says more",
)


def pattern_of(line: str) -> str:
    """The pattern of one line of a log, as captured. It is good RE2, fits the line, and holds words of its own.

    Raises TooGeneral.
    """
    words = bare(line)
    taken = _shortened(words)
    pieces, kept, at = [], [], 0
    for match in _TOKEN.finditer(taken):
        pieces.append(_fixed(taken[at : match.start()]))
        kept.append(taken[at : match.start()])
        made = _BECOMES[match.lastgroup or "number"] if match.lastgroup else None
        pieces.append(_fixed(match[0]) if made is None else made)
        at = match.end()
    pieces.append(_fixed(taken[at:]))
    kept.append(taken[at:])
    own = {word.lower() for word in _WORD.findall("\0".join(kept))} - _EVERYWHERE
    pattern = "".join(pieces)
    if sum(map(_weight, own)) < 1 or Patterns((pattern,)).blind():
        raise TooGeneral(_NO_WORDS.fill(line=same(words[:80])))
    if len(taken) == len(words) and sum(map(_weight, own)) <= _SHORT:
        pattern = f"^{pattern}$"
    return pattern


def patterns_of(lines: Iterable[str]) -> tuple[str, ...]:
    """The patterns of several lines, each once. Lines without words of their own are left out, unless there are no others: TooGeneral."""
    found: dict[str, None] = {}
    refused: TooGeneral | None = None
    for line in lines:
        try:
            found[pattern_of(line)] = None
        except TooGeneral as error:
            refused = refused or error
    if not found and refused is not None:
        raise refused
    return tuple(found)


def bare(line: str) -> str:
    """A line's own words: without colours, what a log collector put in front, and what a progress bar drew over."""
    data = logtext.even(logtext.plain(line.encode("utf-8", "replace"))).strip()
    return (logtext.bare(row := data.split(b"\r")[-1].strip()) or row).decode("utf-8", "replace")


def _shortened(words: str) -> str:
    """Its beginning, cut between two words."""
    if len(words) <= _LONGEST:
        return words
    cut = words.rfind(" ", _LONGEST // 2, _LONGEST)
    return words[: cut if cut > 0 else _LONGEST].rstrip()


def _fixed(words: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", words)


def _weight(word: str) -> int:
    """Chinese is not cut into words: two characters count as one."""
    return len(word) // 2 if word > "\u2e7f" else 1
