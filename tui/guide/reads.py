"""Which names a piece of a guide reads from its surroundings: what has to be known, or asked, before it runs."""

from __future__ import annotations

import re

from tui.guide.model import ActionSpec, CheckSpec, Command, Item

_VARIABLE = re.compile(r"\$\{?(\w+)|\$env:(\w+)|%(\w+)%")


def variables(text: str) -> set[str]:
    """Names of environment variables that a command reads."""
    return {name for match in _VARIABLE.finditer(text) for name in match.groups() if name}


def reads(part: Item | CheckSpec) -> set[str]:
    """Names that an item or a check may read. An action takes a secret by its bare name (`token: NAME`), so a word counts as one."""
    match part:
        case Command():
            return variables(part.text)
        case CheckSpec():
            return variables(str(part.args))
        case ActionSpec():
            return variables(str(part.options)) | {value for value in part.options.values() if isinstance(value, str)}
        case _:
            return set()
