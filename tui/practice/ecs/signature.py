"""Who asks: ACS3-HMAC-SHA256 recomputed from what came over the wire, so that whoever signs wrongly is refused here as there."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

from tui.practice.ecs.errors import ApiError

ALGORITHM = "ACS3-HMAC-SHA256"
_PATIENCE = timedelta(minutes=15)
_SIGNED = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
_FORM = re.compile(rf"{ALGORITHM}\s+Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{{64}})")


@dataclass(frozen=True, slots=True)
class Key:
    """An access key. `token` belongs to a temporary one, over at `expires`; `denied` are actions its owner may not do."""

    id: str
    secret: str
    token: str = ""
    expires: datetime | None = None
    active: bool = True
    denied: frozenset[str] = frozenset()
    user: str = "223344556677889900"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it came; header names are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class Gate:
    """Knows the keys. `skew` is how far the server's clock stands from this computer's."""

    keys: dict[str, Key] = field(default_factory=dict)
    skew: timedelta = timedelta()
    _nonces: set[str] = field(default_factory=set)

    def add(self, key: Key) -> Key:
        """Let a key in."""
        self.keys[key.id] = key
        return key

    def now(self) -> datetime:
        """The server's time."""
        return datetime.now(UTC) + self.skew

    def who(self, sent: Sent) -> Key:
        """The key that signed. Raises ApiError."""
        parts = _FORM.fullmatch(sent.headers.get("authorization", ""))
        if parts is None:
            raise ApiError("IncompleteSignature")
        key = self.keys.get(parts[1])
        if key is None:
            raise ApiError("InvalidAccessKeyId.NotFound")
        if not key.active:
            raise ApiError("InvalidAccessKeyId.Inactive")
        self._in_time(sent)
        names = parts[2].split(";")
        required = _SIGNED | ({"x-acs-security-token"} if "x-acs-security-token" in sent.headers else set())
        if (
            not required <= set(names) & set(sent.headers)
            or sent.headers.get("x-acs-content-sha256") != hashlib.sha256(sent.body).hexdigest()
        ):
            raise ApiError("IncompleteSignature")
        asked = string_to_sign(sent, names)
        if not hmac.compare_digest(sign(key.secret, asked), parts[3]):
            words = f"Specified signature does not match our calculation. server string to sign is:{asked}"
            raise ApiError("SignatureDoesNotMatch", words)
        self._token(sent, key)
        nonce = f"{key.id} {sent.headers['x-acs-signature-nonce']}"
        if nonce in self._nonces:
            raise ApiError("SignatureNonceUsed")
        self._nonces.add(nonce)
        return key

    def _in_time(self, sent: Sent) -> None:
        try:
            date = datetime.strptime(sent.headers.get("x-acs-date", ""), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise ApiError("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.") from None
        if abs(self.now() - date) > _PATIENCE:
            raise ApiError("InvalidTimeStamp.Expired")

    def _token(self, sent: Sent, key: Key) -> None:
        given = sent.headers.get("x-acs-security-token", "")
        if key.token and not given:
            raise ApiError("MissingSecurityToken")
        if given != key.token:
            raise ApiError("InvalidSecurityToken.Malformed")
        if key.expires is not None and self.now() >= key.expires:
            raise ApiError("InvalidSecurityToken.Expired")


def string_to_sign(sent: Sent, names: list[str]) -> str:
    """What a client signs over: method, path, query in order, the named headers, and the hash of the body."""
    pairs = sorted(parse_qsl(sent.query, keep_blank_values=True))
    query = "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in pairs)
    headers = "".join(f"{name}:{sent.headers.get(name, '').strip()}\n" for name in sorted(names))
    whole = "\n".join([sent.method, sent.path, query, headers, ";".join(sorted(names)), hashlib.sha256(sent.body).hexdigest()])
    return f"{ALGORITHM}\n{hashlib.sha256(whole.encode()).hexdigest()}"


def sign(secret: str, text: str) -> str:
    """The signature in hexadecimal."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
