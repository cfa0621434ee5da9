"""One call of a stand-in: who calls, with which words, in which world."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from tui.practice.tools.ground import Ground
from tui.practice.tools.paths import place


class Call:
    """`name` is the stand-in's name, `args` its arguments, `root` says whether the caller has gone through `sudo`."""

    def __init__(self, ground: Ground, name: str, args: list[str]) -> None:
        self.ground, self.name, self.args = ground, name, args
        self.root = bool(os.environ.get("SUDO_USER")) and os.environ.get("USER") == "root"

    def out(self, text: str) -> None:
        """Print on standard output, at once: the other end may be a pipe that is being watched."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def err(self, text: str) -> None:
        """Print on standard error."""
        sys.stdout.flush()
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def fail(self, text: str, code: int = 1) -> int:
        """Print on standard error and give the exit code back."""
        self.err(text)
        return code

    def path(self, written: str) -> str:
        """The place in the world that a path of the system stands for; other paths unchanged."""
        return place(written, self.ground)

    def real(self, name: str) -> str:
        """The real tool of that name, from the world's short list of harmless ones."""
        return str(self.ground.root / "harmless" / name)

    def become(self, program: str, args: list[str]) -> NoReturn:
        """Turn into another program (a path, or a name on the world's PATH), under its plain name."""
        try:
            os.execvp(program, [Path(program).name, *args])  # noqa: S606  no shell is wanted
        except OSError:
            self.err(f"{self.name}: {Path(program).name}: command not found")
        sys.exit(127)


def flags(args: list[str], with_value: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """Split words into options and the rest, the way GNU tools do. `with_value` names the options that take one (`-o`, `--output`)."""
    options: dict[str, str] = {}
    rest: list[str] = []
    words = list(args)
    while words:
        word = words.pop(0)
        if word == "--":
            return options, rest + words
        if word.startswith("--"):
            key, equals, value = word.partition("=")
            options[key] = value if equals or key not in with_value or not words else words.pop(0)
        elif word.startswith("-") and len(word) > 1:
            _short(word, with_value, words, options)
        else:
            rest.append(word)
    return options, rest


def _short(word: str, with_value: tuple[str, ...], words: list[str], options: dict[str, str]) -> None:
    for at, letter in enumerate(word[1:], start=1):
        key = f"-{letter}"
        if key in with_value:
            value = word[at + 1 :]
            options[key] = value or (words.pop(0) if words else "")
            return
        options[key] = ""
