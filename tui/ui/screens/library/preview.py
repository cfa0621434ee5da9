"""The right-hand side of the library: what a guide is about, where it acts, what it changes; read before it is opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.guide.library import short
from tui.guide.model import Guide, Step
from tui.guide.search.find import Hit
from tui.texts import Text
from tui.ui.panels.heading import Heading
from tui.ui.widgets.badges import badge
from tui.ui.widgets.cells import visible, width
from tui.ui.widgets.marks import TODO

_PREVIEW = Text("预览", "Preview")
_FOUND = Text("找到于", "Found in")
_LINE = Text("第 {n} 行", "line {n}")
_UNDER = Text("标题", "Under")
_WHERE = Text("在哪做", "Where")
_CHANGES = Text("会改动", "Changes")
_NEEDS = Text("要填的", "Asks for")
_FILE = Text("文件", "File")
_NOTHING = Text("没有可以执行的步骤，只供阅读", "nothing that could run; for reading only")
_UNSAID = Text("没说明会不会改动", "not said")
_NONE = Text("不改动任何东西", "nothing")
_UNDO = Text("{n} 步会改动目标，其中 {m} 步能撤销", "{n} steps change their target, {m} of them can be undone")
_UNSURE = Text("没说清楚，执行前会问", "not said; asked before anything runs")
_UNREADABLE = Text("打不开", "Can't be opened")
_PROBLEMS = Text("{n} 处写法有问题（zhinan lint 看详情）", "{n} problems in its writing (zhinan lint shows them)")


class Preview(Vertical):
    """Shows one guide, or why it can't be shown."""

    DEFAULT_CSS = """
    Preview { padding: 0 1; height: auto; }
    """

    def __init__(self) -> None:
        super().__init__(id="preview")
        self._about = Static("", markup=False)

    def compose(self) -> ComposeResult:
        """Heading, then all about the guide."""
        yield Heading(_PREVIEW)
        yield self._about

    def show(self, guide: Guide, hit: Hit | None = None) -> None:
        """What it is, where, what it changes, its steps; before all that, where in it something was found."""
        facts = [(str(_CHANGES), Content(_changes(guide)))]
        if any(step.items for step in guide.steps):
            facts.insert(0, (str(_WHERE), _where(guide)))
        if guide.inputs:
            names = "、".join(visible(entry.ask or entry.name) for entry in guide.inputs)
            facts.append((str(_NEEDS), Content(names)))
        facts.append((str(_FILE), Content.styled(visible(str(short(guide.path))), "$muted")))
        parts = [Content.styled(visible(guide.title), "bold $bright")]
        if guide.summary:
            parts += [Content(""), Content(visible(guide.summary))]
        parts.append(Content(""))
        if hit is not None:
            facts[:0] = _place(hit)
        parts += _table(facts)
        parts.append(Content(""))
        if guide.problems:
            parts += [Content.styled(f"! {_PROBLEMS.fill(n=len(guide.problems))}", "$decide"), Content("")]
        parts += [_step(n, step) for n, step in enumerate(guide.steps, 1)] or [Content.styled(str(_NOTHING), "$muted")]
        self._about.update(Content("\n").join(parts))

    def show_title(self, title: str, summary: str) -> None:
        """What the list knows, until the guide has been read."""
        parts = [Content.styled(visible(title), "bold $bright"), Content(""), Content(visible(summary))]
        self._about.update(Content("\n").join(parts))

    def show_problem(self, name: str, why: Text) -> None:
        """A file that can't be read, with its sentence."""
        head = Content.styled(visible(name), "bold $bright")
        words = Content.assemble(("✗ ", "$bad"), (f"{_UNREADABLE}  ", "bold $bad"))
        self._about.update(Content("\n").join([head, Content(""), words, Content(visible(str(why)))]))

    def clear(self) -> None:
        """Nothing is chosen."""
        self._about.update("")


def _place(hit: Hit) -> Iterator[tuple[str, Content]]:
    yield str(_FOUND), Content(str(_LINE.fill(n=hit.line)))
    if hit.heading:
        yield str(_UNDER), Content(visible(" › ".join(hit.heading)))


def _where(guide: Guide) -> Content:
    names = dict.fromkeys(step.on for step in guide.steps if step.items)
    addresses = {spec.name: spec.address or "" for spec in guide.targets}
    badges = [_badge(name, addresses.get(name, "")) for name in names if name]
    if None in names:
        badges.append(Content.styled(str(_UNSURE), "$decide"))
    return Content("  ").join(badges)


def _badge(name: str, address: str) -> Content:
    if name == "local" or address:
        return badge(name, address, short=True)
    return Content.styled(f" {visible(name)} ", "bold $badge on $elsewhere")


def _changes(guide: Guide) -> str:
    changing = [step for step in guide.steps if step.changes]
    if changing:
        return str(_UNDO.fill(n=len(changing), m=sum(bool(step.undo) for step in changing)))
    said = [step.changes for step in guide.steps if step.items]
    return str(_NONE if said and all(change is False for change in said) else _UNSAID)


def _table(facts: Iterable[tuple[str, Content]]) -> list[Content]:
    facts = list(facts)
    room = max(width(name) for name, _ in facts)
    return [Content.assemble((name + " " * (room - width(name) + 2), "$muted"), value) for name, value in facts]


def _step(number: int, step: Step) -> Content:
    return Content.assemble((f"{TODO.sign} ", TODO.role), (f"{number} {visible(step.title)}", "$ink"))
