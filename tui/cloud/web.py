"""What the adapters that ask by hand over HTTP have in common: which addresses may be used, and how long a busy service wants peace."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from tui.errors import ConfigError
from tui.texts import Text


def checked(name: str, base: str) -> str:
    """The address without its last slash. ConfigError, which calls the setting `name`, unless it is https, or http on this computer."""
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if not host or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not is_here(host)):
        text = Text(
            "{name} 要写成 https:// 开头的地址（http:// 只能用于本机），现在是 {base}",
            "{name} must be an https:// address (http:// only for this computer), not {base}",
        )
        raise ConfigError(text.fill(name=name, base=base))
    return base.rstrip("/")


def is_here(host: str) -> bool:
    """Whether a host name or address is this computer."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as `Retry-After` says: a number, or a date. None where it says nothing."""
    written = headers.get("Retry-After", "")
    if written.isascii() and written.isdecimal():
        return float(written)
    try:
        return max(0.0, (parsedate_to_datetime(written) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):  # no date, or one without its zone
        return None


def about_tls(error: BaseException | None) -> bool:
    """Whether it failed because the other side could not prove who it is."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
