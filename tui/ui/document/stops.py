"""Which lines of the document belong to which step, and what a key can stop at, worked out once for a guide."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from tui.guide.model import Command, Guide, Item, Manual, Step, is_offered
from tui.texts import Text
from tui.ui.document.line import Stop

_DIGITS = re.compile(r"\d+(?:\.\d+)*")
_CHINESE = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}
_CHINESE_NUMBER = re.compile("[一二三四五六七八九十两]+")

NUMBER = Text("第 {number} 步", "Step {number}")


class Plan:
    """A guide's stops in document order, and its steps and items by source line (1-based)."""

    def __init__(self, guide: Guide) -> None:
        self.steps = {step.id: step for step in guide.steps}
        self.heads: dict[int, Step] = {}
        self.stops: list[Stop] = []
        self.lines: list[int] = []
        self._numbers: dict[str, str] = {}
        for number, step in enumerate(guide.steps, 1):
            self.heads.setdefault(step.line, step)
            self._numbers[step.id] = _number(step.label) or str(number)
        for line, stop in sorted(_all(guide), key=lambda entry: entry[0]):
            self.lines.append(line)
            self.stops.append(stop)
        self.index = {stop: index for index, stop in enumerate(self.stops)}

    def item(self, stop: Stop) -> Item | None:
        """The item a stop stands for; None for a whole step."""
        return None if stop.item is None else self.steps[stop.step_id].items[stop.item]

    def within(self, first: int, last: int) -> list[Stop]:
        """The stops whose line is in `first..last`, both included."""
        low = bisect_left(self.lines, first)
        high = bisect_left(self.lines, last + 1)
        return self.stops[low:high]

    def line(self, stop: Stop) -> int:
        """The source line of a stop."""
        return self.lines[self.index[stop]]

    def label(self, stop: Stop) -> str:
        """`第 2.1 步 · 安装`: the step's number, the item's within it, and its name. An offered command has only a name."""
        step, item = self.steps[stop.step_id], self.item(stop)
        name = _name(item) if isinstance(item, Command) else ""
        if item is not None and is_offered(item):
            return name
        number = self._numbers[step.id]
        if stop.item is not None:
            number += f".{sum(map(_numbered, step.items[: stop.item + 1]))}"
        words = str(NUMBER.fill(number=number))
        return f"{words} · {name}" if name else words

    def last(self, step: Step) -> int | None:
        """The item under which a step's checks stand: the last one that runs with it, or is done by hand; None: under its head."""
        runs = [index for index, item in enumerate(step.items) if not is_offered(item)]
        return runs[-1] if runs else len(step.items) - 1 if step.items else None


def _all(guide: Guide) -> Iterator[tuple[int, Stop]]:
    for step in guide.steps:
        if not step.items:
            yield step.line, Stop(step.id, None)
        for index, item in enumerate(step.items):
            yield item.line, Stop(step.id, index)


def _numbered(item: Item) -> bool:
    return not isinstance(item, Manual) and not is_offered(item)


def _name(command: Command) -> str:
    if command.name:
        return command.name
    first = command.text.lstrip().partition("\n")[0]
    return first.lstrip("# ").strip() if first.startswith("# ") and len(first) <= 40 else ""


def _number(label: str) -> str:
    if match := _DIGITS.search(label):
        return match[0]
    if match := _CHINESE_NUMBER.search(label):
        return str(_chinese(match[0]))
    return ""


def _chinese(words: str) -> int:
    tens, ten, ones = words.partition("十")
    if not ten:
        return int("".join(str(_CHINESE.get(char, 0)) for char in words))
    return _CHINESE.get(tens, 1) * 10 + _CHINESE.get(ones, 0)
