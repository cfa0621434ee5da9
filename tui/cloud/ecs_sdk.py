"""Alibaba Cloud's official library, kept behind one function: one call, one attempt, its plain JSON body or one known failure.

It is imported by the first call, in that call's thread: it takes half a second and a thousand modules. Its own habits are corrected
here. It takes an error under HTTP 200 for a success, and a body of another shape for none: so the raw body is taken and checked. It
follows redirections with the key's token in hand, and asks a proxy for this very computer: neither happens here. Its errors and its
debug output hold whole requests, signatures and commands: nothing of them gets out.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from tui.cloud.ecs_keys import Keys
from tui.errors import ConfigError, UsageError
from tui.texts import Text

VARIABLE: Final = "ZHINAN_ECS_ENDPOINT"
_SERVICE: Final = "ecs"
_EXCEPTIONS: Final = {"cn-hangzhou-finance": "ecs.aliyuncs.com"}

Why = Literal["unsent", "tls", "lost", "redirected", "odd", "server", "keys"]
"""Why there is no answer: it can't be reached, can't prove who it is, was cut off, sends us elsewhere, makes no sense, has a
fault, or the key could not be fetched."""


class NoAnswer(Exception):
    """The call got no answer that means anything. `sent` is whether it may have reached the cloud."""

    def __init__(self, why: Why, *, sent: bool, status: int = 0) -> None:
        super().__init__(why)
        self.why, self.sent, self.status = why, sent, status


class Refusal(Exception):
    """The cloud's no: its JSON body, and how long it wants to be left alone (seconds, 0 where it does not say)."""

    def __init__(self, body: Mapping[str, Any], status: int, wait: float = 0.0) -> None:
        code = body.get("Code")
        self.code = code if isinstance(code, str) else ""
        super().__init__(self.code)
        self.body, self.status, self.wait = body, status, wait


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    connect: float = 5.0
    read: float = 15.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where the interface is: `host[:port]`, over `http` (this computer only) or `https`."""

    host: str
    protocol: Literal["http", "https"] = "https"


def address(region: str, environ: Mapping[str, str] = os.environ) -> Address:
    """The interface's address for a region: `ZHINAN_ECS_ENDPOINT` if it is set, else the region's own. Raises ConfigError, UsageError."""
    if not re.fullmatch(r"[a-z]{2}(-[a-z0-9]+)+", region):
        raise UsageError(
            Text("{region} 不是地域，应像 cn-hangzhou", "{region} is no region; one looks like cn-hangzhou").fill(region=region)
        )
    base = environ.get(VARIABLE, "")
    if not base:
        return Address(_EXCEPTIONS.get(region, f"{_SERVICE}.{region}.aliyuncs.com"))
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if host and parts.scheme == "https":
        return Address(parts.netloc)
    if host and parts.scheme == "http" and _here(host):
        return Address(parts.netloc, "http")
    text = Text(
        "{name} 要写成 https:// 开头的地址（http:// 只能用于本机），现在是 {base}",
        "{name} must be an https:// address (http:// only for this computer), not {base}",
    )
    raise ConfigError(text.fill(name=VARIABLE, base=base))


class Sdk:
    """Clients for one set of keys, one for each region, made when first needed. For use from any thread."""

    def __init__(self, keys: Keys, timeouts: Timeouts, environ: Mapping[str, str] = os.environ) -> None:
        self._keys, self._timeouts, self._environ = keys, timeouts, environ
        self._clients: dict[str, Any] = {}
        self._credential: Any = None
        self._lock = threading.Lock()

    def call(self, action: str, region: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """One call (blocks). `params` are named as on the wire. Raises Refusal or NoAnswer, and neither holds anything of the request."""
        library = _library()
        client = self._client(library, region, address(region, self._environ))
        request = library.request(action, params)
        _seen.raw, _seen.status = None, 0
        try:
            getattr(client, _snake(action))(request, library.runtime())
        except Exception as error:  # noqa: BLE001  any of the library's, of which only the kind gets out
            failure = _failure(error)
        else:
            return _checked(_seen.raw)
        raise failure  # outside of the except block: no context to print

    def _client(self, library: _Library, region: str, where: Address) -> Any:
        with self._lock:
            if region not in self._clients:
                if self._credential is None:
                    self._credential = library.credential(self._keys)
                self._clients[region] = library.client(self._credential, region, where, self._timeouts)
            return self._clients[region]


def _checked(raw: Any) -> dict[str, Any]:
    """The body of an answer under HTTP 2xx, which is a success only with the shape of one."""
    body = raw.get("body") if isinstance(raw, Mapping) else None
    if not isinstance(body, dict):
        raise NoAnswer("odd", sent=True, status=_seen.status)
    if body.get("Code") and body.get("Message") is not None:
        raise Refusal(body, _seen.status)
    if not isinstance(body.get("RequestId"), str):
        raise NoAnswer("odd", sent=True, status=_seen.status)
    return body


_seen = threading.local()
"""What came over the wire in this thread's call: `raw`, the parsed answer, and `status`."""


