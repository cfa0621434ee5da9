"""`bash` and `sh` of the world: the real ones, given a script that has been translated first (see `paths`)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tui.practice.tools.call import Call
from tui.practice.tools.paths import place, script

_WITH_WORD = ("--rcfile", "--init-file")


def bash(call: Call) -> int:
    """Find the script, a word after `-c` or a file, and become the shell that runs its translation."""
    os.environ["PRACTICE_UID"] = "0" if call.root else "1000"
    args, kind = list(call.args), ""
    at = 0
    while at < len(args) and args[at][:1] in ("-", "+") and len(args[at]) > 1:
        word = args[at]
        at += 1
        if word in ("--", "-"):
            break
        if word.startswith("--"):
            at += word in _WITH_WORD
            continue
        kind = next((letter for letter in word[1:] if letter in "cs"), kind)
        at += sum(letter in "oO" for letter in word[1:])
    if at < len(args) and kind != "s":
        args[at] = script(args[at], call.ground, root=call.root) if kind == "c" else _file(call, args[at])
    return call.become(call.real(call.name), args)


def _file(call: Call, name: str) -> str:
    """The file with the translation; the script itself where it says the same in the world."""
    path = Path(place(name, call.ground))
    try:
        text = path.read_text("utf-8", "surrogateescape")
    except OSError:
        return str(path)
    told = script(text, call.ground, root=call.root)
    if told == text:
        return str(path)
    new = Path(tempfile.mkdtemp(prefix="slot_", dir=call.ground.temporary)) / "script"
    new.write_text(told, "utf-8", "surrogateescape")
    return str(new)
