"""A terminal session pasted into a document: which lines are commands, which are what the program answered.

A session that changes its host (`ssh` in the middle) becomes several commands: what was typed on the server must not run here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tui.guide.shell import reads_as_command
from tui.guide.unfinished import Scanner

LONGEST = 500  # lines of one command; beyond that an open quote was a slip
_KINDS = (
    ("ps", re.compile(r"(?:\([\w.-]+\) )?PS(?: [A-Za-z]:\\[^>\n]*| /[^>\n]*)?> ?")),
    ("cmd", re.compile(r"[A-Za-z]:\\[^<>|\n]*>")),
    ("host", re.compile(r"(?:\([\w.-]+\) ?)?\[(?P<who>[\w.-]+@[\w.-]+)[^\]\n]*\] ?[#$%](?: |$)")),
    ("host", re.compile(r"(?:\([\w.-]+\) ?)?(?P<who>[\w.-]+@[\w.-]+)(?::[^\n#$%>]*| [^\s#$%>]{0,80} ?)?[#$%](?: |$)")),
    ("host", re.compile(r"(?P<who>(?:bash|sh)-\d[\d.]*)[#$](?: |$)")),
    ("dollar", re.compile(r"(?:\([\w.-]+\) )?\$(?: |$)")),
    ("percent", re.compile(r"(?:\([\w.-]+\) )?%(?: |$)")),
)
_HASH = re.compile(r"#(?: |$)")


@dataclass(frozen=True, slots=True)
class Typed:
    """Commands typed in one place. `lines` are (offset in the fence, text without prompt); `kind` is the prompt's."""

    lines: tuple[tuple[int, str], ...]
    kind: str
    who: str = ""

    @property
    def text(self) -> str:
        """What to run."""
        return "\n".join(line for _, line in self.lines)


def session(text: str, *, hash_prompt: bool) -> list[Typed] | None:
    """The commands of a transcript, in runs of the same prompt; None when the text is no transcript.

    `hash_prompt` says that `# ` may be root's prompt here rather than a comment.
    """
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), None)
    indent = ""
    first = None
    if start is not None:
        indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
        first = _prompt(lines[start], indent, "")
    if first is None:
        if not (hash_prompt and _hash_session(lines)):
            return None
        kind = "hash"
    else:
        kind = first[0]
    return _collect(lines, indent, kind)


def _hash_session(lines: list[str]) -> bool:
    first = next((line for line in lines if line.strip()), "")
    return bool(_HASH.match(first)) and reads_as_command(first[1:])


def rooted(text: str) -> bool:
    """Does every line begin with `# ` and read as a command behind it?"""
    lines = [line for line in text.split("\n") if line.strip()]
    return bool(lines) and all(_HASH.match(line) and reads_as_command(line[1:]) for line in lines)


def _prompt(line: str, indent: str, kind: str) -> tuple[str, str, str] | None:
    """(kind, who, rest) where the line begins with a prompt that goes with a session of `kind` (empty: any)."""
    if not line.startswith(indent):
        return None
    rest = line[len(indent) :]
    if kind == "hash":
        match = _HASH.match(rest)
        return ("hash", "", rest[match.end() :]) if match else None
    for name, pattern in _KINDS:
        if kind and name in ("dollar", "percent") and name != kind and kind != "host":
            continue
        match = pattern.match(rest)
        if match:
            return name, match.groupdict().get("who") or "", rest[match.end() :]
    return None


def _collect(lines: list[str], indent: str, kind: str) -> list[Typed]:
    found: list[Typed] = []
    number = 0
    while number < len(lines):
        prompt = _prompt(lines[number], indent, kind)
        if prompt is None or not prompt[2].strip() or prompt[2].lstrip().startswith("#"):
            number += 1
            continue
        name, who, rest = prompt
        block = [(number, rest.rstrip() if not rest.rstrip().endswith("\\") else rest)]
        block += _rest(lines, number, rest)
        number = block[-1][0] + 1
        if found and (found[-1].kind, found[-1].who) == (name, who):
            found[-1] = Typed(found[-1].lines + tuple(block), name, who)
        else:
            found.append(Typed(tuple(block), name, who))
    return found


def _rest(lines: list[str], number: int, first: str) -> list[tuple[int, str]]:
    """The lines by which a command goes on; none if it never comes to an end."""
    scanner = Scanner()
    scanner.feed(first)
    more: list[tuple[int, str]] = []
    marked = number + 1 < len(lines) and bool(re.match(r"\s*>>?(?: |$)", lines[number + 1]))
    for offset in range(number + 1, min(len(lines), number + LONGEST)):
        if not scanner.unfinished:
            return more
        line = re.sub(r"^\s*>>? ?", "", lines[offset]) if marked else lines[offset]
        scanner.feed(line)
        more.append((offset, line))
    return [] if scanner.unfinished else more
