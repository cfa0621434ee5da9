"""One shell of a practice host: started in its own process group behind the jail, joined to an SSH channel, and ended with the world."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from paramiko.common import cMSG_CHANNEL_REQUEST

_PIECE = 1 << 15


@dataclass(frozen=True, slots=True)
class Place:
    """Where shells run: the world's `root`, the host's home, the environment, whether the jail can be closed, which bash."""

    root: Path
    home: Path
    environ: Mapping[str, str]
    confined: bool
    bash: str


@dataclass(slots=True)
class Terminal:
    """A terminal that the client asked for, in characters."""

    kind: str
    columns: int
    rows: int


@dataclass(slots=True)
class Wish:
    """What a channel asked for before its shell starts: a command (None: an interactive shell), a terminal, variables."""

    command: str | None = None
    terminal: Terminal | None = None
    environ: dict[str, str] = field(default_factory=dict)
    asked: bool = False


class Shell:
    """A running shell and the threads that carry its bytes. Starting may raise OSError."""

    def __init__(self, place: Place, wish: Wish, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._master: int | None = None
        self._process = self._start(place, wish)

    @property
    def pid(self) -> int:
        """The process, which is also its group and its session."""
        return self._process.pid

    def _start(self, place: Place, wish: Wish) -> subprocess.Popen[bytes]:
        words = ["-c", wish.command] if wish.command is not None else (["-i"] if wish.terminal else [])
        jail = str(Path(__file__).with_name("jail.py"))
        kind, door = "tty" if wish.terminal else "pipe", "confined" if place.confined else "open"
        command = [sys.executable, "-I", "-S", jail, str(place.root), kind, door, place.bash, *words]
        environ = {**place.environ, **wish.environ}
        if wish.terminal is None:
            pipe = subprocess.PIPE
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=place.home, env=environ, start_new_session=True)
        self._master, end = os.openpty()
        self.resize(wish.terminal)
        environ["TERM"] = wish.terminal.kind or "xterm"
        try:
            return subprocess.Popen(command, stdin=end, stdout=end, stderr=end, cwd=place.home, env=environ, start_new_session=True)
        finally:
            os.close(end)

    def run(self) -> None:
        """Start carrying bytes; the exit status goes to the client as soon as it is known, like sshd does."""
        threading.Thread(target=self._serve, daemon=True, name=f"practice-shell-{self.pid}").start()

    def _serve(self) -> None:
        process, channel = self._process, self._channel
        if self._master is not None:
            pumps = [threading.Thread(target=self._terminal_out, args=(self._master,), daemon=True)]
            feed = os.dup(self._master)
        else:
            if process.stdin is None or process.stdout is None or process.stderr is None:
                return
            out, err = process.stdout.fileno(), process.stderr.fileno()
            pumps = [
                threading.Thread(target=_pump, args=(out, channel.sendall), daemon=True),
                threading.Thread(target=_pump, args=(err, channel.sendall_stderr), daemon=True),
            ]
            feed = os.dup(process.stdin.fileno())
            process.stdin.close()
        for pump in pumps:
            pump.start()
        threading.Thread(target=self._feed, args=(feed,), daemon=True).start()
        code = process.wait()
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._tell_end(code)
        for pump in pumps:
            pump.join()
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            channel.close()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _terminal_out(self, master: int) -> None:
        try:
            _pump(master, self._channel.sendall)
        finally:
            os.close(master)
            self._master = None

    def _feed(self, feed: int) -> None:
        """What the client types goes to the shell; the client's end of file, or its leaving, closes the shell's input."""
        try:
            while data := self._channel.recv(_PIECE):
                view = memoryview(data)
                while view:
                    view = view[os.write(feed, view) :]
        except OSError:
            pass
        finally:
            os.close(feed)
        if self._master is not None and self._channel.closed:
            self.signal("HUP")

    def _tell_end(self, code: int) -> None:
        if code >= 0:
            self._channel.send_exit_status(code)
            return
        message = paramiko.Message()
        message.add_byte(cMSG_CHANNEL_REQUEST)
        message.add_int(self._channel.remote_chanid)
        message.add_string("exit-signal")
        message.add_boolean(b=False)
        message.add_string(signal.Signals(-code).name.removeprefix("SIG"))
        message.add_boolean(b=False)
        message.add_string("")
        message.add_string("")
        send = getattr(self._channel.transport, "_send_user_message")  # noqa: B009  how the library itself sends a status
        send(message)

    def resize(self, terminal: Terminal) -> None:
        """Tell the terminal its size."""
        if self._master is None:
            return
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", terminal.rows, terminal.columns, 0, 0))

    def signal(self, name: str) -> bool:
        """Send a signal (`TERM`, `INT`, …) to the shell's whole group; False when there is none of that name, or no group left."""
        number = getattr(signal, f"SIG{name.removeprefix('SIG')}", None)
        if not isinstance(number, signal.Signals):
            return False
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def _pump(source: int, send: Callable[[bytes], object]) -> None:
    """Carry bytes from a pipe to the channel until the pipe's end; a client that has left ends it as well."""
    try:
        while data := os.read(source, _PIECE):
            send(data)
    except (OSError, EOFError, paramiko.SSHException):
        return
