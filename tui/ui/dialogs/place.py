"""Where does this run? Asked once where the document does not say, then remembered for it."""

from __future__ import annotations

from collections.abc import Mapping

from tui.run.ask import PlaceQuestion
from tui.run.plan import LOCAL, SERVER
from tui.texts import Text
from tui.ui.dialogs.choose import ChooseDialog
from tui.ui.widgets.cells import visible

_TITLE = Text("这一步在哪里执行？", "Where does this step run?")
_WHY = Text(
    "文档没有说清楚：{step}\n{command}\n选一次就记住，下次打开这份文档不再问。",
    "The document does not say: {step}\n{command}\nChosen once, remembered for this document.",
)
_HERE = Text("本机", "this computer")
_SERVER = Text("一台服务器（{name}）", "a server ({name})")
_LINES = 6


class PlaceDialog(ChooseDialog):
    """Dismissed with one of the question's names."""

    def __init__(self, question: PlaceQuestion, places: Mapping[str, str]) -> None:
        command = question.command.text if question.command else "\n".join(c.text for c in question.step.commands)
        lines = command.splitlines()
        shown = "\n".join(f"    {line}" for line in lines[:_LINES]) + ("\n    …" if len(lines) > _LINES else "")
        step = visible(f"{question.step.label} {question.step.title}".strip())
        choices = [(name, _words(name, known=name in places), places.get(name, "")) for name in question.names]
        super().__init__(_TITLE, _WHY.fill(step=step, command=visible(shown)), choices)


def _words(name: str, *, known: bool) -> str:
    if name == LOCAL:
        return str(_HERE)
    return str(_SERVER.fill(name=name)) if name == SERVER and not known else name
