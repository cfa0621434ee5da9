"""Every sentence a user sees, in Chinese and in English.

A sentence and its twin stand side by side where they are used, instead of in a message catalogue: whoever changes one
sees the other, nothing has to be compiled, and a sentence can travel inside an event and be shown in either language later.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]

_PLACE = re.compile(r"\{(\w+)\}")
_current: Language = "zh"


def use(language: Language) -> None:
    """Set the language in which `str(text)` speaks, for the whole process."""
    global _current  # noqa: PLW0603  one terminal, one reader, one language
    _current = language


def language() -> Language:
    """The language in which `str(text)` speaks now."""
    return _current


def from_environment(environ: Mapping[str, str] = os.environ) -> Language:
    """`ZHINAN_LANG` if it is `zh` or `en`; Chinese otherwise, whatever the system's locale says."""
    return "en" if environ.get("ZHINAN_LANG", "").lower().startswith("en") else "zh"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages; `str()` gives it in the current one.

    `{name}` marks a place for a value, filled by `fill`. Places without a value stay as they are.
    """

    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if _current == "zh" else self.en

    def fill(self, **values: object) -> Text:
        """The sentence with each `{name}` replaced; a `Text` value is put into each language in that language."""
        return Text(_fill(self.zh, values, "zh"), _fill(self.en, values, "en"))


class Alarm(Text):
    """A sentence about something that must not stay as it is: shown in red where there are colours."""


def same(words: str) -> Text:
    """A text that reads the same in both languages: a name, a number, words of the document's author."""
    return Text(words, words)


def _fill(template: str, values: Mapping[str, object], lang: Language) -> str:
    def place(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        return (value.zh if lang == "zh" else value.en) if isinstance(value, Text) else str(value)

    return _PLACE.sub(place, template)
