"""A small SSH server on this computer's own loopback: one account, one key, real shells of a practice host.

paramiko's server side does the protocol. Each listening port may have a condition, so that a host's tailnet address answers only when
both ends have joined.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, MSG_CHANNEL_REQUEST, OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED, OPEN_SUCCEEDED

from tui.practice.shell import Place, Shell, Terminal, Wish

_HANDLERS: dict[int, Callable[[paramiko.Channel, paramiko.Message], None]] = getattr(paramiko.Transport, "_channel_handler_table")  # noqa: B009  private, and untyped
_ACCEPTED_VARIABLES = ("LANG", "LC_", "TERM")


@dataclass(frozen=True, slots=True)
class Account:
    """Who may log in: the user's name and the one key accepted."""

    user: str
    key: paramiko.PKey


class _Session(paramiko.ServerInterface):
    """One connection: who is let in, and what its channels asked for."""

    def __init__(self, account: Account, place: Place) -> None:
        self._account, self._place = account, place
        self._wishes: dict[int, Wish] = {}
        self._shells: dict[int, Shell] = {}

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        good = username == self._account.user and key == self._account.key
        return AUTH_SUCCESSFUL if good else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def _wish(self, channel: paramiko.Channel) -> Wish:
        return self._wishes.setdefault(channel.chanid, Wish())

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        wish = self._wish(channel)
        wish.command, wish.asked = command.decode("utf-8", "surrogateescape"), True
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        self._wish(channel).asked = True
        return True

    def check_channel_env_request(self, channel: paramiko.Channel, name: bytes, value: bytes) -> bool:
        variable = name.decode("utf-8", "replace")
        if not variable.startswith(_ACCEPTED_VARIABLES):
            return False
        self._wish(channel).environ[variable] = value.decode("utf-8", "replace")
        return True

    def check_channel_pty_request(
        self, channel: paramiko.Channel, term: bytes, width: int, height: int, pixelwidth: int, pixelheight: int, modes: bytes
    ) -> bool:
        self._wish(channel).terminal = Terminal(term.decode("ascii", "replace"), width or 80, height or 24)
        return True

    def check_channel_window_change_request(
        self, channel: paramiko.Channel, width: int, height: int, pixelwidth: int, pixelheight: int
    ) -> bool:
        shell = self._shells.get(channel.chanid)
        if shell is not None:
            shell.resize(Terminal("", width, height))
        return shell is not None

    def begin(self, channel: paramiko.Channel) -> None:
        """Start the shell that the channel has been promised, now that the client has its answer."""
        wish = self._wishes.get(channel.chanid)
        if wish is None or not wish.asked or channel.chanid in self._shells:
            return
        try:
            shell = self._shells[channel.chanid] = Shell(self._place, wish, channel)
        except OSError as error:
            channel.sendall_stderr(f"bash: {error.strerror}\n".encode())
            channel.send_exit_status(126)
            channel.close()
            return
        shell.run()

    def signal(self, channel: paramiko.Channel, name: str) -> None:
        """Pass a signal on to the channel's shell."""
        shell = self._shells.get(channel.chanid)
        if shell is not None:
            shell.signal(name)


def _on_request(channel: paramiko.Channel, message: paramiko.Message) -> None:
    """The library's own handler, plus what it lacks: signals, and shells that start after the reply to their request has been sent."""
    session = channel.transport.server_object if channel.transport is not None else None
    if not isinstance(session, _Session):
        return
    kind = message.get_text()
    if kind == "signal":
        message.get_boolean()
        session.signal(channel, message.get_text())
        return
    message.rewind()
    message.get_int()
    _HANDLERS[MSG_CHANNEL_REQUEST](channel, message)
    session.begin(channel)


def _quiet() -> str:
    """The name of a log that goes nowhere: a client that leaves is no news, and the screen is not the place for it."""
    log = logging.getLogger("tui.practice.ssh")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    return log.name


class _Transport(paramiko.Transport):
    _channel_handler_table = {**_HANDLERS, MSG_CHANNEL_REQUEST: _on_request}  # noqa: RUF012  the library's name for it


class Server:
    """One listening port of a practice host. `port` is known after construction; `close` ends every connection."""

    def __init__(self, account: Account, host_key: paramiko.PKey, place: Place, may_enter: Callable[[], bool] = lambda: True) -> None:
        self._account, self._host_key, self._place, self._may_enter = account, host_key, place, may_enter
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port: int = self._socket.getsockname()[1]
        self._transports: set[_Transport] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._accept, daemon=True, name=f"practice-ssh-{self.port}")
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # a client that left before it was let in
                if self._closed:
                    return
                continue
            if self._closed or not self._may_enter():
                connection.close()
                if self._closed:
                    return
                continue
            threading.Thread(target=self._welcome, args=(connection,), daemon=True).start()

    def _welcome(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = _Transport(connection)
        transport.set_log_channel(_quiet())
        transport.local_version = "SSH-2.0-OpenSSH_9.6p1_practice"
        transport.add_server_key(self._host_key)
        with self._lock:
            self._transports = {known for known in self._transports if known.is_active()} | {transport}
        try:
            transport.start_server(event=threading.Event(), server=_Session(self._account, self._place))
        except (paramiko.SSHException, EOFError, OSError):
            transport.close()
        if self._closed:
            transport.close()

    def drop(self) -> None:
        """Cut every connection that is open now; the port goes on listening."""
        with self._lock:
            transports, self._transports = self._transports, set()
        for transport in transports:
            transport.close()

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self._closed = True
        with contextlib.suppress(OSError):  # closing a socket does not wake who waits on it everywhere; a visitor does
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        self._thread.join()
        self._socket.close()
        self.drop()
