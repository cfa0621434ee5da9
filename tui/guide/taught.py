"""A failure page made from lines of a log: what somebody teaches the program is a file like any other page, to be read, mended and shared.

Nothing is kept of the log but the patterns. Reason and mend may be added later, in any editor.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui import whole
from tui.errors import UsageError
from tui.guide import failures
from tui.guide.ids import Ids, slug
from tui.judge.failure import HARMLESS, Page
from tui.judge.teach import TooGeneral, bare, patterns_of
from tui.texts import Language, Text

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_TITLE: Final = 60
_BAD_ID: Final = Text(
    "id 要由小写字母、数字和 - 组成，例如 widget-stuck，不是“{id}”",
    "an id is made of small letters, digits and -, such as widget-stuck, not “{id}”",
)
_TAKEN: Final = Text("已经有一页叫“{id}”：{path}；请换一个 id", "there is a page “{id}” already: {path}; give another id")
_CANT: Final = Text("写不了 {path}：{why}", "can't write {path}: {why}")
_UNTOLD: Final = Text("原因还没有写。", "The reason is not written yet.")
_SUMMARY: Final = Text("由一次失败的日志教会的故障页。", "A failure page taught from the log of a failure.")
_MEND: Final = Text("修好它", "Mend it")
_CHANGES: Final = Text(
    "**改动**：见上面的做法。\n\n**退回**：还没有写。", "**Changes**: as said above.\n\n**Going back**: not written yet."
)
_EACH: Final = Text(
    "# 下面几行要都出现才算；一行就够的，写成单独一条：- '…'",
    "# all of these lines must be there; where one is enough, give it an entry of its own: - '…'",
)
_BEFORE: Final = Text(
    "# 同一份日志里还认出了它们；当作是由这一页的原因引起的", "# known in the same log, too; taken as following from this page's cause"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is said beside the lines, each may be empty. `mend` is a command if it begins with `$ `, else something to do by hand."""

    title: str = ""
    id: str = ""
    why: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A page that is not saved yet: `page` is what it means, `text` what its file will hold, `page.path` where that will be."""

    page: Page
    text: str


def draft(
    lines: Iterable[str], wish: Wish, folder: Path, pages: Collection[Page], *, language: Language, explains: Iterable[str] = ()
) -> Draft:
    """The page that knows these lines again. `pages` are those there are already; `explains` the causes that only follow from this one.

    Raises UsageError: lines without words of their own, an id that is taken or can't be one.
    """
    rows = list(lines)
    try:
        patterns = patterns_of(rows)
    except TooGeneral as error:
        raise UsageError(error.text) from error
    title = " ".join(wish.title.split()) or _title_of(rows)
    identity = _identity(wish.id, title, folder, pages)
    path = folder / f"{identity}.md"
    text = _written(identity, title, patterns, wish, language, tuple(explains))
    page = failures.understood(text, path).page
    assert page is not None  # noqa: S101  written above
    return Draft(page, text)


def save(made: Draft) -> Path:
    """Write the page, never over another file. Raises UsageError where that can't be done."""
    path = made.page.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole.write(path, made.text)
    except OSError as error:
        raise UsageError(_CANT.fill(path=path, why=error.strerror or str(error))) from error
    return path


def _title_of(rows: list[str]) -> str:
    words = next(filter(None, map(bare, rows)), "")
    return words if len(words) <= _TITLE else words[:_TITLE] + "…"


def _identity(wanted: str, title: str, folder: Path, pages: Collection[Page]) -> str:
    """The id asked for, or one made from the title (Chinese by its sounds) that nobody has."""
    taken = {page.id: page.path for page in pages}
    taken |= {path.stem: path for path in folder.glob("*.md")}
    if wanted:
        if not _ID.fullmatch(wanted) or wanted == HARMLESS:
            raise UsageError(_BAD_ID.fill(id=wanted))
        if wanted in taken:
            raise UsageError(_TAKEN.fill(id=wanted, path=taken[wanted]))
        return wanted
    from pypinyin import lazy_pinyin

    latin = slug(" ".join(lazy_pinyin(title)))
    return Ids({HARMLESS, *taken}).take(re.sub(r"[^a-z0-9]+", "-", latin).strip("-") or "failure")


def _written(identity: str, title: str, patterns: tuple[str, ...], wish: Wish, language: Language, explains: tuple[str, ...]) -> str:
    def say(text: Text) -> str:
        return text.zh if language == "zh" else text.en

    together = [say(_EACH), "- lines:", *(f"  - {_quoted(each)}" for each in patterns)]
    signs = [f"- {_quoted(patterns[0])}"] if len(patterns) == 1 else together
    follow = [say(_BEFORE), f"explains: [{', '.join(explains)}]"] if explains else []
    summary = " ".join(wish.why.split()) or say(_SUMMARY)
    head = [f"id: {identity}", f"title: {_quoted(title)}", f"summary: {_quoted(summary)}", f"language: {language}", "signs:"]
    body = [f"# {_plain(title)}", "", wish.why.strip() or say(_UNTOLD), ""]
    if mend := wish.mend.strip():
        command = mend.removeprefix("$ ") if mend.startswith("$ ") else ""
        doing = ["```bash", command, "```"] if command else [f"- [ ] {' '.join(mend.split())}"]
        body += ["<!-- step", "id: mend", "on: server", "changes: true", "-->", f"## {say(_MEND)}", "", *doing, "", say(_CHANGES), ""]
    return "\n".join(["---", *head, *signs, *follow, "---", "", *body])


def _quoted(words: str) -> str:
    """As YAML reads it back byte for byte."""
    return "'" + words.replace("'", "''") + "'"


def _plain(words: str) -> str:
    """A title as Markdown shows it, whatever marks the line of a log has."""
    return re.sub(r"([\\`*_\[\]<>#&~|])", r"\\\1", words)
