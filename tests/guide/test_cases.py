"""A case is a document with its expected outline beside it; adding one needs no Python.

To write the outline of a new case, run this file: `python tests/guide/test_cases.py` makes the missing ones; read what it made.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tui.guide.lint import lint
from tui.guide.model import ActionSpec, Command, Guide, Manual
from tui.guide.parse import load

CASES = Path(__file__).parent / "cases"


def describe(guide: Guide) -> str:
    """A guide as readable text: what would run, where, and what is wrong."""
    lines = [f"{guide.id} | {guide.title} | {guide.language} | {guide.encoding}"]
    for step in guide.steps:
        flags = [name for name, on in (("named", step.named), ("changes", step.changes), (f"timeout={step.timeout}", step.timeout)) if on]
        lines += ["", " | ".join(["#" + step.id, step.label, step.title, str(step.on), f"{step.line}-{step.end}", *flags])]
        for item in step.items:
            lines += _item(item, step.on)
        lines += [f"  check {check.kind} {dict(check.args)} say={check.say!r} on={check.on} line={check.line}" for check in step.checks]
        lines += [f"  undo {step.undo}"] if step.undo else []
    lines += ["", *(f"! {problem.line} {problem.level}: {problem.text.en}" for problem in lint(guide))]
    return "\n".join(lines).strip() + "\n"


def _item(item: Command | Manual | ActionSpec, on: str | None) -> list[str]:
    match item:
        case Command():
            grade = "offered" if item.explicit else "run"
            marks = [name for name in ("inline", "interactive", "background") if getattr(item, name)] + [f"name={item.name}"] * bool(
                item.name
            )
            place = "" if item.on == on else f" on={item.on}"
            head = f"  {grade} {item.line}-{item.end} {item.language or '-'}{place} {' '.join(marks)}".rstrip()
            return [head, *(f"    {line}".rstrip() for line in item.text.split("\n"))]
        case Manual():
            return [f"  manual {item.line}-{item.end} {item.text}"]
        case ActionSpec():
            grade = "offered action" if item.explicit else "action"
            marks = [f"{name}={getattr(item, name)}" for name in ("on", "name", "say") if getattr(item, name)]
            return [" ".join([f"  {grade} {item.use} {dict(item.options)} timeout={item.timeout} line={item.line}", *marks])]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.md")), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    assert describe(load(path)) == path.with_suffix(".outline").read_text(encoding="utf-8")


if __name__ == "__main__":
    for case in sorted(CASES.glob("*.md")):
        beside = case.with_suffix(".outline")
        if not beside.exists() or "--all" in sys.argv:
            beside.write_text(describe(load(case)), encoding="utf-8")
