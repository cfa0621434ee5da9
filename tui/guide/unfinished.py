"""Does a command go on in the next line? Here-documents, open quotes, loops, and a backslash at the end.

A transcript mixes commands and output; only the shell's own grammar says where a command ends. This scanner knows just as much of it
as that takes, and is fed line by line so that a long fence costs one pass.
"""

from __future__ import annotations

import re

_HEREDOC = re.compile(r"<<(-?)\s*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([A-Za-z_][\w.-]*))")
_OPEN = {"for": "done", "while": "done", "until": "done", "select": "done", "if": "fi", "case": "esac", "{": "}"}
_CLOSE = frozenset(_OPEN.values())
_BEFORE_COMMAND = frozenset(("then", "do", "else", "elif", "!", "{", "if", "while", "until"))
_SEPARATORS = frozenset(("&&", "||", "|", ";", ";;", "&", "(", ")"))


class Scanner:
    """Feed lines; `unfinished` says whether the command goes on."""

    def __init__(self) -> None:
        self._here: list[tuple[str, bool]] = []
        self._quote = ""
        self._stack: list[str] = []
        self._joined = False
        self._here_string = ""

    @property
    def unfinished(self) -> bool:
        """True while the lines fed so far are no complete command."""
        return bool(self._here or self._quote or self._stack or self._joined or self._here_string)

    def feed(self, line: str) -> None:
        """Take the next line, without its line end."""
        if self._here_string:
            if line.startswith(self._here_string):
                self._here_string = ""
            return
        if self._here:
            word, tabs = self._here[0]
            if (line.lstrip("\t") if tabs else line).rstrip() == word:
                self._here.pop(0)
            return
        if line.rstrip().endswith(('@"', "@'")) and not self._quote:
            self._here_string = line.rstrip()[-1] + "@"
            return
        bare = self._unquote(line)
        self._joined = not self._quote and bool(re.search(r"(?<!\\)(?:\\\\)*\\$|\s[`^]$|(?:&&|\|\|?)\s*$", bare))
        self._words(bare)
        if not self._quote:
            code = re.sub(r"(?<!\S)#.*", "", line)
            self._here += [(m[2] or m[3] or m[4], m[1] == "-") for m in _HEREDOC.finditer(code.replace("<<<", "   "))]

    def _unquote(self, line: str) -> str:
        """The line with quoted text blanked, keeping track of a quote that stays open."""
        out: list[str] = []
        index = 0
        while index < len(line):
            char = line[index]
            if self._quote:
                if char == "\\" and self._quote == '"':
                    index += 1
                elif char == self._quote:
                    self._quote = ""
                out.append("_")
            elif char == "\\" and index + 1 < len(line):
                out.append("__")
                index += 1
            elif char in "'\"":
                self._quote = char
                out.append("_")
            elif char == "#" and (index == 0 or line[index - 1].isspace()):
                break
            else:
                out.append(char)
            index += 1
        return "".join(out)

    def _words(self, bare: str) -> None:
        starts = True  # a command may begin here
        for word in re.findall(r"&&|\|\|?|;;?|&|\(|\)|[^\s;&|()]+", bare):
            if starts and word in _OPEN:
                self._stack.append(_OPEN[word])
            elif starts and word in _CLOSE and self._stack and self._stack[-1] == word:
                self._stack.pop()
            starts = word in _SEPARATORS or (starts and word in _BEFORE_COMMAND)


def unfinished(text: str) -> bool:
    """Does the text end in the middle of a command?"""
    scanner = Scanner()
    for line in text.split("\n"):
        scanner.feed(line)
    return scanner.unfinished
