"""Tailscale's admin API, as far as a guide needs it: the devices of a tailnet, key expiry, approval, and the policy file.

Asked by hand through httpx: the client libraries there are have one fixed address (so neither a test nor an own control server could stand
in), another HTTP stack, and none edits a policy without losing its comments. A token never leaves for another address: nothing is
redirected, and plain HTTP is spoken with this computer only. Every failure becomes one sentence here, at the edge.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote

import httpx

from tui.cloud.tailscale_errors import TokenRejected, refusal
from tui.cloud.web import about_tls, checked, retry_after
from tui.errors import Unreachable
from tui.secret import Secret
from tui.texts import Text

DEFAULT: Final = "https://api.tailscale.com"
VARIABLE: Final = "ZHINAN_TAILSCALE_API"
_PATIENCE: Final = 20.0
"""Seconds for one request."""
_LONGEST_WAIT: Final = 30.0
"""Seconds that a busy API may ask us to wait, at most; beyond that the reader is told."""
_TRIES: Final = 3
_CLIENT: Final = "tskey-client-"


@dataclass(frozen=True, slots=True)
class Device:
    """A machine of the tailnet. `id` is the stable id that `tailscale status` calls `Self.ID`; `user` its owner's login name.

    `expires` is an RFC 3339 time ("" where the key does not expire), `last_seen` too.
    """

    id: str
    name: str
    hostname: str
    user: str
    addresses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    os: str = ""
    version: str = ""
    authorized: bool = True
    key_expiry_disabled: bool = False
    expires: str = ""
    last_seen: str = ""

    @property
    def policy_targets(self) -> tuple[str, ...]:
        """The words by which a policy may mean it: its tags, else its owner."""
        return self.tags or ((self.user,) if self.user else ())


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy file as written (HuJSON), and the mark by which the API knows this version of it."""

    text: str
    etag: str


