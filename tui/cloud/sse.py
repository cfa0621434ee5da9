"""Server-sent events, as far as a model's answer needs them: bytes cut anywhere in, the data of whole events out.

Not split by `str.splitlines`, as HTTP libraries do: an answer may hold U+2028 or U+0085, which end no line here.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

_END: Final = re.compile("\r\n|\n|\r(?!$)")
LONGEST: Final = 1 << 20
"""Characters that one event may have."""


class Overlong(ValueError):
    """An event that does not end."""


class Events:
    """Takes in a stream. What stands after the last whole event at its end was cut off, and never comes out."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._held = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[str]:
        """The data of the events that are whole now. Raises Overlong."""
        whole: list[str] = []
        *lines, self._held = _END.split(self._held + self._decoder.decode(chunk))
        for line in lines:
            if not line:
                if self._data:
                    whole.append("\n".join(self._data))
                self._data, self._size = [], 0
            elif line.startswith("data:"):
                self._data.append(line[5:].removeprefix(" "))
                self._size += len(line)
        if self._size + len(self._held) > LONGEST:
            raise Overlong
        return whole
