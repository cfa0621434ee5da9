"""A guide in plain values: what `zhinan steps --json` prints, a contract other programs rely on."""

from __future__ import annotations

from typing import Any

from tui.guide.model import Guide


def outline(guide: Guide) -> list[dict[str, Any]]:
    """One object a step, in document order: id, title, on, line, commands, number of checks, the action's name or None."""
    return [
        {
            "id": step.id,
            "title": step.title,
            "on": step.on,
            "line": step.line,
            "commands": [
                {"text": one.text, "language": one.language, "line": one.line, "explicit": one.explicit, "on": one.on}
                for one in step.commands
            ],
            "checks": len(step.checks),
            "action": step.action.use if step.action else None,
        }
        for step in guide.steps
    ]