class TailscaleApi:
    """The admin API, with a token of the reader's. Use as an async context manager.

    `token` is an access token (`tskey-api-…`) or an OAuth client's secret (`tskey-client-…`, exchanged for a token when first needed).
    Every method raises TokenRejected, Refused or Unreachable; ConfigError is raised for an address that can't be used.
    """

    def __init__(
        self,
        token: Secret,
        base: str = "",
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._base = checked(VARIABLE, base or environ.get(VARIABLE, "") or DEFAULT)
        if not re.fullmatch(r"[!-~]+", token.reveal()):
            raise TokenRejected(
                Text("这不是 Tailscale 令牌：里面有空白或中文", "that is no Tailscale token: it holds blanks or other letters")
            )
        self._token, self._sleep = token, sleep
        self._bearer = None if token.reveal().startswith(_CLIENT) else token
        self._client = httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False, transport=transport)

    async def __aenter__(self) -> TailscaleApi:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def devices(self) -> tuple[Device, ...]:
        """All machines of the token's tailnet."""
        body = self._json(await self._ask("GET", "tailnet/-/devices?fields=all"))
        found = body.get("devices")
        return tuple(_device(each) for each in found if isinstance(each, dict)) if isinstance(found, list) else ()

    async def device(self, node_id: str) -> Device:
        """One machine, by its stable id."""
        return _device(self._json(await self._ask("GET", f"device/{quote(node_id, safe='')}?fields=all")))

    async def set_key_expiry_disabled(self, node_id: str, *, disabled: bool = True) -> None:
        """Switch off that the machine's key expires (or on again: then the original time counts, which may be over)."""
        await self._ask("POST", f"device/{quote(node_id, safe='')}/key", json={"keyExpiryDisabled": disabled})

    async def authorize(self, node_id: str) -> None:
        """Approve a machine that waits for approval."""
        await self._ask("POST", f"device/{quote(node_id, safe='')}/authorized", json={"authorized": True})

    async def policy(self) -> Policy:
        """The tailnet's policy file."""
        answer = await self._ask("GET", "tailnet/-/acl", headers={"Accept": "application/hujson"})
        return Policy(answer.text, answer.headers.get("ETag", ""))

    async def set_policy(self, text: str, etag: str) -> None:
        """Put `text` in the place of the version that `etag` marks; raises Refused where somebody changed it meanwhile."""
        headers = {"Content-Type": "application/hujson", "Accept": "application/hujson", "If-Match": etag}
        await self._ask("POST", "tailnet/-/acl", content=text.encode(), headers=headers)

    async def _ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> httpx.Response:
        if self._bearer is None:
            self._bearer = await self._exchange()
        sent = {"Authorization": f"Bearer {self._bearer.reveal()}", **(headers or {})}
        return await self._send(method, path, headers=sent, **body)

    async def _exchange(self) -> Secret:
        """A token that lasts an hour for the OAuth client's secret, in which the client's id stands."""
        secret = self._token.reveal()
        form = {"client_id": secret.removeprefix(_CLIENT).partition("-")[0], "client_secret": secret}
        token = self._json(await self._send("POST", "oauth/token", data=form)).get("access_token")
        if not isinstance(token, str) or not token:
            raise TokenRejected(Text("Tailscale 没有给出访问令牌", "Tailscale gave no access token"))
        return Secret(token)

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        for tried in range(1, _TRIES + 1):
            answer = await self._once(method, path, **request)
            wait = _wait(answer)
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or tried == _TRIES or wait > _LONGEST_WAIT:
                break
            await self._sleep(wait)
        if not answer.is_success:
            raise refusal(answer.status_code, _message(answer), self._base, _wait(answer))
        return answer

    async def _once(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return await self._client.request(method, f"{self._base}/api/v2/{path}", **request)
        except httpx.TimeoutException as error:
            text = Text("{base} 没有在 {seconds} 秒内回答", "{base} did not answer within {seconds} seconds")
            raise Unreachable(text.fill(base=self._base, seconds=f"{_PATIENCE:.0f}")) from error
        except httpx.HTTPError as error:
            if about_tls(error):
                text = Text(
                    "{base} 的证书不可信，没有把令牌交给它：{why}", "{base} could not prove who it is, so the token was not sent: {why}"
                )
            else:
                text = Text("连不到 {base}：{why}。请检查网络或代理", "can't reach {base}: {why}; check the network or the proxy")
            raise Unreachable(text.fill(base=self._base, why=error)) from error

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            body = answer.json()
        except ValueError as error:
            raise self._odd() from error
        if not isinstance(body, dict):
            raise self._odd()
        return body

    def _odd(self) -> Unreachable:
        text = Text("{base} 的回答不是 Tailscale 管理接口的回答", "what {base} answers is not Tailscale's admin API")
        return Unreachable(text.fill(base=self._base))


def _wait(answer: httpx.Response) -> float:
    """Seconds that a busy API wants to be left alone; one, where it does not say."""
    told = retry_after(answer.headers)
    return 1.0 if told is None else told


def _message(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return ""
    found = body.get("message") or body.get("error_description") or body.get("error") if isinstance(body, dict) else ""
    return found if isinstance(found, str) else ""


def _device(raw: Mapping[str, Any]) -> Device:
    def text(key: str) -> str:
        value = raw.get(key)
        return value if isinstance(value, str) else ""

    def texts(key: str) -> tuple[str, ...]:
        value = raw.get(key)
        return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()

    disabled = raw.get("keyExpiryDisabled") is True
    return Device(
        id=text("nodeId") or text("id"),
        name=text("name").rstrip("."),
        hostname=text("hostname"),
        user=text("user"),
        addresses=texts("addresses"),
        tags=texts("tags"),
        os=text("os"),
        version=text("clientVersion"),
        authorized=raw.get("authorized") is not False,
        key_expiry_disabled=disabled,
        expires="" if disabled else text("expires"),
        last_seen=text("lastSeen"),
    )
