"""The entry for the server in ~/.ssh/config: shown as a diff, and put in without touching a letter that somebody else wrote there.

OpenSSH takes the first value it finds, and everything after a `Host` line belongs to it. So the entry goes to the end, between marks of its
own, or before the first block for many hosts (`Host *`), whose values would win otherwise. One for the same name that is there already
is changed where it stands, be it ours or the reader's own: two of one name would only hide each other.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from dataclasses import dataclass
from typing import Final

from tui.texts import Text

_BEGIN: Final = "# >>> zhinan: {alias}"
_END: Final = "# <<< zhinan: {alias}"
_USUAL: Final = ("Port", "22")


@dataclass(frozen=True, slots=True)
class Entry:
    """A host as `ssh ALIAS` shall know it. `key_alias` is the name under which known_hosts has its key already ("" for none)."""

    alias: str
    ip: str
    user: str
    port: int = 22
    key_alias: str = ""

    def settings(self) -> dict[str, str]:
        """What OpenSSH is told about it, keyword by keyword."""
        settings = {"HostName": self.ip, "User": self.user, "Port": str(self.port)}
        return settings | ({"HostKeyAlias": self.key_alias} if self.key_alias else {})

    def lines(self) -> list[str]:
        """As they stand in the file, marks included."""
        body = [f"    {name} {value}" for name, value in self.settings().items() if (name, value) != _USUAL]
        return [_BEGIN.format(alias=self.alias), f"Host {self.alias}", *body, _END.format(alias=self.alias)]


def name_for(name: str) -> str:
    """An alias from a machine's name: letters a shell reads as they are, never empty, never a pattern."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "", name.partition(".")[0]).strip("-.")
    return f"{plain or 'server'}-ts"


def with_entry(config: str, entry: Entry) -> str | Text:
    """The file with the entry in it, or why it was left alone: the name stands in a line with others or twice, or ours was cut in two."""
    begin, *_, end = entry.lines()
    marks = [len(re.findall(rf"^{re.escape(mark)}\r?$", config, re.MULTILINE)) for mark in (begin, end)]
    whole = re.compile(rf"^{re.escape(begin)}\r?\n(?:.*\n)*?{re.escape(end)}(?=\r?$)", re.MULTILINE)
    if marks == [1, 1] and whole.search(config):
        return whole.sub(lambda there: ("\r\n" if "\r\n" in there[0] else "\n").join(entry.lines()), config)
    if any(marks):
        text = Text(
            "~/.ssh/config 里 {alias} 的标记不完整，没有改它", "the marks of {alias} in ~/.ssh/config are not whole; it was left alone"
        )
        return text.fill(alias=entry.alias)
    lines = re.findall(r"[^\n]*\n|[^\n]+", config)
    named = [at for at, line in enumerate(lines) if entry.alias.lower() in _patterns(line)]
    if len(named) == 1 and _patterns(lines[named[0]]) == [entry.alias.lower()]:
        return "".join(_changed(lines, named[0], entry))
    if named:
        text = Text(
            "~/.ssh/config 第 {line} 行的 Host 不止写了 {alias}，或有好几处，没有改它；换一个名字（选项 alias）",
            "~/.ssh/config names {alias} together with others or more than once (line {line}); it was left alone: choose another name "
            "(option alias)",
        )
        return text.fill(alias=entry.alias, line=named[0] + 1)
    return _added(lines, entry)


def _added(lines: list[str], entry: Entry) -> str:
    """The entry at the end, or before the first block that would settle something for it."""
    newline = "\r\n" if any(line.endswith("\r\n") for line in lines) else "\n"
    ours = [f"{line}{newline}" for line in entry.lines()]
    at = next((n for n, line in enumerate(lines) if _settles(line, entry.alias)), len(lines))
    while 0 < at < len(lines) and re.match(r"\s*#(?! <<<)", lines[at - 1]):
        at -= 1  # a comment stays with the block it stands on
    if at < len(lines):
        return "".join([*lines[:at], *ours, newline, *lines[at:]])
    config = "".join(lines)
    gap = ("" if not config or config.endswith("\n") else newline) + (newline if config.strip() else "")
    return config + gap + "".join(ours)


def _changed(lines: list[str], at: int, entry: Entry) -> list[str]:
    """Somebody's own entry with our settings; whatever else it says stays."""
    after = next((n for n in range(at + 1, len(lines)) if re.match(r"\s*(Host|Match)\b", lines[n], re.IGNORECASE)), len(lines))
    head, block = lines[at], lines[at + 1 : after]
    newline = "\r\n" if head.endswith("\r\n") else "\n"
    indent = next((found[1] for line in block if (found := re.match(r"([ \t]+)\S", line))), "    ")
    fresh = []
    for name, value in entry.settings().items():
        setting = re.compile(rf"([ \t]*{name}(?:[ \t]*=[ \t]*|[ \t]+))(\S.*?)([ \t]*\r?\n?)", re.IGNORECASE)
        there = next((n for n, line in enumerate(block) if setting.fullmatch(line)), None)
        if there is not None:
            block[there] = _valued(setting, block[there], value)
        elif (name, value) != _USUAL:
            fresh.append(f"{indent}{name} {value}{newline}")
    head += newline if fresh and not head.endswith("\n") else ""
    return [*lines[:at], head, *fresh, *block, *lines[after:]]


def diff(before: str, after: str) -> str:
    """The change as a unified diff; "" where there is none."""
    return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), "~/.ssh/config", "~/.ssh/config", lineterm="", n=1))


def _valued(setting: re.Pattern[str], line: str, value: str) -> str:
    """The line with that value, as it was written where it has it already."""
    found = setting.fullmatch(line)
    return line if found is None or found[2].strip('"') == value else f"{found[1]}{value}{found[3]}"


def _patterns(line: str) -> list[str]:
    """The names of a `Host` line, in small letters; none for any other line."""
    found = re.match(r"\s*Host(?:\s*=\s*|\s+)([^#\n]+)", line, re.IGNORECASE)
    return [each.strip('"').lower() for each in found[1].split()] if found else []


def _settles(line: str, alias: str) -> bool:
    """Whether a block for many hosts begins there that may mean this one, too."""
    patterns = [each for each in _patterns(line) if re.search(r"[*?]", each)]
    return bool(re.match(r"\s*Match\b", line, re.IGNORECASE)) or any(fnmatch.fnmatchcase(alias.lower(), each) for each in patterns)
