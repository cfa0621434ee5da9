"""What the helper behind Cloud Assistant is asked and answers: scripts that fit into one call, answers that are whole or none."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import zlib
from dataclasses import dataclass, field
from typing import Literal

from tui.target.base import Job
from tui.target.helpers import environment, fields, helper

_SEAL = re.compile(rb"zhinan ([0-9a-f]{64}) (\d+)\n")
_FRAME = "#!/bin/bash\n{{ base64 -d <<'E' | gzip -dc; }} | exec bash --noprofile --norc -s\n{packed}\nE\n"


class Odd(ValueError):
    """The answer is cut, altered, or none of the helper's."""


@dataclass(frozen=True, slots=True)
class Part:
    """New output of one channel: `data` begins at byte `at`, of `size` there are by now."""

    channel: Literal[1, 2]
    at: int
    size: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """`word` says how the job stands: R runs, E exited, G is gone, X could not be started, V bash is too old, K was killed."""

    word: str
    rest: list[str]
    parts: list[Part] = field(default_factory=list)


def run(job: Job, at: dict[int, int], *, known: bool, rounds: int) -> bytes:
    """The script that starts the job (or finds it), waits so many rounds for news, and tells them.

    A job that is `known` to be there is not sent again. A sudo password is never sent: Cloud Assistant is root there, and the cloud keeps
    what it ran.
    """
    env = [] if known else environment(job)
    words = [str(int(known)), job.id, str(int(job.merge)), str(at[1]), str(at[2]), str(rounds), str(len(env)), *env]
    return _script(fields("run", *words, "" if known else job.script))


def kill(job: Job, grace: float) -> bytes:
    """The script that ends the job's whole family."""
    return _script(fields("kill", job.id, str(round(grace * 1000))))


def _script(request: bytes) -> bytes:
    packed = base64.b64encode(gzip.compress(helper("aliyun_helper").encode() + request, 9, mtime=0)).decode()
    return _FRAME.format(packed="\n".join(packed[start : start + 76] for start in range(0, len(packed), 76))).encode()


def read(output: bytes) -> Answer:
    """The answer in a run's output. Raises Odd."""
    seal = _SEAL.match(output)
    if seal is None:
        return _unsealed(output)
    body = output[seal.end() :]
    if len(body) != int(seal[2]) or hashlib.sha256(body).hexdigest().encode() != seal[1]:
        raise Odd("cut or altered")
    parts: list[Part] = []
    while True:
        line, newline, body = body.partition(b"\n")
        word, *rest = line.decode("utf-8", "replace").split(" ")
        if not newline:
            raise Odd("without its end")
        if word != "O":
            return _last(word, rest, parts, body)
        channel, at, size, packed = (int(each) for each in rest)
        parts.append(Part(1 if channel == 1 else 2, at, size, _unpacked(body[:packed])))
        body = body[packed:]


def _last(word: str, rest: list[str], parts: list[Part], body: bytes) -> Answer:
    if body != b"Z\n" and word != "V":
        raise Odd("without its end")
    return Answer(word, rest, parts)


def _unsealed(output: bytes) -> Answer:
    """Where no folder could be made there is no seal."""
    word, *rest = output.decode("utf-8", "replace").strip().split(" ")
    if word != "X":
        raise Odd("none of the helper's")
    return Answer(word, rest)


def _unpacked(packed: bytes) -> bytes:
    """As much as there is in a stream that may be cut: what follows is asked for again."""
    try:
        return zlib.decompressobj(wbits=31).decompress(packed) if packed else b""
    except zlib.error as error:
        raise Odd("not packed rightly") from error
