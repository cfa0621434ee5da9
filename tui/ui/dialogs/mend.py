"""A failure page's mend before it runs: what it does, where, at what risk and price, and how to go back.

All that the page could run is shown, so that a yes here is the page's approval as well, and nobody is asked twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tui.guide.mends import Mend
from tui.guide.model import Manual, is_offered
from tui.run.plan import approval_lines, approved_lines
from tui.texts import Text, same
from tui.ui.dialogs.approval import Commands, compared, place_word
from tui.ui.dialogs.base import YES_NO, Answer, Dialog, paragraph
from tui.ui.widgets.cells import visible, width

_TITLE = Text("这样修好？", "Mend it like this?")
_WHERE = Text("在哪里：{place}", "where: {place}")
_ASKED = Text("先问你是哪台机器", "asks which machine first")
_COST = Text("风险：{risk}　代价：{price}", "risk: {risk}   price: {price}")
_RISKS = {
    "none": Text("没有", "none"),
    "low": Text("低", "low"),
    "medium": Text("中", "medium"),
    "high": Text("高", "high"),
}
_UNSAID = Text("没有说", "not said")
_BACK = Text("退回：{undo}", "going back: {undo}")
_NO_BACK = Text("退回：没有一条命令能退回，见这一页的说明", "going back: no single command does it, see the page")
_NOTHING = Text("不改动什么，不用退回", "it changes nothing, so there is nothing to go back from")
_BY_HAND = Text("由你亲手做：{text}", "for you to do by hand: {text}")
_RUNS = Text("会执行：", "It runs:")
_REST = Text(
    "这一页的其他命令（一并允许，要另外按键才执行）：", "Other commands of the page (allowed with it; each waits for its own key):"
)
_YES = Text("修", "mend")
_NO = Text("不修", "leave it")


class MendDialog(Dialog[bool]):
    """Dismissed with True to mend. `place` is the address where the page's server is, empty where that has to be asked."""

    BINDINGS: ClassVar[list[BindingType]] = YES_NO

    def __init__(self, mend: Mend, place: str) -> None:
        super().__init__(classes="-tall")
        self._mend, self._place = mend, place

    def title_text(self) -> Text:
        """The question."""
        return _TITLE

    def body(self) -> Iterable[Widget]:
        """What the page and its step are called, the facts, the commands."""
        mend = self._mend
        yield paragraph(visible(mend.guide.title), "-step")
        yield paragraph("\n".join(visible(str(fact)) for fact in self._facts()), "-sentence")
        runs = [
            f"{item.on or mend.step.on or '?'}  {line}"
            for item in mend.step.items
            if not isinstance(item, Manual) and not is_offered(item)
            for line in approved_lines(item)
        ]  # fmt: skip
        if runs:
            yield from _commands(_RUNS, runs)
        for item in mend.step.items:
            if isinstance(item, Manual):
                yield paragraph(visible(str(_BY_HAND.fill(text=item.text))), "-sentence")
        if rest := [line for line in approval_lines(mend.guide) if line not in runs]:
            yield from _commands(_REST, rest)

    def answers(self) -> Iterable[Answer]:
        """Mend or not."""
        yield Answer("y", _YES, "yes", danger=True)
        yield Answer("n", _NO, "no")

    def answered(self, name: str) -> None:
        """Close with it."""
        self.dismiss(name == "yes")

    def _facts(self) -> Iterator[Text]:
        mend = self._mend
        yield same(f"{mend.step.title}")
        here = mend.step.on == "local"
        yield _WHERE.fill(place=place_word("local") if here else self._place or _ASKED)
        yield _COST.fill(risk=_RISKS.get(mend.risk, _UNSAID), price=mend.price or _UNSAID)
        if mend.step.changes is False:
            yield _NOTHING
        else:
            yield _BACK.fill(undo=" ".join(mend.step.undo.split())) if mend.step.undo else _NO_BACK


def _commands(title: Text, lines: list[str]) -> Iterator[Widget]:
    yield paragraph(str(title), "-sentence")
    split = compared(tuple(lines), ())
    yield Commands(split, max(width(place_word(line.on)) for line in split))
