"""Logging in as OpenSSH does: agent, key files, password, keyboard-interactive; more than one where the server wants more.

Questions go to the asker, wrong answers are asked again up to three times. What was answered is kept in memory while the target is open,
so that coming back after a lost link needs nobody in front.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tui.secret import Secret
from tui.target import ssh_errors
from tui.target.answers import unanswered
from tui.target.base import Asker, SecretQuestion
from tui.target.ssh_config import Host
from tui.texts import Text, same
from tui.threads import call

if TYPE_CHECKING:
    from paramiko import PKey, Transport

TRIES = 3


@dataclass
class Memory:
    """Secrets already given: passwords by `user@host:port`, keys opened with a passphrase by their file."""

    passwords: dict[str, Secret] = field(default_factory=dict)
    keys: dict[Path, PKey] = field(default_factory=dict)


@dataclass
class _Left:
    """A partial success: the methods that remain."""

    methods: list[str]


class Login:
    """One login on one transport."""

    def __init__(self, transport: Transport, host: Host, asker: Asker, memory: Memory) -> None:
        self._transport = transport
        self._host = host
        self._asker = asker
        self._memory = memory
        self._tried: list[str] = []
        self._skipped: list[str] = []
        self._offered: set[bytes] = set()
        self._unanswered: Text | None = None

    async def run(self) -> None:
        """Log in. Raises `Refused` or `Cancelled`."""
        from paramiko.ssh_exception import BadAuthenticationType, SSHException

        try:
            self._transport.auth_timeout = 3600  # a person may be looking for a telephone
            allowed = await call(self._transport.auth_none, self._host.user)
        except BadAuthenticationType as refusal:
            allowed = list(refusal.allowed_types)
        except (SSHException, EOFError, OSError) as error:
            raise ssh_errors.dropped(self._host) from error
        while not self._transport.is_authenticated():
            left = await self._round(allowed)
            if left is None:
                break
            allowed = left.methods
        if not self._transport.is_authenticated():
            if self._unanswered:
                raise unanswered(self._asker, self._unanswered)
            raise ssh_errors.denied(self._host, allowed, dict.fromkeys(self._tried), self._skipped)

    async def _round(self, allowed: Sequence[str]) -> _Left | None:
        for method, attempt in (("publickey", self._keys), ("password", self._password), ("keyboard-interactive", self._interactive)):
            if method in allowed:
                left = await attempt()
                if left is not None or self._transport.is_authenticated():
                    return left or _Left([])
        return None

    async def _keys(self) -> _Left | None:
        async for name, key in self._candidates():
            blob = key.asbytes()
            if blob in self._offered:
                continue
            self._offered.add(blob)
            self._tried.append(f"publickey ({name})")
            left, done = await self._attempt(self._transport.auth_publickey, self._host.user, key)
            if left or done:
                return left
        return None

    async def _candidates(self) -> AsyncIterator[tuple[str, PKey]]:
        wanted = [blob for path in self._host.identities if (blob := _public(path)) is not None]
        held = await call(_agent_keys) if self._host.agent is None else []
        for blob in wanted:
            for key in held:
                if key.asbytes() == blob:
                    yield "agent", key
        if not self._host.identities_only:
            for key in held:
                yield "agent", key
        for path in self._host.identities:
            if path.exists() and _public(path) not in self._offered:
                opened = await self._open(path)
                if opened:
                    yield path.name, opened

    async def _open(self, path: Path) -> PKey | None:
        from paramiko.ssh_exception import PasswordRequiredException, SSHException

        if path in self._memory.keys:
            return self._memory.keys[path]
        try:
            return await call(_load, path, None)
        except PasswordRequiredException:
            what = Text("密钥 {path} 的口令", "The passphrase of the key {path}").fill(path=path)
        except (SSHException, OSError, ValueError) as error:
            self._skipped.append(f"{path} ({str(error) or type(error).__name__})")
            return None
        for attempt in range(TRIES):
            secret = await self._asker.secret(SecretQuestion(what, again=attempt > 0))
            if secret is None:
                self._unanswered = self._unanswered or what
                return None
            try:
                key = await call(_load, path, secret.reveal())
            except (SSHException, ValueError):
                continue
            self._memory.keys[path] = key
            return key
        self._skipped.append(f"{path} (passphrase)")
        return None

    async def _password(self) -> _Left | None:
        name = str(self._host)
        known = self._memory.passwords.get(name)
        what = Text("{host} 的登录密码", "The login password for {host}").fill(host=self._host)
        for attempt in range(TRIES):
            secret = (known if attempt == 0 else None) or await self._asker.secret(SecretQuestion(what, again=attempt > 0))
            if secret is None:
                self._unanswered = self._unanswered or what
                return None
            self._tried.append("password")
            left, done = await self._attempt(
                lambda word: self._transport.auth_password(self._host.user, word, fallback=False), secret.reveal()
            )
            if left or done:
                self._memory.passwords[name] = secret
                return left
            self._memory.passwords.pop(name, None)
        return None

    async def _interactive(self) -> _Left | None:
        loop = asyncio.get_running_loop()
        asked: list[concurrent.futures.Future[str]] = []
        for attempt in range(TRIES):
            missing: list[Text] = []

            async def answer(prompt: str, echo: bool, again: bool, missing: list[Text] = missing) -> str:
                what = Text("{host} 问：{prompt}", "{host} asks: {prompt}").fill(host=self._host, prompt=same(prompt.strip()))
                secret = None if missing else await self._asker.secret(SecretQuestion(what, again=again, echo=echo))
                if secret is None:
                    missing.append(what)
                    return ""
                return secret.reveal()

            def handler(title: str, instructions: str, prompts: list[tuple[str, bool]], again: bool = attempt > 0) -> list[str]:
                # called in the transport's thread, which has nothing else to do until the server has its answer
                del title, instructions
                answers = []
                for word, echo in prompts:
                    asked.append(asyncio.run_coroutine_threadsafe(answer(word, echo, again), loop))
                    answers.append(asked[-1].result())
                return answers

            self._tried.append("keyboard-interactive")
            try:
                left, done = await self._attempt(self._transport.auth_interactive, self._host.user, handler)
            finally:
                for question in asked:  # of a login that was stopped meanwhile
                    question.cancel()
            if left or done:
                return left
            if missing:
                self._unanswered = self._unanswered or missing[0]
                return None
        return None

    async def _attempt(self, method: object, *arguments: object) -> tuple[_Left | None, bool]:
        from paramiko.ssh_exception import AuthenticationException, SSHException

        try:
            remaining = await call(method, *arguments)  # type: ignore[arg-type, var-annotated]
        except AuthenticationException as error:
            if not self._transport.is_active():
                raise ssh_errors.dropped(self._host) from error
            return None, False
        except (SSHException, EOFError, OSError) as error:
            if self._transport.is_active():  # an agent that can't sign, a key the library can't use
                self._skipped.append(str(error))
                return None, False
            raise ssh_errors.dropped(self._host) from error
        return (_Left(list(remaining)), False) if remaining else (None, self._transport.is_authenticated())


def _load(path: Path, passphrase: str | None) -> PKey:
    from paramiko import ECDSAKey, Ed25519Key, RSAKey
    from paramiko.ssh_exception import PasswordRequiredException, SSHException

    wrong: Exception = SSHException("unknown kind of key")
    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        try:
            key: PKey = kind.from_private_key_file(str(path), passphrase)
        except PasswordRequiredException:
            raise
        except (SSHException, ValueError, TypeError) as error:
            wrong = error
            continue
        certificate = path.with_name(path.name + "-cert.pub")
        if certificate.exists():
            key.load_certificate(str(certificate))
        return key
    raise SSHException(str(wrong)) from wrong


def _public(path: Path) -> bytes | None:
    """The public half beside a key file, without opening the key."""
    import base64

    try:
        return base64.b64decode(path.with_name(path.name + ".pub").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None


def _agent_keys() -> list[PKey]:
    from paramiko import Agent
    from paramiko.ssh_exception import SSHException

    try:
        return list(Agent().get_keys())
    except (SSHException, OSError):
        return []