@dataclass(frozen=True, slots=True)
class _Library:
    """The parts of the library that are used."""

    request: Callable[[str, Mapping[str, Any]], Any]
    runtime: Callable[[], Any]
    client: Callable[[Any, str, Address, Timeouts], Any]
    credential: Callable[[Keys], Any]


_loading = threading.Lock()


def _library() -> _Library:
    with _loading:
        return _loaded()


@cache
def _loaded() -> _Library:
    """Import and correct it, once."""
    if os.environ.get("DEBUG", "").lower() == "sdk":
        del os.environ["DEBUG"]  # it would print signatures and tokens
    from alibabacloud_credentials.client import Client as Credential
    from alibabacloud_ecs20140526 import models
    from alibabacloud_ecs20140526.client import Client
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.core import DaraCore
    from darabonba.runtime import RuntimeOptions

    from tui.cloud.ecs_roles import provider

    for name in ("darabonba-core", "credentials"):  # they write to the terminal
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = False
    _correct(DaraCore)

    class Watched(Client):  # type: ignore[misc]
        """The client, telling what came over the wire."""

        def call_api(self, params: Any, request: Any, runtime: Any) -> Any:
            _seen.raw = super().call_api(params, request, runtime)
            return _seen.raw

    def client(credential: Any, region: str, where: Address, timeouts: Timeouts) -> Any:
        times = {"connect_timeout": int(timeouts.connect * 1000), "read_timeout": int(timeouts.read * 1000)}
        place = {"region_id": region, "endpoint": where.host, "protocol": where.protocol}
        return Watched(Config(credential=credential, user_agent="zhinan", retry_options=None, **place, **times))

    return _Library(
        lambda action, params: _request(models, action, params),
        RuntimeOptions,
        client,
        lambda keys: Credential(provider=provider(keys)),
    )


def _request(models: Any, action: str, params: Mapping[str, Any]) -> Any:
    """The request's model; a name that it does not know is a mistake here, not to be dropped."""
    request = getattr(models, f"{action}Request")().from_map(dict(params))
    if {name: value for name, value in request.to_map().items() if value not in (None, [])} != dict(params):
        raise TypeError(f"{action}: a name among {', '.join(sorted(params))} is not one of its parameters")
    return request


def _correct(core: Any) -> None:
    """No redirection is followed, no proxy asked for what `NO_PROXY` or nature exempts."""
    make = core.get_adapter

    def adapter(*args: Any, **more: Any) -> Any:
        made = make(*args, **more)
        send = made.send

        def sent(request: Any, *parts: Any, **options: Any) -> Any:
            host = urlsplit(request.url).hostname or ""
            if _here(host) or urllib.request.proxy_bypass(host):
                options["proxies"] = {}
            reply = send(request, *parts, **options)
            _seen.status = reply.status_code
            if reply.is_redirect:
                reply.close()
                raise OSError("redirected")
            return reply

        made.send = sent
        return made

    core.get_adapter = staticmethod(adapter)


_UNSENT: Final = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ProxyError",
    "Failed to resolve",
    "Missing dependencies",
)


def _failure(error: BaseException) -> Exception:
    """One of ours for one of the library's, told by what little it says."""
    data: Any = getattr(error, "data", None)
    status: int = _seen.status
    if isinstance(data, Mapping) and data.get("Code"):
        return Refusal(dict(data), status, (getattr(error, "retry_after", None) or 0) / 1000)
    names = {each.__name__ for kind in _chain(error) for each in type(kind).__mro__}
    if "CredentialException" in names or getattr(error, "code", "") == "InvalidCredentials":
        return NoAnswer("keys", sent=False)
    words = str(error)
    if any(each in words for each in ("SSLError", "SSLCertVerificationError", "CERTIFICATE_VERIFY_FAILED")):
        return NoAnswer("tls", sent=False)
    if any(each in words for each in _UNSENT):
        return NoAnswer("unsent", sent=False)
    if "'redirected'" in words or words == "redirected":
        return NoAnswer("redirected", sent=True, status=status)
    if "parse the value as json" in words or not names & {"RetryError", "OSError"}:
        return NoAnswer("server" if status >= 500 else "odd", sent=True, status=status)
    return NoAnswer("lost", sent=True)


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = getattr(error, "inner_exception", None) or error.__cause__ or error.__context__
    return found


def _snake(action: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower() + "_with_options"


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
