"""What of a document could run, as one short value: approvals and runs are compared by it, so that a corrected sentence changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from tui.guide.model import ActionSpec, Command, Step


def digest(steps: Sequence[Step]) -> str:
    """SHA-256 over all that could run, in order, and where: commands, actions, checks, undo."""
    told: list[Any] = []
    for step in steps:
        told.append([step.on, step.undo, step.timeout])
        for item in step.items:
            if isinstance(item, Command):
                told.append(["command", item.text, item.language, item.on, item.explicit, item.interactive, item.background])
            elif isinstance(item, ActionSpec):
                told.append(["action", item.use, dict(item.options), item.timeout, item.on, item.explicit])
        told += [["check", check.kind, dict(check.args), check.on] for check in step.checks]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=False, default=str).encode("utf-8", "surrogatepass")).hexdigest()
