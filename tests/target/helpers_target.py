"""What the target tests share: an asker with prepared answers, a link that can be cut, and short ways to run a job to its end."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path

from tui.secret import Secret
from tui.target.base import Ended, Happening, HostKeyQuestion, Job, Output, SecretQuestion, Target

_numbers = itertools.count(1)


class Answers:
    """An asker that gives prepared answers and remembers what it was asked."""

    def __init__(self, *secrets: str, accept: bool = False) -> None:
        self.secrets = list(secrets)
        self.accept = accept
        self.host_keys: list[HostKeyQuestion] = []
        self.questions: list[SecretQuestion] = []

    async def accept_host_key(self, question: HostKeyQuestion) -> bool:
        self.host_keys.append(question)
        return self.accept

    async def secret(self, question: SecretQuestion) -> Secret | None:
        self.questions.append(question)
        return Secret(self.secrets.pop(0)) if self.secrets else None


class Link:
    """A TCP proxy to a port of this machine. `cut` breaks all connections, `down` refuses new ones, `pause` lets nothing through."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self.reached = threading.Event()
        self._pairs: list[socket.socket] = []
        self._open = threading.Event()
        self._open.set()
        self._down = False
        self._cut_after: int | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, count: int) -> None:
        """Break the link once `count` more bytes have come from the server."""
        self._cut_after = count

    def cut(self) -> None:
        for end in self._pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._pairs.clear()

    def down(self) -> None:
        self._down = True
        self.cut()

    def up(self) -> None:
        self._down = False

    def pause(self) -> None:
        self._open.clear()

    def go_on(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._listener.close()
        self._open.set()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._down:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._to))
                self.accepted += 1
                self.reached.set()
                self._pairs += [client, server]
                threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self._open.wait()
                if counted and self._cut_after is not None:
                    self._cut_after -= len(data)
                    if self._cut_after <= 0:
                        self._cut_after = None
                        self.cut()
                        return
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def job(script: str, **more: object) -> Job:
    """A job with an id of its own."""
    return Job(id=f"t-{os.getpid()}-{next(_numbers)}-{secrets.token_hex(4)}", script=script, **more)  # type: ignore[arg-type]


class Seen(list[Happening]):
    """All happenings of one job."""

    @property
    def end(self) -> Ended:
        last = self[-1]
        assert isinstance(last, Ended)
        return last

    def text(self, channel: int = 1) -> bytes:
        """The bytes of one channel, whose offsets must join without gap or overlap."""
        joined = b""
        for item in self:
            if isinstance(item, Output) and item.channel == channel:
                assert item.offset == len(joined)
                joined += item.data
        return joined


async def run(target: Target, what: Job, offset: int = 0) -> Seen:
    """The job to its end."""
    seen = Seen()
    async with contextlib.aclosing(target.stream(what, offset)) as stream:
        async for item in stream:
            seen.append(item)
    assert sum(isinstance(item, Ended) for item in seen) == 1
    return seen


async def first(stream: AsyncIterator[Happening], word: bytes) -> bytes:
    """Read until `word` has come; the bytes so far."""
    text = b""
    async for item in stream:
        assert isinstance(item, Output), item
        text += item.data
        if word in text:
            return text
    raise AssertionError("the stream ended before the word came")


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        line = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return line[line.rindex(b")") + 2 : line.rindex(b")") + 3] not in {b"Z", b"X"}
