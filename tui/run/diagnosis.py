"""Why a step failed, asked of the failure pages: what its commands printed and what its checks saw is the evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tui.errors import ZhinanError
from tui.judge.diagnose import Book, Finding
from tui.judge.failure import Page, Sure
from tui.judge.patterns import Place
from tui.run.events import Cause, Proof

_MOST: Final = 5
_KNOWN: Final = 95
"""The score of a cause that an action itself has told: it knows more than its log says."""
_READ: Final = 1024 * 1024


def explained(
    book: Callable[[], Book], logs: Sequence[tuple[int, Path]], words: Sequence[str], step: str, known: str = ""
) -> tuple[tuple[Cause, ...], tuple[Proof, ...]]:  # fmt: skip
    """The causes, the likeliest first, at most five; where there are none, the lines of the logs that look like errors.

    `logs` are the raw logs by item, in order; `words` what checks and the program said in English; `known` the id of the cause that an
    action has told. Empty, too, where the pages or a log can't be read: a diagnosis must never make a failure worse.
    """
    try:
        pages = book()
        material = _Material(logs, words)
        diagnosed = pages.diagnose(material, step)
    except (ZhinanError, OSError):
        return (), ()
    # What the step said comes after its logs, but tells of a consequence more often than of a cause
    found = sorted(diagnosed.findings, key=lambda each: (-each.score, material.proof(each.evidence[0]).item is None))
    made = [_cause(finding, material) for finding in found if finding.page.id != known]
    page = next((page for page in pages.pages if page.id == known), None)
    if page is not None:
        proof = next((finding for finding in found if finding.page.id == known), Finding(page, _KNOWN, Sure.SURE, (), 0))
        made.insert(0, _told(page, material, proof))
    suspects = () if made else tuple(proof for proof in map(material.proof, diagnosed.suspects) if proof.item is not None)
    return tuple(made[:_MOST]), suspects


class _Material:
    """The logs one after the other, then the words, as one log of which each line's origin is remembered."""

    def __init__(self, logs: Sequence[tuple[int, Path]], words: Sequence[str]) -> None:
        self._logs = logs
        self._words = words
        self._starts: list[tuple[int, int | None]] = []

    def __iter__(self) -> Iterator[bytes]:
        line = 1
        for item, path in self._logs:
            self._starts.append((line, item))
            last = b""
            with path.open("rb") as log:
                while block := log.read(_READ):
                    yield block
                    line += block.count(b"\n")
                    last = block
            if last and not last.endswith(b"\n"):
                yield b"\n"
                line += 1
        self._starts.append((line, None))
        for word in self._words:
            yield " ".join(word.split()).encode() + b"\n"

    def proof(self, place: Place) -> Proof:
        """Where a line of the whole comes from."""
        start, item = next((pair for pair in reversed(self._starts) if pair[0] <= place.line), (1, None))
        return Proof(place.text) if item is None else Proof(place.text, item, place.line - start + 1)


def probe_of(page: Page) -> str:
    """The command that tells this cause apart from its near ones; empty where there is none."""
    return page.probe.run if page.probe and page.probe.answers else ""


def _cause(finding: Finding, material: _Material) -> Cause:
    page = finding.page
    evidence = tuple(map(material.proof, finding.evidence))
    return Cause(page.id, page.title, finding.score, finding.sure, str(page.path), evidence, page.near, finding.follows, probe_of(page))


def _told(page: Page, material: _Material, finding: Finding) -> Cause:
    return Cause(
        page.id,
        page.title,
        _KNOWN,
        Sure.SURE,
        str(page.path),
        tuple(map(material.proof, finding.evidence)),
        page.near,
        probe=probe_of(page),
    )
