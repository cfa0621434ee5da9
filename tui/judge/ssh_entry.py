"""The entry for the server in ~/.ssh/config: shown as a diff, and put in without touching a letter that somebody else wrote there.

OpenSSH takes the first value it finds, and everything after a `Host` line belongs to it; so the entry goes to the end, between marks of
its own, and one of ours that is there already is replaced where it stands.
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


@dataclass(frozen=True, slots=True)
class Entry:
    """A host as `ssh ALIAS` shall know it. `key_alias` is the name under which known_hosts has its key already ("" for none)."""

    alias: str
    ip: str
    user: str
    port: int = 22
    key_alias: str = ""

    def lines(self) -> list[str]:
        """As they stand in the file, marks included."""
        body = [f"Host {self.alias}", f"    HostName {self.ip}", f"    User {self.user}"]
        body += [f"    Port {self.port}"] if self.port != 22 else []
        body += [f"    HostKeyAlias {self.key_alias}"] if self.key_alias else []
        return [_BEGIN.format(alias=self.alias), *body, _END.format(alias=self.alias)]


def name_for(name: str) -> str:
    """An alias from a machine's name: letters a shell reads as they are, never empty, never a pattern."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "", name.partition(".")[0]).strip("-.")
    return f"{plain or 'server'}-ts"


def with_entry(config: str, entry: Entry) -> str | Text:
    """The file with the entry in it, or why it was left alone: somebody's own entry has that name, or ours was cut in two."""
    newline = "\r\n" if "\r\n" in config else "\n"
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
    if any(_names(line, entry.alias) for line in config.split("\n")):
        text = Text(
            "~/.ssh/config 里已有你自己写的 Host {alias}，没有改它", "~/.ssh/config has a Host {alias} of your own; it was left alone"
        )
        return text.fill(alias=entry.alias)
    gap = ("" if not config or config.endswith("\n") else newline) + (newline if config.strip() else "")
    return f"{config}{gap}{newline.join(entry.lines())}{newline}"


def diff(before: str, after: str) -> str:
    """The change as a unified diff; "" where there is none."""
    return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), "~/.ssh/config", "~/.ssh/config", lineterm="", n=1))


def _names(line: str, alias: str) -> bool:
    """Whether it is a `Host` line that means just this alias; one for everybody (`*`) is no entry of it."""
    found = re.match(r"\s*Host(?:\s+|\s*=\s*)(.+)$", line, re.IGNORECASE)
    patterns = found[1].split() if found else []
    return any(each.strip('"') != "*" and fnmatch.fnmatchcase(alias.lower(), each.strip('"').lower()) for each in patterns)
