"""From a fence to commands: run with the step, offered, or never, and what `lint` has to say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.guide.blocks import Block
from tui.guide.languages import Info, read_info
from tui.guide.model import Level, Problem
from tui.guide.phrases import announced, asks
from tui.guide.shell import reading, reads_as_command
from tui.guide.transcripts import Typed, rooted, session
from tui.texts import Text

_READS = {
    "file": Text("文件内容", "the contents of a file"),
    "prose": Text("一段话", "prose"),
    "number": Text("一个数字", "a number"),
}
_PROMPTED = {"ps": "powershell", "cmd": "cmd"}


@dataclass(slots=True, eq=False)
class Draft:
    """A command on its way: all of `model.Command` but the place, which needs the step. `who` is the prompt's `user@host`."""

    text: str
    language: str
    line: int
    end: int
    block: Block
    explicit: bool = False
    name: str = ""
    interactive: bool = False
    background: bool = False
    inline: bool = False
    who: str = ""
    before: str = ""
    on: str | None = None
    follows_login: bool = False


def commands(block: Block, before: str, note: Mapping[str, Any] | None = None) -> tuple[list[Draft], list[Problem]]:
    """The commands of a code block. `before` is the text right before it, `note` its `<!-- command -->` annotation."""
    info = read_info(block.info)
    lines = block.content.split("\n")
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    if not first and not any(line.startswith("# ") for line in lines):
        return [], []
    said = "command" if note is not None else announced(before, first)
    asked = said == "command" and asks(before)
    known = info.shell or bool(info.near)
    if said in ("output", "file") or (info.word and not known and note is None):
        return [], []
    typed = session(block.content, hash_prompt=info.word == "console" or (rooted(block.content) and asked))
    if typed is not None:
        drafts = [_typed(block, info, one) for one in typed]
    elif not first or (info.word in ("", "console") and note is None and not (asked and reads_as_command(first))):
        return [], []
    else:
        found = reading(block.content)
        if found != "command" and note is None:
            return [], [_odd(block, info, found)] if info.word else []
        drafts = [_whole(block, info)]
    _grade(drafts, info, note, offered=not info.shell or (info.word == "console" and typed is None))
    return drafts, [_slip(block, info)] if info.near else []


def _grade(drafts: list[Draft], info: Info, note: Mapping[str, Any] | None, *, offered: bool) -> None:
    words = note or {}
    login = False
    for draft in drafts:
        draft.explicit = bool(words.get("explicit", (offered and note is None) or info.yes("excludeFromRunAll")))
        draft.name = str(words.get("name") or info.attributes.get("name") or "")
        draft.interactive = bool(words.get("interactive", info.yes("interactive")))
        draft.background = bool(words.get("background", info.yes("background")))
        draft.follows_login = login
        login = draft.text.rsplit("\n", 1)[-1].split(" ", 1)[0] == "ssh"


def _typed(block: Block, info: Info, typed: Typed) -> Draft:
    first, last = typed.lines[0][0], typed.lines[-1][0]
    language = info.word or _PROMPTED.get(typed.kind, "")
    return Draft(typed.text, language, block.first + first, block.first + last, block, who=typed.who)


def _whole(block: Block, info: Info) -> Draft:
    lines = block.content.split("\n")
    full = [number for number, line in enumerate(lines) if line.strip()]
    first, last = full[0], full[-1]
    return Draft("\n".join(lines[first : last + 1]), info.word, block.first + first, block.first + last, block)


def _odd(block: Block, info: Info, found: str) -> Problem:
    words = Text(
        "标着 {word} 的代码块读起来是{what}，不会当作命令执行；是文件内容或输出的话，请改用别的语言标签",
        "this fence is labelled {word} but reads as {what}: it will not run; label it for what it is",
    )
    return Problem(block.line, words.fill(word=info.word, what=_READS[found]), Level.WARNING)


def _slip(block: Block, info: Info) -> Problem:
    words = Text(
        "不认识的语言 “{word}”，是不是想写 “{near}”？这段命令只能单独按键执行",
        "unknown language “{word}”, did you mean “{near}”? Its commands are only offered",
    )
    return Problem(block.line, words.fill(word=info.word, near=info.near), Level.WARNING)
