"""The questions before a step that changes something once more: "run it anyway?", with what was seen, and "take it back?"."""

from __future__ import annotations

from tui.guide.model import ActionSpec, Item, Step
from tui.judge.evidence import Status
from tui.run.state import StepState
from tui.texts import Text
from tui.ui.dialogs.confirm import ConfirmDialog
from tui.ui.panels.told import Facts, part, sentence
from tui.ui.screens.guide.status import name
from tui.ui.widgets.cells import visible

_ASK = Text("已经完成，仍要执行？", "Already done: run it anyway?")
_WHY = Text("{step}\n这一步已经完成：", "{step}\nThis step is done already:")
_NO_EVIDENCE = Text("{step}\n这一步在这次执行里已经通过。", "{step}\nThis step passed in this run.")
_CHANGES = Text("\n再执行一次会再改动一次目标。", "\nRunning it again changes its target again.")
_YES = Text("仍要执行", "run anyway")
_NO = Text("不执行", "leave it")


_UNDO = Text("撤销这一步？", "Take this step back?")
_UNDO_WHY = Text("{step}\n会在 {place} 上执行：\n\n{script}", "{step}\nThis runs on {place}:\n\n{script}")
_UNDO_YES = Text("撤销", "undo it")
_UNDO_NO = Text("不撤销", "leave it")


def undo_question(step: Step, place: str) -> ConfirmDialog:
    """The dialog, with the very script; dismissed with True to undo."""
    why = _UNDO_WHY.fill(step=name(step), place=visible(place), script="\n".join(map(visible, step.undo.rstrip().splitlines())))
    return ConfirmDialog(_UNDO, why, yes=_UNDO_YES, no=_UNDO_NO)


_WAY = Text("这样修好？", "Mend it like this?")
_WAY_WHY = Text("{way}\n在哪里：{place}", "{way}\nwhere: {place}")
_WAY_PRICE = Text("\n代价：{price}", "\nprice: {price}")
_WAY_YES = Text("修", "mend")
_WAY_NO = Text("不修", "leave it")


def way_question(way: Item, facts: Facts, place: str) -> ConfirmDialog:
    """Before a way out that the document offers: what it does, its price, where; dismissed with True to take it."""
    words = (way.say or way.use) if isinstance(way, ActionSpec) else ""
    does = sentence(part(facts, "does"))
    why = _WAY_WHY.fill(way="\n".join(map(visible, filter(None, (words, does)))), place=visible(place))
    if price := sentence(part(facts, "price")):
        more = _WAY_PRICE.fill(price=price)
        why = Text(why.zh + more.zh, why.en + more.en)
    return ConfirmDialog(_WAY, why, yes=_WAY_YES, no=_WAY_NO)


def again_question(step: Step, state: StepState) -> ConfirmDialog:
    """The dialog; dismissed with True to run again."""
    proofs = [
        Text(_proof(check.say.zh, check.proof), _proof(check.say.en, check.proof))
        for check in state.checks.values()
        if check.status is Status.PASS
    ]
    why = (_WHY if proofs else _NO_EVIDENCE).fill(step=name(step))
    for proof in proofs:
        why = Text(f"{why.zh}\n{proof.zh}", f"{why.en}\n{proof.en}")
    if step.changes:
        why = Text(why.zh + _CHANGES.zh, why.en + _CHANGES.en)
    return ConfirmDialog(_ASK, why, yes=_YES, no=_NO)


def _proof(say: str, proof: str) -> str:
    first = visible(proof.strip().splitlines()[0]) if proof.strip() else ""
    return f"  ✓ {visible(say)}" + (f" · {first}" if first and first not in say else "")
