"""One command's output as lines: taken in as it comes, read by number, searched.

Knows nothing of widgets, so that it can be proven against a simple terminal, and so that two views (panel and full screen) can show
the same log. A line ends at a line feed and nowhere else: line numbers agree with those of the raw log and of a diagnosis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tui.texts import Text
from tui.ui.log.archive import Archive, Spans
from tui.ui.log.escape import COLOUR, OPEN_TOKEN, OTHER, SPECIAL, STRING_END, TOKEN, csi, number, sgr
from tui.ui.log.openline import TAB, OpenLine

_SLICE = 1 << 16


class LogLine(NamedTuple):
    """What stands in a line, and its coloured parts: (start, end, style) in characters, styles as in `escape.sgr`."""

    text: str
    spans: Spans


class LogStore:
    """All lines of one command. An index is 0-based and stays a line's own, even after older lines were dropped.

    `command` is what was run, `ending` the sentence that closes the log once it ended (`failed` says how). `revision` counts the changes.
    `block`, `memory` and `disk` are the archive's sizes.
    """

    def __init__(self, command: str = "", *, block: int = 1 << 16, memory: int = 24 << 20, disk: int = 1 << 29) -> None:
        self.command = command
        self.ending: Text | None = None
        self.failed = False
        self.revision = 0
        self._archive = Archive(block=block, memory=memory, disk=disk)
        self._open = OpenLine()
        self._held = ""  # the beginning of a control sequence whose rest has not come
        self._in_string = False
        self._last: LogLine | None = LogLine("", ())
        self._watchers: list[Callable[[], None]] = []

    # taking in

    def feed(self, text: str) -> None:
        """Take in output as it came: any number of whole or part lines."""
        if not text:
            return
        for at in range(0, len(text), _SLICE):
            self._take(text[at : at + _SLICE])
        self._changed()

    def end(self, sentence: Text, *, failed: bool) -> None:
        """Say how the command ended, in the log's last row."""
        self.ending, self.failed = sentence, failed
        self._changed()

    def begin(self, command: str) -> None:
        """Say what is run, in the row above the first line."""
        self.command = command
        self._changed()

    def _changed(self) -> None:
        self.revision += 1
        for tell in self._watchers:
            tell()

    def _take(self, text: str) -> None:
        text, self._held = self._held + text, ""
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        head, ended, rest = text.partition("\n")
        self._last = None
        self._ink(head, ended=bool(ended))
        if not ended:
            return
        self._archive.add_line(*self._open.finish())
        cut = rest.rfind("\n") + 1
        if cut:
            self._whole_lines(rest[:cut])
        self._ink(rest[cut:], ended=False)

    def _whole_lines(self, body: str) -> None:
        if "\t" in body and body.isascii() and "\x1b" not in body and "\b" not in body:
            body = body.expandtabs(TAB)
        if not self._open.style and not SPECIAL.search(body):
            self._archive.add(body, body.count("\n"))
            return
        if not OTHER.search(body) and len(codes := COLOUR.findall(body)) == body.count("\x1b"):
            self._coloured(body, codes)
            return
        for line in body[:-1].split("\n"):
            if not self._open.style and not SPECIAL.search(line):
                self._archive.add(line + "\n", 1)
            else:
                self._ink(line, ended=True)
                self._archive.add_line(*self._open.finish())

    def _coloured(self, body: str, codes: list[str]) -> None:
        """Whole lines with colours and no other control characters: kept as they are, with the style told where they begin."""
        style = self._open.style
        plain = next((k for k in range(len(codes) - 1, -1, -1) if codes[k] in ("m", "0m")), 0)
        after = style
        for params in codes[plain:]:
            after = sgr(after, params[:-1]) if params else after
        self._open.style = after
        head = f"\x1b[{style}m" if style else ""
        self._archive.add(f"{head}{body[:-1]}\x1b[m\n" if after else head + body, body.count("\n"))

    def _ink(self, piece: str, *, ended: bool) -> None:
        """Write a piece of one line, which is the line's last if it `ended`."""
        tokens = TOKEN if ended else OPEN_TOKEN
        at = 0
        while at < len(piece):
            if self._in_string:
                end = STRING_END.search(piece, at)
                if end is None:
                    break
                self._in_string = False
                at = end.start() if end[0] == "\x1b" else end.end()
                continue
            token = tokens.search(piece, at)
            if token is None:
                self._open.write(piece[at:])
                break
            if token.start() > at:
                self._open.write(piece[at : token.start()])
            at = token.end()
            self._obey(token.lastgroup or "", token[0])
        if ended:
            self._in_string = False

    def _obey(self, kind: str, token: str) -> None:
        match kind:
            case "csi":
                self._obey_csi(*csi(token))
            case "string":
                self._in_string = True
            case "part":
                self._held = token
            case "control":
                self._obey_control(token)
            case _:
                pass  # known, and meant for a terminal

    def _obey_csi(self, final: str, params: str) -> None:
        match final:
            case "m":
                self._open.style = sgr(self._open.style, params)
            case "K":
                self._open.erase(number(params, 0))
            case "C" | "D" | "G":
                self._open.move(final, number(params, 1))
            case _:
                pass

    def _obey_control(self, char: str) -> None:
        match char:
            case "\r":
                self._open.carriage_return()
            case "\b":
                self._open.backspace()
            case "\t":
                self._open.tab()
            case _ if "\ud800" <= char <= "\udfff":
                self._open.write("\ufffd")

    # reading

    @property
    def dropped(self) -> int:
        """How many of the oldest lines are gone; the first that can be read has this index."""
        return self._archive.first

    @property
    def characters(self) -> int:
        """About how many characters all lines have that ever came."""
        return self._archive.characters

    @property
    def partial(self) -> bool:
        """Whether the last line has no line feed yet."""
        return bool(self._tail().text)

    def _tail(self) -> LogLine:
        if self._last is None:
            self._last = LogLine(*self._open.snapshot())
        return self._last

    def __len__(self) -> int:
        """One more than the index of the last line: every line that ever came is counted."""
        return self._archive.count + self.partial

    def __bool__(self) -> bool:
        """A log without lines is still a log."""
        return True

    def line(self, index: int) -> LogLine:
        """The line with that index; IndexError if it was dropped or is not there yet."""
        if index == self._archive.count and self.partial:
            return self._tail()
        return LogLine(*self._archive.line(index))

    def plain(self, a: int, b: int) -> str:
        """The lines from index `a` up to, not including, `b`, joined by line feeds; those that are gone are left out."""
        return "\n".join(self.line(i).text for i in range(max(a, self.dropped), min(b, len(self))))

    # searching: capital letters in the query make case count

    def hunt(self, query: str, start: int, *, backwards: bool = False) -> Iterator[int | None]:
        """Look for `query` from the line `start` on, itself included: None for every block without it, then the line's index, if any."""
        finds = _finder(query)
        count = self._archive.count
        if backwards and start >= count and self.partial and finds(self._tail().text):
            yield count
            return
        for first, text in self._archive.texts(min(start, count - 1) if backwards else max(start, self.dropped), backwards=backwards):
            if finds(text):
                lines = text.split("\n")[:-1]
                order = range(min(start - first, len(lines) - 1), -1, -1) if backwards else range(max(0, start - first), len(lines))
                for i in order:
                    if finds(lines[i]):
                        yield first + i
                        return
            yield None
        if not backwards and self.partial and finds(self._tail().text):
            yield self._archive.count

    def search(self, query: str, start: int, *, backwards: bool = False) -> int | None:
        """The index of the first line from `start` on (or back) that holds `query`; None if there is none."""
        return next((found for found in self.hunt(query, start, backwards=backwards) if found is not None), None)

    def tally(self, query: str) -> Iterator[int]:
        """How many lines hold `query`, block by block: each number is what was counted so far, the last one the answer."""
        finds = _finder(query)
        total = 0
        for _, text in self._archive.texts(self.dropped):
            if finds(text):
                total += sum(1 for line in text.split("\n")[:-1] if finds(line))
            yield total
        yield total + (self.partial and finds(self._tail().text))

    def count(self, query: str) -> int:
        """How many lines hold `query`."""
        total = 0
        for so_far in self.tally(query):
            total = so_far
        return total

    # being watched

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` after every change, until the function given back is called."""
        self._watchers.append(tell)
        return lambda: self._watchers.remove(tell) if tell in self._watchers else None

    def close(self) -> None:
        """Give back what the log holds outside memory."""
        self._archive.close()


def _finder(query: str) -> Callable[[str], bool]:
    if query != query.lower():
        return lambda text: query in text
    return lambda text: query in text.lower()
