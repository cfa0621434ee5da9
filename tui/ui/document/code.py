"""Code on its raised surface: shell lightly coloured, every character shown.

A line too long for the column goes on below, behind a `↳` that no shell line begins with. The alternative, cutting with `…`, would
hide part of what is about to run as root; here the command shown is the command run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.ui.document.inline import clean
from tui.ui.document.line import Flow, Line, Look, Piece
from tui.ui.linebreak import width_of, wrap

SHELLS = frozenset(
    [
        "bash", "sh", "shell", "zsh", "ash", "dash", "ksh", "console", "shell-session", "terminal", "shellscript",
        "powershell", "pwsh", "ps1", "cmd", "bat", "batch", "azurecli", "azurecli-interactive",
    ]
)  # fmt: skip
_HASHED = frozenset(
    [
        "yaml",
        "yml",
        "toml",
        "ini",
        "conf",
        "python",
        "py",
        "dockerfile",
        "makefile",
        "nginx",
        "hcl",
        "tf",
        "ruby",
        "perl",
        "r",
        "properties",
        "env",
    ]
)
_PROMPT = re.compile(r"^\s*(?:[\w.-]+@[\w.-]+:[^\s$#]*[$#]|\[[\w.-]+@[\w.-]+ [^\]]*\][$#]|PS [A-Za-z]:\\[^>]*>|[$%](?= ))\s?")
_TOKEN = re.compile(
    r"""(?P<blank>\s+)|(?P<comment>\#.*)|(?P<string>'[^']*'?|"(?:\\.|[^"\\])*"?)|(?P<join>\|\|?|&&?|;;?|\(|\{(?=\s)|\$\()|"""
    r"""(?P<word>(?:\\.|\$\{[^}]*\}|[^\s'"|&;(){}\\$]|[{}$\\])+)|(?P<rest>.)"""
)
_LEADS = frozenset(["if", "then", "else", "elif", "do", "while", "until", "time", "sudo", "env", "exec", "command", "nohup", "!", "{"])
_ASSIGN = re.compile(r"^\w+=")

CODE = Look("ink", "raised")
COMMENT = Look("muted", "raised")
PROGRAM = Look("program", "raised")
FAINT = Look("faint", "raised")


def body(content: str) -> list[str]:
    """The lines of a fence as they are shown."""
    lines = clean(content).split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


def paint(line: str, language: str, *, goes_on: bool = False) -> Flow:
    """One line of code with looks. `goes_on`: the line before ended with a backslash, so no program begins here."""
    name = language.strip().partition(" ")[0].lower().strip("{}.")
    if name in SHELLS:
        return Flow(line, list(_shell(line, goes_on=goes_on)))
    if name in _HASHED and line.lstrip().startswith("#"):
        return Flow(line, [(len(line), COMMENT)])
    return Flow(line, [(len(line), CODE)])


def code_lines(flow: Flow, width: int, at: int, indent: int = 0) -> list[Line]:
    """One line of code on a surface `width` cells wide (one blank on each side), broken where it must be."""
    inner = max(2, width - 2)
    hang = 2 if inner >= 12 else 0
    lines: list[Line] = []
    spans = wrap(flow.text, inner - hang, inner)
    for number, (start, end) in enumerate(spans):
        kept = end if number == len(spans) - 1 else start + len(flow.text[start:end].rstrip(" "))
        while kept > start and width_of(flow.text[start:kept]) > inner and flow.text[kept - 1] == " ":
            kept -= 1
        lead = [Piece(" ", CODE)] if not number or not hang else [Piece(" ↳ ", FAINT)]
        pieces = lead + flow.cut(start, kept, at)
        rest = width - sum(width_of(piece.text) for piece in pieces)
        pieces.append(Piece(" " * max(0, rest), CODE))
        glue = None if not number else flow.text[spans[number - 1][0] + _kept(flow.text, spans[number - 1]) : start]
        lines.append(Line([Piece(" " * indent, Look())] * bool(indent) + pieces, glue=glue))
    return lines


def _kept(text: str, span: tuple[int, int]) -> int:
    return len(text[span[0] : span[1]].rstrip(" "))


def _shell(line: str, *, goes_on: bool) -> Iterator[tuple[int, Look]]:
    at = 0
    if prompt := _PROMPT.match(line):
        at = prompt.end()
        yield at, FAINT
    expect = not goes_on
    for token in _TOKEN.finditer(line, at):
        kind, word = token.lastgroup, token[0]
        look = CODE
        if kind == "comment" and (token.start() == at or line[token.start() - 1].isspace()):
            look = COMMENT
        elif kind == "join":
            expect = True
        elif kind in ("word", "string", "rest"):
            look, expect = _word(word, expect=expect)
        yield token.end(), look


def _word(word: str, *, expect: bool) -> tuple[Look, bool]:
    if not expect:
        return (PROGRAM if word in ("do", "done", "then", "fi", "esac") else CODE), False
    if _ASSIGN.match(word):
        return CODE, True
    return PROGRAM, word in _LEADS and word not in ("sudo", "env", "exec")
