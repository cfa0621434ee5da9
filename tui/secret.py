"""A secret is a type of its own, so that printing, logging or formatting one by accident shows a mask instead."""

from __future__ import annotations

from typing import Final

MASK: Final = "••••••"


class Secret:
    """A password, key or token. Only `reveal()` gives the value; everything else gives the mask."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that must send it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> str:
        raise TypeError("a secret can't be pickled")
