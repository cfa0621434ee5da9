"""In a log of somebody at a terminal: commands that only show what is written somewhere, and such as were typed once more, of which the
last answer counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

_PROMPT: Final = re.compile(r"^(?:[A-Z]:\\[^<>|]{0,80}> ?|➜ \S+ (?:git:\(\S+\) )?(?:✗ )?|.{0,120}?[$#%>+] )(?=\w)")
_COMMENT: Final = re.compile(r" #.*")
_PARTS: Final = re.compile(r"&&|\|\||;")
_FIRST: Final = frozenset(("sudo", "time", "env", "nohup", "do", "then"))
_ASKED: Final = ("tailscale", "systemctl", "aliyun")
_VIEWERS: Final = frozenset(("head", "tail", "grep", "jq", "less", "cat", "awk", "sed", "sort", "wc"))
_PACKAGES: Final = ("apt", "apt-get", "dnf", "yum", "zypper", "pacman", "apk", "brew", "snap", "winget")
_OTHERS: Final = ("curl", "wget", "ssh", "scp", "sftp", "ping", "dig", "getent", "nslookup", "modprobe", "sh", "bash")
_WORDS: Final = {
    **dict.fromkeys((*_PACKAGES, "tailscale", "systemctl", "docker", "git", "openssl", "dpkg"), 2),
    **dict.fromkeys(_OTHERS, 99),
    "aliyun": 3,
}  # fmt: skip
"""Programs that answer for what they are told to do, and how many of their words say what that is."""
_SHOWS: Final = re.compile(
    r"^(sudo )?(man \w|\S+ .*--(help|manual)\b|history\b|git (grep|log|show|diff|blame)\b"
    r"|(cat|less|more|head|tail|grep|sed) .*\.(md|rst|sh|py|go|js|ts|c|yml|yaml|conf|cfg|service)\b)"
)
"""Manuals, sources and settings; what they say of errors is no error."""


def shown(typed: Mapping[int, str], lines: int) -> list[range]:
    """The stretches of a log of so many lines that a command only showed; `typed` are the lines with commands by number."""
    return [range(a, b) for a, b in _outputs(typed, lines) if _SHOWS.match(_PROMPT.sub("", typed[a], count=1))]


def retyped(typed: Mapping[int, str], lines: int) -> list[range]:
    """The stretches of a log of so many lines that belong to a command which was typed again later; `typed` are those lines by number.

    A last line that is a command has said nothing yet, and takes nothing back.
    """
    typed = _recalled(typed)
    numbers = sorted(typed)
    last = {key: number for number in numbers if number < lines for key in _keys(typed[number])}
    return [range(a, b) for a, b in _outputs(typed, lines) if any(last.get(key, 0) > a for key in _keys(typed[a]))]


def _recalled(typed: Mapping[int, str]) -> Mapping[int, str]:
    """The commands with bash's `!!` written out."""
    found: dict[int, str] = {}
    before = ""
    for number in sorted(typed):
        found[number] = typed[number].replace("!!", _PROMPT.sub("", before, count=1))
        before = found[number]
    return found


def _outputs(typed: Mapping[int, str], lines: int) -> Iterator[tuple[int, int]]:
    """Each command's line, and the line after what it printed."""
    numbers = sorted(typed)
    yield from zip(numbers, [*numbers[1:], lines + 1], strict=False)


def _keys(line: str) -> Iterator[tuple[str, ...]]:
    """What is done by a command line: for each program its verb, or what it is done to, and what does something with its output."""
    for part in _PARTS.split(_COMMENT.sub("", _PROMPT.sub("", line, count=1))):
        first, *readers = part.split("|")
        words = [word for word in first.split() if word not in _FIRST and not word.isdecimal() and not re.match("-|.*=", word)]
        if words and words[0] in _WORDS and words[:2] != ["git", "pull"]:
            there = [word for word in words if "@" in word] if words[0] == "ssh" else []
            what = ["ssh", *there[:1]] if there else words[: _WORDS[words[0]]]
            skipped = _VIEWERS if words[0] in _ASKED else frozenset()
            yield (*what, *(word for reader in readers for word in reader.split()[:1] if word not in skipped))
