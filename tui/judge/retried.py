"""In a log of a program that tries again by itself: the tries that failed and were followed by one that worked."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

_BEFORE: Final = 3
"""Lines in front of the one that tells of another try, which say what failed."""
_SOON: Final = 12
_GOES_ON: Final = 3


def got_over(again: Set[int], attempts: Set[int], well: Set[int], loud: Set[int], typed: Mapping[int, str], lines: int) -> list[range]:
    """The stretches of a log of so many lines that tell of a try which a later one made good.

    All are numbers of lines: `again` tell that it is tried again, `attempts` also how often at most, `well` that something went well,
    `loud` look like errors; `typed` are commands, with their text. What went well soon after, and before another command, was the later
    try, and made good those before it. Where there are attempts left and the log goes on without a loud line, there was no need of them.
    """
    found: list[range] = []
    good = 0  # the earliest try so far that a later one made good
    for line in sorted((again | attempts) - typed.keys(), reverse=True):
        soon = line + _SOON
        next_typed = min((each for each in typed if line < each < soon), default=soon)
        by_hand = min((each for each in typed if line < each < soon and not typed[each].startswith("+")), default=min(soon, lines + 1))
        quiet = by_hand - line > _GOES_ON and not any(line < each < by_hand for each in loud)
        if 0 < good < by_hand or (line in attempts and quiet) or any(line <= each < next_typed for each in well):
            found.append(range(line - _BEFORE, line + 1))
            good = line
    return found
