"""Secrets leave no trace: text is masked as it comes from a target, before journal, screen, report or clipboard can have it.

Masked are the values known to be secret in this run, and shapes of tokens that are secret wherever they are seen. Nothing is masked by
guess, since a log with holes in it can't be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tui.secret import MASK, Secret

_SHAPES: Final = re.compile(
    r"tskey-[a-z]+-[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"  # Tailscale: auth, api, client, webhook keys
    r"|hskey-(?:auth|api)-[A-Za-z0-9_-]+"  # headscale
    r"|LTAI[A-Za-z0-9]{12,}"  # Alibaba Cloud AccessKey ID
    r"|(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}"  # model services
)
_HEADS: Final = ("tskey-", "hskey-auth-", "hskey-api-", "LTAI", "sk-")
_SHAPE_TAIL: Final = re.compile(r"(?:tskey-|hskey-|LTAI|(?<![A-Za-z0-9])sk-)[A-Za-z0-9_-]*\Z")
_KEY_BEGIN: Final = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_KEY_HEAD: Final = "-----BEGIN"
_KEY_END: Final = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINES: Final = 200
"""A private key is never longer; a BEGIN without END must not swallow the rest of a log."""
_LINE: Final = 64 * 1024
"""A part line longer than this is passed on without waiting for its end."""
_SHORTEST: Final = 4
"""Shorter values would mask half of the text (and are no secrets)."""


class Redactor:
    """Masks a stream of text. `feed` gives back what is surely safe; `flush` also the last part line, but for what could begin a secret."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._known: list[str] = []
        self._held = ""
        self._key_lines = 0
        self._before = ""
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """One more value to mask from now on. A secret of several lines is masked line by line."""
        lines = (line.strip() for line in secret.reveal().splitlines())
        known = {*self._known, *(line for line in lines if len(line) >= _SHORTEST)}
        self._known = sorted(known, key=len, reverse=True)

    def once(self, text: str) -> str:
        """A whole text masked, apart from the stream."""
        whole = Redactor()
        whole._known = self._known
        return whole.feed(text) + whole.end()

    def feed(self, text: str) -> str:
        """Take more text; give back the lines that are complete, masked."""
        text = self._held + text
        cut = text.rfind("\n") + 1
        self._held = text[cut:]
        out = self._lines(text[:cut]) if cut else ""
        return out + self.flush() if len(self._held) > _LINE else out

    def flush(self) -> str:
        """Give back the part line too (a prompt waits without a newline), except an end that may yet become a secret."""
        if self._key_lines or not self._held or _KEY_HEAD in self._held:
            return ""
        keep = self._unsure(self._held)
        ready, self._held = self._held[:keep], self._held[keep:]
        return self._mask(ready)

    def end(self) -> str:
        """Nothing more comes: give back the rest, masked."""
        rest, self._held = self._held, ""
        return self._lines(rest) if rest else ""

    def _lines(self, text: str) -> str:
        if not self._key_lines and "PRIVATE KEY" not in text:
            return self._mask(text)
        return "".join(self._line(line) for line in text.splitlines(keepends=True))

    def _line(self, line: str) -> str:
        if self._key_lines:
            self._key_lines = 0 if _KEY_END.search(line) else self._key_lines - 1
            return ""
        begin = _KEY_BEGIN.search(line)
        if not begin:
            return self._mask(line)
        if not _KEY_END.search(line, begin.end()):
            self._key_lines = _KEY_LINES
        return self._mask(line[: begin.end()]) + MASK + "\n"

    def _mask(self, text: str) -> str:
        out, last = [], 0
        for start, end in self._spans(text):
            out += [text[last:start], MASK]
            last = end
        self._before = text[-1:] or self._before
        return "".join((*out, text[last:]))

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand, in order; spans that touch or overlap are one, so that no rest of one can show."""
        context = len(self._before)
        spans = [(match.start() - context, match.end() - context) for match in _SHAPES.finditer(self._before + text, context)]
        for value in self._known:
            at = text.find(value)
            while at >= 0:
                spans.append((at, at + len(value)))
                at = text.find(value, at + 1)
        merged: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def _unsure(self, text: str) -> int:
        """Where the end of `text` begins that could be the start of a secret; its length if there is none."""
        cut = min((len(text) - _overlap(text, value) for value in self._known), default=len(text))
        shape = _SHAPE_TAIL.search(text, max(0, len(text) - _LINE))
        head = shape.start() if shape else min(len(text) - _overlap(text, head) for head in (*_HEADS, _KEY_HEAD))
        cut = min(cut, head)
        for start, end in reversed(self._spans(text)):
            if start < cut < end:
                cut = start
        return cut


def _overlap(text: str, value: str) -> int:
    """How many of the last characters of `text` could be the beginning of `value`, which is not yet all there."""
    return next((n for n in range(min(len(value) - 1, len(text)), 0, -1) if text.endswith(value[:n])), 0)
