"""The library's transport with two repairs to logging in. Imports paramiko, so import it late.

The classic transport asks for the login service before every attempt, which strict servers end the connection for. The newer one
asks once, but waits forever if the connection drops meanwhile, can miss an answer that comes faster than it starts to wait for
it, and fails where there is nothing to add to a request (the method `none`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from paramiko import Message, ServiceRequestingTransport, SSHException  # type: ignore[attr-defined]
from paramiko.auth_handler import AuthOnlyHandler
from paramiko.common import cMSG_SERVICE_REQUEST, cMSG_USERAUTH_REQUEST


class _Handler(AuthOnlyHandler):
    """Waits for an answer from before the question is sent."""

    def send_auth_request(self, username: str, method: str, finish_message: Callable[[Message], None] | None = None) -> Any:
        """Send one login attempt and wait for the answer: the methods that remain after a partial success, or nothing."""
        self.auth_method = method
        self.username = username
        message = Message()
        message.add_byte(cMSG_USERAUTH_REQUEST)
        for word in (username, "ssh-connection", method):
            message.add_string(word)
        if finish_message:
            finish_message(message)
        self.auth_event = answered = threading.Event()
        with self.transport.lock:
            self.transport._send_message(message)  # type: ignore[attr-defined]  # noqa: SLF001  as the method it stands for does
        return self.wait_for_response(answered)


class LoginTransport(ServiceRequestingTransport):  # type: ignore[misc]
    """Asks for the login service once, and notices when the connection ends before the answer."""

    def get_auth_handler(self) -> _Handler:
        """The handler of all attempts on this transport."""
        return _Handler(self)

    def ensure_session(self) -> None:
        """Be ready for a login attempt. Raises `SSHException` when the connection has ended."""
        if self._service_userauth_accepted:
            return
        request = Message()
        request.add_byte(cMSG_SERVICE_REQUEST)
        request.add_string("ssh-userauth")
        self._send_message(request)
        while not self._service_userauth_accepted:
            if not self.is_active():
                raise SSHException("the connection ended before the login")
            time.sleep(0.005)
        self.auth_handler = self.get_auth_handler()
