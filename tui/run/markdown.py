"""Words of others as Markdown that shows exactly them: no markup, no link, no picture, no HTML comes out of a log or a title."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from tui.run.clean import clean
from tui.target.ssh_address import is_public

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|~&!])")
_ADDRESS: Final = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?![\w:]|\.\d)")


def words(text: object) -> str:
    """One line of plain words."""
    return _SPECIAL.sub(r"\\\1", " ".join(clean(str(text)).split()))


def code(text: object) -> str:
    """One line as inline code."""
    line = " ".join(clean(str(text)).split())
    ticks = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}" if line else ""


def block(text: str, language: str = "text", indent: str = "") -> list[str]:
    """The lines of a fence around `text`; no line of it can end the fence."""
    inside = clean(text).rstrip("\n")
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", inside)), default=0))
    return [indent + line for line in (f"{fence}{language}", *inside.split("\n"), fence)]


def masked(text: str, hosts: Iterable[str] = ()) -> str:
    """`text` with each public IP address, and each of the names `hosts`, replaced by a number of its own; private addresses stay."""
    numbers: dict[str, str] = {}

    def number(word: str) -> str:
        return numbers.setdefault(word.casefold(), f"host-{len(numbers) + 1}")

    def address(match: re.Match[str]) -> str:
        try:
            ipaddress.ip_address(match[0])
        except ValueError:
            return match[0]
        return number(match[0]) if is_public(match[0]) else match[0]

    text = _ADDRESS.sub(address, text)
    for host in sorted({each for each in hosts if each}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", lambda match: number(match[0]), text, flags=re.IGNORECASE)
    return text
